//===- ArrayKernels.h - Values of a stream, fast ----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the array computes for one stream, as an integer matrix product: the
// machine level's replacement for the cell-level array.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_ARRAYKERNELS_H
#define LIB_SIMULATOR_ARRAYKERNELS_H

#include "InstructionSet.h"
#include "MachineState.h"

namespace colonnade::sim {

/// A weight tile prepared for the kernel. Streams come in pairs, so that one
/// instruction multiplies and adds two 16-bit products; pairs whose weights are
/// zero in a row are left out of it.
struct PreparedTile {
  struct Pair {
    int32_t pair = 0;
    int16_t first = 0, second = 0;
  };

  int64_t rows = 0;
  /// Matrix columns with a nonzero weight in the tile: the streams.
  std::vector<int32_t> columns;
  /// Pairs of row r: pairs[rowBegin[r]] to pairs[rowBegin[r + 1]].
  std::vector<Pair> pairs;
  std::vector<int64_t> rowBegin;
  /// Sum over the rows of each stream's weight work.
  std::vector<int64_t> weightWork;
};

/// `values` are those of a tile of run-time weights, row by row.
PreparedTile prepareTile(const Program &program, const WeightTile &tile,
                         llvm::ArrayRef<int8_t> values = {});

/// What the matrix columns read at each position of the stream's band:
/// data[column][position], zero in the padding; column -1 reads zeros.
void gatherData(MachineState &state, const StreamTile &stream,
                llvm::ArrayRef<int32_t> columns, std::vector<int8_t> &data);

/// sums[row][position] of a tile for the data of its streams. Overwrites
/// `scratch`.
void multiply(const PreparedTile &tile, llvm::ArrayRef<int8_t> data,
              int64_t positions, std::vector<int16_t> &scratch,
              std::vector<int32_t> &sums,
              InstructionSet instructions = InstructionSet::Best);

/// Work units of the tile's cells on its streams' data, counted by stream:
/// weight work times data work. `dataWork` is indexed by value + 128.
int64_t countWork(const PreparedTile &tile, llvm::ArrayRef<int8_t> data,
                  int64_t positions, llvm::ArrayRef<int64_t> dataWork);

/// Writes the sums [rows][position] of a stream to its accumulators, or adds
/// them. Fails when an accumulator overflows.
llvm::Error storeSums(MachineState &state, const StreamTile &stream,
                      int64_t rows, llvm::ArrayRef<int32_t> sums);

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_ARRAYKERNELS_H
