//===- TrainingHooks.cpp - What a run does beside descending --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "TrainingHooks.h"
#include "colonnade/Dialect/Systolic/IR/TargetFile.h"

using namespace mlir;
using namespace colonnade;

llvm::Error HookOptions::check() const {
  if (!costLogs.empty() && target.empty())
    return llvm::createStringError("--cost-log needs --target");
  if (!combineLogs.empty() && combine.empty())
    return llvm::createStringError("--combine-log needs --combine");
  if (!combine.empty() && !terms.empty())
    return llvm::createStringError(
        "--combine and --terms are two runs: combine first, then train what "
        "comes out for its terms");
  return llvm::Error::success();
}

bool HookOptions::needStudent() const {
  auto settings = TermTrainingSettings::parse(terms);
  if (settings)
    return !settings->ladder.empty();
  // Whoever adds the hook says so.
  llvm::consumeError(settings.takeError());
  return false;
}

/// An error of the value of an option.
static llvm::Error addOption(StringRef option, llvm::Error error) {
  return llvm::createStringError(option + ": " +
                                 llvm::toString(std::move(error)));
}

static llvm::Error addPromisedZeros(Training &training, ModuleOp module) {
  auto zeros = std::make_unique<PromisedZeros>(module);
  if (zeros->empty())
    return llvm::Error::success();
  training.zeros = std::move(zeros);
  return training.trainer->addHook(*training.zeros);
}

static llvm::Error addJointOptimization(Training &training, ModuleOp module,
                                        StringRef options, int64_t totalSteps,
                                        const Dataset *test) {
  auto settings = JointSettings::parse(options, totalSteps);
  if (!settings)
    return addOption("--combine", settings.takeError());
  auto joint = JointOptimization::create(module, *settings);
  if (!joint)
    return joint.takeError();
  training.joint = std::move(*joint);
  if (test)
    training.joint->setTestData(*test);
  return training.trainer->addHook(*training.joint);
}

static llvm::Error addTermTraining(Training &training, ModuleOp module,
                                   StringRef options) {
  auto settings = TermTrainingSettings::parse(options);
  if (!settings)
    return addOption("--terms", settings.takeError());
  auto terms = TermTraining::create(module, *settings);
  if (!terms)
    return terms.takeError();
  training.terms = std::move(*terms);
  return training.trainer->addHook(*training.terms);
}

static llvm::Error addCostMeter(Training &training, ModuleOp module,
                                StringRef path, int64_t batch) {
  std::optional<BlockFormat> format = training.trainer->getBlockFormat();
  if (!format)
    return llvm::createStringError(
        "--target counts products of blocks, and the step has none: choose a "
        "block format, such as --training-step='format=m4'");
  FailureOr<systolic::TargetAttr> target =
      systolic::readTargetFile(module.getContext(), path);
  if (failed(target))
    return llvm::createStringError("--target names no machine");
  auto cost = StepCost::create(module, batch, *format, *target);
  if (!cost)
    return addOption("--target", cost.takeError());
  training.meter = std::make_unique<CostMeter>(std::move(*cost), *format);
  return training.trainer->addHook(*training.meter);
}

/// Steps that choose precisions keep a log of them.
static llvm::Error addPrecisionLog(Training &training, bool isWanted) {
  if (!training.trainer->getMantissas().empty()) {
    training.precisions = std::make_unique<PrecisionLog>();
    return training.trainer->addHook(*training.precisions);
  }
  if (!isWanted)
    return llvm::Error::success();
  return llvm::createStringError("--precision-log needs a step that chooses "
                                 "precisions: --format=fast-adaptive");
}

llvm::Error colonnade::addHooks(Training &training, ModuleOp module,
                                const HookOptions &options, int64_t batch,
                                int64_t totalSteps, const Dataset *test) {
  if (llvm::Error error = addPromisedZeros(training, module))
    return error;
  if (!options.combine.empty())
    if (llvm::Error error = addJointOptimization(
            training, module, options.combine, totalSteps, test))
      return error;
  if (!options.terms.empty())
    if (llvm::Error error = addTermTraining(training, module, options.terms))
      return error;
  if (!options.target.empty())
    if (llvm::Error error =
            addCostMeter(training, module, options.target, batch))
      return error;
  return addPrecisionLog(training, !options.precisionLogs.empty());
}

llvm::Error colonnade::writeHookLogs(const Training &training,
                                     const HookOptions &options) {
  for (const std::string &path : options.combineLogs)
    if (llvm::Error error = writePruningLog(path, training.joint->getLog()))
      return error;
  for (const std::string &path : options.costLogs)
    if (llvm::Error error = writeCostLog(path, *training.meter))
      return error;
  for (const std::string &path : options.precisionLogs)
    if (llvm::Error error = training.precisions->write(path))
      return error;
  return llvm::Error::success();
}
