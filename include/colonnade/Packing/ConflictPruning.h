//===- ConflictPruning.h - One nonzero per row and group -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The lossy half of column combining (ASPLOS 2019, section 3.2) and the
// figures that describe its outcome.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_PACKING_CONFLICTPRUNING_H
#define COLONNADE_PACKING_CONFLICTPRUNING_H

#include "colonnade/Packing/ColumnGrouping.h"

namespace colonnade {

/// What pruning took away. Magnitudes are sums of |w| in double precision, in
/// row-major order.
struct PruningLoss {
  int64_t valuesBefore = 0;
  int64_t valuesLost = 0;
  double magnitudeBefore = 0;
  double magnitudeLost = 0;
};

/// Keeps, per row and group of the row-major [rows x columns] matrix, the value
/// of the largest magnitude (ties to the lowest column) and zeroes the others.
PruningLoss pruneConflicts(llvm::MutableArrayRef<int8_t> matrix, int64_t rows,
                           int64_t columns, const ColumnGroups &groups);
PruningLoss pruneConflicts(llvm::MutableArrayRef<float> matrix, int64_t rows,
                           int64_t columns, const ColumnGroups &groups);

/// First row in which a group has two nonzeros, if any: the row and the first
/// two columns, of the lowest group if there are several in that row.
struct ColumnConflict {
  int64_t row, firstColumn, secondColumn;
};
std::optional<ColumnConflict> findConflict(const NonzeroPattern &pattern,
                                           const ColumnGroups &groups);

/// How densely a grouped matrix fills an array.
struct PackingMetrics {
  int64_t nonzeros = 0;
  /// Rows with a nonzero; all-zero rows vanish.
  int64_t packedRows = 0;
  int64_t packedColumns = 0;
  /// nonzeros / (packedRows * packedColumns); 0 for an empty matrix.
  double utilization = 0;
};
PackingMetrics getPackingMetrics(const NonzeroPattern &prunedPattern,
                                 const ColumnGroups &groups);

/// Tiles of a [rows x columns] matrix on an array of arrayRows x arrayColumns.
int64_t countTiles(int64_t rows, int64_t columns, int64_t arrayRows,
                   int64_t arrayColumns);

} // namespace colonnade

#endif // COLONNADE_PACKING_CONFLICTPRUNING_H
