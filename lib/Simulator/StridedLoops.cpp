//===- StridedLoops.cpp - Loop nests over strided operands ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "StridedLoops.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

/// Whether a step of `outer` takes every operand where `inner` ends.
static bool continues(const StridedLoop &outer, const StridedLoop &inner) {
  return llvm::all_of_zip(outer.pitches, inner.pitches,
                          [&](int64_t outerPitch, int64_t innerPitch) {
                            return outerPitch == inner.extent * innerPitch;
                          });
}

void sim::mergeLoops(StridedLoops &loops) {
  llvm::erase_if(loops, [](const StridedLoop &l) { return l.extent == 1; });
  for (size_t i = loops.size(); i-- > 1;) {
    if (!continues(loops[i - 1], loops[i]))
      continue;
    loops[i].extent *= loops[i - 1].extent;
    loops.erase(loops.begin() + i - 1);
  }
}

void sim::orderLoops(StridedLoops &loops, unsigned operand) {
  llvm::stable_sort(loops, [&](const StridedLoop &a, const StridedLoop &b) {
    return std::abs(a.pitches[operand]) > std::abs(b.pitches[operand]);
  });
  mergeLoops(loops);
}

bool LoopCounter::advance() {
  for (size_t i = loops.size(); i-- > 0;) {
    const StridedLoop &loop = loops[i];
    bool isInside = ++indices[i] < loop.extent;
    int64_t steps = isInside ? 1 : 1 - loop.extent;
    for (auto [offset, pitch] : llvm::zip_equal(offsets, loop.pitches))
      offset += steps * pitch;
    if (isInside)
      return true;
    indices[i] = 0;
  }
  return false;
}
