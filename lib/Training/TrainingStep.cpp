//===- TrainingStep.cpp - From a network to its training step -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Network, loss, gradients and updates in one function, so that whatever
// compiles it sees the whole step.
//
//===----------------------------------------------------------------------===//

#include "Loss.h"
#include "Optimizer.h"
#include "StepFormat.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "colonnade/Differentiation/Differentiate.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"

namespace colonnade {
#define GEN_PASS_DEF_TRAININGSTEP
#include "colonnade/Training/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr llvm::StringLiteral kStateAttribute =
    ColonnadeDialect::getStateAttrName();

namespace {

/// Builds the step behind the network it trains.
class StepBuilder {
public:
  StepBuilder(func::FuncOp network, const OptimizerSettings &optimizer,
              const ScheduleSettings &schedule, const FormatSettings &format)
      : network(network), optimizer(optimizer), schedule(schedule),
        format(format), builder(network.getLoc(), network.getContext()) {}

  LogicalResult build();

private:
  /// The empty function, with its arguments and their names.
  func::FuncOp createFunction();
  /// The network's body with the step's arguments; its result.
  Value cloneNetwork(func::FuncOp step);
  /// The next parameters, then the next state of the optimizer.
  SmallVector<Value> createUpdates(func::FuncOp step, ValueRange gradients,
                                   Value number);
  /// Names an argument and the result that takes its place in the next step.
  void setName(func::FuncOp step, unsigned index, StringRef attribute,
               const Twine &name);

  unsigned getStatesPerParameter() const {
    return getStateNames(optimizer.kind).size();
  }
  /// Where the format's state begins among the arguments.
  unsigned getFirstFormatState() const {
    return parameters * (1 + getStatesPerParameter());
  }

  func::FuncOp network;
  const OptimizerSettings &optimizer;
  const ScheduleSettings &schedule;
  const FormatSettings &format;
  ImplicitLocOpBuilder builder;
  /// Arguments of the network that are parameters; they come first.
  unsigned parameters = 0;
};

} // namespace

/// How many arguments are parameters, after a check that the network is one
/// that can be trained.
static FailureOr<unsigned> checkNetwork(func::FuncOp network) {
  unsigned parameters = 0;
  while (parameters < network.getNumArguments() &&
         network.getArgAttr(parameters, kParameterAttribute))
    ++parameters;
  if (parameters == 0)
    return network.emitError("has no parameters to train: no float constant "
                             "feeds a contraction or an elementwise op");
  if (network.getNumArguments() != parameters + 1 ||
      network.getNumResults() != 1)
    return network.emitError("expected one input and one result besides the "
                             "parameters, got ")
           << network.getNumArguments() - parameters << " and "
           << network.getNumResults();
  auto input = dyn_cast<RankedTensorType>(network.getArgumentTypes().back());
  auto logits = dyn_cast<RankedTensorType>(network.getResultTypes().front());
  if (!input || !input.hasStaticShape() || input.getRank() < 1 || !logits ||
      !logits.hasStaticShape() || logits.getRank() != 2 ||
      !logits.getElementType().isF32() ||
      logits.getDimSize(0) != input.getDimSize(0))
    return network.emitError("expected an input [batch, ...] and logits "
                             "[batch, classes] of f32, got ")
           << network.getArgumentTypes().back() << " and "
           << network.getResultTypes().front();
  return parameters;
}

static bool hasParameters(func::FuncOp network) {
  return llvm::any_of(
      llvm::seq<unsigned>(0, network.getNumArguments()),
      [&](unsigned i) { return network.getArgAttr(i, kParameterAttribute); });
}

void StepBuilder::setName(func::FuncOp step, unsigned index,
                          StringRef attribute, const Twine &name) {
  StringAttr value = builder.getStringAttr(name);
  step.setArgAttr(index, attribute, value);
  step.setResultAttr(index, attribute, value);
}

func::FuncOp StepBuilder::createFunction() {
  SmallVector<Type> types(network.getArgumentTypes().take_front(parameters));
  for (unsigned i = 0; i < parameters; ++i)
    types.append(getStatesPerParameter(), types[i]);
  SmallVector<LayerProduct> layers;
  if (format.isAdaptive())
    layers = collectLayerProducts(network);
  types.append(layers.size(), RankedTensorType::get(3, builder.getI32Type()));
  SmallVector<Type> results = types;
  Type logits = network.getResultTypes().front();
  int64_t batch = cast<RankedTensorType>(logits).getDimSize(0);
  Type number = RankedTensorType::get({}, builder.getI64Type());
  types.append({number, network.getArgumentTypes().back(),
                RankedTensorType::get(batch, builder.getI32Type())});
  results.append(
      {number, RankedTensorType::get({}, builder.getF32Type()), logits});

  builder.setInsertionPointAfter(network);
  auto step = func::FuncOp::create(builder, "training_step",
                                   builder.getFunctionType(types, results));
  for (unsigned i = 0; i < parameters; ++i) {
    auto name = cast<StringAttr>(network.getArgAttr(i, kParameterAttribute));
    setName(step, i, kParameterAttribute, name.getValue());
    for (auto [k, state] : llvm::enumerate(getStateNames(optimizer.kind)))
      setName(step, parameters + i * getStatesPerParameter() + k,
              kStateAttribute, name.getValue() + "." + state);
  }
  for (auto [i, layer] : llvm::enumerate(layers))
    setName(step, getFirstFormatState() + i, kStateAttribute,
            layer.name + "." + kMantissaState);
  return step;
}

Value StepBuilder::cloneNetwork(func::FuncOp step) {
  IRMapping mapping;
  for (unsigned i = 0; i < parameters; ++i)
    mapping.map(network.getArgument(i), step.getArgument(i));
  mapping.map(network.getArguments().back(),
              step.getArgument(step.getNumArguments() - 2));
  Block &body = network.getBody().front();
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookup(body.getTerminator()->getOperand(0));
}

SmallVector<Value> StepBuilder::createUpdates(func::FuncOp step,
                                              ValueRange gradients,
                                              Value number) {
  Value rate = createLearningRate(builder, number, schedule);
  unsigned states = getStatesPerParameter();
  SmallVector<Value> results(parameters);
  for (unsigned i = 0; i < parameters; ++i) {
    ValueRange state =
        step.getArguments().slice(parameters + i * states, states);
    SmallVector<Value> next =
        createUpdate(builder, step.getArgument(i), state, gradients[i], rate,
                     number, optimizer);
    results[i] = next.front();
    llvm::append_range(results, ArrayRef(next).drop_front());
  }
  return results;
}

LogicalResult StepBuilder::build() {
  FailureOr<unsigned> count = checkNetwork(network);
  if (failed(count))
    return failure();
  parameters = *count;
  func::FuncOp step = createFunction();
  builder.setInsertionPointToStart(step.addEntryBlock());
  ValueRange arguments = step.getArguments();
  Value number = arguments.take_back(3).front();
  Value current = tensor::ExtractOp::create(builder, number, ValueRange());
  Value logits = cloneNetwork(step);
  OpBuilder::InsertPoint end = builder.saveInsertionPoint();
  builder.setInsertionPointAfterValue(current);
  StepFormat rounding(builder, format, collectLayerProducts(step),
                      arguments.drop_front(getFirstFormatState()).drop_back(3),
                      current);
  rounding.roundOperands();
  builder.restoreInsertionPoint(end);

  Value loss = createCrossEntropy(builder, logits, arguments.back());
  auto gradients = differentiate(
      builder, loss,
      llvm::to_vector_of<Value>(arguments.take_front(parameters)),
      [&](DifferentiableOpInterface op, OpBuilder &nested,
          ValueRange cotangents, ArrayRef<bool> needed) {
        return rounding.createCotangents(op, nested, cotangents, needed);
      });
  if (failed(gradients))
    return failure();

  SmallVector<Value> results = createUpdates(step, *gradients, current);
  llvm::append_range(results, rounding.getNextState());
  Value one = arith::ConstantOp::create(builder, builder.getI64IntegerAttr(1));
  Value following = arith::AddIOp::create(builder, current, one);
  results.push_back(tensor::FromElementsOp::create(
      builder, cast<RankedTensorType>(number.getType()), following));
  results.append({loss, logits});
  func::ReturnOp::create(builder, results);
  return success();
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
        format,    blocks,          rounding,
        seed,      refreshInterval, FastPolicy{thresholdStart, thresholdSlope},
        totalSteps};
    if (failed(StepBuilder(network, optimizerSettings, scheduleSettings,
                           formatSettings)
                   .build()))
      signalPassFailure();
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
  if (refreshInterval < 1)
    return reject("refresh-interval", double(refreshInterval), " >= 1");
  if (schedule == LearningRateSchedule::Step && stepsBetweenDrops < 1)
    return reject("steps-between-drops", double(stepsBetweenDrops),
                  " >= 1 for the step schedule");
  return success();
}
