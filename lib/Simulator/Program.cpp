//===- Program.cpp - Helpers of the flat systolic program -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names, tile sizes, and the inverse of packing that proves a schedule's
// weights are the ones the model had.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Program.h"
#include "FormattedError.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/xxhash.h"

using namespace colonnade;
using namespace colonnade::sim;

llvm::StringRef sim::stringify(Memory memory) {
  switch (memory) {
  case Memory::Dram:
    return "DRAM";
  case Memory::WeightSram:
    return "weight SRAM";
  case Memory::DataSram:
    return "data SRAM";
  case Memory::Accumulators:
    return "accumulators";
  }
  llvm_unreachable("unknown memory");
}

llvm::StringRef sim::stringify(Queue queue) {
  switch (queue) {
  case Queue::Dma:
    return "DMA";
  case Queue::WeightLoader:
    return "weight loader";
  case Queue::Array:
    return "array";
  case Queue::Vector:
    return "vector";
  }
  llvm_unreachable("unknown queue");
}

Queue Instruction::getQueue() const {
  if (std::holds_alternative<LoadWeights>(payload))
    return Queue::WeightLoader;
  if (std::holds_alternative<StreamTile>(payload))
    return Queue::Array;
  if (std::holds_alternative<VectorPass>(payload))
    return Queue::Vector;
  return Queue::Dma;
}

int64_t Program::getTileRows(const WeightTile &tile) const {
  return std::min(machine.rows, weights[tile.weights].rows - tile.row);
}

int64_t Program::getTileColumns(const WeightTile &tile) const {
  return std::min(machine.columns,
                  weights[tile.weights].arrayColumns - tile.column);
}

int64_t Program::getTileBytes(const WeightTile &tile) const {
  int64_t cellBits =
      machine.cell->getWeightBits(weights[tile.weights].promises);
  return llvm::divideCeil(getTileRows(tile) * getTileColumns(tile) * cellBits,
                          8);
}

uint64_t sim::digestMatrix(llvm::ArrayRef<int8_t> values, int64_t rows,
                           int64_t columns) {
  std::vector<uint8_t> bytes(16 + values.size());
  llvm::support::endian::write64le(bytes.data(), rows);
  llvm::support::endian::write64le(bytes.data() + 8, columns);
  llvm::transform(values, bytes.begin() + 16,
                  [](int8_t value) { return static_cast<uint8_t>(value); });
  return llvm::xxh3_64bits(bytes);
}

namespace {

llvm::Error checkSizes(const PackedWeights &weights) {
  if (weights.rows < 1 || weights.matrixColumns < 1 ||
      weights.arrayColumns < 1 || weights.depth < 1 || weights.fanIn < 1)
    return makeError("weights '{0}': expected positive sizes, got {1} rows, "
                     "{2} matrix columns, {3} array columns, depth {4}, "
                     "fan-in {5}",
                     weights.name, weights.rows, weights.matrixColumns,
                     weights.arrayColumns, weights.depth, weights.fanIn);
  size_t slots = weights.arrayColumns * weights.depth;
  if (weights.values.size() != weights.rows * slots ||
      weights.selects.size() != weights.values.size() ||
      weights.streams.size() != slots * weights.fanIn)
    return makeError(
        "weights '{0}': expected {1} values and selects and {2} streams, got "
        "{3} values, {4} selects and {5} streams",
        weights.name, weights.rows * slots, slots * weights.fanIn,
        weights.values.size(), weights.selects.size(), weights.streams.size());
  return llvm::Error::success();
}

/// Puts the value of one slot into `matrix`; zeros leave no trace.
llvm::Error unpackSlot(const PackedWeights &weights, int64_t row, int64_t slot,
                       llvm::MutableArrayRef<int8_t> matrix,
                       std::vector<bool> &taken) {
  int64_t index = row * weights.arrayColumns * weights.depth + slot;
  int64_t select = weights.selects[index];
  if (select >= weights.fanIn)
    return makeError("weights '{0}': row {1}, array column {2}, slot {3}: "
                     "select {4} is not below the fan-in {5}",
                     weights.name, row, slot / weights.depth,
                     slot % weights.depth, select, weights.fanIn);
  if (weights.values[index] == 0)
    return llvm::Error::success();
  int64_t column = weights.streams[slot * weights.fanIn + select];
  if (column < 0)
    return makeError("weights '{0}': row {1}, array column {2}, slot {3} "
                     "selects stream {4}, which carries no matrix column",
                     weights.name, row, slot / weights.depth,
                     slot % weights.depth, select);
  int64_t element = row * weights.matrixColumns + column;
  if (taken[element])
    return makeError("weights '{0}': row {1}, array column {2}, slot {3} "
                     "collides with another cell that holds matrix column {4}",
                     weights.name, row, slot / weights.depth,
                     slot % weights.depth, column);
  taken[element] = true;
  matrix[element] = weights.values[index];
  return llvm::Error::success();
}

llvm::Error checkStreams(const PackedWeights &weights) {
  for (auto [index, column] : llvm::enumerate(weights.streams))
    if (column < -1 || column >= weights.matrixColumns)
      return makeError("weights '{0}': stream {1} of array column {2} carries "
                       "matrix column {3} outside [0, {4})",
                       weights.name, index % (weights.depth * weights.fanIn),
                       index / (weights.depth * weights.fanIn), column,
                       weights.matrixColumns);
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::vector<int8_t>>
sim::unpackWeights(const PackedWeights &weights) {
  if (llvm::Error error = checkSizes(weights))
    return error;
  if (llvm::Error error = checkStreams(weights))
    return error;
  std::vector<int8_t> matrix(weights.rows * weights.matrixColumns);
  std::vector<bool> taken(matrix.size());
  for (int64_t row = 0; row < weights.rows; ++row)
    for (int64_t slot = 0; slot < weights.arrayColumns * weights.depth; ++slot)
      if (llvm::Error error = unpackSlot(weights, row, slot, matrix, taken))
        return error;
  return matrix;
}
