//===- Recurrent.cpp - RNN, GRU and LSTM ----------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One step of each cell, in ONNX's order of gates and operations.
//
//===----------------------------------------------------------------------===//

#include "RecurrentLayer.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace colonnade::onnximport {

using Kind = RecurrentActivation::Kind;

/// An elementwise op over tensors of one shape.
static Value createStep(const RecurrentLayer &layer, ArrayRef<Value> operands,
                        ElementFunction body) {
  RankedTensorType type = getTensorType(operands.front());
  AffineMap identity =
      layer.getBuilder().getMultiDimIdentityMap(type.getRank());
  SmallVector<MappedValue> mapped;
  for (Value operand : operands)
    mapped.push_back({operand, identity});
  return createElementwise(layer.getBuilder(), type, mapped, body);
}

template <typename OpTy>
static Value createBinary(const RecurrentLayer &layer, Value left,
                          Value right) {
  return createStep(
      layer, {left, right},
      [](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        return OpTy::create(nested, elements[0], elements[1]);
      });
}

//===----------------------------------------------------------------------===//
// RNN
//===----------------------------------------------------------------------===//

static RecurrentState stepRnn(const RecurrentLayer &layer,
                              const RecurrentDirection &direction,
                              Value projected, const RecurrentState &state) {
  Value sum = createBinary<arith::AddFOp>(
      layer, projected, layer.createRecurrence(direction, state.hidden, 0, 1));
  return {layer.activate(sum, direction.activations[0]), {}};
}

static LogicalResult importRnn(NodeImporter &node) {
  return RecurrentLayer(node, /*gates=*/1, /*hasCell=*/false)
      .import({Kind::Tanh}, stepRnn);
}

//===----------------------------------------------------------------------===//
// GRU: gates z (update), r (reset), h
//===----------------------------------------------------------------------===//

/// What the state adds to the hidden gate: the reset is applied to the state or
/// after the product with the weights.
static Value createHiddenRecurrence(const RecurrentLayer &layer,
                                    const RecurrentDirection &direction,
                                    Value reset, Value hidden) {
  if (!layer.getNode().getInteger("linear_before_reset", 0)) {
    Value kept = createBinary<arith::MulFOp>(layer, reset, hidden);
    return layer.createRecurrence(direction, kept, 2, 1);
  }
  Value product = layer.createRecurrence(direction, hidden, 2, 1);
  return createBinary<arith::MulFOp>(layer, reset, product);
}

/// (1 - update) * candidate + update * hidden
static Value createUpdate(const RecurrentLayer &layer, Value update,
                          Value candidate, Value hidden) {
  return createStep(
      layer, {update, candidate, hidden},
      [](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        Value one = createNumber(nested, elements[0].getType(), 1);
        Value rest = arith::SubFOp::create(nested, one, elements[0]);
        Value taken = arith::MulFOp::create(nested, rest, elements[1]);
        Value kept = arith::MulFOp::create(nested, elements[0], elements[2]);
        return arith::AddFOp::create(nested, taken, kept);
      });
}

static RecurrentState stepGru(const RecurrentLayer &layer,
                              const RecurrentDirection &direction,
                              Value projected, const RecurrentState &state) {
  Value sums = createBinary<arith::AddFOp>(
      layer, layer.getGates(projected, 0, 2),
      layer.createRecurrence(direction, state.hidden, 0, 2));
  Value gates = layer.activate(sums, direction.activations[0]);
  Value update = layer.getGates(gates, 0), reset = layer.getGates(gates, 1);
  Value sum = createBinary<arith::AddFOp>(
      layer, layer.getGates(projected, 2),
      createHiddenRecurrence(layer, direction, reset, state.hidden));
  Value candidate = layer.activate(sum, direction.activations[1]);
  return {createUpdate(layer, update, candidate, state.hidden), {}};
}

static LogicalResult importGru(NodeImporter &node) {
  return RecurrentLayer(node, /*gates=*/3, /*hasCell=*/false)
      .import({Kind::Sigmoid, Kind::Tanh}, stepGru);
}

//===----------------------------------------------------------------------===//
// LSTM: gates i (input), o (output), f (forget), c (cell)
//===----------------------------------------------------------------------===//

/// The sum of a gate plus its peephole on the cell, if the layer has any.
static Value createGateSum(const RecurrentLayer &layer,
                           const RecurrentDirection &direction, Value sums,
                           int64_t gate, Value cell) {
  Value sum = layer.getGates(sums, gate);
  if (!direction.peepholes)
    return sum;
  Value weights = layer.getGates(direction.peepholes, gate);
  AffineMap identity = layer.getBuilder().getMultiDimIdentityMap(2);
  return createElementwise(
      layer.getBuilder(), getTensorType(sum),
      {{sum, identity}, {cell, identity}, mapTo(weights, 2, 1u)},
      [](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        Value product = arith::MulFOp::create(nested, elements[1], elements[2]);
        return arith::AddFOp::create(nested, elements[0], product);
      });
}

/// forget * cell + input * candidate
static Value createCell(const RecurrentLayer &layer, Value forget, Value cell,
                        Value input, Value candidate) {
  return createStep(
      layer, {forget, cell, input, candidate},
      [](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        Value kept = arith::MulFOp::create(nested, elements[0], elements[1]);
        Value added = arith::MulFOp::create(nested, elements[2], elements[3]);
        return arith::AddFOp::create(nested, kept, added);
      });
}

static RecurrentState stepLstm(const RecurrentLayer &layer,
                               const RecurrentDirection &direction,
                               Value projected, const RecurrentState &state) {
  ArrayRef<RecurrentActivation> activations = direction.activations;
  Value sums = createBinary<arith::AddFOp>(
      layer, projected, layer.createRecurrence(direction, state.hidden, 0, 4));
  auto getGate = [&](int64_t gate, Value cell) {
    return layer.activate(createGateSum(layer, direction, sums, gate, cell),
                          activations[0]);
  };
  Value input = getGate(0, state.cell), forget = getGate(2, state.cell);
  Value candidate = layer.activate(layer.getGates(sums, 3), activations[1]);
  Value cell = createCell(layer, forget, state.cell, input, candidate);
  Value output = getGate(1, cell);
  Value hidden = createBinary<arith::MulFOp>(
      layer, output, layer.activate(cell, activations[2]));
  return {hidden, cell};
}

static LogicalResult importLstm(NodeImporter &node) {
  if (node.getInteger("input_forget", 0))
    return node.reject("'input_forget' 1 couples two gates; the importer "
                       "handles 0: write the coupling out before export");
  return RecurrentLayer(node, /*gates=*/4, /*hasCell=*/true)
      .import({Kind::Sigmoid, Kind::Tanh, Kind::Tanh}, stepLstm);
}

void addRecurrentOps(ImportTable &table) {
  table["GRU"] = importGru;
  table["LSTM"] = importLstm;
  table["RNN"] = importRnn;
}

} // namespace colonnade::onnximport
