//===- StepBuilder.cpp - Builds a training step ---------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "StepBuilder.h"
#include "StepRoles.h"
#include "Student.h"
#include "colonnade/Dialect/Colonnade/Transforms/BatchNorm.h"
#include "colonnade/Differentiation/Differentiate.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Differentiation/StoredCouplings.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade;

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
            getMantissaName(layer.name));
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
  setName(step, step.getNumArguments() - kInputs, kStateAttribute, kStepNumber);
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
  for (BatchNormInferenceOp op : collectTrainedBatchNorms(step)) {
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
  Value number = arguments.take_back(kInputs).front();
  Value current = tensor::ExtractOp::create(builder, number, ValueRange());
  Value logits = cloneNetwork(step);
  FailureOr<SmallVector<Value>> nextStatistics = normalizeByBatch(step, logits);
  if (failed(nextStatistics))
    return failure();
  OpBuilder::InsertPoint end = builder.saveInsertionPoint();
  builder.setInsertionPointAfterValue(current);
  StepFormat rounding(builder, format, collectLayerProducts(step),
                      arguments.drop_front(getFirstFormatState()).drop_back(kInputs),
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
