//===- StridedLoops.h - Loop nests over strided operands --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Copies and nests visit the elements of several operands in step. What they
// share is how their loops become few and long, and how an index moves the
// addresses of all operands.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_STRIDEDLOOPS_H
#define LIB_SIMULATOR_STRIDEDLOOPS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace colonnade::sim {

/// One loop; in each step operand i moves by pitches[i] bytes.
struct StridedLoop {
  int64_t extent = 1;
  llvm::SmallVector<int64_t, 4> pitches;
};

using StridedLoops = llvm::SmallVector<StridedLoop, 6>;

/// Drops loops of one step and joins neighbours that continue each other in all
/// operands. The order of the steps stays the same.
void mergeLoops(StridedLoops &loops);

/// For loops whose order does not matter: outermost the largest pitch of
/// operand `operand`, and merged.
void orderLoops(StridedLoops &loops, unsigned operand);

/// Visits the indices of loops in lexicographic order.
class LoopCounter {
public:
  /// `offsets` are those of the operands at index 0.
  LoopCounter(llvm::ArrayRef<StridedLoop> loops,
              llvm::ArrayRef<int64_t> offsets)
      : loops(loops), indices(loops.size()), offsets(offsets) {}

  int64_t getIndex(unsigned loop) const { return indices[loop]; }
  llvm::ArrayRef<int64_t> getOffsets() const { return offsets; }

  /// False behind the last index.
  bool advance();

private:
  llvm::ArrayRef<StridedLoop> loops;
  llvm::SmallVector<int64_t, 6> indices;
  llvm::SmallVector<int64_t, 4> offsets;
};

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_STRIDEDLOOPS_H
