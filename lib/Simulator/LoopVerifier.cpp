//===- LoopVerifier.cpp - Checks of loop nests ----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "LoopVerifier.h"
#include "Violations.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::sim;

/// Largest number of steps of a nest, and of bytes between two neighbours of an
/// operand: far beyond any memory, far from overflows.
static constexpr int64_t kNestLimit = int64_t(1) << 40;

std::optional<std::string> sim::checkLoops(llvm::ArrayRef<int64_t> extents,
                                           unsigned reductionLoops) {
  if (reductionLoops > extents.size())
    return llvm::formatv("reduces along {0} of {1} loops", reductionLoops,
                         extents.size());
  int64_t steps = 1;
  for (int64_t extent : extents) {
    if (extent < 1)
      return llvm::formatv("has a loop of {0} steps, below 1", extent);
    if (extent > kNestLimit / steps)
      return llvm::formatv("has loops of more than {0} steps", kNestLimit);
    steps *= extent;
  }
  return std::nullopt;
}

std::optional<std::string> sim::checkOperand(llvm::ArrayRef<int64_t> extents,
                                             const NestOperand &operand,
                                             llvm::ArrayRef<Memory> memories,
                                             const char *name) {
  if (!llvm::is_contained(memories, operand.memory))
    return llvm::formatv("its {0} cannot lie in {1}", name,
                         stringify(operand.memory));
  if (!isNestType(operand.type))
    return llvm::formatv("its {0} has elements of type {1}; expected i8, i32, "
                         "i64 or f32",
                         name, stringify(operand.type));
  if (operand.pitches.size() != extents.size())
    return llvm::formatv("its {0} has {1} pitches for {2} loops", name,
                         operand.pitches.size(), extents.size());
  for (auto [extent, pitch] : llvm::zip_equal(extents, operand.pitches))
    if (std::abs(pitch) > kNestLimit / extent)
      return llvm::formatv("its {0} has a pitch of {1} in a loop of {2} steps",
                           name, pitch, extent);
  return std::nullopt;
}

/// Each pitch steps over all that the loops with smaller pitches write.
std::optional<std::string> sim::checkOutput(llvm::ArrayRef<int64_t> extents,
                                            unsigned reductionLoops,
                                            const NestOperand &output,
                                            const char *name) {
  llvm::SmallVector<std::pair<int64_t, int64_t>> loops;
  size_t outerLoops = extents.size() - reductionLoops;
  for (auto [i, pitch] : llvm::enumerate(output.pitches))
    if (i >= outerLoops && pitch != 0)
      return llvm::formatv("its {0} has a pitch of {1} in reduction loop {2}, "
                           "expected 0",
                           name, pitch, i);
    else if (i < outerLoops && extents[i] > 1)
      loops.push_back({std::abs(pitch), extents[i]});
  llvm::sort(loops);
  int64_t span = getBytes(output.type);
  for (auto [pitch, extent] : loops) {
    if (pitch < span)
      return llvm::formatv("its {0} has a pitch of {1} bytes, but the loops "
                           "inside write {2}",
                           name, pitch, span);
    span += pitch * (extent - 1);
  }
  return std::nullopt;
}
