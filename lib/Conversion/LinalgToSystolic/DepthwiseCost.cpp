//===- DepthwiseCost.cpp - Array or vector unit? -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Both sides are built from the closed forms that the simulator times single
// instructions with. On the array the queues overlap: a pass takes what its
// busiest queue needs, and the first and last pass also wait for the others.
// The vector unit works alone.
//
//===----------------------------------------------------------------------===//

#include "DepthwiseCost.h"
#include "colonnade/Conversion/LinalgToSystolic/WeightPacking.h"
#include "colonnade/Simulator/InstructionCosts.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

namespace {

/// Cycles of the queues for one pass: all tiles of a row of tiles.
struct PassCosts {
  int64_t dma = 0, load = 0, array = 0, vector = 0;
  /// DMA and load of the first tile and the way out of the last, which nothing
  /// hides.
  int64_t firstDma = 0, firstLoad = 0, drain = 0;

  int64_t getBusiest() const {
    return std::max(std::max(dma, load), std::max(array, vector));
  }
};

class DepthwiseCost {
public:
  DepthwiseCost(const DepthwiseLayer &layer, TargetAttr target)
      : layer(layer), target(target), machine(target.getMachineDescription()) {}

  /// None if the cell cannot run so many blocks.
  std::optional<int64_t> getArrayCycles(int64_t blocks) const;
  int64_t getVectorCycles() const;

private:
  sim::Program makeProgram(const PackingPlan &plan,
                           const BlockMatrixView &view) const;
  PassCosts getPassCosts(const sim::Program &program, int64_t row,
                         int64_t positions) const;
  int64_t getBandPositions() const;
  int64_t getNestCycles(SmallVector<int64_t, 6> extents,
                        unsigned reductionLoops, int64_t operations) const;

  const DepthwiseLayer &layer;
  TargetAttr target;
  sim::MachineDescription machine;
};

} // namespace

/// A program with the packing's sizes, to ask the simulator about its tiles.
sim::Program DepthwiseCost::makeProgram(const PackingPlan &plan,
                                        const BlockMatrixView &view) const {
  sim::Program program;
  program.machine = machine;
  std::vector<int8_t> zeros(view.getBlocks() * view.getRows() *
                            view.getColumns());
  program.weights.push_back(packWeights(plan, view, zeros));
  return program;
}

/// Positions of a band whose accumulators fit half the memory.
int64_t DepthwiseCost::getBandPositions() const {
  int64_t most = machine.accumulatorBytes / 2 / (4 * machine.rows);
  int64_t height = layer.window.outHeight, width = layer.window.outWidth;
  while (height * width > most && height > 1)
    height = llvm::divideCeil(height, 2);
  return height * std::min(width, std::max<int64_t>(most, 1));
}

PassCosts DepthwiseCost::getPassCosts(const sim::Program &program, int64_t row,
                                      int64_t positions) const {
  const sim::PackedWeights &weights = program.weights.front();
  sim::Window window = layer.window;
  window.channels /= weights.blocks;
  sim::View data;
  data.columnPitch = 1;
  data.rowPitch = window.width;
  data.channelPitch = window.width * window.height;
  PassCosts costs;
  int64_t rows = program.getTileRows({0, 0, row, 0});
  for (int64_t column = 0; column < weights.arrayColumns;
       column += machine.columns) {
    sim::WeightTile tile = {0, 0, row, column};
    int64_t columns = program.getTileColumns(tile);
    int64_t step = sim::getRequiredStepCycles(weights, 0, column, columns,
                                              window, data, machine);
    int64_t dma = sim::getDmaCycles(machine, program.getTileBytes(tile));
    int64_t load = sim::getLoadCycles(program, tile);
    if (column == 0) {
      costs.firstDma = dma;
      costs.firstLoad = load;
    }
    costs.dma += dma;
    costs.load += load;
    costs.array += step * positions;
    costs.drain = step * (rows + machine.columns - 2);
  }
  if (layer.parameterBytes)
    costs.dma += sim::getDmaCycles(machine, rows * layer.parameterBytes);
  costs.vector = getNestCycles({rows, positions}, 0, layer.epilogueOperations);
  return costs;
}

std::optional<int64_t> DepthwiseCost::getArrayCycles(int64_t blocks) const {
  WeightAxes axes;
  axes.depthwiseBlocks = blocks;
  llvm::Expected<PackingPlan> plan =
      planPacking(layer.weights, axes, /*inputChannelAxis=*/2, layer.dataTerms,
                  machine.columns, *machine.cell);
  if (!plan) {
    llvm::consumeError(plan.takeError());
    return std::nullopt;
  }
  BlockMatrixView view(layer.weights.getShape(), axes);
  sim::Program program = makeProgram(*plan, view);
  int64_t all = layer.window.outHeight * layer.window.outWidth;
  int64_t band = getBandPositions();
  int64_t repeats = blocks * llvm::divideCeil(all, band);
  int64_t cycles = 0;
  PassCosts costs;
  for (int64_t row = 0; row < view.getRows(); row += machine.rows) {
    costs = getPassCosts(program, row, band);
    cycles += repeats * costs.getBusiest();
  }
  // The first pass begins with its first tile.
  int64_t first =
      std::max({costs.array, costs.load, costs.dma - costs.firstDma});
  return cycles - costs.getBusiest() + costs.firstDma + costs.firstLoad +
         first + costs.drain + costs.vector;
}

/// A nest over dense tensors whose body has so many operations.
int64_t DepthwiseCost::getNestCycles(SmallVector<int64_t, 6> extents,
                                     unsigned reductionLoops,
                                     int64_t operations) const {
  sim::NestPass nest;
  nest.extents = std::move(extents);
  nest.reductionLoops = reductionLoops;
  nest.body.operations.assign(operations, {sim::ScalarOpcode::Add});
  return sim::getVectorCycles(machine, nest);
}

/// What an argument of the network lacks (its borders or its terms) is made in
/// a copy. Borders are filled, the taps multiplied and added up (two
/// extensions, a product and a sum), and the results go through the epilogue.
int64_t DepthwiseCost::getVectorCycles() const {
  const sim::Window &w = layer.window;
  int64_t cycles = getNestCycles(
      {w.channels, w.outHeight, w.outWidth, w.kernelHeight, w.kernelWidth}, 2,
      4);
  if (layer.paddedRows)
    cycles += getNestCycles(
        {w.channels, layer.paddedRows, w.width + layer.paddedColumns}, 0, 0);
  if (layer.paddedColumns)
    cycles += getNestCycles({w.channels, w.height, layer.paddedColumns}, 0, 0);
  if (layer.copiesInput)
    cycles += getNestCycles({w.channels, w.height, w.width}, 0, 1);
  if (layer.parameterBytes)
    cycles += sim::getDmaCycles(machine, w.channels * layer.parameterBytes);
  if (layer.epilogueOperations)
    cycles += getNestCycles({w.channels, w.outHeight, w.outWidth}, 0,
                            layer.epilogueOperations);
  return cycles + sim::getDmaCycles(machine, layer.weights.getNumElements());
}

DepthwiseChoice colonnade::chooseDepthwise(const DepthwiseLayer &layer,
                                           TargetAttr target) {
  DepthwiseCost cost(layer, target);
  DepthwiseChoice choice;
  choice.vectorCycles = cost.getVectorCycles();
  int64_t channels = layer.window.channels;
  for (int64_t blocks = 1; blocks <= channels; ++blocks) {
    // More channels than rows only add tiles off the diagonal, unless no
    // divisor is small enough.
    bool isTooLarge = channels / blocks > target.getRows() && blocks > 1;
    if (channels % blocks != 0 || isTooLarge)
      continue;
    std::optional<int64_t> cycles = cost.getArrayCycles(blocks);
    if (cycles && (choice.blocks == 0 || *cycles < choice.arrayCycles)) {
      choice.blocks = blocks;
      choice.arrayCycles = *cycles;
    }
  }
  choice.isOnArray =
      choice.blocks != 0 && choice.arrayCycles <= choice.vectorCycles;
  return choice;
}
