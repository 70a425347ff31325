//===- ContractionSchedule.cpp - Tiles of a schedule -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of ScheduleBuilder that feeds the array: loops over the blocks and
// tiles of a contraction's weights, where these come from, and the streams.
//
//===----------------------------------------------------------------------===//

#include "ScheduleBuilder.h"
#include "colonnade/Simulator/InstructionCosts.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

static int64_t countColumnTiles(const sim::PackedWeights &weights,
                                TargetAttr target) {
  return llvm::divideCeil(weights.arrayColumns, target.getColumns());
}

/// The program's copy of the layer's weights: stored ones get an address, run-
/// time ones lose their tensor.
Value ScheduleBuilder::cloneWeights(LayerPlan &layer) {
  Value original = cast<ContractOp>(layer.op).getWeights();
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(entry);
  auto *clone = builder.cloneWithoutRegions(*original.getDefiningOp());
  if (auto weights = dyn_cast<RunTimeWeightsOp>(clone)) {
    weights.getTensorMutable().clear();
    return weights;
  }
  auto weights = cast<WeightsOp>(clone);
  sim::PackedWeights packed = weights.getPackedShape();
  int64_t bits = plan.target.getCellModel()->getWeightBits(packed.promises);
  // Tiles end on byte boundaries.
  int64_t tiles =
      countRowTiles(layer, plan.target) * countColumnTiles(packed, plan.target);
  int64_t bytes =
      llvm::divideCeil(packed.rows * packed.arrayColumns * bits, 8) + tiles;
  weights.setAddress(allocateDram(packed.blocks * bytes));
  return weights;
}

int64_t ScheduleBuilder::getStepCycles(LayerPlan &layer, Value weights) {
  sim::PackedWeights packed = getPackedShape(weights);
  packed.promises.dataTerms = cast<ContractOp>(layer.op).getDataTerms();
  sim::MachineDescription machine = plan.target.getMachineDescription();
  LayoutAttr layout = getDataLayout(layer);
  sim::View view;
  view.channelPitch = layout.getPitches()[0];
  view.rowPitch = layout.getPitches()[1];
  view.columnPitch = layout.getPitches()[2];
  int64_t cycles = 1;
  for (int64_t block = 0; block < packed.blocks; ++block)
    for (int64_t column = 0; column < packed.arrayColumns;
         column += machine.columns)
      cycles = std::max(
          cycles, sim::getRequiredStepCycles(
                      packed, block, column,
                      std::min(machine.columns, packed.arrayColumns - column),
                      layer.window, view, machine));
  return cycles;
}

Value ScheduleBuilder::getTileOffset(LayerPlan &layer, const Place &place) {
  sim::PackedWeights weights =
      getPackedShape(cast<ContractOp>(layer.op).getWeights());
  AffineExpr tile =
      getPassNumber(layer, plan.target) *
          countColumnTiles(weights, plan.target) +
      builder.getAffineDimExpr(4).floorDiv(plan.target.getColumns()) +
      tileParity;
  AffineMap map = AffineMap::get(5, 0, (tile % 2) * plan.tileBytes);
  return affine::AffineApplyOp::create(builder, layer.op->getLoc(), map,
                                       ValueRange{place.row, place.column,
                                                  place.block, place.tileRow,
                                                  place.tileColumn});
}

/// Brings a tile to weight SRAM: a stored one from its packing, a run-time one
/// from its tensor, once that has been made.
Value ScheduleBuilder::gatherTile(LayerPlan &layer, Value weights,
                                  ValueRange tile, Value offset) {
  SmallVector<Value> after = {carried[TileOlder]};
  Value source;
  StridesAttr strides;
  if (layer.stationary) {
    const TensorView &view = layer.stationary->view;
    auto op = weights.getDefiningOp<RunTimeWeightsOp>();
    int64_t blockPitch =
        op.getBlockAxis() ? view.pitches[*op.getBlockAxis()] : 0;
    source = getTensorBuffer(view.root, layer.index);
    strides =
        StridesAttr::get(builder.getContext(), builder.getI8Type(), view.offset,
                         {blockPitch, view.pitches[op.getRowAxis()],
                          view.pitches[op.getColumnAxis()]},
                         /*chunked=*/false);
    if (!plan.isSpilled(view.root, layer.index))
      llvm::append_range(
          after, tracker.getConflicts(
                     MemorySpace::DataSram,
                     plan.getRange(view, layer.stationary->type, layer.index),
                     /*isWrite=*/false, sim::Queue::Dma));
  }
  return DmaWeightsOp::create(builder, layer.op->getLoc(), getTokenType(),
                              layer.name, weights, tile, tileBuffer, offset,
                              source, after, strides);
}

void ScheduleBuilder::buildTile(LayerPlan &layer, Value weights,
                                const Place &place, ArrayRef<Value> dataReady) {
  Location loc = layer.op->getLoc();
  Value offset = getTileOffset(layer, place);
  SmallVector<Value> tile = {place.block, place.tileRow, place.tileColumn};
  Value gathered = gatherTile(layer, weights, tile, offset);
  auto load = LoadWeightsOp::create(builder, loc, getTokenType(), layer.name,
                                    weights, tile, tileBuffer, offset,
                                    ValueRange{gathered, carried[Swapped]});
  carried[TileOlder] = carried[TileNewer];
  carried[TileNewer] = load.getToken();
  SmallVector<Value> after = {load.getToken(), carried[PassOlder]};
  llvm::append_range(after, dataReady);
  OperandPlan &data = layer.operands.front();
  bool isBanded = data.band.bytes != 0;
  Value buffer = isBanded ? getBuffer("band", MemorySpace::DataSram, data.band)
                          : getTensorBuffer(data.view.root, layer.index);
  auto stream = StreamOp::create(
      builder, loc, getTokenType(), getTokenType(), layer.name, weights, tile,
      buffer, isBanded ? getIndex(0) : getBlockOffset(data.layout, place),
      ValueRange{place.row, place.column}, accumulatorBuffer,
      getPassOffset(layer, place, plan.accumulatorBytes), after, getBand(layer),
      WindowAttr::get(builder.getContext(), layer.window), getDataLayout(layer),
      getAccumulatorLayout(layer), getStepCycles(layer, weights),
      cast<ContractOp>(layer.op).getDataTerms());
  carried[Streamed] = stream.getDone();
  carried[Swapped] = stream.getSwapped();
}

/// All tiles of the current band and block.
void ScheduleBuilder::buildBlock(LayerPlan &layer, Value weights, Place place,
                                 ArrayRef<Value> conflicts) {
  int64_t arrayColumns = getPackedShape(weights).arrayColumns;
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
}

void ScheduleBuilder::buildContraction(LayerPlan &layer) {
  Value weights = cloneWeights(layer);
  SmallVector<Value> conflicts =
      getOperandConflicts(layer, 0, sim::Queue::Array);
  buildBands(layer, [&](Value row, Value column) {
    loop(layer.blocks, 1, [&](Value block) {
      Place place = makePlace(row, column);
      place.block = block;
      buildBlock(layer, weights, place, conflicts);
    });
  });
  int64_t passes =
      countBands(layer) * layer.blocks * countRowTiles(layer, plan.target);
  int64_t tiles =
      passes * countColumnTiles(getPackedShape(weights), plan.target);
  tileParity = (tileParity + tiles) % 2;
  passParity = (passParity + passes) % 2;
}
