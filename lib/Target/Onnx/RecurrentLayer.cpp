//===- RecurrentLayer.cpp - What recurrent layers have in common ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See RecurrentLayer.h. The input of all steps is multiplied by the weights in
// one product, which fills an array better than one product per step.
//
//===----------------------------------------------------------------------===//

#include "RecurrentLayer.h"
#include "ActivationBodies.h"
#include "MatrixProducts.h"
#include "OperandChecks.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace colonnade::onnximport {

/// More steps than this make programs that nobody wants to wait for.
static constexpr int64_t maxSteps = 4096;

/// Operands, in ONNX's order.
enum Operand : unsigned {
  sequenceOperand,
  weightOperand,
  recurrenceOperand,
  biasOperand,
  lengthsOperand,
  initialHiddenOperand,
  initialCellOperand,
  peepholeOperand
};

//===----------------------------------------------------------------------===//
// Reading and checking
//===----------------------------------------------------------------------===//

LogicalResult RecurrentLayer::readDirections() {
  std::string direction = node.getString("direction", "forward");
  if (direction != "forward" && direction != "reverse" &&
      direction != "bidirectional")
    return node.reject("expected 'direction' forward, reverse or "
                       "bidirectional, got '" +
                       Twine(direction) + "'");
  directions = direction == "bidirectional" ? 2 : 1;
  startsReversed = direction == "reverse";
  return success();
}

LogicalResult RecurrentLayer::readShapes() {
  for (unsigned operand : {sequenceOperand, weightOperand, recurrenceOperand})
    if (failed(requireRank(node, operand, 3)))
      return failure();
  batchFirst = node.getInteger("layout", 0) != 0;
  ArrayRef<int64_t> shape = node.getInputType(sequenceOperand).getShape();
  steps = shape[batchFirst ? 1 : 0];
  batch = shape[batchFirst ? 0 : 1];
  inputs = shape[2];
  hidden = node.getInputType(recurrenceOperand).getShape()[2];
  if (steps < 1 || steps > maxSteps)
    return node.reject("the sequence has " + Twine(steps) +
                       " steps; the importer unrolls from 1 to " +
                       Twine(maxSteps) + "; split the sequence");
  return success();
}

bool RecurrentLayer::hasShortSequences() {
  if (!node.hasInput(lengthsOperand))
    return false;
  DenseElementsAttr lengths = node.getConstant(lengthsOperand);
  return !lengths ||
         !llvm::all_of(lengths.getValues<APInt>(),
                       [&](const APInt &length) { return length == steps; });
}

LogicalResult RecurrentLayer::checkOperands() {
  SmallVector<int64_t> state =
      batchFirst ? SmallVector<int64_t>{batch, directions, hidden}
                 : SmallVector<int64_t>{directions, batch, hidden};
  std::pair<unsigned, SmallVector<int64_t>> shapes[] = {
      {sequenceOperand,
       SmallVector<int64_t>(node.getInputType(sequenceOperand).getShape())},
      {weightOperand, {directions, gates * hidden, inputs}},
      {recurrenceOperand, {directions, gates * hidden, hidden}},
      {biasOperand, {directions, 2 * gates * hidden}},
      {lengthsOperand, {batch}},
      {initialHiddenOperand, state},
      {initialCellOperand, state},
      {peepholeOperand, {directions, 3 * hidden}}};
  for (const auto &[operand, shape] : shapes)
    if (node.hasInput(operand) && failed(requireShape(node, operand, shape)))
      return failure();
  if (node.getInputType(sequenceOperand).getRank() != 3)
    return node.reject("expected a sequence of 3 dimensions");
  if (node.getInteger("hidden_size", hidden) != hidden)
    return node.reject("'hidden_size' is " +
                       Twine(node.getInteger("hidden_size", hidden)) +
                       ", but the weights are for " + Twine(hidden));
  return success();
}

LogicalResult RecurrentLayer::checkResults() {
  SmallVector<int64_t> output =
      batchFirst ? SmallVector<int64_t>{batch, steps, directions, hidden}
                 : SmallVector<int64_t>{steps, directions, batch, hidden};
  SmallVector<int64_t> state =
      batchFirst ? SmallVector<int64_t>{batch, directions, hidden}
                 : SmallVector<int64_t>{directions, batch, hidden};
  for (unsigned index = 0; index < node.getNumResults(); ++index) {
    ArrayRef<int64_t> expected = index == 0 ? output : state;
    if (node.hasResult(index) &&
        node.getResultType(index).getShape() != expected)
      return node.reject("the model gives result " + Twine(index) +
                         " another shape than the layer has");
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// The sequence as rows: [steps * batch, inputs].
Value RecurrentLayer::getSequence() {
  Value sequence = node.getInput(sequenceOperand);
  if (batchFirst)
    sequence = createTranspose(node.builder, sequence, {1, 0, 2});
  return createReshape(node.builder, sequence, {steps * batch, inputs});
}

Value RecurrentLayer::getPart(unsigned operand, int64_t direction) {
  Value part =
      createSlice(node.builder, node.getInput(operand), 0, direction, 1);
  return createReshape(node.builder, part, getShape(part).drop_front());
}

RecurrentDirection RecurrentLayer::getDirection(int64_t direction,
                                                Value sequence) {
  ImplicitLocOpBuilder &builder = node.builder;
  int64_t columns = gates * hidden;
  Value weights =
      createTranspose(builder, getPart(weightOperand, direction), {1, 0});
  Value projections =
      createMatrixProduct(builder, sequence, weights, getElementType(sequence));
  RecurrentDirection result;
  result.recurrence =
      createTranspose(builder, getPart(recurrenceOperand, direction), {1, 0});
  if (node.hasInput(biasOperand)) {
    Value biases = getPart(biasOperand, direction);
    projections = createAddBias(builder, projections,
                                createSlice(builder, biases, 0, 0, columns), 1);
    result.bias = createSlice(builder, biases, 0, columns, columns);
  }
  result.projections =
      createReshape(builder, projections, {steps, batch, columns});
  if (node.hasInput(peepholeOperand))
    result.peepholes = getPart(peepholeOperand, direction);
  size_t count = activations.size() / directions;
  result.activations = ArrayRef(activations).slice(direction * count, count);
  return result;
}

Value RecurrentLayer::getInitialState(unsigned operand, int64_t direction) {
  if (!node.hasInput(operand))
    return createZeroFilled(
        node.builder, RankedTensorType::get(
                          {batch, hidden},
                          node.getInputType(sequenceOperand).getElementType()));
  if (!batchFirst)
    return getPart(operand, direction);
  Value part =
      createSlice(node.builder, node.getInput(operand), 1, direction, 1);
  return createReshape(node.builder, part, {batch, hidden});
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

Value RecurrentLayer::getGates(Value value, int64_t gate, int64_t count) const {
  unsigned last = getTensorType(value).getRank() - 1;
  return createSlice(node.builder, value, last, gate * hidden, count * hidden);
}

Value RecurrentLayer::createRecurrence(const RecurrentDirection &direction,
                                       Value state, int64_t gate,
                                       int64_t count) const {
  ImplicitLocOpBuilder &builder = node.builder;
  Value product = createMatrixProduct(
      builder, state, getGates(direction.recurrence, gate, count),
      getElementType(state));
  if (!direction.bias)
    return product;
  return createAddBias(builder, product, getGates(direction.bias, gate, count),
                       1);
}

Value RecurrentLayer::activate(Value value,
                               const RecurrentActivation &activation) const {
  bool clips = node.hasAttribute("clip");
  double bound = node.getFloat("clip", 0);
  return createUnary(
      node.builder, value, [&](ImplicitLocOpBuilder &nested, Value x) {
        if (clips) {
          x = arith::MinimumFOp::create(nested, x,
                                        createLike(nested, x, bound));
          x = arith::MaximumFOp::create(nested, x,
                                        createLike(nested, x, -bound));
        }
        return createActivation(nested, x, activation);
      });
}

Value RecurrentLayer::createWhileRunning(Value value, Value otherwise,
                                         int64_t at) {
  ImplicitLocOpBuilder &builder = node.builder;
  AffineMap identity = builder.getMultiDimIdentityMap(2);
  return createElementwise(
      builder, getTensorType(value),
      {{value, identity},
       {otherwise, identity},
       mapTo(node.getInput(lengthsOperand), 2, 0u)},
      [&](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        Value isRunning = arith::CmpIOp::create(
            nested, arith::CmpIPredicate::sgt, elements[2],
            createLike(nested, elements[2], at));
        return arith::SelectOp::create(nested, isRunning, elements[0],
                                       elements[1]);
      });
}

SmallVector<Value> RecurrentLayer::unroll(const RecurrentDirection &direction,
                                          bool isReversed, Step step,
                                          RecurrentState &state) {
  ImplicitLocOpBuilder &builder = node.builder;
  bool hasShort = hasShortSequences();
  SmallVector<Value> outputs(steps);
  for (int64_t count = 0; count < steps; ++count) {
    int64_t at = isReversed ? steps - 1 - count : count;
    Value projected = createReshape(
        builder, createSlice(builder, direction.projections, 0, at, 1),
        {batch, gates * hidden});
    RecurrentState next = step(*this, direction, projected, state);
    outputs[at] = next.hidden;
    if (hasShort) {
      Value zeros = createZeroFilled(builder, getTensorType(next.hidden));
      outputs[at] = createWhileRunning(next.hidden, zeros, at);
      next.hidden = createWhileRunning(next.hidden, state.hidden, at);
      if (hasCell)
        next.cell = createWhileRunning(next.cell, state.cell, at);
    }
    state = next;
  }
  return outputs;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

static Value createConcat(ImplicitLocOpBuilder &builder, int64_t dimension,
                          ArrayRef<Value> values) {
  if (values.size() == 1)
    return values.front();
  return tensor::ConcatOp::create(builder, dimension, values);
}

/// [batch, hidden] of each direction as the layer's last state.
Value RecurrentLayer::joinStates(ArrayRef<Value> states) {
  SmallVector<int64_t> shape{1, batch, hidden};
  if (batchFirst)
    std::swap(shape[0], shape[1]);
  auto parts = llvm::map_to_vector(states, [&](Value state) {
    return createReshape(node.builder, state, shape);
  });
  return createConcat(node.builder, batchFirst ? 1 : 0, parts);
}

void RecurrentLayer::setResults(ArrayRef<SmallVector<Value>> outputs,
                                ArrayRef<RecurrentState> states) {
  ImplicitLocOpBuilder &builder = node.builder;
  if (node.hasResult(0)) {
    SmallVector<Value> sequences;
    for (ArrayRef<Value> steps : outputs) {
      auto parts = llvm::map_to_vector(steps, [&](Value output) {
        return createReshape(builder, output, {1, 1, batch, hidden});
      });
      sequences.push_back(createConcat(builder, 0, parts));
    }
    Value all = createConcat(builder, 1, sequences);
    node.setResult(0, batchFirst ? createTranspose(builder, all, {2, 0, 1, 3})
                                 : all);
  }
  auto setState = [&](unsigned index, auto getValue) {
    if (node.hasResult(index))
      node.setResult(index, joinStates(llvm::map_to_vector(states, getValue)));
  };
  setState(1, [](const RecurrentState &state) { return state.hidden; });
  if (hasCell)
    setState(2, [](const RecurrentState &state) { return state.cell; });
}

LogicalResult
RecurrentLayer::import(ArrayRef<RecurrentActivation::Kind> defaults,
                       Step step) {
  if (failed(readDirections()) || failed(readShapes()) ||
      failed(checkOperands()) || failed(checkResults()))
    return failure();
  auto named = readRecurrentActivations(node, defaults, directions);
  if (failed(named))
    return failure();
  activations = std::move(*named);
  Value sequence = getSequence();
  SmallVector<SmallVector<Value>> outputs;
  SmallVector<RecurrentState> states;
  for (int64_t part = 0; part < directions; ++part) {
    RecurrentState state{getInitialState(initialHiddenOperand, part), {}};
    if (hasCell)
      state.cell = getInitialState(initialCellOperand, part);
    outputs.push_back(unroll(getDirection(part, sequence),
                             startsReversed || part == 1, step, state));
    states.push_back(state);
  }
  setResults(outputs, states);
  return success();
}

} // namespace colonnade::onnximport
