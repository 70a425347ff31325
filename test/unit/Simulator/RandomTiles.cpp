//===- RandomTiles.cpp - Seeded machines, weights and data ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "RandomTiles.h"
#include "colonnade/Numerics/TermSelection.h"
#include "colonnade/Simulator/Cells.h"
#include <numeric>

using namespace colonnade;
using namespace colonnade::sim;

static std::shared_ptr<const CellModel> makeCell(Random &random) {
  int64_t fanIn = random.between(1, 8);
  switch (random.between(0, 2)) {
  case 0:
    return createMacCell(fanIn);
  case 1:
    return createBitSerialCell(8, fanIn);
  default:
    return createTermCell(random.between(1, 8), fanIn);
  }
}

MachineDescription sim::makeMachine(Random &random, int64_t most) {
  MachineDescription machine;
  machine.name = "random";
  machine.rows = random.between(1, most);
  machine.columns = random.between(1, most);
  machine.cell = makeCell(random);
  machine.dramBytesPerCycle = random.between(1, 16);
  machine.dramLatency = random.between(0, 40);
  machine.weightSramBytes = machine.dataSramBytes = 1 << 20;
  machine.accumulatorBytes = 1 << 20;
  machine.dataSramBanks = random.between(1, 64);
  machine.weightLoaderBytesPerCycle = random.between(1, 16);
  machine.vectorLanes = random.between(1, 8);
  machine.vectorLatency = random.between(0, 10);
  machine.vectorStages = random.between(1, 8);
  machine.vectorDivideSlots = random.between(1, 9);
  machine.clockMegahertz = 500;
  machine.energy = {{"mac", 1.0}, {"dram_byte", 100.0}};
  machine.hash = "random-machine";
  return machine;
}

OperandPromises sim::makePromises(Random &random, const CellModel &cell) {
  OperandPromises promises;
  promises.slots = random.between(1, cell.getDepth());
  promises.fanIn = random.between(1, cell.getMaxFanIn());
  if (random.chance(60))
    promises.weightTerms = random.between(1, 3 * promises.slots);
  if (random.chance(60))
    promises.dataTerms = random.between(1, 4);
  return promises;
}

namespace {

/// The matrix columns, in random order, in groups of random size.
std::vector<std::vector<int32_t>> dealColumns(Random &random,
                                              const PackedWeights &weights) {
  std::vector<int32_t> order(weights.matrixColumns);
  std::iota(order.begin(), order.end(), 0);
  for (size_t i = order.size(); i-- > 1;)
    std::swap(order[i], order[random.between(0, i)]);
  std::vector<std::vector<int32_t>> groups;
  for (size_t next = 0; next < order.size();) {
    size_t size = random.between(1, weights.fanIn);
    groups.emplace_back();
    while (size-- && next < order.size())
      groups.back().push_back(order[next++]);
  }
  return groups;
}

/// Blocks with fewer groups than others end in slots without streams.
void makeStreams(Random &random, PackedWeights &weights) {
  std::vector<std::vector<std::vector<int32_t>>> blocks;
  for (int64_t block = 0; block < weights.blocks; ++block) {
    blocks.push_back(dealColumns(random, weights));
    int64_t groups = blocks.back().size();
    weights.arrayColumns =
        std::max(weights.arrayColumns,
                 (groups + weights.depth - 1) / weights.depth);
  }
  weights.streams.assign(weights.blocks * weights.getSlots() * weights.fanIn,
                         -1);
  for (int64_t block = 0; block < weights.blocks; ++block)
    for (auto [slot, group] : llvm::enumerate(blocks[block]))
      llvm::copy(group, weights.streams.begin() +
                            (block * weights.getSlots() + slot) *
                                weights.fanIn);
}

/// A random member of each slot's group, and a value for it.
void fillCell(Random &random, PackedWeights &weights, int64_t block,
              int64_t row, int64_t column) {
  int64_t first = weights.getCell(block, row, column);
  llvm::ArrayRef<int32_t> streams = weights.getStreams(block, column, 1);
  for (int64_t slot = 0; slot < weights.depth; ++slot) {
    int64_t members =
        weights.fanIn -
        llvm::count(streams.slice(slot * weights.fanIn, weights.fanIn), -1);
    if (members == 0 || random.chance(25))
      continue;
    weights.selects[first + slot] = random.between(0, members - 1);
    weights.values[first + slot] = random.byte();
  }
  if (weights.promises.weightTerms)
    selectTerms(
        llvm::MutableArrayRef(weights.values).slice(first, weights.depth),
        weights.promises.weightTerms, DigitSet::Naf);
}

} // namespace

PackedWeights sim::makeWeights(Random &random, int64_t rows,
                               int64_t matrixColumns,
                               const OperandPromises &promises,
                               int64_t blocks) {
  PackedWeights weights;
  weights.name = "w";
  weights.blocks = blocks;
  weights.rows = rows;
  weights.matrixColumns = matrixColumns;
  weights.depth = promises.slots;
  weights.fanIn = promises.fanIn;
  weights.promises = promises;
  makeStreams(random, weights);
  weights.values.assign(blocks * rows * weights.getSlots(), 0);
  weights.selects.assign(weights.values.size(), 0);
  for (int64_t block = 0; block < blocks; ++block)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < weights.arrayColumns; ++column)
        fillCell(random, weights, block, row, column);
  weights.digest = digestMatrix(llvm::cantFail(unpackWeights(weights)),
                                blocks * rows, matrixColumns);
  return weights;
}

PackedWeights sim::makeRunTimeWeights(int64_t rows, int64_t matrixColumns,
                                      const OperandPromises &promises,
                                      int64_t blocks) {
  PackedWeights weights;
  weights.name = "w";
  weights.isRunTime = true;
  weights.blocks = blocks;
  weights.rows = rows;
  weights.matrixColumns = matrixColumns;
  weights.depth = promises.slots;
  weights.fanIn = promises.fanIn;
  weights.arrayColumns = (matrixColumns + weights.depth - 1) / weights.depth;
  weights.promises = promises;
  weights.streams = makeRunTimeStreams(weights);
  return weights;
}

int8_t sim::makeData(Random &random, const OperandPromises &promises) {
  int8_t value = random.chance(30) ? int8_t(0) : random.byte();
  if (promises.dataTerms)
    selectTerms(llvm::MutableArrayRef(value), promises.dataTerms,
                DigitSet::Naf);
  return value;
}

std::string sim::getMessage(llvm::Error error) {
  return error ? llvm::toString(std::move(error)) : std::string();
}
