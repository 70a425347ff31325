//===- TrainingHooks.h - What a run does beside descending -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pruning, rounding and metering are hooks of the trainer, each with options
// and logs of its own. This file makes those that the user asks for.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TOOLS_COLONNADE_TRAIN_TRAININGHOOKS_H
#define COLONNADE_TOOLS_COLONNADE_TRAIN_TRAININGHOOKS_H

#include "colonnade/Training/CostMeter.h"
#include "colonnade/Training/JointOptimization.h"
#include "colonnade/Training/PrecisionLog.h"
#include "colonnade/Training/PromisedZeros.h"
#include "colonnade/Training/TermTraining.h"
#include "colonnade/Training/Trainer.h"

namespace colonnade {

/// What the user asks for; empty is nothing.
struct HookOptions {
  std::string combine, terms, target;
  std::vector<std::string> combineLogs, costLogs, precisionLogs;

  /// Fails if options lack or exclude each other.
  llvm::Error check() const;
  /// Whether the network teaches a student of a lower resolution.
  bool needStudent() const;
  /// Hooks that look at weights want them in the compiler's normal form.
  bool needNormalForm() const { return !combine.empty() || !terms.empty(); }
};

/// What trains a network. Null stands for what the run does without.
struct Training {
  std::unique_ptr<Trainer> trainer;
  std::unique_ptr<PromisedZeros> zeros;
  std::unique_ptr<JointOptimization> joint;
  std::unique_ptr<TermTraining> terms;
  std::unique_ptr<CostMeter> meter;
  std::unique_ptr<PrecisionLog> precisions;
};

/// Adds hooks to a trainer of `@main` of `module` in batches of `batch`, for a
/// run of `totalSteps`; `test` may be null.
llvm::Error addHooks(Training &training, mlir::ModuleOp module,
                     const HookOptions &options, int64_t batch,
                     int64_t totalSteps, const Dataset *test);

/// Writes the hooks' logs.
llvm::Error writeHookLogs(const Training &training, const HookOptions &options);

} // namespace colonnade

#endif // COLONNADE_TOOLS_COLONNADE_TRAIN_TRAININGHOOKS_H
