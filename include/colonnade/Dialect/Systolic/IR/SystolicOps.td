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

include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"
include "colonnade/Dialect/Systolic/IR/SystolicAttrs.td"

class Systolic_Op<string mnemonic, list<Trait> traits = []>
    : Op<Systolic_Dialect, mnemonic, traits>;

//===----------------------------------------------------------------------===//
// Packed weights
//===----------------------------------------------------------------------===//

def Systolic_WeightsOp : Systolic_Op<"weights", [Pure]> {
  let summary = "A block-diagonal filter matrix as the array holds it";
  let description = [{
    Row r and slot d of array column a of block b hold
    `values[b * rows + r, a, d]`, which meets the data of the block's matrix
    column `streams[b * columns + a, d, selects[b * rows + r, a, d]]`; `rows`
    and `columns` are those of one block. Matrix columns are (input channel,
    kernel row, kernel column), row-major; a stream of -1 is a group member that
    does not exist.

    `original` is the type of the tensor that was packed, with its promises,
    `row_axis` its output-channel dimension:
    - a plain matrix is one block, whose columns are the other dimensions;
    - `block_axis` is the dimension that counts the blocks of a grouped
      convolution or a batched product; the columns are the dimensions left;
    - `depthwise` weights give each channel columns of its own. A block holds
      `rows` channels side by side: its row r is nonzero in the columns of
      channel r only.

    `digest` is that of the dense matrices, one below the other, so that a
    corrupted tile or select is noticed. `address` is the DRAM address of the
    first tile, once scheduled.

    Constraints:
    - (P1) `values` and `selects` are i8 of one shape [blocks * rows, array
      columns, slots]; `streams` is i32 [blocks * array columns, slots, fan-in];
      `blocks` is at least 1.
    - (P2) the sizes of `original` are those of the blocks, as said above.
    - (P3) every select is in [0, fan-in), every stream in [-1, matrix columns),
      and no matrix column appears twice in a block.
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
                       I64Attr:$row_axis, OptionalAttr<I64Attr>:$block_axis,
                       UnitAttr:$depthwise,
                       DefaultValuedAttr<I64Attr, "1">:$blocks,
                       I64Attr:$weight_terms,
                       ElementsAttr:$values, ElementsAttr:$selects,
                       ElementsAttr:$streams, StrAttr:$digest,
                       OptionalAttr<I64Attr>:$address);
  let results = (outs Systolic_PackedWeights:$result);
  let assemblyFormat = "$name attr-dict `:` qualified(type($result))";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The packing in the simulator's form.
    ::colonnade::sim::PackedWeights getPackedWeights();
    /// The same without values and selects: cheap for large matrices.
    ::colonnade::sim::PackedWeights getPackedShape();
    /// How `original` and the blocks' matrices correspond.
    ::colonnade::BlockMatrixView getMatrixView();
  }];
}

def Systolic_RunTimeWeightsOp : Systolic_Op<"run_time_weights", [Pure]> {
  let summary = "A tensor of the network as the array's filter matrix";
  let description = [{
    The second operand of a product of two activations, as in attention. Nothing
    is packed: a cell holds `slots` neighbouring matrix columns. In a
    `systolic.program` there is no tensor; `systolic.dma_weights` says where its
    values lie.

    Constraints:
    - (U1) `original` is a static i8 tensor, and the type of `tensor` if there
      is one. Its dimensions are the rows (`row_axis`), the matrix columns and,
      if given, the blocks (`block_axis`).
    - (U2) `slots` is at least 1, `weight_terms` at least 0 (0: nothing
      promised).

    Example:

    ```mlir
    // [batch, columns, rows]
    %w = systolic.run_time_weights "scores" %keys {
      original = tensor<4x16x49xi8>, row_axis = 2 : i64, block_axis = 0 : i64,
      slots = 8 : i64, weight_terms = 0 : i64}
      : (tensor<4x16x49xi8>) -> !systolic.weights
    ```
  }];
  let arguments = (ins StrAttr:$name, Optional<AnyRankedTensor>:$tensor,
                       TypeAttrOf<AnyRankedTensor>:$original,
                       I64Attr:$row_axis, OptionalAttr<I64Attr>:$block_axis,
                       I64Attr:$slots, I64Attr:$weight_terms);
  let results = (outs Systolic_PackedWeights:$result);
  let assemblyFormat = [{
    $name ($tensor^)? attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The sizes in the simulator's form.
    ::colonnade::sim::PackedWeights getPackedShape();
    /// The dimension of `original` that counts the matrix columns.
    int64_t getColumnAxis();
  }];
}

//===----------------------------------------------------------------------===//
// Mapped layers
//===----------------------------------------------------------------------===//

def Systolic_ContractOp : Systolic_Op<"contract",
    [Pure, IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "A convolution or matrix product on the array, with its epilogue";
  let description = [{
    For each block of `weights`, streams the window's positions of the block's
    channels of `data` through the array and runs the region on the vector unit
    for every 32-bit accumulator. The region's arguments are the accumulator and
    the element of each of `epilogue_operands` at the same place: operands of
    the result's shape, or per-channel vectors.

    Data and result are [1, channels, height, width] or [positions, channels],
    where the channels of the blocks follow each other, or have a dimension for
    the blocks: [1, blocks, channels, height, width] or
    [blocks, positions, channels].

    Constraints:
    - (C1) `data` is i8, its sizes are the blocks and the window's input.
    - (C2) the result's sizes are the blocks, `weights` rows and the window's
      output positions.
    - (C3) window channels x kernel sizes are the weights' matrix columns.
    - (C4) the region has an i32 argument and one per operand, of the operand's
      element type, uses only vector-unit operations and yields the result's
      element type.
    - (C5) each operand has the result's shape or is a vector of one value per
      channel of a block, or of all blocks.
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

def Systolic_BlockContractOp : Systolic_Op<"block_contract", [Pure]> {
  let summary = "Products of block floating point on the array";
  let description = [{
    A loop nest that multiplies and adds on an array of block cells
    (`#systolic.block`), after FAST (HPCA 2022, arXiv 2110.15456). The outer
    loops run over the result's elements. Of the last `reduce` loops the
    innermost one runs along the blocks of both operands; the others, a
    convolution's taps for example, run over blocks in lexicographic order.
    `maps` say which elements of `held` and `passing` meet.

    Both operands are f32; the converter at the array's border rounds them to
    blocks on their way in. The products of a block's values are summed up
    exactly and rounded to f32 once; the blocks' products are added as f32 in
    the loops' order, starting at +0 (Numerics/BlockProduct.h). Tiles and chunks
    do not change that order.

    `held` lies in the cells: `weight_stationary`, or `orthogonal` if the cells
    hold it as they do for the product along its other axis, so that it is never
    transposed. In the `output_stationary` dataflow the sums stay and both
    operands move.

    Constraints:
    - (Q1) extents are at least 1, `reduce` is in [1, number of loops].
    - (Q2) `held` and `passing` are static and f32, and so is the result, whose
      sizes are the extents of the parallel loops, in order.
    - (Q3) there are two maps, from the loops to the operands' dimensions. Their
      results are sums of loops times constants and a constant, and stay inside
      the operand.
    - (Q4) the innermost loop alone, times 1 and from 0 on, is one dimension of
      each operand, all of it, and no part of another: blocks meet blocks.
    - (Q5) a parallel loop is followed by `held`, `passing` or both, a reduction
      loop by both, unless it has one step only.
    - (Q6) both conversions have the same group.
    - (Q7) there is a `counter`, a tensor<i64>, if and only if a conversion is
      stochastic and does not know it.

    Example:

    ```mlir
    // y[p, o] = sum over i of w[i, o] * x[p, i]; nothing is transposed.
    %y = systolic.block_contract "fc" <weight_stationary>
        loops [32, 10, 64] reduce 1
        held %w <group = 16, exponent = 8, mantissa = 4, rounding = <nearest>>
        passing %x <group = 16, exponent = 8, mantissa = 4, rounding = <nearest>>
        [affine_map<(d0, d1, d2) -> (d2, d1)>,
         affine_map<(d0, d1, d2) -> (d0, d2)>]
        : (tensor<64x10xf32>, tensor<32x64xf32>) -> tensor<32x10xf32>
    ```
  }];
  let arguments = (ins StrAttr:$layer, AnyRankedTensor:$held,
                       AnyRankedTensor:$passing,
                       Optional<AnyRankedTensor>:$counter,
                       Systolic_DataflowAttr:$dataflow,
                       DenseI64ArrayAttr:$extents, I64Attr:$reduction_loops,
                       AffineMapArrayAttr:$maps,
                       Systolic_Conversion:$held_conversion,
                       Systolic_Conversion:$passing_conversion);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $layer $dataflow `loops` $extents `reduce` $reduction_loops
    `held` $held $held_conversion `passing` $passing $passing_conversion
    $maps (`counter` $counter^)? attr-dict
    `:` functional-type(operands, $result)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    int64_t getNumParallelLoops() {
      return getExtents().size() - getReductionLoops();
    }
    ::mlir::AffineMap getMap(unsigned operand) {
      return ::mlir::cast<::mlir::AffineMapAttr>(getMaps()[operand]).getValue();
    }
  }];
}

def Systolic_VectorOp : Systolic_Op<"vector",
    [Pure, IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "Pooling on the vector unit";
  let description = [{
    Reduces the first input over the window and runs the region for the result
    and the elements of the other inputs at the same place. Padding takes no
    part in a maximum and counts as zero in a sum.

    Constraints:
    - (V1) the first input's sizes are the window's input, and the result has
      its channels and the window's output positions.
    - (V2) the reduction is a maximum or a sum; elementwise code is a
      `systolic.nest`.
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

def Systolic_NestOp : Systolic_Op<"nest",
    [Pure, IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "A loop nest over tensors on the vector unit";
  let description = [{
    Elementwise code, reductions, copies and fills. The outer loops are parallel
    and run over the result's elements; the last `reduce` loops run in
    lexicographic order for each of them, with an accumulator that starts at
    `initial`. The region's arguments are the elements that `maps` name, one per
    input, and then, with reduction loops, the accumulator; it yields the
    result's element or the next accumulator.

    Constraints:
    - (E1) extents are at least 1, `reduce` is in [0, number of loops], and
      there is an `initial` of the result's element type if and only if `reduce`
      is not 0.
    - (E2) the result is static, of i8, i32, i64 or f32; its sizes are the extents of
      the parallel loops, in order.
    - (E3) there is a map per input from the loops to its dimensions. Its results
      are sums of loops times constants and a constant, and stay inside the input.
      An input has an element type that a result may have.
    - (E4) the region has an argument per input, of its element type, and with
      reduction loops one of the result's element type; it uses only vector-unit
      operations and yields the result's element type.

    Example:

    ```mlir
    // Sums of rows.
    %sums = systolic.nest "nest1" loops [4, 49] reduce 1 from 0.0 : f32
        ins(%x) [affine_map<(d0, d1) -> (d0, d1)>]
        : (tensor<4x49xf32>) -> tensor<4xf32> {
    ^bb0(%element: f32, %sum: f32):
      %next = arith.addf %sum, %element : f32
      systolic.yield %next : f32
    }
    ```
  }];
  let arguments = (ins StrAttr:$layer, Variadic<AnyRankedTensor>:$inputs,
                       DenseI64ArrayAttr:$extents,
                       DefaultValuedAttr<I64Attr, "0">:$reduction_loops,
                       AffineMapArrayAttr:$maps,
                       OptionalAttr<TypedAttrInterface>:$initial);
  let results = (outs AnyRankedTensor:$result);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $layer `loops` $extents (`reduce` $reduction_loops^ `from` $initial)?
    `ins` `(` $inputs `)` $maps attr-dict
    `:` functional-type($inputs, $result) $body
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    int64_t getNumParallelLoops() {
      return getExtents().size() - getReductionLoops();
    }
    ::mlir::AffineMap getMap(unsigned input) {
      return ::mlir::cast<::mlir::AffineMapAttr>(getMaps()[input]).getValue();
    }
  }];
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
    ParentOneOf<["ContractOp", "VectorOp", "NestOp", "VectorPassOp",
                 "NestPassOp"]>]> {
  let summary = "Result of a vector body";
  let arguments = (ins Optional<AnyTypeOf<[AnySignlessInteger, F32]>>:$value);
  let assemblyFormat = "($value^ `:` type($value))? attr-dict";
  let builders = [OpBuilder<(ins), [{ /* a yield without a value */ }]>];
}

#endif // COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICOPS
