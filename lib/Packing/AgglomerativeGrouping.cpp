//===- AgglomerativeGrouping.cpp - Merging groups by density --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grouping of the authors' code. Its plain definition: start with one group
// per nonzero column; the lowest-index group that has any legal partner merges
// with the legal partner that leaves the fewest empty rows (ties to the lowest
// index); repeat. Done plainly that is O(columns^2 rows) per merge, so the
// authors cut matrices into blocks of 256 columns. Two facts give the same
// result on whole matrices in one pass over the columns:
//
// 1. A group without a legal partner never gets one again. Groups only grow,
//    and neither size nor conflicts of a union shrink when a part of it grows,
//    so every partner that was illegal stays illegal.
// 2. Hence all groups below the merging one are finished, legality being
//    symmetric, and all groups above it are still single columns.
//
// So each column in turn seeds a group, which takes single columns until none
// is legal. While a group grows, what a given column would add to it only falls
// and an illegal column stays illegal, so the last figures are upper bounds,
// and most columns need no second look.
//
//===----------------------------------------------------------------------===//

#include "GroupingAlgorithms.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;

/// Gain of a column that may not join the group.
static constexpr int64_t illegal = -1;

namespace {
/// A column that is not yet in a group.
struct Candidate {
  int32_t column;
  int64_t nonzeros;
  /// At least the number of empty rows that the column would fill, or
  /// `illegal`.
  int64_t gainBound;
};
} // namespace

/// Rows that the candidate would fill, or `illegal`.
static int64_t getGain(const GrowingGroup &group, const Candidate &candidate,
                       const NonzeroPattern &pattern, int64_t conflictBudget) {
  int64_t limit = conflictBudget - group.getConflicts();
  int64_t overlap =
      group.countOverlap(pattern.getColumn(candidate.column), limit);
  return overlap > limit ? illegal : candidate.nonzeros - overlap;
}

/// Position of the legal candidate with the largest gain, ties to the lowest
/// column; null if there is none. Candidates come in column order.
static Candidate *findPartner(const GrowingGroup &group,
                              std::vector<Candidate> &candidates,
                              const NonzeroPattern &pattern,
                              int64_t conflictBudget) {
  Candidate *best = nullptr;
  auto consider = [&](Candidate &candidate) {
    candidate.gainBound = getGain(group, candidate, pattern, conflictBudget);
    if (candidate.gainBound == illegal)
      return;
    if (!best || candidate.gainBound > best->gainBound ||
        (candidate.gainBound == best->gainBound &&
         candidate.column < best->column))
      best = &candidate;
  };

  // The most promising candidate first: its gain then rules out most others.
  consider(*llvm::max_element(
      candidates, [](const Candidate &left, const Candidate &right) {
        return left.gainBound < right.gainBound;
      }));
  for (Candidate &candidate : candidates) {
    int64_t bar = best ? best->gainBound : 0;
    if (candidate.gainBound >= bar && &candidate != best)
      consider(candidate);
  }
  return best;
}

ColumnGroups
AgglomerativeGrouping::group(const NonzeroPattern &pattern,
                             const GroupingOptions &options) const {
  int64_t conflictBudget = getConflictBudget(pattern.getRows(), options);
  std::vector<Candidate> candidates;
  for (int32_t column : getNonzeroColumns(pattern))
    candidates.push_back({column, pattern.countColumn(column), 0});

  ColumnGroups groups;
  while (!candidates.empty()) {
    GrowingGroup group(pattern, candidates.front().column);
    candidates.erase(candidates.begin());
    for (Candidate &candidate : candidates)
      candidate.gainBound = candidate.nonzeros;
    while (group.getSize() < options.fanIn && !candidates.empty()) {
      Candidate *partner =
          findPartner(group, candidates, pattern, conflictBudget);
      if (!partner)
        break;
      group.add(pattern, partner->column);
      candidates.erase(candidates.begin() + (partner - candidates.data()));
    }
    groups.emplace_back(group.getMembers());
  }
  return groups;
}
