//===- Passes.td - Mapping linalg to the array -*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_CONVERSION_LINALGTOSYSTOLIC_PASSES
#define COLONNADE_CONVERSION_LINALGTOSYSTOLIC_PASSES

include "mlir/Pass/PassBase.td"

def ConvertLinalgToSystolic
    : Pass<"convert-linalg-to-systolic", "::mlir::ModuleOp"> {
  let summary = "Map quantized linalg onto the array and the vector unit";
  let description = [{
    Rewrites every function of quantized linalg to mapped layers. Convolutions
    and matrix products with constant weights become `systolic.contract`: their
    weights are packed as the encoding promises (column groups share an array
    column; `group` packed columns share a term cell), zero padding becomes part
    of the window (implicit im2col), and the elementwise op that follows becomes
    the epilogue. Pooling becomes `systolic.vector`; every other `linalg.generic`
    (elementwise code and reductions of i8, i32, i64 and f32 whose indices are sums
    of loops times constants) becomes a `systolic.nest`; run-time term selection joins the body of
    the op that makes the value.

    What a training step says in other ways is brought to that form first: numbers
    computed outside of tensors become nests without loops, `linalg.index` an input
    that counts, an op with several results one op each, an `scf.if` the selection
    of one of two results, rounding to bf16 and back arithmetic on bits, and
    `colonnade.block_quantize` whose values are not only converted by the array its
    code in arith.

    Reshapes, transposes, slices and concatenations stay tensor ops, which name
    views of buffers: operands of a concatenation are made inside its result, a
    padding is a concatenation with fills, and a result that is read through
    transposes alone is stored in the order that the last reshape needs. Where no
    strides describe a view, a nest copies the tensor; each choice is a remark
    (`view`, or `copied` with its bytes). A
    `tensor.insert_slice` happens in its target's buffer where no one needs what it
    overwrites; otherwise the target, and what is inserted, are copied.

    Example:

    ```mlir
    // linalg.generic, a sum over d1 with indexing maps (d0, d1) and (d0)
    %y = systolic.nest "nest1" loops [4, 8] reduce 1 from 0.0 : f32
        ins(%x) [affine_map<(d0, d1) -> (d0, d1)>]
        : (tensor<4x8xf32>) -> tensor<4xf32> { ... }
    ```

    A block-diagonal filter matrix serves grouped convolutions (a block per
    group), batched products (a block per batch element) and depthwise
    convolutions (a block per so many channels as the array serves best side by
    side). The second operand of a product of two activations becomes the
    weights, loaded tile by tile at run time; weights in front of the data are
    mapped as the transposed product. Depthwise convolutions run where they take
    fewer cycles, on the array or as a nest on the vector unit: the layer is
    scheduled and timed by itself in every way (each number of blocks, and the
    nest), and a remark gives the cycles of both places.

    On a target of block cells, an f32 contraction whose operands come from
    `colonnade.block_quantize`, with blocks along one loop that both follow as a
    dimension, becomes a `systolic.block_contract`: matrix products, convolutions
    and batches in any layout, read where they lie. Roundings become conversions at
    the array's border; values that were flipped, sliced or padded with zeros since
    are rounded again, to nearest, which changes nothing. A parameter or constant
    stays in the cells: `weight_stationary` in the first product that holds it and
    wherever it sums up the same axis, else `orthogonal`; where there is none the
    sums stay (`output_stationary`). After FAST (HPCA 2022). With
    `block-dataflow=cheapest` the closed forms choose among both operands and all
    dataflows instead; the values are the same. Other contractions of
    floats become nests, and a missed remark (`not-on-array`) says why. Limits: one
    precision (`mantissa` is constant), one counter for both operands.

    The machine is `target` (a JSON file or the name of a shipped target) or,
    without it, the module's `systolic.target`.

    Every linalg op is accepted or rejected by one legality function per kind.
    Accepted ones get a passed remark with metrics, rejected ones a missed
    remark and the attribute `systolic.rejected`, both of which name the rule
    and the numbers. Limits: batch 1, static shapes, i8 x i8 to i32, NCHW
    convolutions, constant filters.
  }];
  let options = [
    Option<"target", "target", "std::string", /*default=*/"\"\"",
           "JSON target file, or name of a shipped target">,
    Option<"depthwise", "depthwise", "::colonnade::DepthwisePlace",
           /*default=*/"::colonnade::DepthwisePlace::Cheaper",
           "Where depthwise convolutions run",
           [{::llvm::cl::values(
             clEnumValN(::colonnade::DepthwisePlace::Cheaper, "cheaper",
                        "where they take fewer cycles"),
             clEnumValN(::colonnade::DepthwisePlace::Array, "array",
                        "channels side by side on the array"),
             clEnumValN(::colonnade::DepthwisePlace::VectorUnit, "vector",
                        "a loop nest on the vector unit"))}]>,
    Option<"blockDataflow", "block-dataflow", "::colonnade::BlockDataflowChoice",
           /*default=*/"::colonnade::BlockDataflowChoice::Roles",
           "What products of blocks hold in the cells",
           [{::llvm::cl::values(
             clEnumValN(::colonnade::BlockDataflowChoice::Roles, "roles",
                        "parameters, as FAST does; else sums stay"),
             clEnumValN(::colonnade::BlockDataflowChoice::Cheapest, "cheapest",
                        "the operand and dataflow of fewest cycles"))}]>];
  let dependentDialects = ["::colonnade::systolic::SystolicDialect",
                           "::mlir::tensor::TensorDialect"];
}

#endif // COLONNADE_CONVERSION_LINALGTOSYSTOLIC_PASSES
