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

int64_t sim::getBytes(ScalarType type) {
  return llvm::divideCeil(getBits(type), 8);
}

int64_t sim::getBits(ScalarType type) {
  switch (type) {
  case ScalarType::I1:
    return 1;
  case ScalarType::I8:
    return 8;
  case ScalarType::I32:
  case ScalarType::F32:
    return 32;
  case ScalarType::I64:
    return 64;
  }
  llvm_unreachable("unknown scalar type");
}

llvm::StringRef sim::stringify(ScalarType type) {
  switch (type) {
  case ScalarType::I1:
    return "i1";
  case ScalarType::I8:
    return "i8";
  case ScalarType::I32:
    return "i32";
  case ScalarType::I64:
    return "i64";
  case ScalarType::F32:
    return "f32";
  }
  llvm_unreachable("unknown scalar type");
}

Queue Instruction::getQueue() const {
  if (std::holds_alternative<LoadWeights>(payload))
    return Queue::WeightLoader;
  if (std::holds_alternative<StreamTile>(payload) ||
      std::holds_alternative<BlockPass>(payload))
    return Queue::Array;
  if (std::holds_alternative<VectorPass>(payload) ||
      std::holds_alternative<NestPass>(payload))
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

int64_t Program::getRunTimeColumns(const WeightTile &tile) const {
  const PackedWeights &packed = weights[tile.weights];
  return std::min(getTileColumns(tile) * packed.depth,
                  packed.matrixColumns - tile.column * packed.depth);
}

int64_t Program::getTileBytes(const WeightTile &tile) const {
  const PackedWeights &packed = weights[tile.weights];
  int64_t rows = getTileRows(tile);
  if (packed.isRunTime)
    return rows * getRunTimeColumns(tile);
  int64_t cellBits = machine.cell->getWeightBits(packed.promises);
  return llvm::divideCeil(rows * getTileColumns(tile) * cellBits, 8);
}

std::vector<int32_t> sim::makeRunTimeStreams(const PackedWeights &weights) {
  std::vector<int32_t> streams;
  streams.reserve(weights.blocks * weights.getSlots());
  for (int64_t block = 0; block < weights.blocks; ++block)
    for (int64_t slot = 0; slot < weights.getSlots(); ++slot)
      streams.push_back(slot < weights.matrixColumns ? slot : -1);
  return streams;
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
  if (weights.blocks < 1 || weights.rows < 1 || weights.matrixColumns < 1 ||
      weights.arrayColumns < 1 || weights.depth < 1 || weights.fanIn < 1)
    return makeError("weights '{0}': expected positive sizes, got {1} blocks, "
                     "{2} rows, {3} matrix columns, {4} array columns, depth "
                     "{5}, fan-in {6}",
                     weights.name, weights.blocks, weights.rows,
                     weights.matrixColumns, weights.arrayColumns, weights.depth,
                     weights.fanIn);
  size_t slots = weights.blocks * weights.getSlots();
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

/// Names a slot: " of block b" only where there are several.
std::string describeSlot(const PackedWeights &weights, int64_t row,
                         int64_t slot) {
  std::string text = llvm::formatv(
      "weights '{0}': row {1}, array column {2}, slot {3}", weights.name,
      row % weights.rows, slot / weights.depth, slot % weights.depth);
  if (weights.blocks > 1)
    text += llvm::formatv(" of block {0}", row / weights.rows).str();
  return text;
}

/// Puts the value of one slot into the block's rows; zeros leave no trace.
/// `row` counts through all blocks.
llvm::Error unpackSlot(const PackedWeights &weights, int64_t row, int64_t slot,
                       llvm::MutableArrayRef<int8_t> matrix) {
  int64_t index = row * weights.getSlots() + slot;
  int64_t select = weights.selects[index];
  if (select >= weights.fanIn)
    return makeError("{0}: select {1} is not below the fan-in {2}",
                     describeSlot(weights, row, slot), select, weights.fanIn);
  if (weights.values[index] == 0)
    return llvm::Error::success();
  int64_t blockSlot = row / weights.rows * weights.getSlots() + slot;
  int64_t column = weights.streams[blockSlot * weights.fanIn + select];
  if (column < 0)
    return makeError("{0} selects stream {1}, which carries no matrix column",
                     describeSlot(weights, row, slot), select);
  int8_t &element = matrix[row * weights.matrixColumns + column];
  if (element != 0)
    return makeError("{0} collides with another cell that holds matrix column "
                     "{1}",
                     describeSlot(weights, row, slot), column);
  element = weights.values[index];
  return llvm::Error::success();
}

llvm::Error checkStreams(const PackedWeights &weights) {
  for (auto [index, column] : llvm::enumerate(weights.streams))
    if (column < -1 || column >= weights.matrixColumns)
      return makeError("weights '{0}': stream {1} of array column {2} carries "
                       "matrix column {3} outside [0, {4})",
                       weights.name, index % (weights.depth * weights.fanIn),
                       index / (weights.depth * weights.fanIn) %
                           weights.arrayColumns,
                       column, weights.matrixColumns);
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::vector<int8_t>>
sim::unpackWeights(const PackedWeights &weights) {
  if (llvm::Error error = checkSizes(weights))
    return error;
  if (llvm::Error error = checkStreams(weights))
    return error;
  int64_t rows = weights.blocks * weights.rows;
  std::vector<int8_t> matrix(rows * weights.matrixColumns);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t slot = 0; slot < weights.getSlots(); ++slot)
      if (llvm::Error error = unpackSlot(weights, row, slot, matrix))
        return error;
  return matrix;
}
