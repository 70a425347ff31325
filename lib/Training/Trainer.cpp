//===- Trainer.cpp - Running the training step over a data set ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/Trainer.h"
#include "StepFormat.h"
#include "Student.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Support/Labels.h"
#include "colonnade/Training/TrainingHook.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;

Trainer::~Trainer() = default;

//===----------------------------------------------------------------------===//
// Networks that it takes
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
    auto layer = findMantissaLayer(name);
    if (!layer || array.type != NpyType::Int32)
      continue;
    LayerMantissas &mantissas = layers.emplace_back();
    mantissas.name = layer->str();
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
  std::vector<LayerMantissas> layers = getMantissas();
  for (const LayerMantissas &layer : layers)
    arguments.push_back(layer.bits.data());
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
