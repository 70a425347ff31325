//===- StepBuilder.h - Builds a training step -------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Network, loss, gradients and updates in one function, so that whatever
// compiles it sees the whole step.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_STEPBUILDER_H
#define COLONNADE_LIB_TRAINING_STEPBUILDER_H

#include "Loss.h"
#include "Optimizer.h"
#include "StepFormat.h"
#include "StepRule.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade {

/// Builds the step behind the network it trains.
class StepBuilder {
public:
  StepBuilder(mlir::func::FuncOp network, const OptimizerSettings &optimizer,
              const ScheduleSettings &schedule, const FormatSettings &format,
              const DistillationSettings &distillation)
      : network(network), optimizer(optimizer), schedule(schedule),
        format(format), distillation(distillation),
        builder(network.getLoc(), network.getContext()) {}

  /// With `measuresDrift`, the step's last result says how far reconstructed
  /// streams are off.
  mlir::LogicalResult build(bool measuresDrift);

private:
  /// Arguments behind the state: the step's number, a batch and the labels.
  static constexpr unsigned kInputs = 3;

  /// Of the streams that the rule has seen reconstructed. Fails if there are
  /// none.
  mlir::FailureOr<mlir::Value> createDrift(const StepRule &rule);
  /// The empty function, with its arguments and their names.
  mlir::func::FuncOp createFunction();
  /// The network's body with the step's arguments; its result.
  mlir::Value cloneNetwork(mlir::func::FuncOp step);
  /// What of the step takes the place of the network's arguments.
  mlir::IRMapping mapArguments(mlir::func::FuncOp step);
  /// What is minimized; remembers where gradients stop.
  mlir::Value createLoss(mlir::func::FuncOp step, mlir::Value logits);
  /// By parameter; sums where the student has weights of its own.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  createGradients(mlir::func::FuncOp step, mlir::Value loss,
                  GradientRule &rule);
  /// Has the normalizations of the step, one of which may have made `logits`,
  /// normalize by the batch's statistics; the next running ones.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  normalizeByBatch(mlir::func::FuncOp step, mlir::Value &logits);
  /// The next parameters, then the next state of the optimizer. Each is
  /// computed where its gradient is there, which need not be kept then.
  llvm::SmallVector<mlir::Value> createUpdates(mlir::func::FuncOp step,
                                               mlir::ValueRange gradients,
                                               mlir::Value number);
  /// Names an argument and the result that takes its place in the next step.
  void setName(mlir::func::FuncOp step, unsigned index,
               llvm::StringRef attribute, const llvm::Twine &name);

  unsigned getStatesPerParameter() const {
    return getStateNames(optimizer.kind).size();
  }
  /// Where running statistics begin among the step's arguments.
  unsigned getFirstStatistic() const {
    return parameters * (1 + getStatesPerParameter());
  }
  /// The student's state: its weights, then the limit of its terms.
  mlir::ValueRange getStudentState(mlir::func::FuncOp step) const {
    unsigned count = distillation.hasStudent() ? students.size() + 1 : 0;
    return mlir::ValueRange(step.getArguments())
        .drop_back(kInputs)
        .take_back(count);
  }
  /// Where the format's state begins among the arguments.
  unsigned getFirstFormatState() const {
    return getFirstStatistic() + statistics;
  }

  mlir::func::FuncOp network;
  const OptimizerSettings &optimizer;
  const ScheduleSettings &schedule;
  const FormatSettings &format;
  const DistillationSettings &distillation;
  mlir::ImplicitLocOpBuilder builder;
  /// The parameters that the student has of its own: weights of products.
  llvm::SmallVector<unsigned> students;
  /// Gradients do not pass it; null if there is none.
  mlir::Operation *constant = nullptr;
  /// Arguments of the network that are parameters; they come first.
  unsigned parameters = 0;
  /// Those that are running statistics; they come next.
  unsigned statistics = 0;
};

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_STEPBUILDER_H
