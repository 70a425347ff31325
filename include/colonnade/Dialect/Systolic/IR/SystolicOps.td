//===- SystolicOps.td - Mapped layers -*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mapped level of the systolic dialect: layers on tensors, with packed
// weights, before anything has an address or a place in a queue; and the scalar
// ops that vector bodies use besides arith's and tosa.apply_scale.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICOPS
#define COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICOPS

include "mlir/Interfaces/SideEffectInterfaces.td"
include "colonnade/Dialect/Systolic/IR/SystolicAttrs.td"

class Systolic_Op<string mnemonic, list<Trait> traits = []>
    : Op<Systolic_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Packed weights
//===----------------------------------------------------------------------===//

def Systolic_WeightsOp : Systolic_Op<"weights", [Pure]> {
  let summary = "A filter matrix as the array holds it";
  let description = [{
    Matrix row r and slot d of array column a hold `values[r, a, d]`, which
    meets the data of matrix column `streams[a, d, selects[r, a, d]]`. Matrix
    columns are (input channel, kernel row, kernel column), row-major; a stream
    of -1 is a group member that does not exist. `original` is the type of the
    tensor that was packed, with its promises; `row_axis` its output-channel
    dimension. `digest` is that of the dense matrix, so that a corrupted tile or
    select is noticed. `address` is the DRAM address of the first tile, once
    scheduled.

    Constraints:
    - (P1) `values` and `selects` are i8 of one shape [rows, array columns,
      slots]; `streams` is i32 [array columns, slots, fan-in].
    - (P2) rows and the product of the other dimensions of `original` are the
      matrix's rows and columns.
    - (P3) every select is in [0, fan-in), every stream in [-1, matrix columns),
      and no matrix column appears twice.
    - (P4) `weight_terms` is at least 0 (0: nothing promised).

    Example:

    ```mlir
    %w = systolic.weights "fc" {
      original = tensor<2x1xi8>, row_axis = 1 : i64, weight_terms = 0 : i64,
      values = dense<[[[3], [-1]]]> : tensor<1x2x1xi8>,
      selects = dense<0> : tensor<1x2x1xi8>,
      streams = dense<[[[0]], [[1]]]> : tensor<2x1x1xi32>,
      digest = "..."} : !systolic.weights
    ```
  }];
  let arguments = (ins StrAttr:$name, TypeAttrOf<AnyRankedTensor>:$original,
                       I64Attr:$row_axis, I64Attr:$weight_terms,
                       ElementsAttr:$values, ElementsAttr:$selects,
                       ElementsAttr:$streams, StrAttr:$digest,
                       OptionalAttr<I64Attr>:$address);
  let results = (outs Systolic_PackedWeights:$result);
  let assemblyFormat = "$name attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The packing in the simulator's form.
    ::colonnade::sim::PackedWeights getPackedWeights();
  }];
}

//===----------------------------------------------------------------------===//
// Mapped layers
//===----------------------------------------------------------------------===//

def Systolic_ContractOp : Systolic_Op<"contract",
    [Pure, IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "A convolution or matrix product on the array, with its epilogue";
  let description = [{
    Streams the window's positions of `data` through the array against
    `weights` and runs the region on the vector unit for every 32-bit
    accumulator. The region's arguments are the accumulator and the element of
    each of `epilogue_operands` at the same place: operands of the result's shape, or
    per-channel vectors.

    Constraints:
    - (C1) `data` is i8, its sizes are the window's input.
    - (C2) the result has `weights` rows channels and the window's output
      positions.
    - (C3) window channels x kernel sizes are the weights' matrix columns.
    - (C4) the region has an i32 argument and one per operand, of the operand's
      element type, uses only vector-unit operations and yields the result's
      element type.
    - (C5) each operand has the result's shape or is a vector of one value per
      channel.
    - (C6) `data_terms` is in [0, 7] (0: nothing promised about the data).
  }];
  let arguments = (ins StrAttr:$layer, AnyRankedTensor:$data,
                       Systolic_PackedWeights:$weights,
                       Variadic<AnyRankedTensor>:$epilogue_operands,
                       Systolic_Window:$window, I64Attr:$data_terms);
  let results = (outs AnyRankedTensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $layer $data `,` $weights $window (`ins` `(` $epilogue_operands^ `)`)? attr-dict
    `:` functional-type(operands, $result) $body
  }];
  let hasVerifier = 1;
}

def Systolic_VectorOp : Systolic_Op<"vector",
    [Pure, IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "Elementwise code or pooling on the vector unit";
  let description = [{
    Reduces the first input over the window (`none`: takes the element at the
    position itself) and runs the region for it and the elements of the other
    inputs at the same place. Padding takes no part in a maximum and counts as
    zero in a sum.

    Constraints:
    - (V1) the first input's sizes are the window's input, and the result has
      its channels and the window's output positions.
    - (V2) without a reduction the kernel is 1x1, unpadded, with unit strides.
    - (V3) the region has one argument per input: i32 for a summed input,
      otherwise of the input's element type; it uses only vector-unit operations
      and yields the result's element type.
    - (V4) each further input has the result's shape or is a vector of one value
      per channel.
  }];
  let arguments = (ins StrAttr:$layer, Variadic<AnyRankedTensor>:$inputs,
                       Systolic_ReductionAttr:$reduction,
                       Systolic_Window:$window);
  let results = (outs AnyRankedTensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $layer $reduction $window `ins` `(` $inputs `)` attr-dict
    `:` functional-type($inputs, $result) $body
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Scalar ops of vector bodies
//===----------------------------------------------------------------------===//

def Systolic_EncodeTermsOp : Systolic_Op<"encode_terms", [Pure]> {
  let summary = "Keep the largest terms of one value";
  let description = [{
    The vector unit's term encoder: keeps the `terms` largest terms of an int8
    value (term quantization with a group of one).

    Constraints:
    - (N1) `terms` is in [1, 7] and `digits` names a digit set.
  }];
  let arguments = (ins I8:$value, I64Attr:$terms, StrAttr:$digits);
  let results = (outs I8:$result);
  let assemblyFormat = "$value attr-dict";
  let hasVerifier = 1;
}

def Systolic_YieldOp : Systolic_Op<"yield", [Pure, Terminator,
    ParentOneOf<["ContractOp", "VectorOp", "VectorPassOp"]>]> {
  let summary = "Result of a vector body";
  let arguments = (ins Optional<AnySignlessInteger>:$value);
  let assemblyFormat = "($value^ `:` type($value))? attr-dict";
  let builders = [OpBuilder<(ins), [{ /* a yield without a value */ }]>];
}

#endif // COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICOPS
