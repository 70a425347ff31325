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

#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Simulator/Program.h"
#include "mlir/IR/BuiltinTypes.h"
#include <vector>

namespace colonnade {

/// The packed columns of each array column of one block, each with its member
/// matrix columns in ascending order; all blocks are packed alike.
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
/// Depthwise blocks need no promise: columns of different channels never
/// conflict, so that up to the cell's fan-in of them share one packed column at
/// each tap, and a `terms` promise may run over taps.
/// Fails with the reason when the cell cannot run it.
llvm::Expected<PackingPlan> planPacking(mlir::RankedTensorType weights,
                                        const WeightAxes &axes,
                                        int64_t inputChannelAxis,
                                        int64_t dataTerms, int64_t columns,
                                        const sim::CellModel &cell);

/// Packs row-major matrices, [blocks x rows x columns] as `view` has them, that
/// keep the plan's promises.
sim::PackedWeights packWeights(const PackingPlan &plan,
                               const BlockMatrixView &view,
                               llvm::ArrayRef<int8_t> matrices);

/// Slots per cell of weights that come at run time, by the rule of
/// planPacking(); `valueTerms` is what is promised about each value (0:
/// nothing).
sim::OperandPromises planRunTimePacking(int64_t matrixColumns,
                                        int64_t valueTerms, int64_t dataTerms,
                                        int64_t columns,
                                        const sim::CellModel &cell);

} // namespace colonnade

#endif // COLONNADE_CONVERSION_LINALGTOSYSTOLIC_WEIGHTPACKING_H
