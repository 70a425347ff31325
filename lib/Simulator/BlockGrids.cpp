//===- BlockGrids.cpp - Registers of an array of block cells --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One step of the array, cell by cell.
//
//===----------------------------------------------------------------------===//

#include "BlockGrids.h"
#include "FormattedError.h"

using namespace colonnade;
using namespace colonnade::sim;

BlockPacket SkewChain::shift(BlockPacket entering) {
  registers.push_back(entering);
  BlockPacket leaving = registers.front();
  registers.pop_front();
  return leaving;
}

//===----------------------------------------------------------------------===//
// Blocks that stay
//===----------------------------------------------------------------------===//

StationaryGrid::StationaryGrid(int64_t extentA, int64_t extentB, int64_t lanes,
                               llvm::ArrayRef<BlockRun> runs)
    : extentA(extentA), extentB(extentB), lanes(lanes), runs(runs) {
  for (int64_t b = 0; b < extentB; ++b)
    skews.emplace_back(b);
  top.resize(extentB);
  packets.resize(extentA * extentB);
  sums.resize(extentA * extentB * lanes);
  cells.resize(sums.size());
  swapped.resize(runs.size());
}

llvm::Error StationaryGrid::load(int64_t run,
                                 llvm::ArrayRef<const CellBlock *> blocks) {
  const BlockRun &extents = runs[run];
  for (int64_t line = 0; line < extents.lines; ++line)
    for (int64_t b = 0; b < extents.blocks; ++b) {
      Held &held = cells[getCell(line / lanes, b, line % lanes)];
      if (held.shadow)
        return makeError("run {0} fills the shadow register of line {1}, block "
                         "{2}, which waits to be swapped in",
                         run, line, b);
      held.shadow = blocks[line * extents.blocks + b];
      held.shadowRun = run;
    }
  return llvm::Error::success();
}

llvm::Error StationaryGrid::swap(Held &held, const BlockPacket &packet,
                                 int64_t time) {
  if (!held.shadow || held.shadowRun != packet.run)
    return makeError("run {0} swaps in a block in cycle {1} that the shadow "
                     "register does not hold",
                     packet.run, time);
  held.active = held.shadow;
  held.shadow = nullptr;
  swapped[packet.run] = time + 1;
  return llvm::Error::success();
}

llvm::Error StationaryGrid::stepCell(int64_t a, int64_t b, int64_t lane,
                                     const BlockPacket &packet, int64_t time,
                                     InitialSumFn getInitialSum) {
  int64_t cell = getCell(a, b, lane);
  bool works = packet && getLine(a, lane) < runs[packet.run].lines;
  Sum sum = b ? sums[getCell(a, b - 1, lane)] : Sum();
  if (b == 0 && works) {
    auto initial = getInitialSum(packet.run, getLine(a, lane), packet.index);
    if (!initial)
      return initial.takeError();
    sum = {true, packet.run, packet.index, *initial};
  }
  if (works &&
      (!sum.isValid || sum.run != packet.run || sum.vector != packet.index))
    return makeError("line {0}: vector {1} of run {2} meets another sum",
                     getLine(a, lane), packet.index, packet.run);
  if (works) {
    bool swaps = runs[packet.run].loads() && packet.index == 0;
    if (llvm::Error error =
            swaps ? swap(cells[cell], packet, time) : llvm::Error::success())
      return error;
    sum.value =
        addBlockProduct(*cells[cell].active, *packet.block, sum.value, passes);
    ++products;
  }
  sumHops += sum.isValid;
  sums[cell] = sum;
  return llvm::Error::success();
}

llvm::Error StationaryGrid::stepPosition(int64_t a, int64_t b, int64_t time,
                                         InitialSumFn getInitialSum) {
  BlockPacket packet = a ? packets[(a - 1) * extentB + b] : top[b];
  if (packet && getLine(a, 0) >= runs[packet.run].lines)
    packet = BlockPacket();
  packets[a * extentB + b] = packet;
  for (int64_t lane = 0; lane < lanes; ++lane)
    if (llvm::Error error = stepCell(a, b, lane, packet, time, getInitialSum))
      return error;
  return llvm::Error::success();
}

llvm::Error StationaryGrid::step(int64_t time,
                                 llvm::ArrayRef<BlockPacket> entering,
                                 InitialSumFn getInitialSum,
                                 std::vector<BlockEmission> &emissions) {
  for (int64_t b = 0; b < extentB; ++b)
    top[b] = skews[b].shift(entering[b]);
  for (int64_t a = extentA - 1; a >= 0; --a)
    for (int64_t b = extentB - 1; b >= 0; --b)
      if (llvm::Error error = stepPosition(a, b, time, getInitialSum))
        return error;
  for (int64_t a = 0; a < extentA; ++a)
    for (int64_t lane = 0; lane < lanes; ++lane)
      if (const Sum &sum = sums[getCell(a, extentB - 1, lane)]; sum.isValid)
        emissions.push_back({sum.run, getLine(a, lane), sum.vector, sum.value});
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// Sums that stay
//===----------------------------------------------------------------------===//

MovingGrid::MovingGrid(int64_t rows, int64_t columns,
                       llvm::ArrayRef<BlockRun> runs)
    : rows(rows), columns(columns), runs(runs) {
  for (int64_t row = 0; row < rows; ++row)
    leftSkews.emplace_back(row);
  for (int64_t column = 0; column < columns; ++column)
    aboveSkews.emplace_back(column);
  leftEdge.resize(rows);
  topEdge.resize(columns);
  cells.resize(rows * columns);
}

/// Finished sums move to the left by one register.
void MovingGrid::drain(std::vector<BlockEmission> &emissions) {
  for (int64_t row = 0; row < rows; ++row) {
    if (std::optional<BlockEmission> &leaving = get(row, 0).drain)
      emissions.push_back(*leaving);
    for (int64_t column = 0; column < columns; ++column) {
      std::optional<BlockEmission> &to = get(row, column).drain;
      to.reset();
      if (column + 1 < columns)
        to = get(row, column + 1).drain;
      drainHops += to.has_value();
    }
  }
}

llvm::Error MovingGrid::work(int64_t row, int64_t column) {
  Cell &cell = get(row, column);
  if (!cell.left || !cell.above || cell.left.run != cell.above.run ||
      cell.left.index != cell.above.index)
    return makeError("cell ({0}, {1}): blocks of different runs or places meet",
                     row, column);
  float sum = cell.left.index == 0 ? 0.0f : cell.sum;
  cell.sum = addBlockProduct(*cell.left.block, *cell.above.block, sum, passes);
  ++products;
  if (cell.left.index + 1 < runs[cell.left.run].blocks)
    return llvm::Error::success();
  if (cell.drain)
    return makeError("cell ({0}, {1}): the sum of run {2} meets one of run {3} "
                     "on its way out",
                     row, column, cell.left.run, cell.drain->run);
  cell.drain = {cell.left.run, row, column, cell.sum};
  ++drainHops;
  return llvm::Error::success();
}

llvm::Error MovingGrid::stepCell(int64_t row, int64_t column) {
  Cell &cell = get(row, column);
  BlockPacket left = column ? get(row, column - 1).left : leftEdge[row];
  BlockPacket above = row ? get(row - 1, column).above : topEdge[column];
  // A tile's blocks go no further than its edges.
  cell.left = left && column < runs[left.run].vectors ? left : BlockPacket();
  cell.above = above && row < runs[above.run].lines ? above : BlockPacket();
  return cell.left || cell.above ? work(row, column) : llvm::Error::success();
}

llvm::Error MovingGrid::step(llvm::ArrayRef<BlockPacket> left,
                             llvm::ArrayRef<BlockPacket> above,
                             std::vector<BlockEmission> &emissions) {
  for (int64_t row = 0; row < rows; ++row)
    leftEdge[row] = leftSkews[row].shift(left[row]);
  for (int64_t column = 0; column < columns; ++column)
    topEdge[column] = aboveSkews[column].shift(above[column]);
  drain(emissions);
  for (int64_t row = rows - 1; row >= 0; --row)
    for (int64_t column = columns - 1; column >= 0; --column)
      if (llvm::Error error = stepCell(row, column))
        return error;
  return llvm::Error::success();
}
