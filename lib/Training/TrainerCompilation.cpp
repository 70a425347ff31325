//===- TrainerCompilation.cpp - From a network to a trainer ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a trainer knows before its first step: the compiled functions, the state
// that they begin with, and what a checkpoint must have in common with the run.
//
//===----------------------------------------------------------------------===//

#include "ErasePromises.h"
#include "Optimizer.h"
#include "StepFormat.h"
#include "Student.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Training/Passes.h"
#include "colonnade/Training/Trainer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace colonnade;

/// The network with the batch of a step, and the step beside it.
static FailureOr<OwningOpRef<ModuleOp>>
createStepModule(ModuleOp network, const TrainingSettings &settings) {
  OwningOpRef<ModuleOp> module(network.clone());
  PassManager manager(module->getContext());
  // Training changes values that promise something; hooks keep what is kept.
  StripEncodingsOptions kept;
  kept.keepBatchNorm = kept.keepReversible = true;
  manager.addPass(createStripEncodings(kept));
  // What is wrong with an option is printed already, without a message for us.
  auto reject = [&](const Twine &message) -> LogicalResult {
    if (message.isTriviallyEmpty() || message.str().empty())
      return failure();
    return module->emitError(message);
  };
  if (!settings.fakeQuantizeOptions.empty()) {
    std::unique_ptr<Pass> quantize = createFakeQuantize();
    if (failed(
            quantize->initializeOptions(settings.fakeQuantizeOptions, reject)))
      return failure();
    manager.addPass(std::move(quantize));
  }
  manager.addNestedPass<func::FuncOp>(createOutlineParameters());
  SetBatchOptions batch;
  batch.size = settings.batch;
  manager.addNestedPass<func::FuncOp>(createSetBatch(batch));
  if (settings.memoryLimit > 0) {
    PlanActivationsOptions plan;
    plan.memoryLimit = settings.memoryLimit;
    manager.addPass(createPlanActivations(plan));
  }
  std::unique_ptr<Pass> step = createTrainingStep();
  std::string stepOptions = settings.stepOptions + " evaluation";
  if (settings.maxDrift)
    stepOptions += " measure-drift";
  if (failed(step->initializeOptions(stepOptions, reject)))
    return failure();
  manager.addPass(std::move(step));
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
  if (failed(manager.run(*module)))
    return failure();
  return module;
}

/// The elements of a float constant.
static NpyArray getElements(arith::ConstantOp constant) {
  // Parameters are finite f32, so their elements can be read.
  auto values = *readFloatValues(cast<ElementsAttr>(constant.getValue()));
  auto type = cast<RankedTensorType>(constant.getType());
  return NpyArray::get<float>(values, type.getShape());
}

/// What state of this name begins with: zeros, but of precisions, which an
/// evaluation may ask for before a step has chosen any, the finer one.
static NpyArray getInitialState(StringRef name, RankedTensorType type) {
  int64_t count = type.getNumElements();
  if (!type.getElementType().isInteger(32))
    return NpyArray::get<float>(std::vector<float>(count), type.getShape());
  std::vector<int32_t> values(
      count, findMantissaLayer(name) ? FastPolicy::kFineBits : 0);
  return NpyArray::get<int32_t>(values, type.getShape());
}

/// The optimizer's arrays of each of the first `parameters` arrays: those of
/// its type and shape that are named after it.
static std::vector<SmallVector<size_t, 2>>
findStates(ArrayRef<std::string> names, ArrayRef<NpyArray> arrays,
           size_t parameters, ArrayRef<size_t> statistics) {
  std::vector<SmallVector<size_t, 2>> states(parameters);
  for (size_t state = parameters; state < names.size(); ++state) {
    StringRef owner = StringRef(names[state]).rsplit('.').first;
    const auto *found = llvm::find(names.take_front(parameters), owner);
    if (found == names.begin() + parameters ||
        llvm::is_contained(statistics, state))
      continue;
    size_t parameter = found - names.begin();
    if (arrays[state].type == arrays[parameter].type &&
        arrays[state].shape == arrays[parameter].shape)
      states[parameter].push_back(state);
  }
  return states;
}

/// All blocks of a step are of one format.
static std::optional<BlockFormat> getBlockFormat(func::FuncOp step) {
  std::optional<BlockFormat> format;
  step.walk([&](BlockQuantizeOp op) {
    format = getBlockFloatPromise(op.getType()).getFormat();
    return WalkResult::interrupt();
  });
  return format;
}

/// Of what activations of the network are rounded to.
static std::string getFakeQuantizeDigest(func::FuncOp network) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  network.walk([&](FakeQuantizeOp op) {
    stream << op.getScaleAttr() << op.getTermsAttr() << ";";
  });
  return text.empty() ? "" : llvm::utohexstr(llvm::xxh3_64bits(text));
}

/// Of the weights that the step does not change, so that nobody else knows them.
static std::string getFrozenDigest(func::FuncOp network) {
  std::string digest;
  network.walk([&](arith::ConstantOp constant) {
    if (!ColonnadeDialect::isFrozen(constant))
      return;
    auto values = readFloatValues(cast<ElementsAttr>(constant.getValue()));
    if (!values)
      return; // A resource that is not there: compiling fails.
    ArrayRef<uint8_t> bytes(reinterpret_cast<const uint8_t *>(values->data()),
                            values->size() * sizeof(float));
    digest += llvm::utohexstr(llvm::xxh3_64bits(bytes));
  });
  return digest.empty() ? "" : llvm::utohexstr(llvm::xxh3_64bits(digest));
}

/// "9 of tensor<...>": couplings have the parameters of the plain network.
static std::string describeCouplings(func::FuncOp network) {
  int64_t count = 0;
  std::string streams;
  network.walk([&](ReversibleOp op) {
    if (count++ == 0)
      llvm::raw_string_ostream(streams) << op.getStream1().getType();
  });
  return count == 0 ? "" : llvm::utostr(count) + " of " + streams;
}

static int64_t getDataTerms(func::FuncOp network) {
  int64_t most = 0;
  network.walk([&](FakeQuantizeOp op) {
    if (std::optional<TermsAttr> terms = op.getTerms())
      most = std::max(most, terms->getBudget());
  });
  return most;
}

llvm::Error Trainer::compile(ModuleOp module) {
  FailureOr<OwningOpRef<ModuleOp>> stepModule =
      createStepModule(module, settings);
  if (failed(stepModule))
    return llvm::createStringError("the network cannot be trained");
  auto step = (*stepModule)->lookupSymbol<func::FuncOp>("training_step");
  blockFormat = ::getBlockFormat(step);
  auto given = module.lookupSymbol<func::FuncOp>("main");
  frozenDigest = getFrozenDigest(given);
  couplings = describeCouplings(given);
  auto rounded = (*stepModule)->lookupSymbol<func::FuncOp>("main");
  fakeQuantizeDigest = getFakeQuantizeDigest(rounded);
  dataTerms = ::getDataTerms(rounded);
  bool hasStudent = llvm::any_of(
      llvm::seq<unsigned>(0, step.getNumArguments()), [&](unsigned i) {
        auto name = step.getArgAttrOfType<StringAttr>(i, kStateAttribute);
        return name && name.getValue() == kStudentTerms;
      });
  if (hasStudent)
    createStudentFunction(rounded);
  if (failed(erasePromises(**stepModule)))
    return llvm::createStringError("the step's blocks cannot be compiled");
  auto compiled = JitFunction::compile(**stepModule, "training_step",
                                       JitOptimization::Library);
  if (!compiled)
    return compiled.takeError();
  stepFunction = std::move(*compiled);
  for (auto [name, function] :
       {std::pair("main", &network), {"evaluation", &evaluation},
        {"student", &student}}) {
    if (!(*stepModule)->lookupSymbol(name))
      continue;
    compiled =
        JitFunction::compile(**stepModule, name, JitOptimization::Library);
    if (!compiled)
      return compiled.takeError();
    *function = std::move(*compiled);
  }
  initializeState(given, step);
  classes = network->getOutputs().front().shape.back();
  return llvm::Error::success();
}

void Trainer::initializeState(func::FuncOp given, func::FuncOp step) {
  for (const Parameter &parameter : collectParameters(given)) {
    names.push_back(parameter.name);
    current.push_back(getElements(parameter.constant));
  }
  parameterCount = names.size();
  SmallVector<Parameter> ofNetwork = collectStatistics(given);
  statistics.resize(ofNetwork.size());
  for (unsigned i = parameterCount; i < step.getNumArguments(); ++i)
    if (auto name = step.getArgAttrOfType<StringAttr>(i, kStateAttribute)) {
      if (name.getValue() == kStepNumber)
        continue;
      names.push_back(name.str());
      auto *statistic = llvm::find_if(ofNetwork, [&](const Parameter &p) {
        return p.name == name.getValue();
      });
      if (statistic != ofNetwork.end()) {
        statistics[statistic - ofNetwork.begin()] = current.size();
        current.push_back(getElements(statistic->constant));
        continue;
      }
      current.push_back(getInitialState(
          name, cast<RankedTensorType>(step.getArgumentTypes()[i])));
    }
  next = current;
  states = findStates(names, current, parameterCount, statistics);
}
