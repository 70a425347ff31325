//===- ColonnadeOps.td - Ops of promises and of training ---*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Defines the only ops that touch an encoding, and what training must know of a
// network that linalg does not say; the ops of reversible networks are in
// ReversibleOps.td. Constraints are numbered; verifiers and tests cite them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_COLONNADEOPS
#define COLONNADE_DIALECT_COLONNADE_IR_COLONNADEOPS

include "colonnade/Dialect/Colonnade/IR/ColonnadeAttributes.td"
include "colonnade/Dialect/Colonnade/IR/ReversibleOps.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Colonnade_PromiseOp<string mnemonic, list<Type> elements = [I8]>
    : Op<ColonnadeDialect, mnemonic, [Pure]> {
  let arguments = (ins RankedTensorOf<elements>:$source);
  let results = (outs RankedTensorOf<elements>:$result);
  let assemblyFormat =
      "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
  let hasFolder = 1;
}

def CombineColumnsOp : Colonnade_PromiseOp<"combine_columns"> {
  let summary = "Establish a columns promise by pruning conflicts";
  let description = [{
    Makes the `columns` promise of the result type true: in every row and group
    the value of the largest magnitude is kept (ties to the lowest column) and
    the others become zero (Kung, McDanel, Zhang, ASPLOS 2019, section 3.2).
    Columns assigned -1 must be all zero already: a constant that breaks this
    is not folded, and `colonnade-verify-promises` reports it.

    A `terms` promise is carried along, since zeroing a value adds no terms.

    - **CC1** Source and result types agree apart from the encoding.
    - **CC2** The result type promises `columns`.
    - **CC3** The source type promises no `columns`, or it is the result type.
    - **CC4** Source and result promise the same `terms`.

    Folds on constants. The identity folds to its source.

    Example: row 0 has a conflict in group 0, 3 against -5.

    ```mlir
    #enc = #colonnade.encoding<
      columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1]>>
    %w = arith.constant dense<[[3, -5, 1], [0, 2, 0]]> : tensor<2x3xi8>
    // Folds to dense<[[0, -5, 1], [0, 2, 0]]>.
    %p = colonnade.combine_columns %w : tensor<2x3xi8> to tensor<2x3xi8, #enc>
    ```
  }];
}

def TermQuantizeOp : Colonnade_PromiseOp<"term_quantize"> {
  let summary = "Establish a terms promise by dropping the smallest terms";
  let description = [{
    Makes the `terms` promise of the result type true: in every run the
    `budget` largest terms are kept, ties to the lowest index (Kung, McDanel,
    Zhang, SC 2020, section 4). A run within its budget is unchanged. Results
    stay in int8, see `colonnade/Numerics/TermSelection.h`.

    A `columns` promise is carried along, since a zero has no terms to keep.

    - **TQ1** Source and result types agree apart from the encoding.
    - **TQ2** The result type promises `terms`.
    - **TQ3** Source and result promise the same `columns`.

    Folds on constants. The identity folds to its source. At run time only
    `group = 1` can be executed.

    Example: 27 = 32 - 4 - 1 loses its smallest term.

    ```mlir
    #enc = #colonnade.encoding<
      terms = <axis = 0, group = 1, budget = 2, digits = naf>>
    %x = arith.constant dense<[27, 31]> : tensor<2xi8>
    // Folds to dense<[28, 31]>.
    %q = colonnade.term_quantize %x : tensor<2xi8> to tensor<2xi8, #enc>
    ```
  }];
}

def BlockQuantizeOp : Op<ColonnadeDialect, "block_quantize",
                         [Pure, AttrSizedOperandSegments]> {
  let summary = "Establish a block_float promise by rounding";
  let description = [{
    Makes the `block_float` promise of the result type true: every run gets the
    exponent of its largest magnitude and its values are rounded to integer
    multiples of the unit that follows (FAST, HPCA 2022, section 3). A run with
    an infinity or a NaN becomes NaN in all of its values.

    `mantissa` chooses the number of mantissa bits at run time, so that one
    compiled step serves every precision; it is clamped to [2, the promise's
    `mantissa`]. `counter` numbers the draws of stochastic rounding, the
    training iteration for example: the same counter replays the same noise.

    Blocks along another axis are another op: a promise of the source is not
    looked at.

    - **BQ1** Source and result types agree apart from the encoding.
    - **BQ2** The result type promises `block_float`.
    - **BQ3** There is a `counter` if and only if the rounding is stochastic.

    Folds on finite constants. Quantizing again what already keeps the promise
    folds to the source, whatever the rounding.

    Example: units of 2 in the first run, of 1/4 in the second.

    ```mlir
    #enc = #colonnade.encoding<
      block_float = <axis = 0, group = 2, exponent = 8, mantissa = 2>>
    %x = arith.constant dense<[5.0, -1.5, 0.6, 0.1]> : tensor<4xf32>
    // Folds to dense<[4.0, -2.0, 0.5, 0.0]>.
    %q = colonnade.block_quantize %x rounding = <nearest>
        : tensor<4xf32> to tensor<4xf32, #enc>
    %s = colonnade.block_quantize %g rounding = <stochastic, seed = 7>
        mantissa(%m) counter(%iteration)
        : tensor<8x32xf32> to tensor<8x32xf32, #enc>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$source,
                       RoundingAttr:$rounding,
                       Optional<I32>:$mantissa,
                       Optional<I64>:$counter);
  let results = (outs RankedTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $source `rounding` `=` $rounding (`mantissa` `(` $mantissa^ `)`)?
    (`counter` `(` $counter^ `)`)? attr-dict
    `:` type($source) `to` type($result)
  }];
  let hasVerifier = 1;
  let hasFolder = 1;
}

def FakeQuantizeOp : Op<ColonnadeDialect, "fake_quantize",
                        [Pure, AllTypesMatch<["source", "result"]>]> {
  let summary = "Round f32 to what int8 integers, or their largest terms, stand for";
  let description = [{
    What a network computes with after quantization, as f32, so that it can be
    trained with it (Jacob et al., CVPR 2018, section 3): source / scale is
    rounded to the nearest integer, ties to even, clamped to [-127, 127], reduced
    to its `terms`, if there are any, and multiplied by scale. A NaN becomes no
    finite number.

    `terms` is the promise that the integers keep, of groups of one value, as
    `colonnade.term_quantize` establishes it. `limit` chooses a smaller budget at
    run time, so that one compiled step serves several resolutions; it is clamped
    to [1, the budget].

    The gradient passes straight through where the rounded quotient is not
    clamped, and is zero elsewhere.

    - **FQ1** `scale` is finite and positive.
    - **FQ2** `terms` has `group = 1`, and its `axis` is one of the tensor's
      dimensions.
    - **FQ3** Only an op with `terms` has a `limit`.

    Example: 27 = 32 - 4 - 1 loses its smallest term.

    ```mlir
    %x = arith.constant dense<[13.6, 80.0]> : tensor<2xf32>
    // Is dense<[14.0, 63.5]>.
    %q = colonnade.fake_quantize %x scale = 0.5
        terms = <axis = 0, group = 1, budget = 2, digits = naf> : tensor<2xf32>
    %s = colonnade.fake_quantize %y scale = 0.5
        terms = <axis = 1, group = 1, budget = 3, digits = naf> limit(%terms)
        : tensor<8x32xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32]>:$source,
                       F64Attr:$scale,
                       OptionalAttr<TermsAttr>:$terms,
                       Optional<I32>:$limit);
  let results = (outs RankedTensorOf<[F32]>:$result);
  let assemblyFormat = [{
    $source `scale` `=` $scale (`terms` `=` $terms^)?
    (`limit` `(` $limit^ `)`)? attr-dict `:` type($source)
  }];
  let hasVerifier = 1;
}

def DropEncodingOp : Colonnade_PromiseOp<"drop_encoding", [I8, F32]> {
  let summary = "Drop promises, keep the values";
  let description = [{
    A cast that forgets some or all promises. Values do not change.

    - **DE1** Source and result types agree apart from the encoding.
    - **DE2** Each promise of the result is a promise of the source.

    Folds on constants; a drop of a drop is one drop; the identity folds to its
    source.

    Example:

    ```mlir
    %plain = colonnade.drop_encoding %w : tensor<2x3xi8, #enc> to tensor<2x3xi8>
    ```
  }];
}

class Colonnade_BatchNormOp<string mnemonic, list<Trait> traits>
    : Op<ColonnadeDialect, mnemonic,
         [Pure, AllTypesMatch<["source", "result"]>] # traits> {
  let hasVerifier = 1;
}

def BatchNormInferenceOp : Colonnade_BatchNormOp<"batch_norm_inference",
    [AllTypesMatch<["scale", "offset", "mean", "variance"]>]> {
  let summary = "Normalize channels by running statistics";
  let description = [{
    Batch normalization of a trained network (Ioffe and Szegedy, ICML 2015,
    algorithm 2): along the channels, dimension `axis`,

    ```
    result = (source - mean) / sqrt(variance + epsilon) * scale + offset
    ```

    `--colonnade-normalize` folds it into the product before,
    `--colonnade-strip-encodings` and `--colonnade-lower-batch-norm` make it a
    factor and an offset per channel. As an op it says where training normalizes:
    `--colonnade-training-step` does it there by `colonnade.batch_norm_training`
    and makes `mean` and `variance` state of the step. The next ones are, as
    PyTorch has them,

    ```
    (1 - momentum) * mean + momentum * batch mean
    (1 - momentum) * variance + momentum * batch variance * n / (n - 1)
    ```

    with n elements per channel. ONNX calls 1 - `momentum` momentum and takes the
    batch variance as it is.

    - **BN1** `axis` is a dimension of the source.
    - **BN2** Scale, offset, mean and variance are of one dimension, the channels,
      and of the source's element type.
    - **BN3** `epsilon` is finite and positive.
    - **BN4** `momentum` is in [0, 1].

    Example:

    ```mlir
    %y = colonnade.batch_norm_inference %x scale(%scale) offset(%offset)
        mean(%mean) variance(%variance) axis = 1 epsilon = 1.0e-5 momentum = 0.1
        : tensor<1x16x32x32xf32>, tensor<16xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$source,
                       RankedTensorOf<[F32, F64]>:$scale,
                       RankedTensorOf<[F32, F64]>:$offset,
                       RankedTensorOf<[F32, F64]>:$mean,
                       RankedTensorOf<[F32, F64]>:$variance,
                       I64Attr:$axis,
                       F64Attr:$epsilon,
                       F64Attr:$momentum);
  let results = (outs RankedTensorOf<[F32, F64]>:$result);
  let assemblyFormat = [{
    $source `scale` `(` $scale `)` `offset` `(` $offset `)` `mean` `(` $mean `)`
    `variance` `(` $variance `)` `axis` `=` $axis `epsilon` `=` $epsilon
    `momentum` `=` $momentum attr-dict `:` type($source) `,` type($scale)
  }];
}

def BatchNormTrainingOp : Colonnade_BatchNormOp<"batch_norm_training",
    [AllTypesMatch<["scale", "offset", "mean", "variance"]>]> {
  let summary = "Normalize channels by the statistics of the batch";
  let description = [{
    Batch normalization while a network is trained (Ioffe and Szegedy, ICML 2015,
    algorithm 1). `mean` and `variance` are those of the source's elements of a
    channel, all dimensions but `axis`; the variance is the mean square of the
    distance from the mean. Then

    ```
    result = (source - mean) / sqrt(variance + epsilon) * scale + offset
    ```

    It has a gradient, by all operands, and becomes linalg by
    `--colonnade-strip-encodings` and `--colonnade-lower-batch-norm`.

    - **BT1** `axis` is a dimension of the source.
    - **BT2** Scale, offset, mean and variance are of one dimension, the channels,
      and of the source's element type.
    - **BT3** `epsilon` is finite and positive.
    - **BT4** The source has a static shape, with an element in every channel.

    Example:

    ```mlir
    %y, %mean, %variance = colonnade.batch_norm_training %x scale(%scale)
        offset(%offset) axis = 1 epsilon = 1.0e-5
        : tensor<128x16x32x32xf32>, tensor<16xf32>
    ```
  }];
  let arguments = (ins RankedTensorOf<[F32, F64]>:$source,
                       RankedTensorOf<[F32, F64]>:$scale,
                       RankedTensorOf<[F32, F64]>:$offset,
                       I64Attr:$axis,
                       F64Attr:$epsilon);
  let results = (outs RankedTensorOf<[F32, F64]>:$result,
                      RankedTensorOf<[F32, F64]>:$mean,
                      RankedTensorOf<[F32, F64]>:$variance);
  let assemblyFormat = [{
    $source `scale` `(` $scale `)` `offset` `(` $offset `)` `axis` `=` $axis
    `epsilon` `=` $epsilon attr-dict `:` type($source) `,` type($scale)
  }];
}

#endif // COLONNADE_DIALECT_COLONNADE_IR_COLONNADEOPS
