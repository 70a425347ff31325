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
    - matrix products are `linalg.matmul` or `linalg.batch_matmul` of [m, k] and
      [k, n], convolutions `linalg.conv_2d_nchw_fchw`,
      `depthwise_conv_2d_nchw_chw` or `conv_2d_ngchw_gfchw`, also when they came
      as `linalg.generic`; operands stored in another order are transposed;
    - their `outs` are filled with zero, what was there is added behind them;
    - named elementwise ops, `linalg.map`, reductions and broadcasts are
      `linalg.generic`, and constants are read along the dimensions they vary
      along;
    - transposes and reshapes of constants are constants, also of
      `dense_resource`, which stay resources;
    - behind a contraction, multiplications and divisions by constants per
      channel are folded into its weights, past additions, and additions are
      merged, so that batch normalization, the op too, leaves one bias;
    - constants that are dequantized (`quant.dcast`) are the f32 values they stand
      for; what a model quantizes and dequantizes again is bounded by what its
      integers can be, with their type in the attribute `colonnade.quantized`;
    - dead code, foldable constants and duplicates are gone.

    Products of constants are taken in double precision and rounded once; the
    network's results may differ from before by such roundings.

    Limits: a factor is folded only if nobody else reads the contraction's
    result and the weights stay finite; not through relu, pooling and reshapes.
    Channels-last contractions and dynamic shapes are left alone.

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
  let options = [Option<"keepBatchNorm", "keep-batch-norm", "bool",
                        /*default=*/"false",
                        "Leave the ops of batch normalization to training">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::quant::QuantDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ExpandMath : Pass<"colonnade-expand-math", "::mlir::func::FuncOp"> {
  let summary = "Write math functions on f32 as arithmetic";
  let description = [{
    The vector unit has additions, multiplications, divisions, square roots,
    comparisons, roundings and operations on bits, but no functions, and what a
    host's libm returns depends on the host. This pass replaces `math` functions
    of f32 scalars by the former, one polynomial or rational function each, so
    that everybody who evaluates the result in order gets the same bits.

    | function | method | largest error |
    |---|---|---|
    | exp | Cephes `expf.c`, 2^n in two factors | 1 ulp |
    | exp2 | exp(x * ln 2) | relative 6e-7 for x in [-15, 15] |
    | log, log2, log10 | Cephes `logf.c` | 0.8, 1.8 and 2 ulp |
    | log1p | log with Kahan's correction | 2.4 ulp |
    | tanh | Eigen's rational function of degree 13 / 6 | 5.5 ulp |
    | erf | Eigen's rational function of degree 13 / 8, erf(4) beyond 4 | absolute 4e-7 |
    | sin, cos | Cephes `sinf.c`; NaN beyond 8192 | absolute 8e-8 |
    | powf | integer exponents up to 64: repeated squaring; 1/2 and -1/2: square root; otherwise exp(y * log(x)), NaN for negative x | x^3 1.3 ulp; x^0.3 relative 2.2e-6 |

    rsqrt, ceil, trunc, copysign and the minima and maxima that ignore NaN are
    exact compositions; unordered comparisons become ordered ones, and i1 values
    become numbers by selection.

    Every float has a defined result: NaN gives NaN, and arguments are clamped
    before they become integers. A test holds the table against libm in double
    precision, over every 256th float.

    Limits: other element types and vectors are left alone.

    Sources: S. Moshier, Cephes Mathematical Library 2.2, single precision;
    Eigen 3.4, `MathFunctionsImpl.h`.

    Example:

    ```mlir
    %y = math.powf %x, %three : f32
    ```
    becomes
    ```mlir
    %0 = arith.mulf %x, %x : f32
    %y = arith.mulf %x, %0 : f32
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::math::MathDialect"];
}

/// How values become int8 integers: where their ranges come from, and which
/// layers are quantized.
defvar kActivationOptions = [
    Option<"calibration", "calibration", "std::string", /*default=*/"\"\"",
           "Images (.npy, uint8 or float32) that the activation ranges are measured on">,
    Option<"mean", "mean", "double", /*default=*/"0.0",
           "uint8 pixels are normalised as (pixel / 255 - mean) / std">,
    Option<"std", "std", "double", /*default=*/"1.0",
           "See mean">,
    Option<"calibrationLimit", "calibration-limit", "int64_t", /*default=*/"0",
           "Use only the first so many calibration images (0: all)">,
    Option<"patches", "patches", "int64_t", /*default=*/"0",
           "uint8 images are cut into square patches of this side, one row of the input each (0: not)">,
    Option<"calibrationMethod", "calibration-method", "::colonnade::RangeMethod",
           /*default=*/"::colonnade::RangeMethod::MinMax",
           "How ranges follow from the values measured",
           "::colonnade::getRangeMethodValues()">,
    Option<"percentile", "percentile", "double", /*default=*/"99.99",
           "Percent of the values within the range (0 to 100], for calibration-method=percentile">,
    Option<"progress", "progress", "bool", /*default=*/"false",
           "Show the progress of calibration even if stderr is no terminal">,
    Option<"ranges", "ranges", "std::string", /*default=*/"\"\"",
           "JSON file of ranges to use instead of measuring them">,
    Option<"saveRanges", "save-ranges", "std::string", /*default=*/"\"\"",
           "JSON file to write the ranges to">,
    Option<"defaultRange", "default-range", "double", /*default=*/"0.0",
           "Range of values that `ranges` does not name (0: none)">,
    Option<"policy", "policy", "std::string", /*default=*/"\"\"",
           "JSON file, or name of a shipped one (paper), with bits per layer; see --colonnade-term-quantize">,
    Option<"floatAdditions", "float-additions", "bool", /*default=*/"true",
           "Add in f32 where one tensor is f32 already (false: round it to int8 first)">];

def Quantize : Pass<"colonnade-quantize", "::mlir::ModuleOp"> {
  let summary = "Post-training 8-bit symmetric quantization to integer linalg";
  let description = [{
    Rewrites `@main`, or the only public function, from f32 to integers. Argument
    and results are integers and carry their scale, the real value of the
    integer 1, as `colonnade.scale`.

    Each op computes in integers if it has an integer form and what it reads is
    integers, or is a contraction or pooling; every other op computes in f32, and
    so does what reads it, until a contraction or pooling needs int8 again. The
    float function is run by MLIR's JIT on the `calibration` images for the range
    of every value that becomes integers. Then:
    - weights are int8 in [-127, 127] with one scale per output channel: where a
      channel's weights are multiples of one step and span at most 127 of it, as
      those of quantized models do, that step (halved while they fit), else the
      largest magnitude / 127; activations have one scale per tensor, and the
      network's own input keeps the zero point the model gives it;
    - contractions multiply int8 into int32, also two activations;
    - bias, bounds (relu, relu6) and positive factors behind a contraction or a
      sum pooling wait, through reshapes that keep channels apart, and become one
      all-parallel `linalg.generic`: add the bias, rescale (`tosa.apply_scale`,
      single rounding), clamp, truncate to int8;
    - two int8 tensors are added at a common scale 2^-16 of the result's, or
      less fine if the sum would not fit into 32 bits;
    - maxima, padding with zero (with -infinity before maxima), transposes,
      slices and reshapes work on int8 as they stand; concatenations give what
      they read their own scale;
    - softmax, normalization, GELU and all else are f32: operands are dequantized
      (from accumulators without rounding to int8: sitofp, times scale, plus
      bias), results quantized (times 1 / scale, clamped, rounded to even) where
      int8 is needed. All-parallel f32 ops are fused with their only reader, and
      math functions written as arithmetic as by --colonnade-expand-math;
    - an addition with one f32 operand is f32 (`float-additions`), as on the
      residual path of transformers;
    - an activation that the model quantizes itself (`colonnade.quantized`) is held
      as the model's integers, with its scale and zero point: what a zero point
      adds to a contraction is folded into the bias, padding is the zero point, and
      the integers are rounded where the model rounds them. Products of two
      activations take them without zero points;
    - network results are integers of `output-bits` bits held in i32.

    Method: B. Jacob et al., "Quantization and Training of Neural Networks for
    Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 2, with
    symmetric ranges; rescale as in TOSA 1.0.

    Limits: one f32 argument, static shapes, and the ops that the error for any
    other one lists; `colonnade-normalize` brings more networks to these. It is
    an error, not a wrap, when a bias, an accumulator or a rescale could exceed
    32 bits for any int8 data. On an error the module is unchanged.

    Remarks, category `colonnade`, name `quantize`, all passed: each tensor with
    its measured range and its scale; each contraction with the scales and the
    signal to quantization noise ratio of its weights; the function with that
    of all weights and the number of ops left in f32.

    Example, with pixels up to 255, mean 0 and std 1: the input's range is 1, and
    weights of one magnitude are 64, so the accumulators' scales are
    1 / (127 * 64) and 0.5 / (127 * 64).

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
    %w = arith.constant dense<[[[[64]]], [[[-64]]]]> : tensor<2x1x1x1xi8>
    %b = arith.constant dense<[2032, 12192]> : tensor<2xi32>
    %multiplier = arith.constant dense<1731461533> : tensor<2xi32>
    %shift = arith.constant dense<[29, 30]> : tensor<2xi8>
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
  let options = !listconcat(kActivationOptions, [
    Option<"outputBits", "output-bits", "int64_t", /*default=*/"16",
           "Width of the fixed-point network outputs, held in i32, 8 to 32">]);
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::tosa::TosaDialect",
                           "::colonnade::ColonnadeDialect"];
}

def FakeQuantize : Pass<"colonnade-fake-quantize", "::mlir::ModuleOp"> {
  let summary = "Compute in f32 with the activations that quantization would leave";
  let description = [{
    Puts `colonnade.fake_quantize` into `@main`, or the only public function, in
    front of everything that reads int8 after `--colonnade-quantize` with the same
    options: contractions, poolings, sums of two tensors. Ranges come from
    `calibration` images or a file; `save-ranges` writes the ones in use, and with
    them as `ranges` quantization takes the same scales. With `data-terms`, what
    contractions read is reduced to its largest terms as by
    `--colonnade-term-quantize`, with the same options `digits` and `policy`.

    The function stays in f32, and so do its weights, its input and its results.
    What is left out: biases are not rounded to the accumulators' scale, the
    results not to `output-bits`, and ties of a rescale round to even, not up.

    Limits: those of `--colonnade-quantize`, which is tried first; values with a
    zero point are errors.

    Method: B. Jacob et al., "Quantization and Training of Neural Networks for
    Efficient Integer-Arithmetic-Only Inference", CVPR 2018, section 3.

    Example, with `ranges` of 1 and `data-terms=2`:

    ```mlir
    %y = linalg.matmul ins(%x, %w : tensor<1x12xf32>, tensor<12x16xf32>) ...
    ```
    becomes
    ```mlir
    %q = colonnade.fake_quantize %x scale = 0.0078740157480314959
        terms = <axis = 1, group = 1, budget = 2, digits = naf> : tensor<1x12xf32>
    %y = linalg.matmul ins(%q, %w : tensor<1x12xf32>, tensor<12x16xf32>) ...
    ```
  }];
  let options = !listconcat(kActivationOptions, [
    Option<"dataTerms", "data-terms", "int64_t", /*default=*/"0",
           "Terms kept of what contractions read, up to 8 (0: all)">,
    Option<"digits", "digits", "std::string", /*default=*/"\"naf\"",
           "Digit set: binary, naf, booth4 or hese-msb">]);
  let dependentDialects = ["::colonnade::ColonnadeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect",
                           "::mlir::tosa::TosaDialect"];
}

def FoldZeroPoints
    : Pass<"colonnade-fold-zero-points", "::mlir::func::FuncOp"> {
  let summary = "Contractions with zero points become plain ones and a bias";
  let description = [{
    The array multiplies int8 values as they are. A contraction of x - p and
    w - q, such as TOSA's and ONNX's, is the plain one with corrections:

        sum (x - p)(w - q) = sum x w - p sum w - q sum x + p q count

    With constant weights, q is subtracted from them and p sum w is a constant
    per output channel, which is added to the bias: one all-parallel
    `linalg.generic` behind the contraction, which starts from zero. With two
    activations (matrix products only) the sums are `linalg.generic` reductions.
    All of it is exact in 32-bit arithmetic. Padding with the data's zero point
    stays as it is.

    Limits: constant zero points, static shapes, and constant weights that are
    int8 without their zero point too. Reported as missed remarks, category
    `colonnade`, name `fold-zero-points`, with the reason.

    Example: -3 * (1 + 2) and -3 * (4 - 5) are added to the bias.

    ```mlir
    %w = arith.constant dense<[[1, 4], [2, -5]]> : tensor<2x2xi8>
    %y = linalg.quantized_matmul
        ins(%x, %w, %c3, %c0 : tensor<8x2xi8>, tensor<2x2xi8>, i32, i32)
        outs(%zero : tensor<8x2xi32>) -> tensor<8x2xi32>
    ```
    becomes
    ```mlir
    %correction = arith.constant dense<[-9, 3]> : tensor<2xi32>
    %0 = linalg.matmul ins(%x, %w : tensor<8x2xi8>, tensor<2x2xi8>)
                       outs(%zero : tensor<8x2xi32>) -> tensor<8x2xi32>
    %y = linalg.generic ... ins(%0, %correction : tensor<8x2xi32>, tensor<2xi32>) {
    ^bb0(%a: i32, %c: i32, %o: i32):
      %1 = arith.addi %a, %c : i32
      linalg.yield %1 : i32
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def ChannelsFirst : Pass<"colonnade-channels-first", "::mlir::func::FuncOp"> {
  let summary = "Convolutions and pooling of NHWC images work on NCHW";
  let description = [{
    Rewrites channels-last convolutions, depthwise convolutions and pooling to
    the channels-first ops that quantization and lowering know, between
    transposes, and lets the transposes meet:
    - chains of elementwise ops are fused;
    - constants are transposed here and now;
    - `linalg.generic` reads a transposed operand through its indexing map;
    - a transpose to channels first moves up through elementwise ops, padding
      and concatenations, whose other readers get a transpose back;
    - a transpose and its inverse cancel.
    What is left are transposes at the network's inputs and outputs and where
    something depends on the order of channels last, such as a flattening.

    Values and the order of floating-point sums over a window change: a window
    is summed channel by channel.

    Depthwise convolutions with a multiplier dimension become grouped ones; they
    must be static (upstream's --simplify-depthwise-conv drops a multiplier of
    1 before).

    Example:

    ```mlir
    %y = linalg.pooling_nhwc_max
        ins(%x, %window : tensor<1x6x6x3xi8>, tensor<2x2xi8>)
        outs(%init : tensor<1x5x5x3xi8>) -> tensor<1x5x5x3xi8>
    ```
    becomes
    ```mlir
    %t = linalg.transpose ins(%x : tensor<1x6x6x3xi8>)
                          outs(%e : tensor<1x3x6x6xi8>) permutation = [0, 3, 1, 2]
    %p = linalg.pooling_nchw_max
        ins(%t, %window : tensor<1x3x6x6xi8>, tensor<2x2xi8>)
        outs(%init_t : tensor<1x3x5x5xi8>) -> tensor<1x3x5x5xi8>
    %y = linalg.transpose ins(%p : tensor<1x3x5x5xi8>)
                          outs(%f : tensor<1x5x5x3xi8>) permutation = [0, 2, 3, 1]
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
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

    The weights of a grouped convolution or a batched product are a matrix for
    each group or batch element (`block_axis`), each combined by itself.

    Limits: one dimension of the weights counts the output channels, at most one
    the groups or the batch, the others are reduced. Depthwise weights are left
    alone: their channels share no columns, and the mapping puts the columns of
    several channels into one without pruning. Weights that several contractions
    read alike are combined once for all of them; weights that promise `columns`
    already are left alone.

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
           "Grouping algorithm: agglomerative or dense-first">,
    Option<"policy", "policy", "std::string", /*default=*/"\"\"",
           "JSON file, or name of a shipped one (paper), with settings per layer">];
  let dependentDialects = ["::colonnade::ColonnadeDialect"];
}

def TermQuantize : Pass<"colonnade-term-quantize", "::mlir::func::FuncOp"> {
  let summary = "Keep a budget of the largest power-of-two terms per group of values";
  let description = [{
    Weights (`budget` > 0): in every run of `group` input channels at one kernel
    tap and output channel keeps the `budget` largest terms, ties to the lowest
    index, and records it as a `terms` promise in the type of the constant.
    Weights that promise `columns` are grouped along the packed columns instead
    (`axis = packed`), which is what one term cell holds. The groups of a
    convolution and the batch of a product have runs of their own; the runs of
    depthwise weights go along the taps of a kernel row. A run within its budget
    is unchanged; the last run may be short.

    Data (`data-terms` > 0): puts a `colonnade.term_quantize` that keeps the
    `data-terms` largest terms of each value in front of the contractions: of
    their data, or of both operands where two activations are multiplied, as in
    attention. One op serves all contractions that read a value, and the value's
    other users do not see it.

    Algorithm: Kung, McDanel, Zhang, "Term Quantization: Furthering Quantization
    at Run Time", SC 2020, sections 3 and 4.

    A `policy` is a JSON file that overrides the options for the layers it
    names. The first entry that matches a layer decides, else `default`, if
    there is one. `name` is the layer's ONNX name with `*` for any text (layers
    without names go by the op, "linalg.matmul", and repeated names get "#1",
    "#2", ... in program order); `kind` is `first`, `depthwise` or
    `squeeze-excite` (a convolution of an image of one pixel). Settings are
    `bits` (read by --colonnade-quantize), `fan_in` and `conflict_limit` (read
    by --colonnade-combine-columns), `group`, `budget`, `data_terms` and
    `digits`, or `"leave": "8-bit"`: no bits, terms or conflicting weights are
    dropped. The shipped policy `paper` leaves the first layer, depthwise and
    squeeze-and-excitation layers, as the authors' code does in its runs of
    convolutional networks. A name that matches no contraction of the function is
    an error.

    ```json
    {
      "layers": [
        {"name": "/conv1/Conv", "leave": "8-bit"},
        {"name": "/layer3/*", "group": 8, "budget": 12}
      ],
      "default": {"fan_in": 8, "conflict_limit": 0.5, "data_terms": 3}
    }
    ```

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
    Option<"policy", "policy", "std::string", /*default=*/"\"\"",
           "JSON file, or name of a shipped one (paper), with settings per layer">];
  let dependentDialects = ["::colonnade::ColonnadeDialect"];
}

def DetectCouplings
    : Pass<"colonnade-detect-couplings", "::mlir::func::FuncOp"> {
  let summary = "Find couplings of two residual streams";
  let description = [{
    Networks that were trained as reversible ones come as plain code. This pass
    finds y1 = x1 + F(x2) with y2 = x2 + G(y1) behind it, where nothing else is
    read on the way, and makes it `colonnade.reversible`, whose regions are F and
    G (RevNet, Gomez et al., NeurIPS 2017, section 3.1). Values do not change, bit
    for bit.

    F and G are the ops between the value that they read and the sum. They may
    read weights and other values that do not depend on the function's arguments;
    ops without operands that they share with the rest (`tensor.empty`, fills) are
    copied.

    Limits: one block, static shapes, f32; additive couplings with both halves.

    Remarks, category `colonnade`, name `detect-couplings`: passed, for each
    coupling, with its streams' shape and the parameters that F and G read;
    missed, for each sum of two activations that is none, with the reason.

    Example:

    ```mlir
    %f = linalg.tanh ins(%x2 : tensor<4x8xf32>) ...
    %y1 = linalg.add ins(%x1, %f : tensor<4x8xf32>, tensor<4x8xf32>) ...
    %g = linalg.exp ins(%y1 : tensor<4x8xf32>) ...
    %y2 = linalg.add ins(%x2, %g : tensor<4x8xf32>, tensor<4x8xf32>) ...
    ```
    becomes
    ```mlir
    %y1, %y2 = colonnade.reversible additive %x1, %x2 : tensor<4x8xf32>
        f(%a: tensor<4x8xf32>) {
      %f = linalg.tanh ins(%a : tensor<4x8xf32>) ...
      colonnade.yield %f : tensor<4x8xf32>
    } g(%b: tensor<4x8xf32>) {
      %g = linalg.exp ins(%b : tensor<4x8xf32>) ...
      colonnade.yield %g : tensor<4x8xf32>
    }
    ```
  }];
  let dependentDialects = ["::colonnade::ColonnadeDialect"];
}

def MakeReversible
    : Pass<"colonnade-make-reversible", "::mlir::func::FuncOp"> {
  let summary = "Make a residual network a reversible one";
  let description = [{
    A chain of residual blocks h <- h + R(h) of one shape becomes a chain of
    couplings of two streams a and b, which both begin as h: a <- a + R(b),
    b <- b + R(a), and so on in turn. Each two blocks are one
    `colonnade.reversible`; a last one without a partner is one without `g`. Where
    the chain ends, the streams are averaged. An activation function behind a
    block's sum, relu(h + R(h)), moves to the front of the next block's R and,
    behind the last block, to the average (He et al., ECCV 2016, figure 4e).

    The parameters are those of the plain network, but its function is another
    one (RevNet, Gomez et al., NeurIPS 2017; Mangalam et al., CVPR 2022, for
    transformers, whose F is the attention and whose G is the perceptron):
    convert before training. A chain of one block keeps its function, because its
    result is a alone.

    `fraction` makes the streams fixed point with so many fractional bits, which
    the backward pass reconstructs exactly.

    Where a value of a chain is read by something else, or the shape changes (a
    stage boundary), the chain ends, and that value is stored.

    Limits: one block, static shapes, f32. Blocks inside the branch of another
    one are converted, the outer one is not. Blocks of frozen weights are left
    alone.

    Remarks, category `colonnade`, name `make-reversible`: passed, for each block,
    with the streams' shape, its place in the chain and the parameters that R
    reads; missed, for each sum of two activations that is no such block, with the
    reason.

    Example: `fraction = 0`, a chain of two.

    ```mlir
    %f = linalg.tanh ins(%h : tensor<4x8xf32>) ...
    %h1 = linalg.add ins(%h, %f : tensor<4x8xf32>, tensor<4x8xf32>) ...
    %g = linalg.exp ins(%h1 : tensor<4x8xf32>) ...
    %h2 = linalg.add ins(%h1, %g : tensor<4x8xf32>, tensor<4x8xf32>) ...
    ```
    becomes
    ```mlir
    %a, %b = colonnade.reversible additive %h, %h : tensor<4x8xf32>
        f(%s: tensor<4x8xf32>) {
      %f = linalg.tanh ins(%s : tensor<4x8xf32>) ...
      colonnade.yield %f : tensor<4x8xf32>
    } g(%s: tensor<4x8xf32>) {
      %g = linalg.exp ins(%s : tensor<4x8xf32>) ...
      colonnade.yield %g : tensor<4x8xf32>
    }
    %h2 = linalg.generic ... { // (a + b) / 2
    ```
  }];
  let options = [Option<"fraction", "fraction", "int64_t", /*default=*/"0",
                        "Fractional bits of the streams (0: f32)">];
  let dependentDialects = ["::colonnade::ColonnadeDialect",
                           "::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LowerBatchNorm : Pass<"colonnade-lower-batch-norm", "::mlir::func::FuncOp"> {
  let summary = "Write batch normalization as linalg";
  let description = [{
    `colonnade.batch_norm_inference` becomes one factor and one offset per
    channel; of constants they are computed in double and rounded once.
    `colonnade.batch_norm_training` becomes sums over the channels, of elements
    and then of squares of their distance from the mean (two passes: one, with the
    mean of squares, loses the variance of data far from zero), and an elementwise op.

    Example:

    ```mlir
    %y = colonnade.batch_norm_inference %x scale(%scale) offset(%offset)
        mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.1
        : tensor<1x16x32x32xf32>, tensor<16xf32>
    ```
    becomes
    ```mlir
    %y = linalg.generic ... ins(%x, %factor, %shift : ...) {
      ^bb0(%a: f32, %f: f32, %s: f32, %out: f32):
        %1 = arith.mulf %a, %f : f32
        %2 = arith.addf %1, %s : f32
        linalg.yield %2 : f32
    } -> tensor<1x16x32x32xf32>
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def LowerReversible
    : Pass<"colonnade-lower-reversible", "::mlir::func::FuncOp"> {
  let summary = "Write reversible networks as linalg";
  let description = [{
    `colonnade.reversible` becomes its regions, in the forward or the inverse
    order, with a sum or difference behind each (of affine couplings, a product
    too). Fixed-point numbers become i32, rounding, saturation and sums modulo
    2^32, of which the array's vector unit knows all, and their types lose the
    promise. Upstream canonicalization makes ordinary sums of those that wrap,
    and the unit checks these for overflow: for the machine, `keep-fixed-point`
    leaves fixed-point numbers until it has run. `colonnade.space_to_depth`
    becomes a transpose between two reshapes. Other promises stay
    (`--colonnade-strip-encodings` does the same and drops them).

    With `float-streams`, fixed-point numbers become f32 instead, and their sums
    round: results differ by such roundings, and an inverse is one no more. This is
    for what comes after training, `--colonnade-quantize` for example, which has
    scales of its own. Constants of fixed point are an error.

    A `colonnade.barrier` is its operands. With `keep-barriers` it stays: until no
    common subexpressions are eliminated any more, recomputation needs it.

    Example:

    ```mlir
    %y1, %y2 = colonnade.reversible inverse additive %x1, %x2 : tensor<4xf32>
        f(%in: tensor<4xf32>) {
      %0 = linalg.tanh ins(%in : tensor<4xf32>) outs(%init : tensor<4xf32>)
          -> tensor<4xf32>
      colonnade.yield %0 : tensor<4xf32>
    }
    ```
    becomes
    ```mlir
    %0 = linalg.tanh ins(%x2 : tensor<4xf32>) outs(%init : tensor<4xf32>)
        -> tensor<4xf32>
    %1 = tensor.empty() : tensor<4xf32>
    %2 = linalg.generic ... ins(%x1, %0 : tensor<4xf32>, tensor<4xf32>)
        outs(%1 : tensor<4xf32>) {
    ^bb0(%in: f32, %in_0: f32, %out: f32):
      %3 = arith.subf %in, %in_0 : f32
      linalg.yield %3 : f32
    } -> tensor<4xf32>
    ```
  }];
  let options = [Option<"keepBarriers", "keep-barriers", "bool",
                        /*default=*/"false",
                        "Leave barriers in front of recomputed values">,
                 Option<"keepFixedPoint", "keep-fixed-point", "bool",
                        /*default=*/"false",
                        "Leave fixed-point numbers as they are">,
                 Option<"floatStreams", "float-streams", "bool",
                        /*default=*/"false",
                        "Compute with f32 in place of fixed-point numbers">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
                           "::mlir::tensor::TensorDialect"];
}

def StripEncodings
    : Pass<"colonnade-strip-encodings", "::mlir::ModuleOp"> {
  let summary = "Drop all promises: plain linalg that stock MLIR runs";
  let description = [{
    Removes every `#colonnade.encoding` from the types of values, constants and
    functions, `colonnade.scale` from arguments and results, and the ops of the
    dialect: what is left has no trace of Colonnade and computes the same
    values (architecture, invariant 1: erasure).

    - `colonnade.drop_encoding` is its source.
    - Establishing ops on constants are folded.
    - `colonnade.term_quantize` of run-time values with `group = 1` becomes a
      lookup in a table of 256 constants. A larger group is an error.
    - `colonnade.combine_columns` of run-time values is an error.
    - `colonnade.block_quantize` of static run-time values becomes two loop
      nests of integer and float arithmetic, the largest magnitude of every block
      and the rounding of every value (FAST, HPCA 2022, section 3), which give
      the bits of `colonnade/Numerics/BlockFloat.h`. A short last block has
      nests of its own. A constant with an infinity or a NaN is an error.
    - A contraction of blocks by blocks, as an array of block cells runs it,
      becomes a loop nest that sums up every block exactly, in f64, rounds it to
      f32 and adds the blocks in order (`colonnade/Numerics/BlockProduct.h`): the
      array's bits. `keep-block-products` leaves it to a library and its order.
    - Batch normalization becomes linalg (`--colonnade-lower-batch-norm`), unless
      `keep-batch-norm` leaves it to training: it promises nothing. So do marks
      of weights that are not trained, `colonnade.frozen`.

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
  let options = [Option<"keepBatchNorm", "keep-batch-norm", "bool",
                        /*default=*/"false",
                        "Leave the ops of batch normalization as they are">,
                 Option<"keepBlockProducts", "keep-block-products", "bool",
                        /*default=*/"false",
                        "Leave the sums of contractions of blocks in linalg's "
                        "order">,
                 Option<"keepReversible", "keep-reversible", "bool",
                        /*default=*/"false",
                        "Leave couplings and fixed-point numbers as they are">,
                 Option<"keepBarriers", "keep-barriers", "bool",
                        /*default=*/"false",
                        "Leave barriers in front of recomputed values">];
  let dependentDialects = ["::mlir::arith::ArithDialect",
                           "::mlir::linalg::LinalgDialect",
                           "::mlir::math::MathDialect",
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
