//===- WeightPacking.h - Packing filter matrices for the array -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How a weight tensor's promises decide where its columns sit in the array, and
// the way back (the inverse invariant).
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_CONVERSION_LINALGTOSYSTOLIC_WEIGHTPACKING_H
#define COLONNADE_CONVERSION_LINALGTOSYSTOLIC_WEIGHTPACKING_H

#include "colonnade/Simulator/Program.h"
#include "mlir/IR/BuiltinTypes.h"
#include <vector>

namespace colonnade {

/// The packed columns of each array column, each with its member matrix
/// columns in ascending order.
struct PackingPlan {
  using PackedColumn = llvm::SmallVector<int32_t, 8>;
  std::vector<std::vector<PackedColumn>> arrayColumns;
  sim::OperandPromises promises;
};

/// Decides which matrix columns share an array column of `cell` on an array of
/// `columns` columns:
/// - a `columns` promise makes each group one packed column; otherwise each
///   matrix column is one;
/// - a `terms` promise over packed columns or over input channels at one tap
///   makes each run one array column;
/// - without it, as many packed columns share one as makes tiles x cycles per
///   step least, the larger number on a tie.
/// Fails with the reason when the cell cannot run it.
llvm::Expected<PackingPlan> planPacking(mlir::RankedTensorType weights,
                                        int64_t rowAxis,
                                        int64_t inputChannelAxis,
                                        int64_t dataTerms, int64_t columns,
                                        const sim::CellModel &cell);

/// Packs a row-major [rows x columns] matrix that keeps the plan's promises.
sim::PackedWeights packWeights(const PackingPlan &plan,
                               llvm::ArrayRef<int8_t> matrix, int64_t rows,
                               int64_t columns);

} // namespace colonnade

#endif // COLONNADE_CONVERSION_LINALGTOSYSTOLIC_WEIGHTPACKING_H
