//===- SystolicProgramOps.td - Entries of the four queues -*- tablegen -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program level of the systolic dialect: buffers with addresses and ops that
// are entries of the DMA, weight loader, array and vector queues.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICPROGRAMOPS
#define COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICPROGRAMOPS

include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"
include "colonnade/Dialect/Systolic/IR/SystolicOps.td"

def Systolic_ProgramOp : Systolic_Op<"program",
    [Symbol, IsolatedFromAbove, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "A schedule for the machine";
  let description = [{
    Everything the machine does for one inference, in program order. Each queue
    takes its entries in that order; entries of different queues meet only
    through tokens. `target_hash` is the digest of `target` at the time of
    scheduling: a schedule whose target has changed since is refused.

    Constraints:
    - (R1) `target_hash` is the digest of `target`.
    - (R2) at least one `systolic.host_input` and one `systolic.host_output`; no two
      inputs, and no two outputs, have the same name, and an output with the name
      of an input has its type.
    - (R3) the region holds only systolic program ops, `scf.for`, `scf.yield`,
      `affine.apply` and `arith.constant`.
    - (R4) loop bounds are constants, so that the program has one meaning.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Systolic_Target:$target,
                       StrAttr:$target_hash);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $sym_name `target` `(` $target `)` `hash` $target_hash
    attr-dict-with-keyword $body
  }];
  let hasRegionVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Buffers
//===----------------------------------------------------------------------===//

class Systolic_HostTensorOp<string mnemonic>
    : Systolic_Op<mnemonic, [HasParent<"ProgramOp">]> {
  let results = (outs Systolic_Buffer:$result);
  let hasVerifier = 1;
}

def Systolic_HostInputOp : Systolic_HostTensorOp<"host_input"> {
  let summary = "DRAM that the host fills before the program starts";
  let description = [{
    The real value of an integer m is `scale` * (m - `zero_point`). An output
    that has the name of an input is what this input becomes in the next run:
    parameters and other state of a training step.

    Constraints:
    - (H1) the tensor is static, i8, i32, i64 or f32; the scale is positive and finite;
      the address is at least 0; the buffer is in DRAM.
    - (H2) the zero point is in [-128, 127], and 0 unless the tensor is i8.
  }];
  let arguments = (ins OptionalAttr<StrAttr>:$name, I64Attr:$address,
                       TypeAttrOf<AnyRankedTensor>:$tensor, F64Attr:$scale,
                       DefaultValuedAttr<SI32Attr, "0">:$zero_point);
  let assemblyFormat = [{
    ($name^)? `at` $address `:` $tensor `scale` $scale (`zero_point` $zero_point^)?
    attr-dict `->` qualified(type($result))
  }];
}

def Systolic_HostOutputOp : Systolic_HostTensorOp<"host_output"> {
  let summary = "DRAM that the host reads when the program has ended";
  let description = [{
    `scale` is the real value of the integer 1.

    Constraints:
    - (H1) as for `systolic.host_input`.
  }];
  let arguments = (ins OptionalAttr<StrAttr>:$name, I64Attr:$address,
                       TypeAttrOf<AnyRankedTensor>:$tensor, F64Attr:$scale);
  let assemblyFormat = [{
    ($name^)? `at` $address `:` $tensor `scale` $scale attr-dict `->` qualified(type($result))
  }];
}

def Systolic_BufferOp : Systolic_Op<"buffer"> {
  let summary = "A range of a memory";
  let description = [{
    Constraints:
    - (F1) the address is at least 0, the size at least 1.
    - (F2) address + size is within the memory (DRAM is not bounded).
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$address, I64Attr:$size);
  let results = (outs Systolic_Buffer:$result);
  let assemblyFormat = [{
    $name `at` $address `size` $size attr-dict `:` qualified(type($result))
  }];
  let hasVerifier = 1;
}

def Systolic_ConstantsOp : Systolic_Op<"constants"> {
  let summary = "Constant bytes in DRAM: parameters of the vector unit";
  let description = [{
    Constraints:
    - (K1) the address is at least 0, the values are i8, the buffer is in DRAM.
  }];
  let arguments = (ins StrAttr:$name, I64Attr:$address, ElementsAttr:$values);
  let results = (outs Systolic_Buffer:$result);
  let assemblyFormat = [{
    $name `at` $address $values attr-dict `->` qualified(type($result))
  }];
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Queue entries
//===----------------------------------------------------------------------===//

def Systolic_ReadyOp : Systolic_Op<"ready", [Pure]> {
  let summary = "A token that is complete from the start";
  let results = (outs Systolic_Token:$token);
  let assemblyFormat = "attr-dict";
}

class Systolic_QueueOp<string mnemonic, list<Trait> traits = []>
    : Systolic_Op<mnemonic, traits # [AttrSizedOperandSegments]>;

def Systolic_DmaCopyOp : Systolic_QueueOp<"dma_copy"> {
  let summary = "DMA queue: copy the part of a tensor that a band needs";
  let description = [{
    Copies, for channels `channel` to `channel + channels` and the band of
    output positions that starts at `position`, what the window reads of the
    tensor, clamped at its edges. A 1x1 window with unit strides copies the band
    itself.

    Constraints:
    - (D1) `position` has two values; source and destination have the same
      element type and lie in different memories.
    - (D2) `channels` and `band` are at least 1.
  }];
  let arguments = (ins StrAttr:$layer, Systolic_Buffer:$source,
                       Systolic_Buffer:$destination,
                       Index:$channel, Variadic<Index>:$position,
                       Variadic<Systolic_Token>:$after,
                       Variadic<Index>:$source_offset,
                       Variadic<Index>:$destination_offset,
                       I64Attr:$channels, DenseI64ArrayAttr:$band,
                       Systolic_Window:$window,
                       Systolic_Layout:$source_layout,
                       Systolic_Layout:$destination_layout);
  let results = (outs Systolic_Token:$token);
  let assemblyFormat = [{
    $layer $source (`+` $source_offset^)? $source_layout
    `to` $destination (`+` $destination_offset^)?
    $destination_layout `channels` `[` $channel `]` $channels
    `positions` `[` $position `]` $band $window
    (`after` $after^)? attr-dict
    `:` qualified(type($source)) `to` qualified(type($destination))
  }];
  let hasVerifier = 1;
}

def Systolic_DmaWeightsOp : Systolic_QueueOp<"dma_weights"> {
  let summary = "DMA queue: copy a tile of weights to weight SRAM";
  let description = [{
    The tile starts at matrix row `tile[1]` and array column `tile[2]` of block
    `tile[0]` and is clamped at the block's edges. Run-time weights are gathered
    from their tensor: the value of a block's row and matrix column lies at
    `source_strides` of [block, row, matrix column].

    Constraints:
    - (D3) `tile` has three values; the destination is weight SRAM.
    - (D4) there is a source, in DRAM or data SRAM, with strides of i8 and three
      pitches, if and only if the weights are computed at run time.
  }];
  let arguments = (ins StrAttr:$layer, Systolic_PackedWeights:$weights,
                       Variadic<Index>:$tile, Systolic_Buffer:$destination,
                       Index:$offset, Optional<Systolic_Buffer>:$source,
                       Variadic<Systolic_Token>:$after,
                       OptionalAttr<Systolic_Strides>:$source_strides);
  let results = (outs Systolic_Token:$token);
  let assemblyFormat = [{
    $layer $weights `[` $tile `]`
    (`from` $source^ $source_strides `:` qualified(type($source)))?
    `to` $destination `+` $offset
    (`after` $after^)? attr-dict `:` qualified(type($destination))
  }];
  let hasVerifier = 1;
}

def Systolic_LoadWeightsOp : Systolic_QueueOp<"load_weights"> {
  let summary = "Weight loader queue: shift a tile into the shadow registers";
  let description = [{
    Constraints:
    - (D3) `tile` has three values; the source is weight SRAM.
  }];
  let arguments = (ins StrAttr:$layer, Systolic_PackedWeights:$weights,
                       Variadic<Index>:$tile, Systolic_Buffer:$source,
                       Index:$offset, Variadic<Systolic_Token>:$after);
  let results = (outs Systolic_Token:$token);
  let assemblyFormat = [{
    $layer $weights `[` $tile `]` `from` $source `+` $offset
    (`after` $after^)? attr-dict `:` qualified(type($source))
  }];
  let hasVerifier = 1;
}

def Systolic_StreamOp : Systolic_QueueOp<"stream"> {
  let summary = "Array queue: stream a band of positions through a tile";
  let description = [{
    Swaps the shadow registers in and streams the band's positions of the
    tensor at byte `data_offset` of the data buffer. The tile at array column 0
    overwrites the accumulators, the others add to them. `done`
    completes when the last result is stored, `swapped` when the last cell has
    taken its weights, so that the shadow registers may be loaded again.

    Constraints:
    - (S1) `tile` has three values, `position` two; `band` has two sizes, at
      least 1.
    - (S2) data is in data SRAM, accumulators in accumulator SRAM, with
      i8 and i32 elements.
    - (S3) `step_cycles` is at least 1.
  }];
  let arguments = (ins StrAttr:$layer, Systolic_PackedWeights:$weights,
                       Variadic<Index>:$tile, Systolic_Buffer:$data,
                       Index:$data_offset, Variadic<Index>:$position,
                       Systolic_Buffer:$accumulators, Index:$offset,
                       Variadic<Systolic_Token>:$after,
                       DenseI64ArrayAttr:$band, Systolic_Window:$window,
                       Systolic_Layout:$data_layout,
                       Systolic_Layout:$accumulator_layout,
                       I64Attr:$step_cycles, I64Attr:$data_terms);
  let results = (outs Systolic_Token:$done, Systolic_Token:$swapped);
  let assemblyFormat = [{
    $layer $weights `[` $tile `]` `data` $data `+` $data_offset $data_layout
    `positions` `[` $position `]` $band $window
    `accumulators` $accumulators `+` $offset $accumulator_layout
    `step` $step_cycles `data_terms` $data_terms (`after` $after^)? attr-dict
    `:` qualified(type($data)) `,` qualified(type($accumulators))
  }];
  let hasVerifier = 1;
}

def Systolic_BlockPassOp : Systolic_QueueOp<"block_pass"> {
  let summary = "Array queue: run a chunk of a product of blocks";
  let description = [{
    As `systolic.block_contract`, for `chunk` indices of each loop from
    `position` on, clamped at the loop's extent. The converter writes the blocks
    of the held operand to `held_blocks` and those of the passing one to
    `passing_blocks`; the sums go to byte `offset` of the accumulators.
    `strides` say where the elements of the held and the passing operand and the
    sums lie, `positions` which row-major position in its tensor a value of the
    held and of the passing operand has, for stochastic rounding.

    Constraints:
    - (J1) `extents`, `chunk` and `position` have one entry per loop; sizes are
      at least 1. `reduce` is in [1, number of loops], and the chunk holds all
      of a reduction loop.
    - (J2) there are three `#systolic.strides` of f32 with a pitch per loop; the
      sums' pitch in a reduction loop is 0. There are two positions, each one
      sum of loops times constants and a constant.
    - (J3) the operands and `passing_blocks` are in data SRAM, `held_blocks` in
      weight SRAM, the sums in the accumulators.
    - (J4) both conversions have the same group.
    - (J5) there is a `counter`, an i64 at byte `counter_offset` of a buffer in
      data SRAM, if and only if a conversion is stochastic and does not know it.
  }];
  let arguments = (ins StrAttr:$layer, Variadic<Index>:$position,
                       Systolic_Buffer:$held, Systolic_Buffer:$passing,
                       Optional<Systolic_Buffer>:$counter,
                       Systolic_Buffer:$held_blocks,
                       Systolic_Buffer:$passing_blocks,
                       Systolic_Buffer:$accumulators, Index:$offset,
                       Variadic<Systolic_Token>:$after,
                       Systolic_DataflowAttr:$dataflow,
                       DenseI64ArrayAttr:$extents, DenseI64ArrayAttr:$chunk,
                       I64Attr:$reduction_loops,
                       ArrayAttr:$strides, AffineMapArrayAttr:$positions,
                       Systolic_Conversion:$held_conversion,
                       Systolic_Conversion:$passing_conversion,
                       DefaultValuedAttr<I64Attr, "0">:$counter_offset);
  let results = (outs Systolic_Token:$token);
  let assemblyFormat = [{
    $layer $dataflow `loops` $extents `chunk` $chunk `at` `[` $position `]`
    `reduce` $reduction_loops
    `held` $held $held_conversion `in` $held_blocks
    `passing` $passing $passing_conversion `in` $passing_blocks
    `accumulators` $accumulators `+` $offset $strides $positions
    (`counter` $counter^ `+` $counter_offset `:` qualified(type($counter)))?
    (`after` $after^)? attr-dict
    `:` qualified(type($held)) `,` qualified(type($held_blocks)) `,`
    qualified(type($passing)) `,` qualified(type($passing_blocks)) `,`
    qualified(type($accumulators))
  }];
  let hasVerifier = 1;
}

def Systolic_VectorPassOp : Systolic_QueueOp<"vector_pass",
    [IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "Vector queue: reduce, compute and store a band of positions";
  let description = [{
    As `systolic.vector`, or the region of a `systolic.contract` (reduction
    `none`: takes the element at the position itself), for `channels` channels from `channel` on and one band
    of positions. `offsets` has a byte offset into each input's buffer,
    `output_offset` is one into the output's. A layout
    with row and column pitch 0 is a per-channel vector; channels count from 0
    in the output and in inputs of `tensor` extent, and from `channel` in
    `per_tile` inputs (accumulators and tile parameters).

    Constraints:
    - (Y1) `inputs`, `offsets`, `input_layouts` and `per_tile` have one entry per
      region argument, `position` has two values, `band` two sizes, at least 1.
    - (Y2) the region uses only vector-unit operations and yields a value of
      the output layout's element type.
    - (Y3) without a reduction the kernel is 1x1, unpadded, with unit strides.
  }];
  let arguments = (ins StrAttr:$layer, Index:$channel,
                       Variadic<Index>:$position,
                       Variadic<Systolic_Buffer>:$inputs,
                       Variadic<Index>:$offsets,
                       Systolic_Buffer:$output, Index:$output_offset,
                       Variadic<Systolic_Token>:$after,
                       I64Attr:$channels, DenseI64ArrayAttr:$band,
                       Systolic_ReductionAttr:$reduction,
                       Systolic_Window:$window,
                       ArrayAttr:$input_layouts, DenseBoolArrayAttr:$per_tile,
                       Systolic_Layout:$output_layout);
  let results = (outs Systolic_Token:$token);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $layer $reduction `channels` `[` $channel `]` $channels
    `positions` `[` $position `]` $band $window
    `ins` `(` $inputs `+` $offsets `:` qualified(type($inputs)) `)`
    $input_layouts $per_tile
    `outs` `(` $output `+` $output_offset `:` qualified(type($output)) `)`
    $output_layout (`after` $after^)? attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

def Systolic_DmaBoxOp : Systolic_QueueOp<"dma_box"> {
  let summary = "DMA queue: copy a box of a tensor";
  let description = [{
    Copies `box` elements from `position` on, clamped at `extents`, between two
    strided buffers. Pitches and positions have an entry per dimension.

    Constraints:
    - (X1) `box`, `extents`, `position` and both pitches have one entry per
      dimension; sizes are at least 1.
    - (X2) source and destination have the same element type and lie in
      different memories.
  }];
  let arguments = (ins StrAttr:$layer, Systolic_Buffer:$source,
                       Systolic_Buffer:$destination,
                       Variadic<Index>:$position,
                       Variadic<Systolic_Token>:$after,
                       DenseI64ArrayAttr:$box, DenseI64ArrayAttr:$extents,
                       Systolic_Strides:$source_strides,
                       Systolic_Strides:$destination_strides);
  let results = (outs Systolic_Token:$token);
  let assemblyFormat = [{
    $layer $source $source_strides `to` $destination $destination_strides
    `box` $box `of` $extents `at` `[` $position `]` (`after` $after^)? attr-dict
    `:` qualified(type($source)) `to` qualified(type($destination))
  }];
  let hasVerifier = 1;
}

def Systolic_NestPassOp : Systolic_QueueOp<"nest_pass",
    [IsolatedFromAbove, SingleBlockImplicitTerminator<"YieldOp">]> {
  let summary = "Vector queue: run a chunk of a loop nest";
  let description = [{
    As `systolic.nest`, for `chunk` indices of each loop from `position` on,
    clamped at the loop's extent.

    Constraints:
    - (A1) `extents`, `chunk` and `position` have one entry per loop; sizes are
      at least 1. `reduce` is in [0, number of loops], the chunk holds all of a
      reduction loop, and there is an `initial` of the output's element type if
      and only if `reduce` is not 0.
    - (A2) there is a `#systolic.strides` per input; it and the output's have a
      pitch per loop, and the output's pitch in a reduction loop is 0.
    - (A3) inputs are not in DRAM, the output is in data SRAM.
    - (A4) the region has an argument per input, of its element type, and with
      reduction loops one of the output's; it uses only vector-unit operations
      and yields the output's element type.
  }];
  let arguments = (ins StrAttr:$layer, Variadic<Index>:$position,
                       Variadic<Systolic_Buffer>:$inputs,
                       Systolic_Buffer:$output,
                       Variadic<Systolic_Token>:$after,
                       DenseI64ArrayAttr:$extents, DenseI64ArrayAttr:$chunk,
                       DefaultValuedAttr<I64Attr, "0">:$reduction_loops,
                       OptionalAttr<TypedAttrInterface>:$initial,
                       ArrayAttr:$input_strides,
                       Systolic_Strides:$output_strides);
  let results = (outs Systolic_Token:$token);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    $layer `loops` $extents `chunk` $chunk `at` `[` $position `]`
    (`reduce` $reduction_loops^ `from` $initial)?
    (`ins` `(` $inputs^ `:` qualified(type($inputs)) `)`)? $input_strides
    `outs` `(` $output `:` qualified(type($output)) `)` $output_strides
    (`after` $after^)? attr-dict-with-keyword $body
  }];
  let hasVerifier = 1;
}

#endif // COLONNADE_DIALECT_SYSTOLIC_IR_SYSTOLICPROGRAMOPS
