//===- TrainingStep.cpp - From a network to its training step -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass: its options, checked, and the builder that does the work.
//
//===----------------------------------------------------------------------===//

#include "Evaluation.h"
#include "StepBuilder.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace colonnade {
#define GEN_PASS_DEF_TRAININGSTEP
#include "colonnade/Training/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static bool hasParameters(func::FuncOp network) {
  return llvm::any_of(
      llvm::seq<unsigned>(0, network.getNumArguments()),
      [&](unsigned i) { return network.getArgAttr(i, kParameterAttribute); });
}

namespace {
struct TrainingStep : colonnade::impl::TrainingStepBase<TrainingStep> {
  using TrainingStepBase::TrainingStepBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    TrainingStepBase::getDependentDialects(registry);
    registerGradients(registry);
  }

  void runOnOperation() override {
    auto network = getOperation().lookupSymbol<func::FuncOp>("main");
    if (!network || !network.getBody().hasOneBlock()) {
      getOperation().emitError("expected a function '@main' of one block");
      return signalPassFailure();
    }
    OptimizerSettings optimizerSettings{optimizer, momentum, weightDecay,
                                        beta1,     beta2,    epsilon};
    ScheduleSettings scheduleSettings{schedule,    learningRate,
                                      totalSteps,  stepsBetweenDrops,
                                      warmupSteps, dropFactor};
    if (failed(checkOptions()))
      return signalPassFailure();
    if (!hasParameters(network))
      outlineParameters(network);
    FormatSettings formatSettings{
        format,     blocks,
        rounding,   gradientRounding,
        seed,       refreshInterval,
        FastPolicy{thresholdStart, thresholdSlope, thresholdDepthSlope},
        gradientMargin,
        activationProductMargin,
        fineInput,
        totalSteps};
    if (failed(StepBuilder(network, optimizerSettings, scheduleSettings,
                           formatSettings, {distillation, temperature})
                   .build(measureDrift)))
      return signalPassFailure();
    if (evaluation && format != NumberFormat::Fp32)
      createEvaluation(network, formatSettings);
  }

  LogicalResult checkOptions();
};
} // namespace

LogicalResult TrainingStep::checkOptions() {
  auto reject = [&](StringRef option, double value, StringRef expected) {
    return getOperation().emitError("expected ")
           << option << expected << ", got " << value;
  };
  if (!(learningRate > 0))
    return reject("learning-rate", learningRate, " > 0");
  if (!(weightDecay >= 0))
    return reject("weight-decay", weightDecay, " >= 0");
  for (auto [name, value] : {std::pair<StringRef, double>("momentum", momentum),
                             {"beta1", beta1},
                             {"beta2", beta2}})
    if (!(value >= 0 && value < 1))
      return reject(name, value, " in [0, 1)");
  if (!(epsilon > 0))
    return reject("epsilon", epsilon, " > 0");
  if (!(dropFactor > 0))
    return reject("drop-factor", dropFactor, " > 0");
  if (warmupSteps < 0)
    return reject("warmup-steps", double(warmupSteps), " >= 0");
  if (schedule == LearningRateSchedule::Cosine && totalSteps < 1)
    return reject("total-steps", double(totalSteps),
                  " >= 1 for the cosine schedule");
  if (format == NumberFormat::FastAdaptive && totalSteps < 1)
    return reject("total-steps", double(totalSteps),
                  " >= 1 for the format fast-adaptive");
  if (!(distillation >= 0 && distillation <= 1))
    return reject("distillation", distillation, " in [0, 1]");
  if (!(temperature > 0))
    return reject("temperature", temperature, " > 0");
  if (distillation > 0 && format != NumberFormat::Fp32)
    return getOperation().emitError(
        "expected format fp32 with distillation: a student has another "
        "resolution, not another format");
  if (refreshInterval < 1)
    return reject("refresh-interval", double(refreshInterval), " >= 1");
  if (schedule == LearningRateSchedule::Step && stepsBetweenDrops < 1)
    return reject("steps-between-drops", double(stepsBetweenDrops),
                  " >= 1 for the step schedule");
  return success();
}
