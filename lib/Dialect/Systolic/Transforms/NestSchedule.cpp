//===- NestSchedule.cpp - Loop nests of a schedule ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of ScheduleBuilder that runs nests: one pass where all tensors are
// in data SRAM, otherwise a loop over chunks that loads a box of each spilled
// operand, runs the pass and stores the box that it made. A box is loaded
// inside the loops that change it, one that all chunks read once. Boxes have
// one buffer each: a load waits for the pass that read the buffer before it.
//
//===----------------------------------------------------------------------===//

#include "ScheduleBuilder.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

//===----------------------------------------------------------------------===//
// Strides
//===----------------------------------------------------------------------===//

/// Byte pitches of a dense box of elements of `type`.
static Pitches getBoxPitches(RankedTensorType type, ArrayRef<int64_t> box) {
  return getDensePitches(type.clone(box));
}

StridesAttr ScheduleBuilder::getNestStrides(const LayerPlan &layer,
                                            const OperandPlan &operand) const {
  SmallVector<LinearForm> forms = getIndexForms(operand);
  bool isBoxed = operand.band.bytes != 0;
  Pitches pitches =
      isBoxed ? getBoxPitches(operand.type, getOperandBox(layer, operand))
              : operand.view.pitches;
  int64_t offset = isBoxed ? 0 : operand.view.offset;
  for (auto [form, pitch] : llvm::zip_equal(forms, pitches)) {
    // A box begins at the smallest index of its chunk.
    int64_t begin = isBoxed ? form.getFirst(layer.chunk) : 0;
    offset += (form.offset - begin) * pitch;
  }
  return StridesAttr::get(builder.getContext(), operand.type.getElementType(),
                          offset,
                          getLoopPitches(forms, pitches, layer.chunk.size()),
                          /*chunked=*/isBoxed);
}

StridesAttr ScheduleBuilder::getResultStrides(const LayerPlan &layer) const {
  RankedTensorType type = layer.getResultType();
  bool isBoxed = layer.resultBand.bytes != 0;
  Pitches pitches = isBoxed ? getBoxPitches(type, getResultBox(layer))
                            : layer.resultView.pitches;
  pitches.resize(layer.chunk.size(), 0);
  return StridesAttr::get(builder.getContext(), type.getElementType(),
                          isBoxed ? 0 : layer.resultView.offset, pitches,
                          /*chunked=*/isBoxed);
}

/// Strides of a whole tensor, or of a dense box of it.
static StridesAttr getTensorStrides(RankedTensorType type,
                                    const TensorView &view) {
  return StridesAttr::get(type.getContext(), type.getElementType(), view.offset,
                          view.pitches, /*chunked=*/false);
}

static StridesAttr getBoxStrides(RankedTensorType type, ArrayRef<int64_t> box) {
  return StridesAttr::get(type.getContext(), type.getElementType(),
                          /*offset=*/0, getBoxPitches(type, box),
                          /*chunked=*/true);
}

//===----------------------------------------------------------------------===//
// Boxes
//===----------------------------------------------------------------------===//

/// The first index of a dimension that the chunk needs.
Value ScheduleBuilder::getPosition(const LayerPlan &layer,
                                   const LinearForm &form,
                                   const NestPlace &place, Location loc) {
  MLIRContext *context = builder.getContext();
  AffineExpr index = getAffineConstantExpr(form.getFirst(layer.chunk), context);
  SmallVector<Value> operands;
  for (auto [loop, coefficient] : llvm::enumerate(form.coefficients)) {
    if (coefficient == 0 || place.position[loop] == getIndex(0))
      continue;
    index = index + getAffineDimExpr(operands.size(), context) * coefficient;
    operands.push_back(place.position[loop]);
  }
  if (auto constant = dyn_cast<AffineConstantExpr>(index))
    return getIndex(constant.getValue());
  if (isa<AffineDimExpr>(index))
    return operands.front();
  return affine::AffineApplyOp::create(
      builder, loc, AffineMap::get(operands.size(), 0, index), operands);
}

/// Loads the boxes of spilled operands that change with the innermost one of
/// the loops around; each waits for the last readers of its buffer.
void ScheduleBuilder::loadBoxes(LayerPlan &layer, NestPlace &place) {
  Location loc = layer.op->getLoc();
  NestPlace start = place;
  start.position.resize(layer.chunk.size(), getIndex(0));
  for (OperandPlan &operand : layer.operands) {
    if (operand.band.bytes == 0 ||
        getBoxDepth(layer, operand) != place.position.size())
      continue;
    SmallVector<Value> after = {carried[PassNewer]};
    if (layer.isBlockProduct())
      after.push_back(carried[Streamed]);
    llvm::append_range(after,
                       tracker.getConflicts(MemorySpace::DataSram, operand.band,
                                            /*isWrite=*/true, sim::Queue::Dma));
    SmallVector<int64_t> box = getOperandBox(layer, operand);
    SmallVector<Value> position;
    for (const LinearForm &form : getIndexForms(operand))
      position.push_back(getPosition(layer, form, start, loc));
    auto copy =
        DmaBoxOp::create(builder, loc, getTokenType(), layer.name,
                         getTensorBuffer(operand.view.root, layer.index),
                         getBuffer("box", MemorySpace::DataSram, operand.band),
                         position, after, builder.getDenseI64ArrayAttr(box),
                         builder.getDenseI64ArrayAttr(operand.type.getShape()),
                         getTensorStrides(operand.type, operand.view),
                         getBoxStrides(operand.type, box));
    place.ready.push_back(copy.getToken());
  }
}

void ScheduleBuilder::storeBox(LayerPlan &layer, const NestPlace &place) {
  if (layer.resultBand.bytes == 0)
    return;
  RankedTensorType type = layer.getResultType();
  SmallVector<int64_t> box = getResultBox(layer);
  auto copy = DmaBoxOp::create(
      builder, layer.op->getLoc(), getTokenType(), layer.name,
      getBuffer("box", MemorySpace::DataSram, layer.resultBand),
      getTensorBuffer(layer.resultView.root, layer.index),
      ArrayRef(place.position).take_front(box.size()),
      ValueRange{carried[PassNewer]}, builder.getDenseI64ArrayAttr(box),
      builder.getDenseI64ArrayAttr(type.getShape()), getBoxStrides(type, box),
      getTensorStrides(type, layer.resultView));
  carried[Stored] = copy.getToken();
}

//===----------------------------------------------------------------------===//
// Passes
//===----------------------------------------------------------------------===//

Value ScheduleBuilder::getOutputBuffer(LayerPlan &layer,
                                       SmallVectorImpl<Value> &after) {
  bool isBoxed = layer.resultBand.bytes != 0;
  llvm::append_range(
      after,
      tracker.getConflicts(MemorySpace::DataSram,
                           isBoxed ? layer.resultBand : getResultRange(layer),
                           /*isWrite=*/true, sim::Queue::Vector));
  if (!isBoxed)
    return getTensorBuffer(layer.resultView.root, layer.index);
  after.push_back(carried[Stored]);
  return getBuffer("box", MemorySpace::DataSram, layer.resultBand);
}

Value ScheduleBuilder::buildNestPass(LayerPlan &layer, const NestPlace &place) {
  auto nest = cast<NestOp>(layer.op);
  SmallVector<Value> buffers, after(place.ready);
  SmallVector<Attribute> strides;
  for (auto [i, operand] : llvm::enumerate(layer.operands)) {
    llvm::append_range(after,
                       getOperandConflicts(layer, i, sim::Queue::Vector));
    buffers.push_back(getBoxedBuffer(layer, operand));
    strides.push_back(getNestStrides(layer, operand));
  }
  Value output = getOutputBuffer(layer, after);
  auto pass = NestPassOp::create(
      builder, nest.getLoc(), getTokenType(), nest.getLayerAttr(),
      place.position, buffers, output, after, nest.getExtentsAttr(),
      builder.getDenseI64ArrayAttr(layer.chunk), nest.getReductionLoopsAttr(),
      nest.getInitialAttr(), builder.getArrayAttr(strides),
      getResultStrides(layer));
  IRMapping mapping;
  nest.getBody().cloneInto(&pass.getBody(), mapping);
  return pass.getToken();
}

void ScheduleBuilder::buildChunk(LayerPlan &layer, NestPlace place) {
  place.position.resize(layer.chunk.size(), getIndex(0));
  Value token = layer.isBlockProduct() ? buildBlockPass(layer, place)
                                       : buildNestPass(layer, place);
  carried[PassOlder] = carried[PassNewer];
  carried[PassNewer] = token;
  storeBox(layer, place);
}

/// The loops that are left, around one chunk.
void ScheduleBuilder::buildChunks(LayerPlan &layer, NestPlace place) {
  loadBoxes(layer, place);
  size_t depth = place.position.size();
  if (depth == getResultBox(layer).size())
    return buildChunk(layer, place);
  loop(getLoopExtents(layer)[depth], layer.chunk[depth], [&](Value index) {
    NestPlace inside = place;
    inside.position.push_back(index);
    buildChunks(layer, inside);
  });
}

void ScheduleBuilder::buildNest(LayerPlan &layer) {
  buildChunks(layer, NestPlace());
}
