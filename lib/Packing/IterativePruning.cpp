//===- IterativePruning.cpp - Pruning while a network is trained ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Packing/IterativePruning.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <numeric>

using namespace colonnade;

/// The paper's first share of the weights that are left, and what it shrinks by
/// from round to round.
static constexpr double kFirstShare = 0.2, kShrinking = 0.9;

llvm::Error
colonnade::checkPruningOptions(const IterativePruningOptions &options) {
  if (!(options.sparsity >= 0 && options.sparsity < 1))
    return llvm::createStringError(
        "sparsity %g is not in [0, 1): give the share of zeros to prune to",
        options.sparsity);
  if (options.events < 1)
    return llvm::createStringError(
        "expected at least 1 pruning event, got %lld",
        static_cast<long long>(options.events));
  return checkGroupingOptions(options.grouping);
}

double colonnade::getTargetSparsity(int64_t event,
                                    const IterativePruningOptions &options) {
  if (options.schedule == PruningSchedule::Cubic) {
    double left = 1 - double(event) / double(options.events);
    return options.sparsity * (1 - left * left * left) *
           (1 - 1 / double(options.grouping.fanIn));
  }
  double kept = 1, share = kFirstShare;
  for (int64_t i = 0; i < event; ++i, share *= kShrinking)
    kept *= 1 - share;
  return std::min(1 - kept, options.sparsity);
}

PruningLoss colonnade::pruneMagnitudes(llvm::MutableArrayRef<float> weights,
                                       double sparsity) {
  PruningLoss loss;
  for (float weight : weights) {
    loss.valuesBefore += weight != 0;
    loss.magnitudeBefore += std::abs(weight);
  }
  auto zeros = static_cast<int64_t>(sparsity * double(weights.size()));
  std::vector<uint32_t> order(weights.size());
  std::iota(order.begin(), order.end(), 0);
  // A NaN, of a run that diverged, counts as the largest.
  auto getMagnitude = [&](uint32_t index) {
    return std::isnan(weights[index]) ? INFINITY : std::abs(weights[index]);
  };
  auto isSmaller = [&](uint32_t left, uint32_t right) {
    float a = getMagnitude(left), b = getMagnitude(right);
    return a != b ? a < b : left > right;
  };
  std::nth_element(order.begin(), order.begin() + zeros, order.end(),
                   isSmaller);
  for (uint32_t index : llvm::ArrayRef(order).take_front(zeros)) {
    loss.valuesLost += weights[index] != 0;
    loss.magnitudeLost += std::abs(weights[index]);
    weights[index] = 0;
  }
  return loss;
}

ColumnGroups colonnade::pruneAndCombine(
    llvm::MutableArrayRef<float> matrix, int64_t rows, int64_t columns,
    double sparsity,
    llvm::function_ref<ColumnGroups(const NonzeroPattern &)> group) {
  pruneMagnitudes(matrix, sparsity);
  ColumnGroups groups = group(NonzeroPattern::get(matrix, rows, columns));
  pruneConflicts(matrix, rows, columns, groups);
  return groups;
}
