//===- Passes.td - Differentiation -------------------------*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIFFERENTIATION_PASSES
#define COLONNADE_DIFFERENTIATION_PASSES

include "mlir/Pass/PassBase.td"

def Differentiate : Pass<"colonnade-differentiate", "::mlir::ModuleOp"> {
  let summary = "Make the gradient of a function of tensors";
  let description = [{
    For a function `@f` of one block adds `@f_gradient`. It takes the arguments
    of `@f` and a cotangent for each of its results, and returns the results and
    the cotangents of the float arguments, or of those that `arguments` names by
    number: reverse-mode differentiation. With a scalar loss and a cotangent of 1
    these are the loss's gradients.

    How cotangents pass through an op is asked of its
    `DifferentiableOpInterface`. There are gradients of every `linalg` op that
    is elementwise, or reduces by a sum, a product, a maximum or a minimum (matrix
    products, convolutions with strides, dilations and groups, pooling,
    broadcasts, transposes), by differentiating its body; of `linalg.softmax`; of
    the `arith` and `math` ops in bodies; of reshapes, pads, slices and
    concatenations; of batch normalization of both kinds; and of
    `colonnade.reversible`, whose regions are evaluated again in the backward pass
    as its `activations` say (`store` is lowered first). A maximum's cotangent
    goes to the first of equal elements, in the order of the loops. Comparisons and integers have none,
    roundings 0. An op without a gradient between an argument and the result is an error that
    names it and the way from it to the result.

    The gradient of a product is a product of the same operands, none of them
    transposed; of a convolution by its filter a convolution over the images, by
    its input a convolution of the dilated, padded cotangent with the filter read
    backward.

    Example:

    ```mlir
    func.func @f(%x: tensor<4xf32>) -> tensor<4xf32>
    // adds
    func.func @f_gradient(%x: tensor<4xf32>, %cotangent: tensor<4xf32>)
        -> (tensor<4xf32>, tensor<4xf32>)
    ```
  }];
  let options = [
    Option<"function", "function", "std::string", /*default=*/"\"main\"",
           "Name of the function">,
    ListOption<"arguments", "arguments", "unsigned",
               "Numbers of the arguments to differentiate by; all float tensors "
               "by default">];
  let dependentDialects = [
    "::mlir::arith::ArithDialect", "::mlir::linalg::LinalgDialect",
    "::mlir::math::MathDialect", "::mlir::tensor::TensorDialect"];
}

def OutlineParameters
    : Pass<"colonnade-outline-parameters", "::mlir::func::FuncOp"> {
  let summary = "Make the weights of a network its leading arguments";
  let description = [{
    f32 constants of rank 1 and more and of several elements become arguments, in
    the order in which they stand, with their name (an ONNX initializer's, from
    the location) in the argument attribute `colonnade.parameter`, if a structured
    op reads them, as they are or transposed, reshaped, sliced, padded or
    concatenated. What an op only accumulates on stays, and so do masks, which
    have infinite elements, and what an importer made for the node that reads it
    and gave the node's name (the divisors of a padded average pooling).

    Scale and offset of `colonnade.batch_norm_inference` are such weights too. The
    running mean and variance that it normalizes by become arguments behind
    them, with their name in `colonnade.state`.

    A function that calls others is an error: inline them first (`--inline`).

    Example:

    ```mlir
    %w = arith.constant dense<[1.0, 2.0]> : tensor<2xf32> loc("fc.bias")
    // becomes the argument
    %w: tensor<2xf32> {colonnade.parameter = "fc.bias"}
    ```
  }];
}

def FreezeParameters
    : Pass<"colonnade-freeze-parameters", "::mlir::func::FuncOp"> {
  let summary = "Mark weights that training leaves as they are";
  let description = [{
    Weights whose whole names match `names` stay constants: they get the attribute
    `colonnade.frozen`, and `--colonnade-outline-parameters`,
    `--colonnade-initialize-parameters` and training leave them alone. Nothing of
    their gradients is computed, nor of what only they need. The running
    statistics of a normalization are weights here, too; frozen ones are what it
    normalizes by in training.

    A pattern that matches nothing is an error, which lists the names.

    Example: `names = "stem[.].*"`.

    ```mlir
    %w = arith.constant dense<[1.0, 2.0]> : tensor<2xf32> loc("stem.bias")
    ```
    becomes
    ```mlir
    %w = arith.constant {colonnade.frozen} dense<[1.0, 2.0]> : tensor<2xf32> loc("stem.bias")
    ```
  }];
  let options = [Option<"names", "names", "std::string", /*default=*/"\".*\"",
                        "Regular expression (POSIX extended) of whole names">];
}

#endif // COLONNADE_DIFFERENTIATION_PASSES
