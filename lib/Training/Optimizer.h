//===- Optimizer.h - Updates of parameters as IR ---------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An optimizer keeps some tensors of each parameter's shape as its state; an
// update makes the next parameter and state of a gradient. Conventions are
// PyTorch's, so that runs compare.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_OPTIMIZER_H
#define COLONNADE_LIB_TRAINING_OPTIMIZER_H

#include "colonnade/Training/Passes.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade {

/// The numbers of a training step, from the pass's options.
struct OptimizerSettings {
  OptimizerKind kind;
  double momentum, weightDecay;
  /// Of Adam.
  double beta1, beta2, epsilon;
};

struct ScheduleSettings {
  LearningRateSchedule kind;
  double learningRate;
  /// Steps of the whole run (cosine), between two drops (step), and over which
  /// the rate rises linearly before.
  int64_t totalSteps, stepsBetweenDrops, warmupSteps;
  /// What a drop multiplies the rate by.
  double dropFactor;
};

/// What a step calls its own number: state, but of no parameter.
inline constexpr llvm::StringLiteral kStepNumber("step");

/// Names of the tensors of state that belong to each parameter.
llvm::ArrayRef<llvm::StringLiteral> getStateNames(OptimizerKind kind);

/// The learning rate, f32, of the step with this number, i64 from 0.
///   constant: r;  step: r d^(t / s);  cosine: r (1 + cos(pi t / T)) / 2,
/// times (t + 1) / w during the first w steps.
mlir::Value createLearningRate(mlir::ImplicitLocOpBuilder &builder,
                               mlir::Value step,
                               const ScheduleSettings &settings);

/// The next parameter and its state. SGD: g += decay p; v = momentum v + g;
/// p -= rate v. Adam (Kingma and Ba, ICLR 2015): g += decay p;
/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2;
/// p -= rate (m / (1 - b1^t)) / (sqrt(v / (1 - b2^t)) + epsilon), t from 1.
llvm::SmallVector<mlir::Value>
createUpdate(mlir::ImplicitLocOpBuilder &builder, mlir::Value parameter,
             mlir::ValueRange state, mlir::Value gradient, mlir::Value rate,
             mlir::Value step, const OptimizerSettings &settings);

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_OPTIMIZER_H
