//===- BlockGemm.h - One matrix product on a machine of blocks --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The three products of a training step on one array of block cells (FAST, HPCA
// 2022, arXiv 2110.15456). Closed forms say when what happens and what it
// costs; BlockCellArray.h executes the same schedule register by register and
// measures both.
//
// - Forward: line r of the weights lies in row r, its block c in column c. Data
//   enters at the top, column c a step later than column c - 1, and moves down;
//   sums enter at the left and move right.
// - Orthogonal: for the gradient of the data, data enters at the left and moves
//   right, sums move down. The cells of `group` neighbouring rows together hold
//   a square of the weights; in this direction each of them holds one of the
//   square's columns. So the weights lie where they lie for the forward
//   product, and no memory ever holds them transposed. Sums go from a cell to
//   the one `group` rows below.
// - Output-stationary: for the gradient of the weights, both operands move, one
//   right and one down, and a cell keeps its sum. The finished sums move to the
//   left through registers of their own.
//
// A step takes as many cycles as the precisions of the operands need passes, or
// as the memories need to feed it: the banks of the data SRAM give a byte each a
// cycle to what passes, and the weight SRAM what its loader takes. The converter
// reads its values, four bytes each, from the banks too.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_BLOCKGEMM_H
#define COLONNADE_SIMULATOR_BLOCKGEMM_H

#include "colonnade/Simulator/BlockCell.h"
#include "colonnade/Simulator/MachineDescription.h"

namespace colonnade::sim {

enum class BlockDataflow : uint8_t { Forward, Orthogonal, OutputStationary };

llvm::StringRef stringifyBlockDataflow(BlockDataflow dataflow);

/// result[i][j] = sum over k of held[i][k] * passing[j][k]. The held operand
/// lies in the cells; in the output-stationary dataflow it moves right, and
/// the passing one down. There may be several such products, of equal extents:
/// line i of group g is line g * heldLines + i of the operand.
struct BlockGemm {
  BlockDataflow dataflow = BlockDataflow::Forward;
  int64_t heldLines = 1, passingLines = 1, length = 1;
  int64_t heldBits = 4, passingBits = 4;
  /// Values of the passing operand that differ, each converted once: fewer than
  /// it has if it is a convolution's patches. 0: all of them.
  int64_t passingValues = 0;
  int64_t groups = 1;
  /// The same of the held operand.
  int64_t heldValues = 0;
};

/// One stay of a tile in the array. All times are cycles.
struct BlockRun {
  /// Of the held operand: lines and blocks that the tile has.
  int64_t firstLine = 0, lines = 0, firstBlock = 0, blocks = 0;
  /// Lines of the passing operand.
  int64_t firstVector = 0, vectors = 0;
  /// When the shadow registers are filled; nothing is loaded if both are equal:
  /// the tile is there from the run before, or none is held.
  int64_t loadStart = 0, loadEnd = 0;
  /// The first cycle of the first step.
  int64_t start = 0;
  /// Stationary: all cells have taken their blocks.
  int64_t swapped = 0;
  /// The last sum of the run has left the array.
  int64_t done = 0;

  bool loads() const { return loadEnd != loadStart; }
  /// Whether the sums go on from those of the run before.
  bool continues() const { return firstBlock != 0; }
};

/// Counts of what the energy table prices.
struct BlockEvents {
  int64_t chunkProducts = 0;
  int64_t blockSums = 0;
  int64_t converterValues = 0;
  /// Register to register, shadow registers included.
  int64_t registerBits = 0;
  int64_t weightSramBits = 0, dataSramBits = 0;
  int64_t accumulatorBytes = 0;
  /// Cycles of cells in which they multiply.
  int64_t busyCellCycles = 0;

  bool operator==(const BlockEvents &) const = default;
  BlockEvents &operator+=(const BlockEvents &other);
};

struct BlockSchedule {
  BlockGemm gemm;
  /// Cycles of a step, in as many of which as there are passes cells multiply.
  int64_t stepCycles = 1, passes = 1;
  std::vector<BlockRun> runs;
  /// From the first conversion to the last sum.
  int64_t cycles = 0;
  BlockEvents events;
};

/// Lines and blocks of the held operand that fit into the array at once; in the
/// output-stationary dataflow, lines of both operands.
struct BlockTileShape {
  int64_t lines = 0, blocks = 0;
};
BlockTileShape getTileShape(const MachineDescription &machine,
                            BlockDataflow dataflow);

/// The schedule of a product, group after group: bands of passing lines that
/// the accumulators hold twice, tiles of held lines within a band, tiles of
/// blocks innermost, each adding to the sums of the one before. While a tile
/// works the next one is loaded; the converter runs ahead of both. The data
/// SRAM's capacity and DRAM are not part of it.
///
/// Fails for a machine without block cells, a precision they do not have, or
/// accumulators too small for one vector.
llvm::Expected<BlockSchedule>
scheduleBlockGemm(const MachineDescription &machine, const BlockGemm &gemm);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_BLOCKGEMM_H
