//===- DenseFirstGrouping.cpp - Dense columns first -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grouping of the paper (ASPLOS 2019, section 3): columns in
// order of decreasing density (ties to the lowest column); each joins the legal
// group whose combined column has the most nonzero rows (ties to the lowest
// group), else opens a new group.
//
//===----------------------------------------------------------------------===//

#include "GroupingAlgorithms.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;

/// The group that the column joins, or null.
static GrowingGroup *findGroup(std::vector<GrowingGroup> &groups,
                               const NonzeroPattern &pattern, int32_t column,
                               int64_t conflictBudget, int64_t fanIn) {
  llvm::ArrayRef<uint64_t> words = pattern.getColumn(column);
  int64_t nonzeros = pattern.countColumn(column);
  GrowingGroup *best = nullptr;
  int64_t bestRows = 0;
  for (GrowingGroup &group : groups) {
    int64_t mostRows = group.countRows() + nonzeros;
    if (group.getSize() >= fanIn || mostRows <= bestRows)
      continue;
    int64_t limit = conflictBudget - group.getConflicts();
    int64_t overlap = group.countOverlap(words, limit);
    if (overlap > limit || mostRows - overlap <= bestRows)
      continue;
    best = &group;
    bestRows = mostRows - overlap;
  }
  return best;
}

ColumnGroups DenseFirstGrouping::group(const NonzeroPattern &pattern,
                                       const GroupingOptions &options) const {
  int64_t conflictBudget = getConflictBudget(pattern.getRows(), options);
  std::vector<int32_t> columns = getNonzeroColumns(pattern);
  llvm::sort(columns, [&](int32_t left, int32_t right) {
    int64_t leftCount = pattern.countColumn(left);
    int64_t rightCount = pattern.countColumn(right);
    return leftCount != rightCount ? leftCount > rightCount : left < right;
  });

  std::vector<GrowingGroup> groups;
  for (int32_t column : columns) {
    if (GrowingGroup *group =
            findGroup(groups, pattern, column, conflictBudget, options.fanIn))
      group->add(pattern, column);
    else
      groups.emplace_back(pattern, column);
  }

  ColumnGroups result;
  for (const GrowingGroup &group : groups)
    result.emplace_back(group.getMembers());
  return result;
}
