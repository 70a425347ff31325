//===- Trainer.cpp - Running the training step over a data set ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ErasePromises.h"
#include "colonnade/Training/Trainer.h"
#include "Optimizer.h"
#include "StepFormat.h"
#include "Student.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Support/Labels.h"
#include "colonnade/Training/Passes.h"
#include "colonnade/Training/TrainingHook.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace colonnade;

Trainer::~Trainer() = default;

//===----------------------------------------------------------------------===//
// Compilation
//===----------------------------------------------------------------------===//

/// The type if it is a static tensor of at least this rank, else null.
static RankedTensorType getStaticTensor(ArrayRef<Type> types, int64_t rank) {
  auto type = types.size() == 1 ? dyn_cast<RankedTensorType>(types.front())
                                : RankedTensorType();
  return type && type.hasStaticShape() && type.getRank() >= rank
             ? type
             : RankedTensorType();
}

llvm::Expected<NetworkShape> colonnade::getNetworkShape(ModuleOp module) {
  auto function = module.lookupSymbol<func::FuncOp>("main");
  if (!function)
    return llvm::createStringError(
        "expected a module with a function '@main', the network");
  auto input = getStaticTensor(function.getArgumentTypes(), 1);
  auto logits = getStaticTensor(function.getResultTypes(), 2);
  if (!input || !logits || logits.getRank() != 2 ||
      !logits.getElementType().isF32() || !input.getElementType().isF32())
    return llvm::createStringError(
        "expected '@main' to take one f32 tensor [batch, ...] and return f32 "
        "logits [batch, classes], with static shapes");
  return NetworkShape{input.getShape().drop_front().vec(),
                      logits.getDimSize(1)};
}

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
  bool isPrecision = name.ends_with(getMantissaName(""));
  std::vector<int32_t> values(count, isPrecision ? FastPolicy::kFineBits : 0);
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

  for (const Parameter &parameter :
       collectParameters(module.lookupSymbol<func::FuncOp>("main"))) {
    names.push_back(parameter.name);
    current.push_back(getElements(parameter.constant));
  }
  parameterCount = names.size();
  SmallVector<Parameter> ofNetwork =
      collectStatistics(module.lookupSymbol<func::FuncOp>("main"));
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
  classes = network->getOutputs().front().shape.back();
  return llvm::Error::success();
}

llvm::Expected<std::unique_ptr<Trainer>>
Trainer::create(ModuleOp network, const TrainingSettings &settings) {
  if (settings.batch < 1)
    return llvm::createStringError("expected a batch of at least 1, got " +
                                   Twine(settings.batch));
  if (auto shape = getNetworkShape(network); !shape)
    return shape.takeError();
  std::unique_ptr<Trainer> trainer(new Trainer);
  trainer->settings = settings;
  if (llvm::Error error = trainer->compile(network))
    return std::move(error);
  return trainer;
}

llvm::Error Trainer::addHook(TrainingHook &hook) {
  hooks.push_back(&hook);
  return hook.begin(*this);
}

//===----------------------------------------------------------------------===//
// Steps and evaluation
//===----------------------------------------------------------------------===//

llvm::Error Trainer::checkCount(const Dataset &data) const {
  if (getStepsPerEpoch(data) > 0)
    return llvm::Error::success();
  return llvm::createStringError("expected at least one batch of " +
                                 Twine(settings.batch) + " images, got " +
                                 Twine(data.getCount()));
}

int64_t Trainer::getPeakBytes() const { return stepFunction->getPeakBytes(); }

int64_t Trainer::getScratchBytes() const {
  return stepFunction->getScratchBytes();
}

std::optional<double> Trainer::getDrift() const {
  return settings.maxDrift ? std::optional(largestDrift) : std::nullopt;
}

llvm::Error Trainer::checkDrift(double drift) {
  if (!settings.maxDrift)
    return llvm::Error::success();
  // A NaN is no drift that one could live with either.
  if (!(drift <= *settings.maxDrift))
    return llvm::createStringError(llvm::formatv(
        "step {0}: reconstructed streams are off by {1:e2} of their largest "
        "value, more than {2:e2}: the gradients are of another network. Use "
        "fixed-point streams, which come back exactly (--reversible=16), or "
        "store activations (activations = checkpoint of colonnade.reversible)",
        step, drift, *settings.maxDrift).str());
  largestDrift = std::max(largestDrift, drift);
  return llvm::Error::success();
}

llvm::Error Trainer::runStep(const Dataset &data) {
  int64_t perEpoch = getStepsPerEpoch(data);
  if (orderEpoch != step / perEpoch) {
    orderEpoch = step / perEpoch;
    order = getShuffledOrder(settings.seed, orderEpoch, data.getCount());
  }
  auto indices =
      ArrayRef(order).slice(step % perEpoch * settings.batch, settings.batch);
  std::vector<float> inputs(settings.batch * data.getImageElements());
  std::vector<int32_t> labels(settings.batch);
  data.getBatch(indices, inputs, labels);

  SmallVector<const void *> arguments;
  SmallVector<void *> results;
  for (auto [array, target] : llvm::zip_equal(current, next)) {
    arguments.push_back(array.bytes.data());
    results.push_back(target.bytes.data());
  }
  int64_t following = 0;
  float loss = 0, drift = 0;
  std::vector<float> logits(settings.batch * classes);
  arguments.append({&step, inputs.data(), labels.data()});
  results.append({&following, &loss, logits.data()});
  if (settings.maxDrift)
    results.push_back(&drift);
  if (llvm::Error error = stepFunction->run(arguments, results))
    return error;
  if (llvm::Error error = checkDrift(drift))
    return error;
  std::swap(current, next);
  step = following;
  lossSum += loss;
  std::vector<uint8_t> classesOfBatch(labels.begin(), labels.end());
  correct += countCorrect(logits, classesOfBatch);
  seen += settings.batch;
  for (TrainingHook *hook : hooks)
    if (llvm::Error error = hook->afterStep(*this))
      return error;
  return llvm::Error::success();
}

MutableArrayRef<float> Trainer::getParameter(size_t index) {
  return llvm::cantFail(current[index].getMutableValues<float>());
}

ArrayRef<float> Trainer::getParameter(size_t index) const {
  return llvm::cantFail(current[index].getValues<float>());
}

SmallVector<MutableArrayRef<float>> Trainer::getOptimizerState(size_t index) {
  SmallVector<MutableArrayRef<float>> state;
  for (size_t i : states[index])
    state.push_back(llvm::cantFail(current[i].getMutableValues<float>()));
  return state;
}

void Trainer::applyMask(size_t index, ArrayRef<uint8_t> mask) {
  SmallVector<MutableArrayRef<float>> arrays = getOptimizerState(index);
  arrays.push_back(getParameter(index));
  for (MutableArrayRef<float> values : arrays)
    for (auto [kept, value] : llvm::zip_equal(mask, values))
      if (!kept)
        value = 0;
}

const NpyArray *Trainer::findState(StringRef name) const {
  const auto *found =
      llvm::find(ArrayRef(names).drop_front(parameterCount), name);
  return found == names.data() + names.size() ? nullptr
                                              : &current[found - names.data()];
}

NpyArray *Trainer::findState(StringRef name) {
  return const_cast<NpyArray *>(std::as_const(*this).findState(name));
}

std::vector<LayerMantissas> Trainer::getMantissas() const {
  std::vector<LayerMantissas> layers;
  for (auto [name, array] :
       llvm::drop_begin(llvm::zip_equal(names, current), parameterCount)) {
    auto [layer, state] = StringRef(name).rsplit('.');
    if (state != kMantissaState || array.type != NpyType::Int32)
      continue;
    LayerMantissas &mantissas = layers.emplace_back();
    mantissas.name = layer.str();
    llvm::copy(llvm::cantFail(array.template getValues<int32_t>()),
               mantissas.bits.begin());
  }
  return layers;
}

double Trainer::getMeanLoss() const {
  return lossSum * static_cast<double>(settings.batch) /
         static_cast<double>(seen);
}

double Trainer::getTrainAccuracy() const {
  return static_cast<double>(correct) / static_cast<double>(seen);
}

void Trainer::finishEpoch(double testAccuracy, double seconds) {
  log.push_back({static_cast<int64_t>(log.size()) + 1, step, getMeanLoss(),
                 getTrainAccuracy(), testAccuracy, seconds});
  lossSum = 0;
  correct = seen = 0;
}

SmallVector<const void *> Trainer::getNetworkArguments() const {
  SmallVector<const void *> arguments;
  for (size_t i = 0; i < parameterCount; ++i)
    arguments.push_back(current[i].bytes.data());
  for (size_t i : statistics)
    arguments.push_back(current[i].bytes.data());
  return arguments;
}

llvm::Expected<double> Trainer::evaluate(const Dataset &data) const {
  if (!hasFormat())
    return evaluateInF32(data);
  SmallVector<const void *> arguments = getNetworkArguments();
  for (const LayerMantissas &layer : getMantissas())
    arguments.push_back(findState(getMantissaName(layer.name))->bytes.data());
  return evaluate(*evaluation, std::move(arguments), data);
}

llvm::Expected<double> Trainer::evaluateInF32(const Dataset &data) const {
  return evaluate(*network, getNetworkArguments(), data);
}

llvm::Expected<double> Trainer::evaluateStudent(const Dataset &data) const {
  SmallVector<const void *> arguments;
  for (size_t i = 0; i < parameterCount; ++i) {
    const NpyArray *own = findState(names[i] + "." + kStudentState.str());
    arguments.push_back(own ? own->bytes.data() : current[i].bytes.data());
  }
  arguments.push_back(findState(kStudentTerms)->bytes.data());
  return evaluate(*student, std::move(arguments), data);
}

llvm::Expected<double> Trainer::evaluate(const JitFunction &function,
                                         SmallVector<const void *> arguments,
                                         const Dataset &data) const {
  // The last batch is filled up with what was in the one before.
  std::vector<float> inputs(settings.batch * data.getImageElements());
  std::vector<int32_t> labels(settings.batch);
  std::vector<float> logits(settings.batch * classes);
  arguments.push_back(inputs.data());
  int64_t correctImages = 0;
  for (int64_t begin = 0; begin < data.getCount(); begin += settings.batch) {
    int64_t count = std::min(settings.batch, data.getCount() - begin);
    auto indices = llvm::to_vector(llvm::seq<uint32_t>(begin, begin + count));
    data.getBatch(indices, inputs, labels);
    if (llvm::Error error = function.run(arguments, {logits.data()}))
      return std::move(error);
    correctImages += countCorrect(ArrayRef(logits).take_front(count * classes),
                                  data.getLabels().slice(begin, count));
  }
  return static_cast<double>(correctImages) /
         static_cast<double>(data.getCount());
}

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

static void storeValues(Parameter parameter, const NpyArray &array) {
  auto type = cast<RankedTensorType>(parameter.constant.getType());
  ArrayRef<float> values = llvm::cantFail(array.getValues<float>());
  parameter.constant.setValueAttr(DenseElementsAttr::get(type, values));
}

void Trainer::storeParameters(ModuleOp module) const {
  auto function = module.lookupSymbol<func::FuncOp>("main");
  // Both before any of them changes: what they are shows in their values too.
  auto parameters = collectParameters(function);
  auto ofNetwork = collectStatistics(function);
  for (auto [i, parameter] : llvm::enumerate(parameters))
    storeValues(parameter, current[i]);
  for (auto [i, statistic] : llvm::zip_equal(statistics, ofNetwork))
    storeValues(statistic, current[i]);
}
