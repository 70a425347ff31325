//===- CellGrid.cpp - Every register of the array -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One step of the array, cell by cell. Cells are visited from the last row and
// column to the first, so that each still sees its neighbours' registers of the
// step before.
//
//===----------------------------------------------------------------------===//

#include "CellGrid.h"
#include "FormattedError.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::sim;

CellGrid::CellGrid(const CellModel &cell, int64_t rows, int64_t columns)
    : model(&cell), rows(rows), columns(columns), depth(cell.getDepth()),
      fanIn(cell.getMaxFanIn()) {
  int64_t cells = rows * columns, skews = columns * (columns - 1) / 2;
  int64_t streams = getStreamsPerColumn();
  topPackets.resize(columns);
  topData.resize(columns * streams);
  skewPackets.resize(skews);
  skewData.resize(skews * streams);
  packets.resize(cells);
  data.resize(cells * streams);
  sums.resize(cells);
  isSumValid.resize(cells);
  activeValues.resize(cells * depth);
  activeSelects.resize(cells * depth);
  shadowValues.resize(cells * depth);
  shadowSelects.resize(cells * depth);
  shadows.resize(cells);
  selected.resize(depth);
}

llvm::Error CellGrid::writeShadow(int64_t row, int64_t column, int64_t cycle,
                                  int64_t load, llvm::ArrayRef<int8_t> values,
                                  llvm::ArrayRef<uint8_t> selects) {
  int64_t cell = row * columns + column;
  Shadow &shadow = shadows[cell];
  if (shadow.isFull)
    return makeError("in cycle {0} the loader overwrites the shadow register "
                     "of cell ({1}, {2}), which waits to be swapped in",
                     cycle, row, column);
  if (cycle < shadow.freeAt)
    return makeError("in cycle {0} the loader overwrites the shadow register "
                     "of cell ({1}, {2}), which waits to be swapped in until "
                     "cycle {3}",
                     cycle, row, column, shadow.freeAt);
  auto valuesAt = shadowValues.begin() + cell * depth;
  std::fill(std::copy(values.begin(), values.end(), valuesAt), valuesAt + depth,
            0);
  auto selectsAt = shadowSelects.begin() + cell * depth;
  std::fill(std::copy(selects.begin(), selects.end(), selectsAt),
            selectsAt + depth, 0);
  shadow.isFull = true;
  shadow.load = load;
  return llvm::Error::success();
}

/// Shifts the skew registers: what entered column c's ring c steps ago leaves
/// it for row 0.
void CellGrid::feed(const Packet &packet, llvm::ArrayRef<int8_t> input,
                    int64_t usedColumns) {
  int64_t streams = getStreamsPerColumn();
  for (int64_t column = 0; column < columns; ++column) {
    Packet entering = column < usedColumns ? packet : Packet();
    auto first = input.begin() + (entering.isValid ? column * streams : 0);
    auto last = first + (entering.isValid ? streams : 0);
    if (column == 0) {
      topPackets[0] = entering;
      std::copy(first, last, topData.begin());
      continue;
    }
    int64_t entry = column * (column - 1) / 2 + steps % column;
    auto registers = skewData.begin() + entry * streams;
    topPackets[column] = skewPackets[entry];
    if (topPackets[column].isValid)
      std::copy(registers, registers + streams,
                topData.begin() + column * streams);
    skewPackets[entry] = entering;
    std::copy(first, last, registers);
  }
}

llvm::Error CellGrid::swap(int64_t cell, int64_t start, const Packet &packet) {
  Shadow &shadow = shadows[cell];
  if (!shadow.isFull || shadow.load != packet.load)
    return makeError("in cycle {0} cell ({1}, {2}) swaps in weights that its "
                     "shadow register does not hold",
                     start, cell / columns, cell % columns);
  auto copySlots = [&](const auto &from, auto &to) {
    std::copy(from.begin() + cell * depth, from.begin() + (cell + 1) * depth,
              to.begin() + cell * depth);
  };
  copySlots(shadowValues, activeValues);
  copySlots(shadowSelects, activeSelects);
  shadow.isFull = false;
  shadow.freeAt = start + 1;
  lastSwap = start + 1;
  return llvm::Error::success();
}

llvm::Error CellGrid::work(int64_t cell, int32_t partialSum, int64_t cycles) {
  const int8_t *streams = data.data() + cell * getStreamsPerColumn();
  const uint8_t *selects = activeSelects.data() + cell * depth;
  for (int64_t slot = 0; slot < depth; ++slot)
    selected[slot] = streams[slot * fanIn + selects[slot]];
  llvm::ArrayRef<int8_t> weights(activeValues.data() + cell * depth, depth);
  llvm::Expected<CellStep> result =
      model->simulateStep(weights, selected, partialSum, cycles);
  if (!result)
    return makeError("cell ({0}, {1}): {2}", cell / columns, cell % columns,
                     llvm::toString(result.takeError()));
  sums[cell] = static_cast<int32_t>(result->sum);
  usefulCycles += result->usefulCycles;
  return llvm::Error::success();
}

llvm::Error CellGrid::stepCell(int64_t row, int64_t column, int64_t start,
                               int64_t cycles) {
  int64_t cell = row * columns + column;
  const Packet &above = row ? packets[cell - columns] : topPackets[column];
  bool isWorking = above.isValid && row < above.rows;
  bool hasLeft = column ? isSumValid[cell - 1] : isWorking;
  int32_t left = column ? sums[cell - 1] : 0;
  if (isWorking && !hasLeft)
    return makeError("cell ({0}, {1}) has data but no partial sum", row,
                     column);
  isSumValid[cell] = hasLeft;
  packets[cell] = isWorking ? above : Packet();
  if (!isWorking) {
    sums[cell] = left;
    return llvm::Error::success();
  }
  int64_t streams = getStreamsPerColumn();
  auto from = row ? data.begin() + (cell - columns) * streams
                  : topData.begin() + column * streams;
  std::copy(from, from + streams, data.begin() + cell * streams);
  if (packets[cell].swaps)
    if (llvm::Error error = swap(cell, start, packets[cell]))
      return error;
  return work(cell, left, cycles);
}

llvm::Error CellGrid::step(int64_t start, int64_t cycles, const Packet &packet,
                           llvm::ArrayRef<int8_t> input, int64_t usedColumns,
                           llvm::SmallVectorImpl<Emission> &emissions) {
  feed(packet, input, usedColumns);
  for (int64_t row = rows - 1; row >= 0; --row) {
    for (int64_t column = columns - 1; column >= 0; --column)
      if (llvm::Error error = stepCell(row, column, start, cycles))
        return error;
    int64_t last = (row + 1) * columns - 1;
    if (isSumValid[last])
      emissions.push_back({row, sums[last]});
  }
  ++steps;
  return llvm::Error::success();
}
