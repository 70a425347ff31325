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
#include "mlir/IR/IRMapping.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

/// Parameters of all channels: one block of parameterBytes each.
Value ScheduleBuilder::getParameterBlock(LayerPlan &layer) {
  std::vector<int8_t> bytes(layer.result.channels * layer.parameterBytes, 0);
  for (OperandPlan &operand : layer.operands) {
    if (!operand.parameterOffset)
      continue;
    auto values = cast<DenseIntElementsAttr>(operand.constant);
    for (auto [channel, value] : llvm::enumerate(values.getValues<APInt>())) {
      int64_t at = channel * layer.parameterBytes + *operand.parameterOffset;
      for (int64_t i = 0; i < operand.layout.elementBytes; ++i)
        bytes[at + i] =
            static_cast<int8_t>(value.extractBitsAsZExtValue(8, 8 * i));
    }
  }
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  auto type = RankedTensorType::get({static_cast<int64_t>(bytes.size())},
                                    builder.getI8Type());
  return ConstantsOp::create(
      builder, layer.op->getLoc(),
      BufferType::get(builder.getContext(), MemorySpace::Dram), layer.name,
      allocateDram(bytes.size()),
      DenseElementsAttr::get(type, ArrayRef<int8_t>(bytes)));
}

Value ScheduleBuilder::loadParameters(LayerPlan &layer, const Place &place,
                                      int64_t channels) {
  if (layer.parameterBytes == 0)
    return {};
  TensorLayout layout;
  layout.channels = layer.result.channels;
  layout.channelPitch = layer.parameterBytes;
  sim::Window window = getWholeWindow(layout);
  // A block of bytes per channel, seen as columns of one byte.
  window.width = window.outWidth = layer.parameterBytes;
  LayoutAttr bytes = LayoutAttr::get(builder.getContext(),
                                     {layer.parameterBytes, 0, 1}, 1, false);
  Value &block = parameterBlocks[layer.op];
  if (!block)
    block = getParameterBlock(layer);
  auto copy = DmaCopyOp::create(
      builder, layer.op->getLoc(), getTokenType(), layer.name, block,
      parameterBuffer, place.tileRow, ValueRange{getIndex(0), getIndex(0)},
      ValueRange{carried[PassOlder]},
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
                               operand.layout.elementBytes, false),
               /*isTile=*/true);
}

/// A tensor, whole in data SRAM or the band of a spilled one.
void ScheduleBuilder::addTensor(LayerPlan &layer, unsigned index,
                                PassOperands &operands) {
  OperandPlan &operand = layer.operands[index];
  llvm::append_range(operands.after,
                     getOperandConflicts(layer, index, sim::Queue::Vector));
  if (operand.band.bytes == 0)
    return operands.add(getTensorBuffer(operand.tensor), getIndex(0),
                        getLayout(operand.layout, /*isBanded=*/false),
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
                                                   PassOperands &operands) {
  Value result = layer.op->getResult(0);
  bool isBanded = layer.resultBand.bytes != 0;
  const Placement &place =
      isBanded ? layer.resultBand : plan.tensors[result].place;
  llvm::append_range(operands.after, tracker.getConflicts(
                                         MemorySpace::DataSram, place,
                                         /*isWrite=*/true, sim::Queue::Vector));
  if (!isBanded)
    return {getTensorBuffer(result),
            getLayout(layer.result, /*isBanded=*/false)};
  operands.after.push_back(carried[Stored]);
  return {getBuffer("band", MemorySpace::DataSram, place),
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
      addTensor(layer, i, operands);
  }
  Output output = getOutput(layer, operands);
  auto vector = dyn_cast<VectorOp>(layer.op);
  sim::Window window = vector ? layer.window : getWholeWindow(layer.result);
  auto pass = VectorPassOp::create(
      builder, layer.op->getLoc(), getTokenType(), layer.name, place.tileRow,
      ValueRange{place.row, place.column}, operands.buffers, operands.offsets,
      output.buffer, operands.after, channels, getBand(layer),
      vector ? vector.getReduction() : ReductionKind::None,
      WindowAttr::get(builder.getContext(), window),
      builder.getArrayAttr(operands.layouts),
      builder.getDenseBoolArrayAttr(operands.perTile), output.layout);
  IRMapping mapping;
  layer.op->getRegion(0).cloneInto(&pass.getBody(), mapping);
  carried[PassOlder] = carried[PassNewer];
  carried[PassNewer] = pass.getToken();
}
