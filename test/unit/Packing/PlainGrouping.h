//===- PlainGrouping.h - Grouping as its definition words it ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The definitions of the grouping algorithms on byte matrices, without any of
// the library's shortcuts: what its results are compared with.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_UNIT_PACKING_PLAINGROUPING_H
#define COLONNADE_TEST_UNIT_PACKING_PLAINGROUPING_H

#include "../Support/RandomCases.h"
#include "colonnade/Packing/ColumnGrouping.h"
#include <algorithm>
#include <cmath>

namespace colonnade {

/// A row-major matrix with its size.
struct TestMatrix {
  int64_t rows, columns;
  std::vector<int8_t> values;

  int8_t &at(int64_t row, int64_t column) {
    return values[row * columns + column];
  }
  int8_t at(int64_t row, int64_t column) const {
    return values[row * columns + column];
  }
  NonzeroPattern getPattern() const {
    return NonzeroPattern::get(llvm::ArrayRef<int8_t>(values), rows, columns);
  }
};

/// Values in [-127, 127], each nonzero with probability `density`.
inline TestMatrix getRandomMatrix(RandomCases &random, int64_t rows,
                                  int64_t columns, double density) {
  TestMatrix matrix{rows, columns, std::vector<int8_t>(rows * columns)};
  for (int8_t &value : matrix.values)
    if (random.getUniform() < density) {
      int64_t magnitude = random.getInteger(1, 127);
      value =
          static_cast<int8_t>(random.getInteger(0, 1) ? magnitude : -magnitude);
    }
  return matrix;
}

/// Nonzeros of each row within a group.
inline std::vector<int64_t> countRowNonzeros(const TestMatrix &matrix,
                                             llvm::ArrayRef<int32_t> group) {
  std::vector<int64_t> counts(matrix.rows);
  for (int64_t row = 0; row < matrix.rows; ++row)
    for (int32_t column : group)
      counts[row] += matrix.at(row, column) != 0;
  return counts;
}

inline int64_t countConflicts(const TestMatrix &matrix,
                              llvm::ArrayRef<int32_t> group) {
  int64_t conflicts = 0;
  for (int64_t count : countRowNonzeros(matrix, group))
    conflicts += std::max<int64_t>(count - 1, 0);
  return conflicts;
}

inline int64_t countNonzeroRows(const TestMatrix &matrix,
                                llvm::ArrayRef<int32_t> group) {
  int64_t rows = 0;
  for (int64_t count : countRowNonzeros(matrix, group))
    rows += count > 0;
  return rows;
}

inline bool isLegal(const TestMatrix &matrix, llvm::ArrayRef<int32_t> group,
                    const GroupingOptions &options) {
  return int64_t(group.size()) <= options.fanIn &&
         countConflicts(matrix, group) <=
             std::floor(options.conflictLimit * double(matrix.rows));
}

inline llvm::SmallVector<int32_t, 8> join(llvm::ArrayRef<int32_t> left,
                                          llvm::ArrayRef<int32_t> right) {
  llvm::SmallVector<int32_t, 8> joined(left);
  joined.append(right.begin(), right.end());
  return joined;
}

inline ColumnGroups getSingleColumns(const TestMatrix &matrix) {
  ColumnGroups groups;
  for (int64_t column = 0; column < matrix.columns; ++column)
    if (int32_t index = static_cast<int32_t>(column);
        countNonzeroRows(matrix, index) > 0)
      groups.push_back({index});
  return groups;
}

/// Merges the lowest group that has a legal partner with the one that leaves
/// the fewest empty rows; false when no pair is legal.
inline bool mergeOnce(const TestMatrix &matrix, ColumnGroups &groups,
                      const GroupingOptions &options) {
  for (size_t lowest = 0; lowest < groups.size(); ++lowest) {
    size_t best = lowest;
    int64_t bestRows = -1;
    for (size_t partner = 0; partner < groups.size(); ++partner) {
      auto joined = join(groups[lowest], groups[partner]);
      if (partner == lowest || !isLegal(matrix, joined, options) ||
          countNonzeroRows(matrix, joined) <= bestRows)
        continue;
      best = partner;
      bestRows = countNonzeroRows(matrix, joined);
    }
    if (best == lowest)
      continue;
    groups[lowest] = join(groups[lowest], groups[best]);
    groups.erase(groups.begin() + best);
    return true;
  }
  return false;
}

inline ColumnGroups
groupAgglomerativelyByDefinition(const TestMatrix &matrix,
                                 const GroupingOptions &options) {
  ColumnGroups groups = getSingleColumns(matrix);
  while (mergeOnce(matrix, groups, options))
    continue;
  return groups;
}

inline ColumnGroups
groupDenseFirstByDefinition(const TestMatrix &matrix,
                            const GroupingOptions &options) {
  ColumnGroups singles = getSingleColumns(matrix);
  std::vector<int32_t> columns;
  for (const auto &single : singles)
    columns.push_back(single.front());
  std::sort(columns.begin(), columns.end(), [&](int32_t left, int32_t right) {
    int64_t leftRows = countNonzeroRows(matrix, left);
    int64_t rightRows = countNonzeroRows(matrix, right);
    return leftRows != rightRows ? leftRows > rightRows : left < right;
  });

  ColumnGroups groups;
  for (int32_t column : columns) {
    llvm::SmallVector<int32_t, 8> *best = nullptr;
    for (auto &group : groups)
      if (isLegal(matrix, join(group, column), options) &&
          (!best || countNonzeroRows(matrix, join(group, column)) >
                        countNonzeroRows(matrix, join(*best, column))))
        best = &group;
    if (best)
      best->push_back(column);
    else
      groups.push_back({column});
  }
  return groups;
}

} // namespace colonnade

#endif // COLONNADE_TEST_UNIT_PACKING_PLAINGROUPING_H
