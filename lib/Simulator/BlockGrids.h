//===- BlockGrids.h - Registers of an array of block cells ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The clocked state of the array for the two ways of working: blocks that stay
// while others pass, and sums that stay while both operands pass. Grids know of
// runs only what travels with a block. Cells are visited against the direction
// of movement, so that each still sees its neighbours' registers of the step
// before.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_BLOCKGRIDS_H
#define LIB_SIMULATOR_BLOCKGRIDS_H

#include "colonnade/Simulator/BlockGemm.h"
#include <deque>
#include <optional>

namespace colonnade::sim {

/// A sum that leaves the array.
struct BlockEmission {
  int64_t run = 0, line = 0, vector = 0;
  float sum = 0;
};

/// What travels with a block.
struct BlockPacket {
  const CellBlock *block = nullptr;
  int64_t run = 0;
  /// Stationary: the vector. Moving: the block's number.
  int64_t index = 0;

  explicit operator bool() const { return block != nullptr; }
};

/// Delays a packet by as many steps as the register chain is long.
class SkewChain {
public:
  explicit SkewChain(int64_t length) : registers(length) {}
  BlockPacket shift(BlockPacket entering);

private:
  std::deque<BlockPacket> registers;
};

/// Blocks of held lines stay. Position (a, b): packets of column b move along
/// a, sums move along b. The `lanes` cells of a position see the same packet.
class StationaryGrid {
public:
  /// Gives the sum with which line and vector of a run begin; an error if it is
  /// not there yet.
  using InitialSumFn = llvm::function_ref<llvm::Expected<float>(
      int64_t run, int64_t line, int64_t vector)>;

  StationaryGrid(int64_t extentA, int64_t extentB, int64_t lanes,
                 llvm::ArrayRef<BlockRun> runs);

  /// Fills the shadow registers for a run: blocks are line by line.
  llvm::Error load(int64_t run, llvm::ArrayRef<const CellBlock *> blocks);

  /// One step that begins in cycle `time`: `entering` goes into the skew chain
  /// of each column.
  llvm::Error step(int64_t time, llvm::ArrayRef<BlockPacket> entering,
                   InitialSumFn getInitialSum,
                   std::vector<BlockEmission> &emissions);

  /// One past the cycle in which the run's last cell took its block; 0 before.
  int64_t getSwapped(int64_t run) const { return swapped[run]; }

  /// Cell steps with a block at work, passes in them, and sums moved.
  int64_t products = 0, passes = 0, sumHops = 0;

private:
  struct Sum {
    bool isValid = false;
    int64_t run = 0, vector = 0;
    float value = 0;
  };
  struct Held {
    const CellBlock *active = nullptr, *shadow = nullptr;
    int64_t shadowRun = 0;
  };

  int64_t getLine(int64_t a, int64_t lane) const { return a * lanes + lane; }
  int64_t getCell(int64_t a, int64_t b, int64_t lane) const {
    return (a * extentB + b) * lanes + lane;
  }
  llvm::Error stepPosition(int64_t a, int64_t b, int64_t time,
                           InitialSumFn getInitialSum);
  llvm::Error stepCell(int64_t a, int64_t b, int64_t lane,
                       const BlockPacket &packet, int64_t time,
                       InitialSumFn getInitialSum);
  llvm::Error swap(Held &held, const BlockPacket &packet, int64_t time);

  int64_t extentA, extentB, lanes;
  llvm::ArrayRef<BlockRun> runs;
  std::vector<SkewChain> skews;
  std::vector<BlockPacket> top, packets;
  std::vector<Sum> sums;
  std::vector<Held> cells;
  std::vector<int64_t> swapped;
};

/// Sums stay. Packets from the left move right, packets from above move down.
class MovingGrid {
public:
  MovingGrid(int64_t rows, int64_t columns, llvm::ArrayRef<BlockRun> runs);

  /// One step: packets for the skew chain of each row and of each column.
  llvm::Error step(llvm::ArrayRef<BlockPacket> left,
                   llvm::ArrayRef<BlockPacket> above,
                   std::vector<BlockEmission> &emissions);

  int64_t products = 0, passes = 0, drainHops = 0;

private:
  struct Cell {
    BlockPacket left, above;
    float sum = 0;
    std::optional<BlockEmission> drain;
  };

  Cell &get(int64_t row, int64_t column) {
    return cells[row * columns + column];
  }
  void drain(std::vector<BlockEmission> &emissions);
  llvm::Error stepCell(int64_t row, int64_t column);
  llvm::Error work(int64_t row, int64_t column);

  int64_t rows, columns;
  llvm::ArrayRef<BlockRun> runs;
  std::vector<SkewChain> leftSkews, aboveSkews;
  std::vector<BlockPacket> leftEdge, topEdge;
  std::vector<Cell> cells;
};

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_BLOCKGRIDS_H
