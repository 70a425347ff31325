//===- ColonnadeDialect.td - The colonnade dialect ---------*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Defines the dialect of promises: encodings on builtin tensor types and the
// ops that establish and drop them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_COLONNADEDIALECT
#define COLONNADE_DIALECT_COLONNADE_IR_COLONNADEDIALECT

include "mlir/IR/OpBase.td"

def ColonnadeDialect : Dialect {
  let name = "colonnade";
  let cppNamespace = "::colonnade";
  let summary = "Checked promises about the values of tensors";
  let description = [{
    An encoding (`#colonnade.encoding`) on a builtin tensor type is a checked
    promise about the tensor's values. It never changes what the values mean,
    so linalg, tensor and arith keep working on promised tensors, and erasing
    every encoding leaves a program that computes the same values.

    Three kinds of op touch a promise: the ones that *establish* it by changing
    values (`colonnade.combine_columns`, `colonnade.term_quantize`,
    `colonnade.block_quantize`), the cast that *drops* it
    (`colonnade.drop_encoding`), and everything else, which may carry a promise
    along and never invents one.

    ### Discardable attributes

    - **D1** `colonnade.scale`, an `f64` attribute that is finite and positive,
      may stand on function arguments and results: the real value that the
      integer 1 of this argument or result stands for.
    - **D2** The argument or result with a scale is no floating-point value.
    - **D3** `colonnade.zero_point`, an `i32` attribute in [-128, 127], may stand
      on `i8` function arguments that have a scale: the integer that 0.0 is held
      as; 0 where there is none.
    - **D4** `colonnade.quantized` is an attribute of a `linalg.generic`, a
      `!quant.uniform<i8:f32, ...>`: the integers that its result is to be held
      as, because the model says so.
    - **D5** `colonnade.parameter` and `colonnade.state` are names, strings, of
      function arguments and results: of the weights that training changes, and
      of what a training step keeps for the next one; the state that the network
      itself reads (running statistics) is named on the network's arguments too.
    - **D6** Every other discardable attribute of the dialect is an error.
    - **D7** A result with such a name is the next value of the one argument that
      has the name by the same attribute, and has its type.
    - **D8** `colonnade.frozen`, a unit attribute, may stand on `arith.constant` of
      f32 tensors: weights that training leaves as they are.

    ```mlir
    func.func @main(%x: tensor<1x1x28x28xi8> {colonnade.scale = 0.0221 : f64})
        -> (tensor<1x10xi32> {colonnade.scale = 0.0009 : f64})
    ```
  }];

  let dependentDialects = ["::mlir::arith::ArithDialect"];
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;

  let extraClassDeclaration = [{
    /// Name of the scale attribute of function arguments and results.
    static constexpr ::llvm::StringLiteral getBaselineModuleName() {
      return "baseline";
    }
    static constexpr ::llvm::StringLiteral getScaleAttrName() {
      return "colonnade.scale";
    }
    /// Name of the zero point attribute of function arguments.
    static constexpr ::llvm::StringLiteral getZeroPointAttrName() {
      return "colonnade.zero_point";
    }
    static constexpr ::llvm::StringLiteral getQuantizedAttrName() {
      return "colonnade.quantized";
    }
    /// Names of the attributes of parameters and state of a training step.
    static constexpr ::llvm::StringLiteral getParameterAttrName() {
      return "colonnade.parameter";
    }
    static constexpr ::llvm::StringLiteral getStateAttrName() {
      return "colonnade.state";
    }
    /// Name of the attribute of constants that are not trained.
    static constexpr ::llvm::StringLiteral getFrozenAttrName() {
      return "colonnade.frozen";
    }
    /// Whether training leaves the value as it is; D8.
    static bool isFrozen(::mlir::Value value) {
      ::mlir::Operation *op = value.getDefiningOp();
      return op && op->hasAttr(getFrozenAttrName());
    }
    void registerAttributes();
  }];
}

#endif // COLONNADE_DIALECT_COLONNADE_IR_COLONNADEDIALECT
