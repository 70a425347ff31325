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

/// Where the matrix columns of each block go.
struct PackingPlan {
  /// Matrix columns of the block in ascending order.
  using PackedColumn = llvm::SmallVector<int32_t, 8>;
  using ArrayColumn = std::vector<PackedColumn>;
  /// The array columns of each block; one entry if all blocks are packed alike.
  std::vector<std::vector<ArrayColumn>> blocks;
  sim::OperandPromises promises;

  llvm::ArrayRef<ArrayColumn> getBlock(int64_t block) const {
    return blocks[blocks.size() == 1 ? 0 : block];
  }
  /// Of the block that has most.
  int64_t getArrayColumns() const;
};

/// Decides which matrix columns share an array column of `cell` on an array of
/// `columns` columns:
/// - a `columns` promise makes each group one packed column, block by block;
///   otherwise each matrix column is one;
/// - a `terms` promise over packed columns or over input channels at one tap
///   makes each run one array column;
/// - without it, as many packed columns share one as makes tiles x cycles per
///   step least, the larger number on a tie.
/// Depthwise blocks take no `columns` promise: columns of different channels
/// never conflict, so that up to the cell's fan-in of them share one packed
/// column at each tap, and a `terms` promise may run over taps. Fails with the
/// reason when the cell cannot run it.
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
