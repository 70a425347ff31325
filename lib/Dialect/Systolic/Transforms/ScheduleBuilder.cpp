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
#include "colonnade/Simulator/InstructionCosts.h"
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

Value ScheduleBuilder::getTensorBuffer(Value tensor) {
  Value &buffer = tensorBuffers[tensor];
  if (buffer)
    return buffer;
  TensorPlan &tensorPlan = plan.tensors[tensor];
  bool isInput = tensorPlan.firstLayer < 0;
  if (tensorPlan.isSpilled && isInput)
    return buffer = hostInput;
  if (!tensorPlan.isSpilled)
    return buffer =
               getBuffer("tensor", MemorySpace::DataSram, tensorPlan.place);
  bool isOutput =
      tensorPlan.lastLayer == static_cast<int64_t>(plan.layers.size());
  if (isOutput)
    return buffer = hostOutput;
  tensorPlan.place.address = allocateDram(tensorPlan.place.bytes);
  return buffer = getBuffer("spilled", MemorySpace::Dram, tensorPlan.place);
}

LayoutAttr ScheduleBuilder::getLayout(const TensorLayout &layout,
                                      bool isBanded) const {
  int64_t bytes = layout.elementBytes;
  return LayoutAttr::get(builder.getContext(),
                         {layout.channelPitch * bytes, layout.rowPitch * bytes,
                          layout.columnPitch * bytes},
                         bytes, isBanded);
}

/// Band buffers keep the order of dimensions of the tensor.
LayoutAttr ScheduleBuilder::getBandLayout(const TensorLayout &layout,
                                          int64_t height, int64_t width) const {
  TensorLayout band = layout;
  bool isChannelMajor = layout.columnPitch == 1 && layout.channels > 1;
  if (isChannelMajor || layout.channels == 1) {
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
  accumulators.elementBytes = 4;
  accumulators.channelPitch = layer.bandHeight * layer.bandWidth;
  accumulators.rowPitch = layer.bandWidth;
  return getLayout(accumulators, /*isBanded=*/true);
}

LayoutAttr ScheduleBuilder::getDataLayout(LayerPlan &layer) const {
  OperandPlan &data = layer.operands.front();
  if (data.band.bytes == 0)
    return getLayout(data.layout, /*isBanded=*/false);
  auto [height, width] = getBandInput(layer);
  return getBandLayout(data.layout, height, width);
}

DenseI64ArrayAttr ScheduleBuilder::getBand(const LayerPlan &layer) {
  return builder.getDenseI64ArrayAttr({layer.bandHeight, layer.bandWidth});
}

static int64_t countBandColumns(const LayerPlan &layer) {
  return llvm::divideCeil(layer.window.outWidth, layer.bandWidth);
}

static int64_t countBands(const LayerPlan &layer) {
  return llvm::divideCeil(layer.window.outHeight, layer.bandHeight) *
         countBandColumns(layer);
}

/// Number of the current band, as an expression of its first row d0 and column
/// d1.
static AffineExpr getBandNumber(const LayerPlan &layer, MLIRContext *context) {
  AffineExpr row = getAffineDimExpr(0, context);
  AffineExpr column = getAffineDimExpr(1, context);
  return row.floorDiv(layer.bandHeight) * countBandColumns(layer) +
         column.floorDiv(layer.bandWidth);
}

static int64_t countRowTiles(const LayerPlan &layer, TargetAttr target) {
  return layer.isContraction()
             ? llvm::divideCeil(layer.result.channels, target.getRows())
             : 1;
}

Value ScheduleBuilder::getPassOffset(LayerPlan &layer, const Place &place,
                                     int64_t bytes, int64_t field) {
  MLIRContext *context = builder.getContext();
  AffineExpr pass =
      getBandNumber(layer, context) * countRowTiles(layer, plan.target) +
      getAffineDimExpr(2, context).floorDiv(plan.target.getRows()) + passParity;
  AffineMap map = AffineMap::get(3, 0, (pass % 2) * bytes + field);
  return affine::AffineApplyOp::create(
      builder, layer.op->getLoc(), map,
      ValueRange{place.row, place.column, place.tileRow});
}

Value ScheduleBuilder::getTileOffset(LayerPlan &layer, const Place &place) {
  MLIRContext *context = builder.getContext();
  auto weights = cast<ContractOp>(layer.op).getWeights();
  int64_t arrayColumns =
      cast<ShapedType>(weights.getDefiningOp<WeightsOp>().getValues().getType())
          .getDimSize(1);
  int64_t columnTiles =
      llvm::divideCeil(arrayColumns, plan.target.getColumns());
  AffineExpr rowTile =
      getBandNumber(layer, context) * countRowTiles(layer, plan.target) +
      getAffineDimExpr(2, context).floorDiv(plan.target.getRows());
  AffineExpr tile =
      rowTile * columnTiles +
      getAffineDimExpr(3, context).floorDiv(plan.target.getColumns()) +
      tileParity;
  AffineMap map = AffineMap::get(4, 0, (tile % 2) * plan.tileBytes);
  return affine::AffineApplyOp::create(
      builder, layer.op->getLoc(), map,
      ValueRange{place.row, place.column, place.tileRow, place.tileColumn});
}

//===----------------------------------------------------------------------===//
// Memories and host tensors
//===----------------------------------------------------------------------===//

void ScheduleBuilder::buildHostTensors(double inputScale, double outputScale) {
  Type dram = BufferType::get(builder.getContext(), MemorySpace::Dram);
  Value input = plan.function.getArgument(0);
  Value output;
  for (auto &[value, tensor] : plan.tensors)
    if (tensor.lastLayer == static_cast<int64_t>(plan.layers.size()))
      output = value;
  auto terminator = plan.function.getBody().front().getTerminator();
  int64_t inputAddress = allocateDram(plan.tensors[input].place.bytes);
  int64_t outputAddress = allocateDram(plan.tensors[output].place.bytes);
  hostInput = HostInputOp::create(
      builder, program.getLoc(), dram, builder.getI64IntegerAttr(inputAddress),
      TypeAttr::get(input.getType()), builder.getF64FloatAttr(inputScale));
  hostOutput = HostOutputOp::create(
      builder, program.getLoc(), dram, builder.getI64IntegerAttr(outputAddress),
      TypeAttr::get(terminator->getOperand(0).getType()),
      builder.getF64FloatAttr(outputScale));
}

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

void ScheduleBuilder::loadInput() {
  Value tensor = plan.function.getArgument(0);
  TensorPlan &input = plan.tensors[tensor];
  if (input.isSpilled)
    return;
  sim::Window window = getWholeWindow(input.layout);
  LayoutAttr layout = getLayout(input.layout, /*isBanded=*/false);
  auto copy = DmaCopyOp::create(
      builder, plan.function.getLoc(), getTokenType(), "input", hostInput,
      getTensorBuffer(tensor), getIndex(0),
      ValueRange{getIndex(0), getIndex(0)}, ValueRange(), ValueRange(),
      input.layout.channels,
      builder.getDenseI64ArrayAttr({window.outHeight, window.outWidth}),
      WindowAttr::get(builder.getContext(), window), layout, layout);
  tracker.record(MemorySpace::DataSram, input.place, /*isWrite=*/true,
                 sim::Queue::Dma, copy.getToken());
}

void ScheduleBuilder::storeOutput() {
  for (auto &[tensor, output] : plan.tensors) {
    if (output.lastLayer != static_cast<int64_t>(plan.layers.size()) ||
        output.isSpilled)
      continue;
    sim::Window window = getWholeWindow(output.layout);
    LayoutAttr layout = getLayout(output.layout, /*isBanded=*/false);
    DmaCopyOp::create(
        builder, plan.function.getLoc(), getTokenType(), "output",
        getTensorBuffer(tensor), hostOutput, getIndex(0),
        ValueRange{getIndex(0), getIndex(0)},
        tracker.getConflicts(MemorySpace::DataSram, output.place,
                             /*isWrite=*/false, sim::Queue::Dma),
        ValueRange(), output.layout.channels,
        builder.getDenseI64ArrayAttr({window.outHeight, window.outWidth}),
        WindowAttr::get(builder.getContext(), window), layout, layout);
  }
}

WeightsOp ScheduleBuilder::cloneWeights(LayerPlan &layer) {
  auto original = cast<ContractOp>(layer.op).getWeights();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  auto weights = cast<WeightsOp>(builder.clone(*original.getDefiningOp()));
  sim::PackedWeights packed = weights.getPackedWeights();
  int64_t bits = plan.target.getCellModel()->getWeightBits(packed.promises);
  // Tiles end on byte boundaries.
  int64_t tiles =
      countRowTiles(layer, plan.target) *
      llvm::divideCeil(packed.arrayColumns, plan.target.getColumns());
  int64_t bytes =
      llvm::divideCeil(packed.rows * packed.arrayColumns * bits, 8) + tiles;
  weights.setAddress(allocateDram(bytes));
  return weights;
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
  return tracker.getConflicts(MemorySpace::DataSram,
                              plan.tensors[operand.tensor].place,
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
        getTensorBuffer(operand.tensor),
        getBuffer("band", MemorySpace::DataSram, operand.band), getIndex(0),
        ValueRange{place.row, place.column}, after, ValueRange(),
        operand.layout.channels, getBand(layer),
        WindowAttr::get(builder.getContext(), window),
        getLayout(operand.layout, /*isBanded=*/false),
        getBandLayout(operand.layout, height, width));
    tokens.push_back(copy.getToken());
  }
  return tokens;
}

void ScheduleBuilder::storeBand(LayerPlan &layer, const Place &place) {
  if (layer.resultBand.bytes == 0)
    return;
  Value result = layer.op->getResult(0);
  sim::Window window = getWholeWindow(layer.result);
  auto copy = DmaCopyOp::create(
      builder, layer.op->getLoc(), getTokenType(), layer.name,
      getBuffer("band", MemorySpace::DataSram, layer.resultBand),
      getTensorBuffer(result), getIndex(0), ValueRange{place.row, place.column},
      ValueRange{carried[PassNewer]}, ValueRange(), layer.result.channels,
      getBand(layer), WindowAttr::get(builder.getContext(), window),
      getBandLayout(layer.result, layer.bandHeight, layer.bandWidth),
      getLayout(layer.result, /*isBanded=*/false));
  carried[Stored] = copy.getToken();
}

int64_t ScheduleBuilder::getStepCycles(LayerPlan &layer, WeightsOp weights) {
  sim::PackedWeights packed = weights.getPackedWeights();
  packed.promises.dataTerms = cast<ContractOp>(layer.op).getDataTerms();
  sim::MachineDescription machine = plan.target.getMachineDescription();
  LayoutAttr layout = getDataLayout(layer);
  sim::View view;
  view.channelPitch = layout.getPitches()[0];
  view.rowPitch = layout.getPitches()[1];
  view.columnPitch = layout.getPitches()[2];
  int64_t cycles = 1;
  for (int64_t column = 0; column < packed.arrayColumns;
       column += machine.columns)
    cycles = std::max(
        cycles, sim::getRequiredStepCycles(
                    packed, column,
                    std::min(machine.columns, packed.arrayColumns - column),
                    layer.window, view, machine));
  return cycles;
}

void ScheduleBuilder::buildTile(LayerPlan &layer, WeightsOp weights,
                                const Place &place, ArrayRef<Value> dataReady) {
  Location loc = layer.op->getLoc();
  Value offset = getTileOffset(layer, place);
  SmallVector<Value> tileIndices = {place.tileRow, place.tileColumn};
  auto dma = DmaWeightsOp::create(builder, loc, getTokenType(), layer.name,
                                  weights, tileIndices, tileBuffer, offset,
                                  ValueRange{carried[TileOlder]});
  auto load = LoadWeightsOp::create(
      builder, loc, getTokenType(), layer.name, weights, tileIndices,
      tileBuffer, offset, ValueRange{dma.getToken(), carried[Swapped]});
  carried[TileOlder] = carried[TileNewer];
  carried[TileNewer] = load.getToken();
  SmallVector<Value> after = {load.getToken(), carried[PassOlder]};
  llvm::append_range(after, dataReady);
  OperandPlan &data = layer.operands.front();
  Value buffer = data.band.bytes
                     ? getBuffer("band", MemorySpace::DataSram, data.band)
                     : getTensorBuffer(data.tensor);
  auto stream = StreamOp::create(
      builder, loc, getTokenType(), getTokenType(), layer.name, weights,
      tileIndices, buffer, ValueRange{place.row, place.column},
      accumulatorBuffer, getPassOffset(layer, place, plan.accumulatorBytes),
      after, getBand(layer),
      WindowAttr::get(builder.getContext(), layer.window), getDataLayout(layer),
      getAccumulatorLayout(layer), getStepCycles(layer, weights),
      cast<ContractOp>(layer.op).getDataTerms());
  carried[Streamed] = stream.getDone();
  carried[Swapped] = stream.getSwapped();
}

void ScheduleBuilder::buildContraction(LayerPlan &layer, WeightsOp weights) {
  int64_t arrayColumns =
      cast<ShapedType>(weights.getValues().getType()).getDimSize(1);
  SmallVector<Value> conflicts =
      getOperandConflicts(layer, 0, sim::Queue::Array);
  buildBands(layer, [&](Value row, Value column) {
    Place place{row, column, getIndex(0), getIndex(0)};
    SmallVector<Value> ready = loadBands(layer, place);
    loop(layer.result.channels, plan.target.getRows(), [&](Value tileRow) {
      place.tileRow = tileRow;
      loop(arrayColumns, plan.target.getColumns(), [&](Value tileColumn) {
        place.tileColumn = tileColumn;
        SmallVector<Value> after(ready);
        llvm::append_range(after, conflicts);
        buildTile(layer, weights, place, after);
      });
      buildPass(layer, place, plan.target.getRows(), ready);
    });
    storeBand(layer, place);
  });
  int64_t passes = countBands(layer) * countRowTiles(layer, plan.target);
  tileParity =
      (tileParity +
       passes * llvm::divideCeil(arrayColumns, plan.target.getColumns())) %
      2;
  passParity = (passParity + passes) % 2;
}

/// What later layers have to wait for.
void ScheduleBuilder::recordLayer(LayerPlan &layer) {
  for (auto [i, operand] : llvm::enumerate(layer.operands)) {
    if (operand.parameterOffset)
      continue;
    bool isStreamed = i == 0 && layer.isContraction();
    const Placement &place =
        operand.band.bytes ? operand.band : plan.tensors[operand.tensor].place;
    tracker.record(MemorySpace::DataSram, place, /*isWrite=*/false,
                   isStreamed ? sim::Queue::Array : sim::Queue::Vector,
                   isStreamed ? carried[Streamed] : carried[PassNewer]);
  }
  bool isBanded = layer.resultBand.bytes != 0;
  if (isBanded)
    tracker.record(MemorySpace::DataSram, layer.resultBand,
                   /*isWrite=*/false, sim::Queue::Dma, carried[Stored]);
  tracker.record(MemorySpace::DataSram,
                 isBanded ? layer.resultBand
                          : plan.tensors[layer.op->getResult(0)].place,
                 /*isWrite=*/!isBanded, sim::Queue::Vector, carried[PassNewer]);
}

void ScheduleBuilder::buildLayer(LayerPlan &layer) {
  if (layer.isContraction()) {
    buildContraction(layer, cloneWeights(layer));
  } else {
    buildBands(layer, [&](Value row, Value column) {
      Place place{row, column, getIndex(0), getIndex(0)};
      SmallVector<Value> ready = loadBands(layer, place);
      buildPass(layer, place, layer.result.channels, ready);
      storeBand(layer, place);
    });
    passParity = (passParity + countBands(layer)) % 2;
  }
  recordLayer(layer);
}

FailureOr<ProgramOp> ScheduleBuilder::build(double inputScale,
                                            double outputScale) {
  program = ProgramOp::create(builder, plan.function.getLoc(),
                              plan.function.getSymName(), plan.target,
                              plan.target.getHash());
  entry = &program.getBody().emplaceBlock();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(entry);
  buildHostTensors(inputScale, outputScale);
  buildMemories();
  loadInput();
  for (LayerPlan &layer : plan.layers)
    buildLayer(layer);
  storeOutput();
  return program;
}
