//===- GroupingAlgorithms.h - The algorithms there are ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The grouping algorithms, for the list in ColumnGrouping.cpp, and the growing
// group that they share.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_PACKING_GROUPINGALGORITHMS_H
#define COLONNADE_LIB_PACKING_GROUPINGALGORITHMS_H

#include "colonnade/Packing/ColumnGrouping.h"

namespace colonnade {

/// The algorithm of the authors' code: the lowest-index group that has a legal
/// partner absorbs the one that leaves the fewest empty rows.
class AgglomerativeGrouping final : public GroupingAlgorithm {
public:
  llvm::StringRef getName() const override { return "agglomerative"; }
  ColumnGroups group(const NonzeroPattern &pattern,
                     const GroupingOptions &options) const override;
};

/// The algorithm of the paper (ASPLOS 2019, section 3): columns by decreasing
/// density, each into the legal group whose combined column becomes densest.
class DenseFirstGrouping final : public GroupingAlgorithm {
public:
  llvm::StringRef getName() const override { return "dense-first"; }
  ColumnGroups group(const NonzeroPattern &pattern,
                     const GroupingOptions &options) const override;
};

/// A group under construction. Its union bit set and its conflict count are all
/// that is needed to judge a further column v:
/// conflicts(group + v) = conflicts(group) + |union & v|.
class GrowingGroup {
public:
  GrowingGroup(const NonzeroPattern &pattern, int32_t firstColumn);

  llvm::ArrayRef<int32_t> getMembers() const { return members; }
  int64_t getSize() const { return static_cast<int64_t>(members.size()); }
  int64_t getConflicts() const { return conflicts; }
  /// Rows with a nonzero in any member.
  int64_t countRows() const { return occupiedRows; }

  /// Rows that the group and the column both occupy. Once the count is known
  /// to exceed `limit`, stops and returns some number greater than `limit`.
  int64_t countOverlap(llvm::ArrayRef<uint64_t> column, int64_t limit) const;

  void add(const NonzeroPattern &pattern, int32_t column);

private:
  llvm::SmallVector<int32_t, 8> members;
  llvm::SmallVector<uint64_t, 16> occupied;
  int64_t occupiedRows;
  int64_t conflicts = 0;
};

/// Columns with a nonzero, in increasing order.
std::vector<int32_t> getNonzeroColumns(const NonzeroPattern &pattern);

} // namespace colonnade

#endif // COLONNADE_LIB_PACKING_GROUPINGALGORITHMS_H
