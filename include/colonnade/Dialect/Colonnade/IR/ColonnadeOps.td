//===- ColonnadeOps.td - Ops that establish and drop promises -*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Defines the only ops that touch an encoding. Constraints are numbered;
// verifiers and tests cite them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_COLONNADEOPS
#define COLONNADE_DIALECT_COLONNADE_IR_COLONNADEOPS

include "colonnade/Dialect/Colonnade/IR/ColonnadeAttributes.td"
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

#endif // COLONNADE_DIALECT_COLONNADE_IR_COLONNADEOPS
