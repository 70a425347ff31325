//===- ActivationCosts.h - What keeping activations costs -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cost model of --colonnade-plan-activations, in bytes and time.
//
// Bytes are not a formula. Each coupling (equal ones once) is differentiated by
// itself, with each plan, and lowered to buffers as the trainer does it; so is
// the network with its couplings taken out. The most that is in use while a
// coupling runs is then what the rest of the network has at that place, what
// the couplings before keep, and what this one takes.
//
// Time counts what is done again: one unit per multiply-accumulate of a
// contraction and per byte that other ops and the sums of streams read or
// write. (oneDNN does about 10 multiply-accumulates per nanosecond on two
// cores, and about 10 bytes per nanosecond come from memory.)
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_ACTIVATIONCOSTS_H
#define COLONNADE_LIB_TRAINING_ACTIVATIONCOSTS_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Training/ActivationPlanning.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace colonnade {

/// The plans in the order of PlanBlock's options.
inline constexpr ActivationPlan kActivationPlans[] = {
    ActivationPlan::Store, ActivationPlan::Invert, ActivationPlan::Checkpoint};

/// The chain of a function: its couplings, and the code between them.
struct ActivationChain {
  std::vector<PlanBlock> blocks;
  llvm::SmallVector<ReversibleOp> couplings;
  /// By coupling, its place among the blocks.
  llvm::SmallVector<size_t> places;

  /// The choice of one plan for all couplings.
  std::vector<size_t> getUniform(ActivationPlan plan) const;
};

/// Fails, with an error, where a coupling cannot be differentiated.
llvm::FailureOr<ActivationChain>
buildActivationChain(mlir::func::FuncOp function);

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_ACTIVATIONCOSTS_H
