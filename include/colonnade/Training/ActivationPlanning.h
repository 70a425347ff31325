//===- ActivationPlanning.h - The fastest plan that fits --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A chain of blocks is run forward and then backward. For each block there are
// options, which keep different amounts of memory from its forward to its
// backward pass and take different times. Pure numbers, no IR.
//
// The cheapest choice under a limit is a knapsack with precedence; dynamic
// programming over the Pareto frontiers of (bytes kept, time) is exact
// (Nemhauser and Ullmann, Management Science 1969), and has few points where
// many blocks are alike.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_ACTIVATIONPLANNING_H
#define COLONNADE_TRAINING_ACTIVATIONPLANNING_H

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace colonnade {

/// What one option of a block costs behind one option of the block before.
struct PlanStep {
  /// In any unit; at least 0.
  int64_t time = 0;
  /// Bytes that stay from the block's forward to its backward pass.
  int64_t kept = 0;
  /// The most bytes in use while the block runs, forward or backward, beside
  /// those that the blocks before keep.
  int64_t peak = 0;
};

struct PlanBlock {
  size_t options = 1;
  /// By option of the block before (one for the first block), then by option.
  std::vector<PlanStep> steps;

  const PlanStep &getStep(size_t previous, size_t option) const {
    return steps[previous * options + option];
  }
};

struct ActivationSchedule {
  /// By block.
  std::vector<size_t> options;
  int64_t time = 0;
  int64_t peak = 0;
};

/// Time and peak of a choice of options.
ActivationSchedule evaluateOptions(const std::vector<PlanBlock> &chain,
                                   std::vector<size_t> options);

/// The least peak of all choices.
int64_t findLeastPeak(const std::vector<PlanBlock> &chain);

/// A choice of the least time whose peak is at most `limit`; of equally fast
/// ones one that keeps fewest bytes. None if the limit is below
/// findLeastPeak().
std::optional<ActivationSchedule>
findFastestSchedule(const std::vector<PlanBlock> &chain, int64_t limit);

} // namespace colonnade

#endif // COLONNADE_TRAINING_ACTIVATIONPLANNING_H
