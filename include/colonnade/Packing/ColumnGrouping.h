//===- ColumnGrouping.h - Grouping sparse matrix columns -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Column combining (ASPLOS 2019, section 3) partitions the columns of a sparse
// filter matrix into groups that fit into one array column each.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_PACKING_COLUMNGROUPING_H
#define COLONNADE_PACKING_COLUMNGROUPING_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace colonnade {

/// Where a matrix is nonzero: one bit set over the rows per column.
class NonzeroPattern {
public:
  NonzeroPattern(int64_t rows, int64_t columns);

  /// Pattern of a row-major [rows x columns] matrix.
  static NonzeroPattern get(llvm::ArrayRef<int8_t> matrix, int64_t rows,
                            int64_t columns);
  static NonzeroPattern get(llvm::ArrayRef<float> matrix, int64_t rows,
                            int64_t columns);

  int64_t getRows() const { return rows; }
  int64_t getColumns() const { return columns; }
  void set(int64_t row, int64_t column);
  /// Sets rows 64 * index up to 64 * index + 63 of a column.
  void setWord(int64_t index, int64_t column, uint64_t word);
  bool test(int64_t row, int64_t column) const;
  int64_t countColumn(int64_t column) const;
  /// The column's rows, 64 to a word.
  llvm::ArrayRef<uint64_t> getColumn(int64_t column) const;

private:
  int64_t rows, columns, wordsPerColumn;
  std::vector<uint64_t> words;
};

struct GroupingOptions {
  /// Most columns in a group (the paper's alpha).
  int64_t fanIn = 8;
  /// Most conflicts of a group, as a share of the rows (the paper's gamma): a
  /// group is legal when the sum over rows of max(nonzeros - 1, 0) is at most
  /// floor(conflictLimit * rows), empty rows included.
  double conflictLimit = 0.0;
};

/// Fails for a fan-in below 1 and for a conflict limit that is negative or not
/// a finite number. Callers check user options with it before grouping.
llvm::Error checkGroupingOptions(const GroupingOptions &options);

/// floor(conflictLimit * rows): most conflicts of a legal group.
int64_t getConflictBudget(int64_t rows, const GroupingOptions &options);

/// Columns of each group in joining order. All-zero columns are in no group.
using ColumnGroups = std::vector<llvm::SmallVector<int32_t, 8>>;

/// A grouping algorithm. To add one, implement this class and list it in
/// getGroupingAlgorithms(); options, quality and property tests follow.
class GroupingAlgorithm {
public:
  virtual ~GroupingAlgorithm() = default;
  /// Name in pass options: "agglomerative", "dense-first".
  virtual llvm::StringRef getName() const = 0;
  /// Partitions the nonzero columns into legal groups. Deterministic. The
  /// options must pass checkGroupingOptions().
  virtual ColumnGroups group(const NonzeroPattern &pattern,
                             const GroupingOptions &options) const = 0;
};

/// All algorithms, the default one first.
llvm::ArrayRef<const GroupingAlgorithm *> getGroupingAlgorithms();

/// The algorithm of that name, or null.
const GroupingAlgorithm *lookupGroupingAlgorithm(llvm::StringRef name);
/// The same, or an error that names those that there are.
llvm::Expected<const GroupingAlgorithm *>
findGroupingAlgorithm(llvm::StringRef name);

/// The group of each column, -1 for columns in no group. Groups are numbered
/// as in `groups`.
std::vector<int32_t> getAssignment(const ColumnGroups &groups, int64_t columns);

/// Inverse of getAssignment; members come in increasing column order. Group
/// numbers must be below the number of columns; unused ones give empty groups.
ColumnGroups getGroups(llvm::ArrayRef<int32_t> assignment);

} // namespace colonnade

#endif // COLONNADE_PACKING_COLUMNGROUPING_H
