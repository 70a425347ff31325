//===- StepRule.h - Gradients of a training step ----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How the gradients of a step are made: by the format's rule, not past a place
// where they stop, and with what a coupling computes again in the place of what
// only its regions see.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_STEPRULE_H
#define COLONNADE_LIB_TRAINING_STEPRULE_H

#include "StepFormat.h"
#include "StepRoles.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/Drift.h"

namespace colonnade {

class StepRule : public GradientRule {
public:
  /// `constant` has no gradient; null if there is none. `statistics`, the next
  /// running ones, become the values that the backward pass computes where they
  /// are in a coupling.
  StepRule(StepFormat &format, StepRoles &roles, mlir::Operation *constant,
           llvm::MutableArrayRef<mlir::Value> statistics)
      : format(format), roles(roles), constant(constant),
        statistics(statistics) {}

  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  createCotangents(DifferentiableOpInterface op, mlir::OpBuilder &builder,
                   mlir::ValueRange cotangents,
                   llvm::ArrayRef<bool> needed) override {
    if (op.getOperation() == constant)
      return llvm::SmallVector<mlir::Value>(needed.size());
    return format.createCotangents(op, builder, cotangents, needed);
  }

  void notifyCloned(const mlir::IRMapping &clones) override {
    format.notifyCloned(clones);
    for (mlir::Value &statistic : statistics)
      if (statistic)
        statistic = clones.lookupOrDefault(statistic);
    for (auto [original, clone] : clones.getOperationMap())
      roles.name(clone, "recompute");
  }

  /// Where chains of couplings begin: streams drift most there, and all others
  /// would be kept for being compared.
  void notifyReconstructed(mlir::Value primal, mlir::Value again) override {
    if (!primal.getDefiningOp<ReversibleOp>())
      reconstructed.push_back({primal, again});
  }
  llvm::ArrayRef<ReconstructedStream> getReconstructed() const {
    return reconstructed;
  }

private:
  StepFormat &format;
  StepRoles &roles;
  mlir::Operation *constant;
  llvm::MutableArrayRef<mlir::Value> statistics;
  llvm::SmallVector<ReconstructedStream> reconstructed;
};

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_STEPRULE_H
