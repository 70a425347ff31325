//===- ConflictPruning.cpp - One nonzero per row and group ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pruning of the conflicts that a grouping allowed, the check that none is
// left, and the figures that both are judged by.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Packing/ConflictPruning.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cmath>

using namespace colonnade;

template <typename ValueT> static double getMagnitude(ValueT value) {
  return std::fabs(static_cast<double>(value));
}

/// The columns in which a row is nonzero.
template <typename ValueT>
static void findNonzeros(llvm::ArrayRef<ValueT> row,
                         std::vector<int32_t> &columns) {
  // Written without a branch, which would be hard to predict.
  columns.resize(row.size() + 1);
  size_t count = 0;
  for (auto [column, value] : llvm::enumerate(row)) {
    columns[count] = static_cast<int32_t>(column);
    count += value != 0;
  }
  columns.resize(count);
}

/// For one row: the column of the largest magnitude in each group, ties to the
/// lowest column. `assignment` is the group of each column, or -1.
template <typename ValueT>
static void findWinners(llvm::ArrayRef<ValueT> row,
                        llvm::ArrayRef<int32_t> nonzeros,
                        llvm::ArrayRef<int32_t> assignment,
                        llvm::MutableArrayRef<int32_t> winners) {
  llvm::fill(winners, -1);
  for (int32_t column : nonzeros) {
    int32_t group = assignment[column];
    if (group < 0)
      continue;
    int32_t &winner = winners[group];
    if (winner < 0 || getMagnitude(row[column]) > getMagnitude(row[winner]))
      winner = column;
  }
}

template <typename ValueT>
static PruningLoss prune(llvm::MutableArrayRef<ValueT> matrix, int64_t rows,
                         int64_t columns, const ColumnGroups &groups) {
  std::vector<int32_t> assignment = getAssignment(groups, columns);
  std::vector<int32_t> nonzeros, winners(groups.size());
  PruningLoss loss;
  for (int64_t r = 0; r < rows; ++r) {
    llvm::MutableArrayRef<ValueT> row = matrix.slice(r * columns, columns);
    findNonzeros(llvm::ArrayRef<ValueT>(row), nonzeros);
    findWinners(llvm::ArrayRef<ValueT>(row), nonzeros, assignment, winners);
    for (int32_t column : nonzeros) {
      ValueT &value = row[column];
      ++loss.valuesBefore;
      loss.magnitudeBefore += getMagnitude(value);
      int32_t group = assignment[column];
      if (group < 0 || winners[group] == column)
        continue;
      ++loss.valuesLost;
      loss.magnitudeLost += getMagnitude(value);
      value = 0;
    }
  }
  return loss;
}

PruningLoss colonnade::pruneConflicts(llvm::MutableArrayRef<int8_t> matrix,
                                      int64_t rows, int64_t columns,
                                      const ColumnGroups &groups) {
  return prune(matrix, rows, columns, groups);
}

PruningLoss colonnade::pruneConflicts(llvm::MutableArrayRef<float> matrix,
                                      int64_t rows, int64_t columns,
                                      const ColumnGroups &groups) {
  return prune(matrix, rows, columns, groups);
}

/// First row in which two of the columns are nonzero, or the number of rows.
static int64_t findConflictingRow(const NonzeroPattern &pattern,
                                  llvm::ArrayRef<int32_t> group) {
  llvm::SmallVector<uint64_t, 16> seen(
      llvm::divideCeil(pattern.getRows(), int64_t(64)), 0);
  int64_t firstRow = pattern.getRows();
  for (int32_t column : group)
    for (auto [index, word] : llvm::enumerate(pattern.getColumn(column))) {
      if (uint64_t conflicts = seen[index] & word)
        firstRow = std::min<int64_t>(
            firstRow, int64_t(index) * 64 + llvm::countr_zero(conflicts));
      seen[index] |= word;
    }
  return firstRow;
}

std::optional<ColumnConflict>
colonnade::findConflict(const NonzeroPattern &pattern,
                        const ColumnGroups &groups) {
  int64_t firstRow = pattern.getRows();
  llvm::ArrayRef<int32_t> firstGroup;
  for (llvm::ArrayRef<int32_t> group : groups) {
    int64_t row = findConflictingRow(pattern, group);
    if (row < firstRow) {
      firstRow = row;
      firstGroup = group;
    }
  }
  if (firstRow == pattern.getRows())
    return std::nullopt;

  llvm::SmallVector<int32_t, 8> conflicting(
      llvm::make_filter_range(firstGroup, [&](int32_t column) {
        return pattern.test(firstRow, column);
      }));
  llvm::sort(conflicting);
  return ColumnConflict{firstRow, conflicting[0], conflicting[1]};
}

PackingMetrics colonnade::getPackingMetrics(const NonzeroPattern &prunedPattern,
                                            const ColumnGroups &groups) {
  PackingMetrics metrics;
  std::vector<uint64_t> occupied(
      llvm::divideCeil(prunedPattern.getRows(), int64_t(64)));
  for (int64_t column = 0; column < prunedPattern.getColumns(); ++column)
    for (auto [seen, word] :
         llvm::zip_equal(occupied, prunedPattern.getColumn(column))) {
      metrics.nonzeros += llvm::popcount(word);
      seen |= word;
    }
  for (uint64_t word : occupied)
    metrics.packedRows += llvm::popcount(word);
  metrics.packedColumns = static_cast<int64_t>(groups.size());
  if (metrics.nonzeros > 0)
    metrics.utilization =
        double(metrics.nonzeros) /
        (double(metrics.packedRows) * double(metrics.packedColumns));
  return metrics;
}

int64_t colonnade::countTiles(int64_t rows, int64_t columns, int64_t arrayRows,
                              int64_t arrayColumns) {
  return llvm::divideCeil(rows, arrayRows) *
         llvm::divideCeil(columns, arrayColumns);
}
