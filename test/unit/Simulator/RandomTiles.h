//===- RandomTiles.h - Seeded machines, weights and data --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random inputs of the simulator's property tests. Packed weights are made in
// packed form (a legal packing is built, its dense matrix hidden in it), so
// every generated program is valid by construction.
//
//===----------------------------------------------------------------------===//

#ifndef TEST_UNIT_SIMULATOR_RANDOMTILES_H
#define TEST_UNIT_SIMULATOR_RANDOMTILES_H

#include "colonnade/Simulator/Program.h"
#include <random>

namespace colonnade::sim {

/// Seeded numbers with a portable mapping to ranges.
class Random {
public:
  explicit Random(uint64_t seed) : engine(seed) {}

  /// In [low, high].
  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine() %
                                      static_cast<uint64_t>(high - low + 1));
  }
  bool chance(int64_t percent) { return between(1, 100) <= percent; }
  int8_t byte() { return static_cast<int8_t>(between(-128, 127)); }

private:
  std::mt19937_64 engine;
};

/// A machine with up to `most` rows and columns and one of the three cells,
/// whose memories are large.
MachineDescription makeMachine(Random &random, int64_t most);

/// Promises of a layer that the machine's cell accepts.
OperandPromises makePromises(Random &random, const CellModel &cell);

/// `blocks` [rows x matrixColumns] matrices packed for `promises`; the columns
/// are in random order and groups of random size.
PackedWeights makeWeights(Random &random, int64_t rows, int64_t matrixColumns,
                          const OperandPromises &promises, int64_t blocks = 1);

/// `blocks` [rows x matrixColumns] matrices whose values come at run time.
PackedWeights makeRunTimeWeights(int64_t rows, int64_t matrixColumns,
                                 const OperandPromises &promises,
                                 int64_t blocks);

/// A value with at most promises.dataTerms nonzero digits.
int8_t makeData(Random &random, const OperandPromises &promises);

/// Message of a failure; empty on success.
std::string getMessage(llvm::Error error);

} // namespace colonnade::sim

#endif // TEST_UNIT_SIMULATOR_RANDOMTILES_H
