//===- BlockSchedule.cpp - Products of blocks of a schedule ----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of ScheduleBuilder that multiplies blocks. A chunk is a pass of the
// array, which leaves its sums in the accumulators, and a pass of the vector
// unit, which moves them to data SRAM. The accumulators hold one chunk: the
// next pass of the array waits until they are free.
//
//===----------------------------------------------------------------------===//

#include "BlockPlan.h"
#include "ScheduleBuilder.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

/// From a product's loops to the row-major position of an operand's value.
static AffineMapAttr getPositionMap(const OperandPlan &operand) {
  int64_t bytes = getElementBytes(operand.type);
  AffineExpr position = getAffineConstantExpr(0, operand.map.getContext());
  for (auto [index, pitch] :
       llvm::zip_equal(operand.map.getResults(), getDensePitches(operand.type)))
    position = position + index * (pitch / bytes);
  return AffineMapAttr::get(
      AffineMap::get(operand.map.getNumDims(), 0, position));
}

/// The sums of a chunk lie densely, in the order of the parallel loops.
static StridesAttr getSumStrides(const LayerPlan &layer, size_t loops) {
  Pitches pitches =
      getDensePitches(layer.getResultType().clone(getResultBox(layer)));
  pitches.resize(loops, 0);
  return StridesAttr::get(layer.op->getContext(),
                          Float32Type::get(layer.op->getContext()),
                          /*offset=*/0, pitches, /*chunked=*/true);
}

Value ScheduleBuilder::getBoxedBuffer(const LayerPlan &layer,
                                      const OperandPlan &operand) {
  return operand.band.bytes
             ? getBuffer("box", MemorySpace::DataSram, operand.band)
             : getTensorBuffer(operand.view.root, layer.index);
}

Value ScheduleBuilder::buildBlockPass(LayerPlan &layer,
                                      const NestPlace &place) {
  auto contract = cast<BlockContractOp>(layer.op);
  SmallVector<Value> after(place.ready);
  after.push_back(carried[Swapped]);
  for (unsigned i = 0; i < layer.operands.size(); ++i)
    llvm::append_range(after, getOperandConflicts(layer, i, sim::Queue::Array));
  llvm::append_range(
      after, tracker.getConflicts(MemorySpace::DataSram, layer.passingBlocks,
                                  /*isWrite=*/true, sim::Queue::Array));
  const OperandPlan &held = layer.operands[0], &passing = layer.operands[1];
  Value counter;
  int64_t counterOffset = 0;
  if (contract.getCounter()) {
    counter = getBoxedBuffer(layer, layer.operands[2]);
    counterOffset = getNestStrides(layer, layer.operands[2]).getOffset();
  }
  auto pass = BlockPassOp::create(
      builder, contract.getLoc(), getTokenType(), layer.name, place.position,
      getBoxedBuffer(layer, held), getBoxedBuffer(layer, passing), counter,
      getBuffer("held_blocks", MemorySpace::WeightSram, layer.heldBlocks),
      getBuffer("passing_blocks", MemorySpace::DataSram, layer.passingBlocks),
      accumulatorBuffer, getIndex(0), after, contract.getDataflow(),
      contract.getExtents(), layer.chunk, contract.getReductionLoops(),
      builder.getArrayAttr({getNestStrides(layer, held),
                            getNestStrides(layer, passing),
                            getSumStrides(layer, layer.chunk.size())}),
      builder.getArrayAttr({getPositionMap(held), getPositionMap(passing)}),
      contract.getHeldConversion(), contract.getPassingConversion(),
      counterOffset);
  carried[Streamed] = pass.getToken();
  carried[Swapped] = buildDrain(layer, place);
  return carried[Swapped];
}

/// Moves the sums of a chunk to where the result lies.
Value ScheduleBuilder::buildDrain(LayerPlan &layer, const NestPlace &place) {
  size_t loops = getParallelLoops(layer);
  SmallVector<Value> after = {carried[Streamed]};
  Value output = getOutputBuffer(layer, after);
  StridesAttr strides = getResultStrides(layer);
  auto outputStrides = StridesAttr::get(
      builder.getContext(), strides.getElementType(), strides.getOffset(),
      strides.getPitches().take_front(loops), strides.getChunked());
  Location loc = layer.op->getLoc();
  auto pass = NestPassOp::create(
      builder, loc, getTokenType(), builder.getStringAttr(layer.name),
      ArrayRef(place.position).take_front(loops), ValueRange{accumulatorBuffer},
      output, after,
      builder.getDenseI64ArrayAttr(getLoopExtents(layer).take_front(loops)),
      builder.getDenseI64ArrayAttr(getResultBox(layer)),
      builder.getI64IntegerAttr(0), TypedAttr(),
      builder.getArrayAttr({getSumStrides(layer, loops)}), outputStrides);
  OpBuilder::InsertionGuard guard(builder);
  Block *body =
      builder.createBlock(&pass.getBody(), {}, builder.getF32Type(), loc);
  YieldOp::create(builder, loc, body->getArgument(0));
  return pass.getToken();
}
