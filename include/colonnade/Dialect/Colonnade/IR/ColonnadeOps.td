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

class Colonnade_PromiseOp<string mnemonic>
    : Op<ColonnadeDialect, mnemonic, [Pure]> {
  let arguments = (ins RankedTensorOf<[I8]>:$source);
  let results = (outs RankedTensorOf<[I8]>:$result);
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

def DropEncodingOp : Colonnade_PromiseOp<"drop_encoding"> {
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
