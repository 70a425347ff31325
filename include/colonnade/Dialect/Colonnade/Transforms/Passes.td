//===- Passes.td - Tensor-level passes of Colonnade --------*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The passes that work on linalg over builtin tensors: quantization, the
// passes that establish promises, and the ones that check and drop them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_PASSES
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_PASSES

include "mlir/Pass/PassBase.td"

def NormalizeContractions
    : Pass<"colonnade-normalize", "::mlir::func::FuncOp"> {
  let summary = "Fold and canonicalize a network to contractions and elementwise code";
  let description = [{
    Importers write the same network in many ways; quantization and lowering
    read one. This pass brings static f32 networks to it:
    - matrix products and convolutions are `linalg.matmul` of [m, k] and [k, n]
      and `linalg.conv_2d_nchw_fchw`, also when they came as `linalg.generic` or
      with transposed constant weights;
    - their `outs` are filled with zero, what was there is added behind them;
    - named elementwise ops, `linalg.map`, broadcasts and transposes are
      `linalg.generic` with one arithmetic op each, and constants are read by
      the channel;
    - behind a contraction, multiplications and divisions by constants per
      channel are folded into its weights, past additions, and additions are
      merged, so that batch normalization leaves one bias;
    - dead code, foldable constants and duplicates are gone.

    Products of constants are taken in double precision and rounded once; the
    network's results may differ from before by such roundings.

    Limits: a factor is folded only if nobody else reads the contraction's
    result and the weights stay finite; not through relu, pooling and reshapes.
    Batched, depthwise and channels-last contractions, dynamic shapes and
    computed weights are left alone.

    Remarks, category `colonnade`, name `normalize`: passed, for each
    contraction in the form described; missed, for each other one, with the
    reason.

    Example: ((y + b - mean) / std) * gamma + beta.

    ```mlir
    %y = linalg.conv_2d_nchw_fchw
        ins(%x, %w : tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>)
        outs(%b_broadcast : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %z = linalg.generic ... ins(%y, %mean, %std, %gamma, %beta : ...) {
      ^bb0(%a: f32, %m: f32, %s: f32, %g: f32, %t: f32, %o: f32):
        %1 = arith.subf %a, %m : f32
        %2 = arith.divf %1, %s : f32
        %3 = arith.mulf %2, %g : f32
        %4 = arith.addf %3, %t : f32
        linalg.yield %4 : f32
    }
    ```
    becomes, with w' = w * gamma / std and b' = (b - mean) * gamma / std + beta,
    ```mlir
    %y = linalg.conv_2d_nchw_fchw
        ins(%x, %w' : tensor<1x2x4x4xf32>, tensor<2x2x1x1xf32>)
        outs(%zero : tensor<1x2x4x4xf32>) -> tensor<1x2x4x4xf32>
    %z = linalg.generic ... ins(%y, %b' : tensor<1x2x4x4xf32>, tensor<2xf32>) {
      ^bb0(%a: f32, %c: f32, %o: f32):
        %1 = arith.addf %a, %c : f32
        linalg.yield %1 : f32
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def Quantize : Pass<"colonnade-quantize", "::mlir::ModuleOp"> {
  let summary = "Post-training 8-bit symmetric quantization to integer linalg";
  let description = [{
    Rewrites `@main`, or the only public function, from f32 to integers. No
    floating-point type is left in it; argument and results carry their scale,
    the real value of the integer 1, as `colonnade.scale`.

    The float function is run by MLIR's JIT on the `calibration` images, and the
    largest magnitude of every activation is recorded. Then:
    - weights are int8 in [-127, 127] with one scale per output channel,
      activations with one per tensor, both from the largest magnitude;
    - contractions multiply int8 into int32;
    - bias, relu and factors behind a contraction or a sum pooling wait, and
      become one all-parallel `linalg.generic`: add the bias, rescale
      (`tosa.apply_scale`, single rounding), clamp, truncate to int8;
    - two int8 tensors are added at a common scale 2^-16 of the result's, or
      less fine if the sum would not fit into 32 bits;
    - maxima, padding with zero and reshapes work on int8 as they stand;
    - network results are integers of `output-bits` bits held in i32.

    Method: B. Jacob et al., "Quantization and Training of Neural Networks for
    Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 2, with
    symmetric ranges; rescale as in TOSA 1.0.

    Limits: one f32 argument, static shapes of rank 2 or more with the channel
    as dimension 1, constant weights, and the ops that the error for any other
    one lists; `colonnade-normalize` brings more networks to these. It is an
    error, not a wrap, when a bias, an accumulator or a rescale could exceed 32
    bits for any int8 data. On an error the module is unchanged.

    Remarks, category `colonnade`, name `quantize`, all passed: each tensor with
    its measured range and its scale; each contraction with the scales and the
    signal to quantization noise ratio of its weights; the function with that
    of all weights.

    Example, with pixels up to 255, mean 0 and std 1: the input's range is 1,
    the accumulators' scales are 1 / 127^2 and 0.5 / 127^2.

    ```mlir
    %w = arith.constant dense<[[[[1.0]]], [[[-0.5]]]]> : tensor<2x1x1x1xf32>
    %b = arith.constant dense<[0.25, 0.75]> : tensor<2xf32>
    %conv = linalg.conv_2d_nchw_fchw ins(%x, %w : ...) outs(%zero : ...)
    %y = linalg.generic ... ins(%conv, %b : tensor<1x2x28x28xf32>, tensor<2xf32>) {
    ^bb0(%a: f32, %c: f32, %o: f32):
      %s = arith.addf %a, %c : f32
      %r = arith.maximumf %s, %zero : f32
      linalg.yield %r : f32
    }
    ```
    becomes
    ```mlir
    %w = arith.constant dense<[[[[127]]], [[[-127]]]]> : tensor<2x1x1x1xi8>
    %b = arith.constant dense<[4032, 24194]> : tensor<2xi32>
    %multiplier = arith.constant dense<1745095088> : tensor<2xi32>
    %shift = arith.constant dense<[30, 31]> : tensor<2xi8>
    %conv = linalg.conv_2d_nchw_fchw ins(%x, %w : ...) outs(%zero : ...)
    %y = linalg.generic ... ins(%conv, %b, %multiplier, %shift : ...) {
    ^bb0(%a: i32, %c: i32, %m: i32, %s: i8, %o: i32):
      %0 = arith.addi %a, %c : i32
      %1 = tosa.apply_scale %0, %m, %s {rounding_mode = SINGLE_ROUND}
          : (i32, i32, i8) -> i32
      %2 = arith.maxsi %1, %c0_i32 : i32
      %3 = arith.minsi %2, %c32767_i32 : i32
      linalg.yield %3 : i32
    }
    ```
  }];
  let options = [
    Option<"calibration", "calibration", "std::string", /*default=*/"\"\"",
           "Images (.npy, uint8 or float32) that the activation ranges are measured on">,
    Option<"mean", "mean", "double", /*default=*/"0.0",
           "uint8 pixels are normalised as (pixel / 255 - mean) / std">,
    Option<"std", "std", "double", /*default=*/"1.0",
           "See mean">,
    Option<"calibrationLimit", "calibration-limit", "int64_t", /*default=*/"0",
           "Use only the first so many calibration images (0: all)">,
    Option<"outputBits", "output-bits", "int64_t", /*default=*/"16",
           "Width of the fixed-point network outputs, held in i32, 8 to 32">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::tosa::TosaDialect",
                           "::colonnade::ColonnadeDialect"];
}

def KeepBaseline : Pass<"colonnade-keep-baseline", "::mlir::ModuleOp"> {
  let summary = "Keep a copy of the network to compare with";
  let description = [{
    Copies the module's functions into a nested module `@baseline`, which passes
    on the outer module's functions leave alone. After quantization and before
    promises are established, that is the dense 8-bit network; scheduled for the
    same machine, it is what the simulator prints beside the network's own run.

    A module that has a `@baseline` already is an error.
  }];
}

def CombineColumns
    : Pass<"colonnade-combine-columns", "::mlir::func::FuncOp"> {
  let summary = "Pack sparse filter columns into dense array columns";
  let description = [{
    For every contraction with constant i8 weights: sees the weights as a matrix
    of output channels by inputs, partitions its columns into groups of at most
    `fan-in`, keeps the largest magnitude of each row and group, zeroes the
    others, and records the groups as a `columns` promise in the weights' type.
    Nothing but the weights changes.

    A group is legal when at most floor(`conflict-limit` x rows) weights are
    pruned in it; with the default of 0 nothing is lost. Columns that are all
    zero are in no group.

    Algorithm: Kung, McDanel, Zhang, "Packing Sparse Convolutional Neural
    Networks for Efficient Systolic Array Implementations: Column Combining
    Under Joint Optimization", ASPLOS 2019, section 3. `agglomerative` is the
    grouping of the authors' code, `dense-first` the paper's. The paper retrains
    between rounds of pruning, which this pass does not.

    Limits: one dimension of the weights counts the output channels, the others
    are all reduced (no depthwise, grouped or batched contractions). Weights
    that several contractions read are combined once for all of them; weights
    that promise `columns` already are left alone.

    Remarks, category `colonnade`, name `combine-columns`: passed, for each
    filter matrix, with its columns before (`Columns`) and after (`Groups`),
    utilization, and the weights and the magnitude lost; missed, for each
    contraction left alone, with the reason.

    Example, with `fan-in=2 conflict-limit=0.5`: columns 0 and 1 collide in row
    0 only, and 3 gives way to -5.

    ```mlir
    %w = arith.constant dense<[[3, -5, 1], [0, 2, 1]]> : tensor<2x3xi8>
    %0 = linalg.matmul ins(%w, %x : tensor<2x3xi8>, tensor<3x8xi8>)
                       outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
    ```
    becomes
    ```mlir
    #encoding = #colonnade.encoding<
      columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1]>>
    %w = arith.constant dense<[[0, -5, 1], [0, 2, 1]]> : tensor<2x3xi8, #encoding>
    %0 = linalg.matmul ins(%w, %x : tensor<2x3xi8, #encoding>, tensor<3x8xi8>)
                       outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
    ```
  }];
  let options = [
    Option<"fanIn", "fan-in", "int64_t", /*default=*/"8",
           "Most columns combined into one (the paper's alpha), 1 to 255">,
    Option<"conflictLimit", "conflict-limit", "double", /*default=*/"0.0",
           "Most pruned weights of a group, as a share of the rows (the paper's gamma)">,
    Option<"algorithm", "algorithm", "std::string", /*default=*/"\"agglomerative\"",
           "Grouping algorithm: agglomerative or dense-first">];
  let dependentDialects = ["::colonnade::ColonnadeDialect"];
}

def TermQuantize : Pass<"colonnade-term-quantize", "::mlir::func::FuncOp"> {
  let summary = "Keep a budget of the largest power-of-two terms per group of values";
  let description = [{
    Weights (`budget` > 0): in every run of `group` input channels at one kernel
    tap and output channel keeps the `budget` largest terms, ties to the lowest
    index, and records it as a `terms` promise in the type of the constant.
    Weights that promise `columns` are grouped along the packed columns instead
    (`axis = packed`), which is what one term cell holds. A run within its
    budget is unchanged; the last run may be short.

    Data (`data-terms` > 0): puts a `colonnade.term_quantize` that keeps the
    `data-terms` largest terms of each value in front of the contractions with
    constant weights; one op serves all contractions that read a value, and the
    value's other users do not see it.

    Algorithm: Kung, McDanel, Zhang, "Term Quantization: Furthering Quantization
    at Run Time", SC 2020, sections 3 and 4. The paper's networks keep their
    first layer at plain 8 bits: `skip-first`.

    Remarks, category `colonnade`: `term-quantize-weights` with the share of
    weights changed, the sum of |error| over the sum of |weight|, and the terms
    per weight before and after; `term-quantize-data`. Missed, with the reason,
    for each contraction left alone.

    Example, with `group=2 budget=3 data-terms=2`: 27 = 32 - 4 - 1 and 9 = 8 + 1
    have five terms together; the three largest are 32, 8 and -4.

    ```mlir
    %w = arith.constant dense<[[27, 9], [1, 0]]> : tensor<2x2xi8>
    %0 = linalg.matmul ins(%w, %x : tensor<2x2xi8>, tensor<2x8xi8>)
                       outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
    ```
    becomes
    ```mlir
    #encoding = #colonnade.encoding<
      terms = <axis = 1, group = 1, budget = 2, digits = naf>>
    #encoding1 = #colonnade.encoding<
      terms = <axis = 1, group = 2, budget = 3, digits = naf>>
    %q = colonnade.term_quantize %x : tensor<2x8xi8> to tensor<2x8xi8, #encoding>
    %w = arith.constant dense<[[28, 8], [1, 0]]> : tensor<2x2xi8, #encoding1>
    %0 = linalg.matmul
        ins(%w, %q : tensor<2x2xi8, #encoding1>, tensor<2x8xi8, #encoding>)
        outs(%acc : tensor<2x8xi32>) -> tensor<2x8xi32>
    ```
  }];
  let options = [
    Option<"group", "group", "int64_t", /*default=*/"8",
           "Weights that share a budget, 1 to 65535">,
    Option<"budget", "budget", "int64_t", /*default=*/"0",
           "Terms kept per group of weights, up to 8 * group (0: weights are left alone)">,
    Option<"dataTerms", "data-terms", "int64_t", /*default=*/"0",
           "Terms kept per activation at run time, up to 8 (0: activations are left alone)">,
    Option<"digits", "digits", "std::string", /*default=*/"\"naf\"",
           "Digit set: binary, naf, booth4 or hese-msb">,
    Option<"skipFirst", "skip-first", "bool", /*default=*/"false",
           "Leave the first contraction of the function at plain 8 bits">];
  let dependentDialects = ["::colonnade::ColonnadeDialect"];
}

def StripEncodings
    : Pass<"colonnade-strip-encodings", "::mlir::ModuleOp"> {
  let summary = "Drop all promises: plain linalg that stock MLIR runs";
  let description = [{
    Removes every `#colonnade.encoding` from the types of values, constants and
    functions, `colonnade.scale` from arguments and results, and the ops of the
    dialect: what is left has no trace of Colonnade and computes the same
    integers (architecture, invariant 1: erasure).

    - `colonnade.drop_encoding` is its source.
    - Establishing ops on constants are folded.
    - `colonnade.term_quantize` of run-time values with `group = 1` becomes a
      lookup in a table of 256 constants. A larger group is an error.
    - `colonnade.combine_columns` of run-time values is an error.

    Example:

    ```mlir
    #encoding = #colonnade.encoding<
      terms = <axis = 0, group = 1, budget = 2, digits = naf>>
    %0 = colonnade.term_quantize %x : tensor<4xi8> to tensor<4xi8, #encoding>
    ```
    becomes
    ```mlir
    %table = arith.constant dense<"0x8081..."> : tensor<256xi8>
    %empty = tensor.empty() : tensor<4xi8>
    %0 = linalg.generic {indexing_maps = [#map, #map],
                         iterator_types = ["parallel"]}
        ins(%x : tensor<4xi8>) outs(%empty : tensor<4xi8>) {
    ^bb0(%in: i8, %out: i8):
      %c128 = arith.constant 128 : index
      %1 = arith.index_cast %in : i8 to index
      %2 = arith.addi %1, %c128 : index
      %entry = tensor.extract %table[%2] : tensor<256xi8>
      linalg.yield %entry : i8
    } -> tensor<4xi8>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def VerifyPromises
    : Pass<"colonnade-verify-promises", "::mlir::ModuleOp"> {
  let summary = "Check that constants keep what their types promise";
  let description = [{
    Upstream reshapes and folds copy an encoding blindly, and IR is edited by
    hand. This pass counts: every constant whose type has a `#colonnade.encoding`
    must keep each of its promises, or it is an error that names the row, group
    or run and the numbers. It also reports `colonnade.combine_columns` ops whose
    constant source has a nonzero in a column that is in no group.

    Limits: values known at run time only are not checked.

    Example: two nonzeros in row 1 of group 0.

    ```mlir
    // error: broken promise: expected at most one nonzero in row 1 of group 0,
    //        got 2 in column 0 and 7 in column 1
    %w = arith.constant dense<[[1, 0], [2, 7]]> : tensor<2x2xi8,
      #colonnade.encoding<
        columns = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>>
    ```
  }];
}

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_PASSES
