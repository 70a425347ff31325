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
#include "StepRoles.h"
#include "StepRule.h"
#include "Student.h"
#include "colonnade/Dialect/Colonnade/Transforms/BatchNorm.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "colonnade/Differentiation/Differentiate.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Differentiation/StoredCouplings.h"
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

/// Of a step, behind its state: its number, a batch and the labels.
static constexpr unsigned kInputs = 3;

namespace {

/// Builds the step behind the network it trains.
class StepBuilder {
public:
  StepBuilder(func::FuncOp network, const OptimizerSettings &optimizer,
              const ScheduleSettings &schedule, const FormatSettings &format,
              const DistillationSettings &distillation)
      : network(network), optimizer(optimizer), schedule(schedule),
        format(format), distillation(distillation), builder(network.getLoc(), network.getContext()) {}

  /// With `measuresDrift`, the step's last result says how far reconstructed
  /// streams are off.
  LogicalResult build(bool measuresDrift);

private:
  /// Of the streams that the rule has seen reconstructed. Fails if there are
  /// none.
  FailureOr<Value> createDrift(const StepRule &rule);
  /// The empty function, with its arguments and their names.
  func::FuncOp createFunction();
  /// The network's body with the step's arguments; its result.
  Value cloneNetwork(func::FuncOp step);
  /// What of the step takes the place of the network's arguments.
  IRMapping mapArguments(func::FuncOp step);
  /// What is minimized; remembers where gradients stop.
  Value createLoss(func::FuncOp step, Value logits);
  /// By parameter; sums where the student has weights of its own.
  FailureOr<SmallVector<Value>>
  createGradients(func::FuncOp step, Value loss, GradientRule &rule);
  /// Has the normalizations of the step, one of which may have made `logits`,
  /// normalize by the batch's statistics; the next running ones.
  FailureOr<SmallVector<Value>> normalizeByBatch(func::FuncOp step,
                                                 Value &logits);
  /// The next parameters, then the next state of the optimizer. Each is computed
  /// where its gradient is there, which need not be kept then.
  SmallVector<Value> createUpdates(func::FuncOp step, ValueRange gradients,
                                   Value number);
  /// Names an argument and the result that takes its place in the next step.
  void setName(func::FuncOp step, unsigned index, StringRef attribute,
               const Twine &name);

  unsigned getStatesPerParameter() const {
    return getStateNames(optimizer.kind).size();
  }
  /// Where running statistics begin among the step's arguments.
  unsigned getFirstStatistic() const {
    return parameters * (1 + getStatesPerParameter());
  }
  /// The student's state: its weights, then the limit of its terms.
  ValueRange getStudentState(func::FuncOp step) const {
    unsigned count = distillation.hasStudent() ? students.size() + 1 : 0;
    return ValueRange(step.getArguments()).drop_back(kInputs).take_back(count);
  }
  /// Where the format's state begins among the arguments.
  unsigned getFirstFormatState() const {
    return getFirstStatistic() + statistics;
  }

  func::FuncOp network;
  const OptimizerSettings &optimizer;
  const ScheduleSettings &schedule;
  const FormatSettings &format;
  const DistillationSettings &distillation;
  ImplicitLocOpBuilder builder;
  /// The parameters that the student has of its own: weights of products.
  SmallVector<unsigned> students;
  /// Gradients do not pass it; null if there is none.
  Operation *constant = nullptr;
  /// Arguments of the network that are parameters; they come first.
  unsigned parameters = 0;
  /// Those that are running statistics; they come next.
  unsigned statistics = 0;
};

} // namespace

/// How many arguments from number `first` on have the attribute.
static unsigned countMarked(func::FuncOp network, unsigned first,
                            StringRef attribute) {
  unsigned end = first;
  while (end < network.getNumArguments() && network.getArgAttr(end, attribute))
    ++end;
  return end - first;
}

/// Fails unless the network, with that many parameters and then running
/// statistics as its first arguments, is one that can be trained.
static LogicalResult checkNetwork(func::FuncOp network, unsigned parameters,
                                  unsigned statistics) {
  if (parameters == 0)
    return network.emitError("has no parameters to train: no float constant "
                             "feeds a contraction or an elementwise op");
  unsigned marked = parameters + statistics;
  if (network.getNumArguments() != marked + 1 || network.getNumResults() != 1)
    return network.emitError("expected one input and one result besides the "
                             "parameters, got ")
           << network.getNumArguments() - marked << " and "
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
  return success();
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
  llvm::append_range(types,
                     network.getArgumentTypes().slice(parameters, statistics));
  SmallVector<LayerProduct> layers;
  if (format.isAdaptive())
    layers = collectLayerProducts(network);
  types.append(layers.size(), RankedTensorType::get(3, builder.getI32Type()));
  if (distillation.hasStudent()) {
    for (unsigned i : students)
      types.push_back(network.getArgumentTypes()[i]);
    types.push_back(RankedTensorType::get(1, builder.getI32Type()));
  }
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
  step.addEntryBlock();
  for (unsigned i = 0; i < parameters; ++i) {
    auto name = cast<StringAttr>(network.getArgAttr(i, kParameterAttribute));
    setName(step, i, kParameterAttribute, name.getValue());
    for (auto [k, state] : llvm::enumerate(getStateNames(optimizer.kind)))
      setName(step, parameters + i * getStatesPerParameter() + k,
              kStateAttribute, name.getValue() + "." + state);
  }
  for (unsigned i = 0; i < statistics; ++i)
    setName(
        step, getFirstStatistic() + i, kStateAttribute,
        cast<StringAttr>(network.getArgAttr(parameters + i, kStateAttribute))
            .getValue());
  for (auto [i, layer] : llvm::enumerate(layers))
    setName(step, getFirstFormatState() + i, kStateAttribute,
            layer.name + "." + kMantissaState);
  ValueRange student = getStudentState(step);
  for (auto [parameter, weights] : llvm::zip(students, student))
    setName(step, cast<BlockArgument>(weights).getArgNumber(), kStateAttribute,
            cast<StringAttr>(network.getArgAttr(parameter, kParameterAttribute))
                    .getValue() +
                "." + kStudentState);
  if (!student.empty())
    setName(step, cast<BlockArgument>(student.back()).getArgNumber(),
            kStateAttribute, kStudentTerms);
  // Behind it are the batch and the labels, or the loss and the logits.
  setName(step, step.getNumArguments() - 3, kStateAttribute, kStepNumber);
  return step;
}

IRMapping StepBuilder::mapArguments(func::FuncOp step) {
  IRMapping mapping;
  for (unsigned i = 0; i < parameters; ++i)
    mapping.map(network.getArgument(i), step.getArgument(i));
  for (unsigned i = 0; i < statistics; ++i)
    mapping.map(network.getArgument(parameters + i),
                step.getArgument(getFirstStatistic() + i));
  mapping.map(network.getArguments().back(),
              step.getArgument(step.getNumArguments() - 2));
  return mapping;
}

Value StepBuilder::cloneNetwork(func::FuncOp step) {
  IRMapping mapping = mapArguments(step);
  Block &body = network.getBody().front();
  for (Operation &op : body.without_terminator())
    builder.clone(op, mapping);
  return mapping.lookup(body.getTerminator()->getOperand(0));
}

/// Those of the function and of the couplings in it.
static SmallVector<BatchNormInferenceOp>
collectNormalizations(func::FuncOp function) {
  SmallVector<BatchNormInferenceOp> ops;
  function.walk([&](BatchNormInferenceOp op) { ops.push_back(op); });
  return ops;
}

/// Whether training leaves a value as it is.
static bool isFrozen(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasAttr(ColonnadeDialect::getFrozenAttrName());
}

/// Fails where the next running statistics are values that only a region sees,
/// since nothing has computed them again.
static LogicalResult checkStatistics(ValueRange statistics) {
  for (Value statistic : statistics)
    if (isa<ReversibleOp>(statistic.getParentBlock()->getParentOp()))
      return emitError(statistic.getLoc(),
                       "normalizes by a batch in a coupling that no gradient "
                       "passes, and nobody would know its running statistics: "
                       "freeze them or remove the coupling");
  return success();
}

FailureOr<SmallVector<Value>> StepBuilder::normalizeByBatch(func::FuncOp step,
                                                            Value &logits) {
  OpBuilder::InsertionGuard guard(builder);
  SmallVector<Value> next(statistics);
  // The step's own, that one normalization alone reads.
  auto getPlace = [&](Value value) -> Value * {
    auto argument = dyn_cast<BlockArgument>(value);
    unsigned first = getFirstStatistic();
    bool isOwn = argument && argument.hasOneUse() &&
                 argument.getArgNumber() >= first &&
                 argument.getArgNumber() < first + statistics;
    return isOwn ? &next[argument.getArgNumber() - first] : nullptr;
  };
  for (BatchNormInferenceOp op : collectNormalizations(step)) {
    if (isFrozen(op.getMean()) && isFrozen(op.getVariance()))
      continue;
    Value *mean = getPlace(op.getMean()),
          *variance = getPlace(op.getVariance());
    if (!mean || !variance)
      return op.emitOpError(
          "expected a mean and a variance of its own to train "
          "with: f32 constants that nothing else reads");
    builder.setInsertionPoint(op);
    FailureOr<BatchNormStep> normalized = buildBatchNormStep(builder, op);
    if (failed(normalized))
      return failure();
    *mean = normalized->mean;
    *variance = normalized->variance;
    if (logits == op.getResult())
      logits = normalized->result;
    op.replaceAllUsesWith(normalized->result);
    op.erase();
  }
  return next;
}

Value StepBuilder::createLoss(func::FuncOp step, Value logits) {
  Value labels = step.getArguments().back();
  if (!distillation.hasStudent())
    return createCrossEntropy(builder, logits, labels);
  IRMapping mapping = mapArguments(step);
  ValueRange state = getStudentState(step);
  for (auto [parameter, weights] :
       llvm::zip_equal(students, state.drop_back()))
    mapping.map(network.getArgument(parameter), weights);
  Value zero = arith::ConstantIndexOp::create(builder, 0);
  Value limit = tensor::ExtractOp::create(builder, state.back(), zero);
  Value student = cloneStudent(builder, network, mapping, limit);
  DistillationLoss distilled =
      createDistillationLoss(builder, logits, student, labels, distillation);
  constant = distilled.constant;
  return distilled.loss;
}

static Value createSum(ImplicitLocOpBuilder &builder, Value left,
                       Value right) {
  auto type = cast<RankedTensorType>(left.getType());
  Value empty = tensor::EmptyOp::create(builder, type.getShape(),
                                        type.getElementType());
  return linalg::AddOp::create(builder, ValueRange{left, right}, empty)
      .getResult(0);
}

FailureOr<SmallVector<Value>>
StepBuilder::createGradients(func::FuncOp step, Value loss,
                             GradientRule &rule) {
  SmallVector<Value> inputs(step.getArguments().take_front(parameters));
  ValueRange state = getStudentState(step);
  llvm::append_range(inputs, state.take_front(students.size()));
  auto gradients = differentiate(builder, loss, inputs, &rule);
  if (failed(gradients))
    return failure();
  for (auto [i, parameter] : llvm::enumerate(students))
    (*gradients)[parameter] = createSum(builder, (*gradients)[parameter],
                                        (*gradients)[parameters + i]);
  return gradients;
}

SmallVector<Value> StepBuilder::createUpdates(func::FuncOp step,
                                              ValueRange gradients,
                                              Value number) {
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(number);
  Value rate = createLearningRate(builder, number, schedule);
  unsigned states = getStatesPerParameter();
  SmallVector<Value> results(parameters);
  for (unsigned i = 0; i < parameters; ++i) {
    ValueRange state =
        step.getArguments().slice(parameters + i * states, states);
    builder.setLoc(NameLoc::get(
        cast<StringAttr>(network.getArgAttr(i, kParameterAttribute))));
    builder.setInsertionPointAfterValue(gradients[i]);
    SmallVector<Value> next =
        createUpdate(builder, step.getArgument(i), state, gradients[i], rate,
                     number, optimizer);
    results[i] = next.front();
    llvm::append_range(results, ArrayRef(next).drop_front());
  }
  builder.setLoc(network.getLoc());
  return results;
}

FailureOr<Value> StepBuilder::createDrift(const StepRule &rule) {
  if (rule.getReconstructed().empty())
    return network.emitError(
        "expected a coupling whose inputs are reconstructed, to measure their "
        "drift, got none: make the network reversible "
        "(--colonnade-make-reversible), or leave measure-drift out");
  return buildDrift(builder, network.getLoc(), rule.getReconstructed());
}

LogicalResult StepBuilder::build(bool measuresDrift) {
  parameters = countMarked(network, 0, kParameterAttribute);
  statistics = countMarked(network, parameters, kStateAttribute);
  if (failed(checkNetwork(network, parameters, statistics)))
    return failure();
  lowerStoredCouplings(network);
  if (distillation.hasStudent() && statistics > 0)
    return network.emitError("has batch normalization: fold it "
                             "(--colonnade-normalize) to train with "
                             "distillation");
  if (distillation.hasStudent())
    students = findStudentWeights(network);
  func::FuncOp step = createFunction();
  builder.setInsertionPointToStart(&step.getBody().front());
  ValueRange arguments = step.getArguments();
  Value number = arguments.take_back(3).front();
  Value current = tensor::ExtractOp::create(builder, number, ValueRange());
  Value logits = cloneNetwork(step);
  FailureOr<SmallVector<Value>> nextStatistics = normalizeByBatch(step, logits);
  if (failed(nextStatistics))
    return failure();
  OpBuilder::InsertPoint end = builder.saveInsertionPoint();
  builder.setInsertionPointAfterValue(current);
  StepFormat rounding(builder, format, collectLayerProducts(step),
                      arguments.drop_front(getFirstFormatState()).drop_back(3),
                      current);
  rounding.roundOperands();
  builder.restoreInsertionPoint(end);
  StepRoles roles(step);
  roles.name("forward");

  Value loss = createLoss(step, logits);
  roles.name("loss");
  StepRule rule(rounding, roles, constant, *nextStatistics);
  auto gradients = createGradients(step, loss, rule);
  if (failed(gradients) || failed(rounding.checkState()) ||
      failed(checkStatistics(*nextStatistics)))
    return failure();
  roles.name("backward");

  builder.setLoc(network.getLoc());
  SmallVector<Value> results = createUpdates(step, *gradients, current);
  llvm::append_range(results, *nextStatistics);
  llvm::append_range(results, rounding.getNextState());
  llvm::append_range(results, getStudentState(step));
  Value one = arith::ConstantOp::create(builder, builder.getI64IntegerAttr(1));
  Value following = arith::AddIOp::create(builder, current, one);
  results.push_back(tensor::FromElementsOp::create(
      builder, cast<RankedTensorType>(number.getType()), following));
  results.append({loss, logits});
  if (measuresDrift) {
    FailureOr<Value> drift = createDrift(rule);
    if (failed(drift))
      return failure();
    results.push_back(*drift);
    // Appending fails only for functions without a body.
    (void)step.insertResult(step.getNumResults(), drift->getType(), {});
  }
  func::ReturnOp::create(builder, results);
  roles.name("update");
  roles.finish();
  lowerBatchNorms(step);
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
        format,     blocks,
        rounding,   gradientRounding,
        seed,       refreshInterval,
        FastPolicy{thresholdStart, thresholdSlope},
        totalSteps};
    if (failed(StepBuilder(network, optimizerSettings, scheduleSettings,
                           formatSettings, {distillation, temperature})
                   .build(measureDrift)))
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
