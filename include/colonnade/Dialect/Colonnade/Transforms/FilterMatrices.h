//===- FilterMatrices.h - What column combining works on -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which weights of a network are combined, as which matrices and how far. The
// pass asks for the int8 weights it combines, training for the f32 weights that
// will become them: one view, so that what training prepares is what the
// compiler finds.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_FILTERMATRICES_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_FILTERMATRICES_H

#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Packing/ColumnGrouping.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <optional>
#include <string>

namespace colonnade {

class LayerPolicy;

/// Constant weights that contractions read as one filter matrix, or as one for
/// each block.
struct FilterMatrix {
  mlir::Value weights;
  int64_t rowAxis = 0;
  std::optional<int64_t> blockAxis;
  /// The operands that read the weights so, in program order.
  llvm::SmallVector<mlir::OpOperand *> uses;
  GroupingOptions grouping;
  /// The policy's entry that speaks of the readers; empty if none does.
  std::string policySource;

  MatrixView getView() const;
};

/// What happens to contractions whose weights are not combined: the op and the
/// reason.
using NotCombinedFn =
    llvm::function_ref<void(mlir::linalg::LinalgOp, const llvm::Twine &)>;

/// The filter matrices of the weights of `elementType` in `function`, in
/// program order; `options` hold where the policy says nothing. Fails, after an
/// error, if the policy names a layer that is not there.
mlir::FailureOr<std::vector<FilterMatrix>>
collectFilterMatrices(mlir::func::FuncOp function, mlir::Type elementType,
                      const LayerPolicy &policy, const GroupingOptions &options,
                      NotCombinedFn notCombined);

/// The same with the policy of a file or of that name; fails too if it cannot
/// be read.
mlir::FailureOr<std::vector<FilterMatrix>>
collectFilterMatrices(mlir::func::FuncOp function, mlir::Type elementType,
                      llvm::StringRef policy, const GroupingOptions &options,
                      NotCombinedFn notCombined);

/// Groups the columns of a filter matrix, block by block: groups never have
/// columns of two blocks.
ColumnGroups groupColumns(const NonzeroPattern &pattern, const MatrixView &view,
                          const GroupingAlgorithm &algorithm,
                          const GroupingOptions &options);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_FILTERMATRICES_H
