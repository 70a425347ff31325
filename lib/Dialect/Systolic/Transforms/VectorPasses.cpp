//===- VectorPasses.cpp - Vector passes of a schedule -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of ScheduleBuilder that feeds the vector unit: parameters, operands
// and the pass itself.
//
//===----------------------------------------------------------------------===//

#include "ScheduleBuilder.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

std::vector<int8_t> systolic::getConstantBytes(ElementsAttr constant) {
  ArrayRef<char> data;
  if (auto dense = dyn_cast<DenseElementsAttr>(constant))
    data = dense.getRawData();
  else if (auto resource = dyn_cast<DenseResourceElementsAttr>(constant))
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      data = blob->getData();
  size_t bytes = constant.getNumElements() *
                 getElementBytes(cast<RankedTensorType>(constant.getType()));
  std::vector<int8_t> result;
  // A splat holds its one element only.
  while (!data.empty() && result.size() < bytes)
    result.insert(result.end(), data.begin(), data.end());
  return result;
}

/// Parameters of all channels: one block of parameterBytes each.
Value ScheduleBuilder::getParameterBlock(LayerPlan &layer) {
  int64_t channels = layer.blocks * layer.result.channels;
  std::vector<int8_t> bytes(channels * layer.parameterBytes, 0);
  for (OperandPlan &operand : layer.operands) {
    if (!operand.parameterOffset)
      continue;
    std::vector<int8_t> values = getConstantBytes(operand.constant);
    int64_t size = operand.layout.getElementBytes();
    // A vector for one block is the same for all.
    for (int64_t channel = 0; channel < channels; ++channel)
      std::copy_n(values.begin() + channel * size % values.size(), size,
                  bytes.begin() + channel * layer.parameterBytes +
                      *operand.parameterOffset);
  }
  return buildConstant(layer.op->getLoc(), layer.name, bytes);
}

Value ScheduleBuilder::loadParameters(LayerPlan &layer, const Place &place,
                                      int64_t channels) {
  if (layer.parameterBytes == 0)
    return {};
  TensorLayout layout;
  layout.channels = layer.blocks * layer.result.channels;
  layout.channelPitch = layer.parameterBytes;
  sim::Window window = getWholeWindow(layout);
  // A block of bytes per channel, seen as columns of one byte.
  window.width = window.outWidth = layer.parameterBytes;
  LayoutAttr bytes =
      LayoutAttr::get(builder.getContext(), {layer.parameterBytes, 0, 1},
                      sim::ScalarType::I8, false);
  Value &block = parameterBlocks[layer.op];
  if (!block)
    block = getParameterBlock(layer);
  // No more than a block has, and the buffer with it.
  channels = std::min(channels, layer.result.channels);
  // All channels of the blocks before, and those of the tiles before.
  AffineExpr channelNumber =
      builder.getAffineDimExpr(0) * layer.result.channels +
      builder.getAffineDimExpr(1);
  Value channel = place.tileRow;
  if (layer.blocks > 1)
    channel = affine::AffineApplyOp::create(
        builder, layer.op->getLoc(), AffineMap::get(2, 0, channelNumber),
        ValueRange{place.block, place.tileRow});
  auto copy = DmaCopyOp::create(
      builder, layer.op->getLoc(), getTokenType(), layer.name, block,
      parameterBuffer, channel, ValueRange{getIndex(0), getIndex(0)},
      ValueRange{carried[PassOlder]}, ValueRange(),
      ValueRange{getPassOffset(layer, place, plan.parameterBytes)}, channels,
      builder.getDenseI64ArrayAttr({1, layer.parameterBytes}),
      WindowAttr::get(builder.getContext(), window), bytes, bytes);
  return copy.getToken();
}

/// The accumulators of a contraction, behind its last stream.
void ScheduleBuilder::addAccumulators(LayerPlan &layer, const Place &place,
                                      PassOperands &operands) {
  operands.add(accumulatorBuffer,
               getPassOffset(layer, place, plan.accumulatorBytes),
               getAccumulatorLayout(layer), /*isTile=*/true);
  operands.after.push_back(carried[Streamed]);
}

/// One field of the parameter block that was loaded for this pass.
void ScheduleBuilder::addParameter(LayerPlan &layer, const Place &place,
                                   const OperandPlan &operand,
                                   PassOperands &operands) {
  Value offset = getPassOffset(layer, place, plan.parameterBytes,
                               *operand.parameterOffset);
  operands.add(parameterBuffer, offset,
               LayoutAttr::get(builder.getContext(),
                               {layer.parameterBytes, 0, 0},
                               operand.layout.type, false),
               /*isTile=*/true);
}

/// A tensor, whole in data SRAM or the band of a spilled one.
void ScheduleBuilder::addTensor(LayerPlan &layer, const Place &place,
                                unsigned index, PassOperands &operands) {
  OperandPlan &operand = layer.operands[index];
  llvm::append_range(operands.after,
                     getOperandConflicts(layer, index, sim::Queue::Vector));
  if (operand.band.bytes == 0)
    return operands.add(
        getTensorBuffer(operand.view.root, layer.index),
        getBlockOffset(operand.layout, place),
        getLayout(operand.layout, /*isBanded=*/false, operand.view.offset),
        /*isTile=*/false);
  LayoutAttr layout =
      index == 0
          ? getDataLayout(layer)
          : getBandLayout(operand.layout, layer.bandHeight, layer.bandWidth);
  operands.add(getBuffer("band", MemorySpace::DataSram, operand.band),
               getIndex(0), layout, /*isTile=*/false);
}

/// The pass's output; it may be written when its old readers are done.
ScheduleBuilder::Output ScheduleBuilder::getOutput(LayerPlan &layer,
                                                   const Place &place,
                                                   PassOperands &operands) {
  bool isBanded = layer.resultBand.bytes != 0;
  Placement range = isBanded ? layer.resultBand : getResultRange(layer);
  llvm::append_range(operands.after, tracker.getConflicts(
                                         MemorySpace::DataSram, range,
                                         /*isWrite=*/true, sim::Queue::Vector));
  if (!isBanded)
    return {
        getTensorBuffer(layer.resultView.root, layer.index),
        getBlockOffset(layer.result, place),
        getLayout(layer.result, /*isBanded=*/false, layer.resultView.offset)};
  operands.after.push_back(carried[Stored]);
  return {getBuffer("band", MemorySpace::DataSram, range), getIndex(0),
          getBandLayout(layer.result, layer.bandHeight, layer.bandWidth)};
}

void ScheduleBuilder::buildPass(LayerPlan &layer, const Place &place,
                                int64_t channels, ArrayRef<Value> dataReady) {
  PassOperands operands;
  llvm::append_range(operands.after, dataReady);
  if (layer.isContraction())
    addAccumulators(layer, place, operands);
  if (Value parameters = loadParameters(layer, place, channels))
    operands.after.push_back(parameters);
  for (auto [i, operand] : llvm::enumerate(layer.operands)) {
    if (i == 0 && layer.isContraction())
      continue;
    if (operand.parameterOffset)
      addParameter(layer, place, operand, operands);
    else
      addTensor(layer, place, i, operands);
  }
  Output output = getOutput(layer, place, operands);
  auto vector = dyn_cast<VectorOp>(layer.op);
  sim::Window window = vector ? layer.window : getWholeWindow(layer.result);
  auto pass = VectorPassOp::create(
      builder, layer.op->getLoc(), getTokenType(), layer.name, place.tileRow,
      ValueRange{place.row, place.column}, operands.buffers, operands.offsets,
      output.buffer, output.offset, operands.after, channels, getBand(layer),
      vector ? vector.getReduction() : ReductionKind::None,
      WindowAttr::get(builder.getContext(), window),
      builder.getArrayAttr(operands.layouts),
      builder.getDenseBoolArrayAttr(operands.perTile), output.layout);
  IRMapping mapping;
  layer.op->getRegion(0).cloneInto(&pass.getBody(), mapping);
  carried[PassOlder] = carried[PassNewer];
  carried[PassNewer] = pass.getToken();
}
