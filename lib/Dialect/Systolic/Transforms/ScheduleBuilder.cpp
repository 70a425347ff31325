//===- ScheduleBuilder.cpp - Emits queue entries for a plan -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Per layer: for each band, load what is spilled; for each row
// of tiles, stream its tiles and run the vector pass; store the band if it is
// spilled. Buffers of tiles, parameters and accumulators alternate, and each
// waits for the token of its last user two turns ago.
//
//===----------------------------------------------------------------------===//

#include "ScheduleBuilder.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

//===----------------------------------------------------------------------===//
// Small parts
//===----------------------------------------------------------------------===//

Type ScheduleBuilder::getTokenType() {
  return TokenType::get(builder.getContext());
}

Value ScheduleBuilder::getIndex(int64_t value) {
  Value &index = indices[value];
  if (!index) {
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(entry);
    index = arith::ConstantIndexOp::create(builder, program.getLoc(), value);
  }
  return index;
}

void ScheduleBuilder::loop(int64_t extent, int64_t step, Body body) {
  if (extent <= step)
    return body(getIndex(0));
  Value low = getIndex(0), high = getIndex(extent), stride = getIndex(step);
  auto forOp = scf::ForOp::create(builder, builder.getUnknownLoc(), low, high,
                                  stride, ValueRange(carried));
  OpBuilder::InsertionGuard guard(builder);
  Block *block = forOp.getBody();
  if (!block->empty())
    block->back().erase();
  builder.setInsertionPointToEnd(block);
  for (auto [token, argument] : llvm::zip(carried, forOp.getRegionIterArgs()))
    token = argument;
  body(forOp.getInductionVar());
  scf::YieldOp::create(builder, builder.getUnknownLoc(), ValueRange(carried));
  for (auto [token, result] : llvm::zip(carried, forOp.getResults()))
    token = result;
}

int64_t ScheduleBuilder::allocateDram(int64_t bytes) {
  int64_t address = dramEnd;
  dramEnd += llvm::alignTo(bytes, 64);
  return address;
}

Value ScheduleBuilder::getBuffer(StringRef name, MemorySpace memory,
                                 const Placement &place) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  return BufferOp::create(builder, program.getLoc(),
                          BufferType::get(builder.getContext(), memory), name,
                          place.address, place.bytes);
}

Value ScheduleBuilder::getDramBuffer(Value tensor) {
  Value &buffer = dramBuffers[tensor];
  if (buffer)
    return buffer;
  const TensorPlan &tensorPlan = plan.getTensor(tensor);
  if (tensorPlan.constant)
    return buffer = buildConstant(tensor.getLoc(), "constant",
                                  getConstantBytes(tensorPlan.constant));
  if (tensorPlan.isInput())
    return buffer = hostInputs.at(tensor);
  if (tensorPlan.isOutput(plan.layers.size()))
    return buffer = hostOutputs.at(tensor);
  int64_t bytes = tensorPlan.bytes;
  return buffer = getBuffer("spilled", MemorySpace::Dram,
                            {allocateDram(bytes), bytes});
}

Value ScheduleBuilder::getTensorBuffer(Value tensor, int64_t layer) {
  const Stay *stay = plan.getTensor(tensor).findStay(layer);
  if (!stay)
    return getDramBuffer(tensor);
  Value &buffer = stayBuffers[{tensor, stay->firstLayer}];
  if (!buffer)
    buffer = getBuffer("tensor", MemorySpace::DataSram, stay->place);
  return buffer;
}

Value ScheduleBuilder::buildConstant(Location loc, StringRef name,
                                     ArrayRef<int8_t> bytes) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  auto type = RankedTensorType::get({static_cast<int64_t>(bytes.size())},
                                    builder.getI8Type());
  return ConstantsOp::create(
      builder, loc, BufferType::get(builder.getContext(), MemorySpace::Dram),
      name, allocateDram(bytes.size()), DenseElementsAttr::get(type, bytes));
}

LayoutAttr ScheduleBuilder::getLayout(const TensorLayout &layout, bool isBanded,
                                      int64_t offset) const {
  int64_t bytes = layout.getElementBytes();
  return LayoutAttr::get(builder.getContext(),
                         {layout.channelPitch * bytes, layout.rowPitch * bytes,
                          layout.columnPitch * bytes},
                         layout.type, isBanded, offset);
}

/// Band buffers keep the order of dimensions of the tensor.
LayoutAttr ScheduleBuilder::getBandLayout(const TensorLayout &layout,
                                          int64_t height, int64_t width) const {
  TensorLayout band = layout;
  if (layout.channelPitch >= layout.columnPitch || layout.channels == 1) {
    band.channelPitch = height * width;
    band.rowPitch = width;
    band.columnPitch = 1;
  } else {
    band.channelPitch = 1;
    band.columnPitch = layout.channels;
    band.rowPitch = width * layout.channels;
  }
  return getLayout(band, /*isBanded=*/true);
}

LayoutAttr ScheduleBuilder::getAccumulatorLayout(const LayerPlan &layer) const {
  TensorLayout accumulators;
  accumulators.type = sim::ScalarType::I32;
  accumulators.channelPitch = layer.bandHeight * layer.bandWidth;
  accumulators.rowPitch = layer.bandWidth;
  return getLayout(accumulators, /*isBanded=*/true);
}

LayoutAttr ScheduleBuilder::getDataLayout(LayerPlan &layer) const {
  OperandPlan &data = layer.operands.front();
  if (data.band.bytes == 0)
    return getLayout(data.layout, /*isBanded=*/false, data.view.offset);
  auto [height, width] = getBandInput(layer);
  return getBandLayout(data.layout, height, width);
}

DenseI64ArrayAttr ScheduleBuilder::getBand(const LayerPlan &layer) {
  return builder.getDenseI64ArrayAttr({layer.bandHeight, layer.bandWidth});
}

static int64_t countBandColumns(const LayerPlan &layer) {
  return llvm::divideCeil(layer.window.outWidth, layer.bandWidth);
}

int64_t systolic::countBands(const LayerPlan &layer) {
  return llvm::divideCeil(layer.window.outHeight, layer.bandHeight) *
         countBandColumns(layer);
}

int64_t systolic::countRowTiles(const LayerPlan &layer, TargetAttr target) {
  return layer.isContraction()
             ? llvm::divideCeil(layer.result.channels, target.getRows())
             : 1;
}

AffineExpr systolic::getPassNumber(const LayerPlan &layer, TargetAttr target) {
  MLIRContext *context = target.getContext();
  AffineExpr row, column, block, tileRow;
  bindDims(context, row, column, block, tileRow);
  AffineExpr band = row.floorDiv(layer.bandHeight) * countBandColumns(layer) +
                    column.floorDiv(layer.bandWidth);
  return (band * layer.blocks + block) * countRowTiles(layer, target) +
         tileRow.floorDiv(target.getRows());
}

Value ScheduleBuilder::multiply(Value value, int64_t factor) {
  if (factor == 0 || value == getIndex(0))
    return getIndex(0);
  AffineExpr expression = builder.getAffineDimExpr(0) * factor;
  return affine::AffineApplyOp::create(builder, builder.getUnknownLoc(),
                                       AffineMap::get(1, 0, expression), value);
}

Value ScheduleBuilder::getBlockOffset(const TensorLayout &layout,
                                      const Place &place) {
  return multiply(place.block, layout.blockPitch * layout.getElementBytes());
}

ScheduleBuilder::Place ScheduleBuilder::makePlace(Value row, Value column) {
  return {row, column, getIndex(0), getIndex(0), getIndex(0)};
}

Value ScheduleBuilder::getPassOffset(LayerPlan &layer, const Place &place,
                                     int64_t bytes, int64_t field) {
  AffineExpr pass = getPassNumber(layer, plan.target) + passParity;
  AffineMap map = AffineMap::get(4, 0, (pass % 2) * bytes + field);
  return affine::AffineApplyOp::create(
      builder, layer.op->getLoc(), map,
      ValueRange{place.row, place.column, place.block, place.tileRow});
}

//===----------------------------------------------------------------------===//
// Memories
//===----------------------------------------------------------------------===//

void ScheduleBuilder::buildMemories() {
  tileBuffer =
      getBuffer("tiles", MemorySpace::WeightSram, {0, 2 * plan.tileBytes});
  parameterBuffer = getBuffer("parameters", MemorySpace::WeightSram,
                              {2 * plan.tileBytes, 2 * plan.parameterBytes});
  accumulatorBuffer = getBuffer("accumulators", MemorySpace::Accumulators,
                                {0, 2 * plan.accumulatorBytes});
  Value ready = ReadyOp::create(builder, program.getLoc(), getTokenType());
  for (Value &token : carried)
    token = ready;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

void ScheduleBuilder::buildBands(LayerPlan &layer,
                                 function_ref<void(Value, Value)> body) {
  loop(layer.window.outHeight, layer.bandHeight, [&](Value row) {
    loop(layer.window.outWidth, layer.bandWidth,
         [&](Value column) { body(row, column); });
  });
}

SmallVector<Value> ScheduleBuilder::getOperandConflicts(LayerPlan &layer,
                                                        unsigned index,
                                                        sim::Queue queue) {
  OperandPlan &operand = layer.operands[index];
  if (operand.parameterOffset || operand.band.bytes)
    return {};
  return tracker.getConflicts(
      MemorySpace::DataSram,
      plan.getRange(operand.view, operand.type, layer.index),
      /*isWrite=*/false, queue);
}

/// Loads the bands of spilled operands; each waits for the last readers of its
/// buffer.
SmallVector<Value> ScheduleBuilder::loadBands(LayerPlan &layer,
                                              const Place &place) {
  SmallVector<Value> tokens;
  for (auto [i, operand] : llvm::enumerate(layer.operands)) {
    if (operand.band.bytes == 0)
      continue;
    SmallVector<Value> after = {carried[Streamed], carried[PassNewer]};
    llvm::append_range(after,
                       tracker.getConflicts(MemorySpace::DataSram, operand.band,
                                            /*isWrite=*/true, sim::Queue::Dma));
    sim::Window window = i == 0 ? layer.window : getWholeWindow(operand.layout);
    auto [height, width] = i == 0
                               ? getBandInput(layer)
                               : std::pair(layer.bandHeight, layer.bandWidth);
    auto copy = DmaCopyOp::create(
        builder, layer.op->getLoc(), getTokenType(), layer.name,
        getTensorBuffer(operand.view.root, layer.index),
        getBuffer("band", MemorySpace::DataSram, operand.band), getIndex(0),
        ValueRange{place.row, place.column}, after,
        ValueRange{getBlockOffset(operand.layout, place)}, ValueRange(),
        operand.layout.channels, getBand(layer),
        WindowAttr::get(builder.getContext(), window),
        getLayout(operand.layout, /*isBanded=*/false, operand.view.offset),
        getBandLayout(operand.layout, height, width));
    tokens.push_back(copy.getToken());
  }
  return tokens;
}

void ScheduleBuilder::storeBand(LayerPlan &layer, const Place &place) {
  if (layer.resultBand.bytes == 0)
    return;
  sim::Window window = getWholeWindow(layer.result);
  auto copy = DmaCopyOp::create(
      builder, layer.op->getLoc(), getTokenType(), layer.name,
      getBuffer("band", MemorySpace::DataSram, layer.resultBand),
      getTensorBuffer(layer.resultView.root, layer.index), getIndex(0),
      ValueRange{place.row, place.column}, ValueRange{carried[PassNewer]},
      ValueRange(), ValueRange{getBlockOffset(layer.result, place)},
      layer.result.channels, getBand(layer),
      WindowAttr::get(builder.getContext(), window),
      getBandLayout(layer.result, layer.bandHeight, layer.bandWidth),
      getLayout(layer.result, /*isBanded=*/false, layer.resultView.offset));
  carried[Stored] = copy.getToken();
}

/// What later layers have to wait for.
void ScheduleBuilder::recordLayer(LayerPlan &layer) {
  for (auto [i, operand] : llvm::enumerate(layer.operands)) {
    if (operand.parameterOffset)
      continue;
    bool isStreamed =
        layer.isBlockProduct() || (i == 0 && layer.isContraction());
    tracker.record(MemorySpace::DataSram,
                   operand.band.bytes
                       ? operand.band
                       : plan.getRange(operand.view, operand.type, layer.index),
                   /*isWrite=*/false,
                   isStreamed ? sim::Queue::Array : sim::Queue::Vector,
                   isStreamed ? carried[Streamed] : carried[PassNewer]);
  }
  if (layer.isBlockProduct())
    tracker.record(MemorySpace::DataSram, layer.passingBlocks,
                   /*isWrite=*/true, sim::Queue::Array, carried[Streamed]);
  // The last stream waits for the last gather.
  if (layer.stationary &&
      !plan.isSpilled(layer.stationary->view.root, layer.index))
    tracker.record(MemorySpace::DataSram,
                   plan.getRange(layer.stationary->view, layer.stationary->type,
                                 layer.index),
                   /*isWrite=*/false, sim::Queue::Dma, carried[Streamed]);
  bool isBanded = layer.resultBand.bytes != 0;
  if (isBanded)
    tracker.record(MemorySpace::DataSram, layer.resultBand,
                   /*isWrite=*/false, sim::Queue::Dma, carried[Stored]);
  tracker.record(MemorySpace::DataSram,
                 isBanded ? layer.resultBand : getResultRange(layer),
                 /*isWrite=*/!isBanded, sim::Queue::Vector, carried[PassNewer]);
}

Placement ScheduleBuilder::getResultRange(const LayerPlan &layer) const {
  return plan.getRange(layer.resultView, layer.getResultType(), layer.index);
}

void ScheduleBuilder::buildLayer(LayerPlan &layer) {
  if (layer.isContraction()) {
    buildContraction(layer);
  } else if (layer.isNest()) {
    buildNest(layer);
  } else {
    buildBands(layer, [&](Value row, Value column) {
      Place place = makePlace(row, column);
      SmallVector<Value> ready = loadBands(layer, place);
      buildPass(layer, place, layer.result.channels, ready);
      storeBand(layer, place);
    });
    passParity = (passParity + countBands(layer)) % 2;
  }
  recordLayer(layer);
}

FailureOr<ProgramOp> ScheduleBuilder::build() {
  program = ProgramOp::create(builder, plan.function.getLoc(),
                              plan.function.getSymName(), plan.target,
                              plan.target.getHash());
  entry = &program.getBody().emplaceBlock();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(entry);
  buildHostTensors();
  buildMemories();
  loadInputs();
  for (LayerPlan &layer : plan.layers) {
    loadReturning(layer.index);
    buildLayer(layer);
    storeCompleted(layer.index);
  }
  return program;
}
