//===- AccumulatorChains.h - Which products accumulators hold ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A chain of streams adds a matrix's array columns up in the same accumulators,
// tile by tile. Whoever reads the accumulators must find each array column
// exactly once.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_ACCUMULATORCHAINS_H
#define LIB_SIMULATOR_ACCUMULATORCHAINS_H

#include "Violations.h"
#include <map>

namespace colonnade::sim {

class AccumulatorChains {
public:
  AccumulatorChains(const Program &program, Violations &violations)
      : program(program), violations(violations),
        chainOf(program.instructions.size(), -1) {}

  /// `index` is a stream that overwrites its accumulators.
  void begin(unsigned index);

  /// `index` is a stream that adds to accumulators last written by `writer`
  /// (-1: nobody).
  void extend(unsigned index, int64_t writer);

  /// `index` reads accumulators last written by `writer`.
  void read(unsigned index, int64_t writer);

private:
  struct Chain {
    /// First stream of the chain.
    unsigned first = 0;
    /// Begin -> end of the array columns added so far.
    std::map<int64_t, int64_t> columns;
  };

  const StreamTile &getStream(unsigned index) const {
    return std::get<StreamTile>(program.instructions[index].payload);
  }
  bool isSamePlace(const StreamTile &a, const StreamTile &b) const;
  void addColumns(unsigned index, Chain &chain);

  const Program &program;
  Violations &violations;
  std::vector<Chain> chains;
  /// Chain of each stream; -1 for none.
  std::vector<int64_t> chainOf;
};

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_ACCUMULATORCHAINS_H
