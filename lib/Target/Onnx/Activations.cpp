//===- Activations.cpp - ONNX activation functions ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions of one element, each in the form that its ONNX definition gives,
// built of arith and math. Softmax, which looks at a whole axis, is in
// Softmax.cpp.
//
//===----------------------------------------------------------------------===//

#include "ActivationBodies.h"
#include "ElementwiseImporter.h"
#include "OperandChecks.h"
#include "ScalarBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace colonnade::onnximport;
using llvm::Twine;

/// Activations without attributes.
template <Value (*function)(ImplicitLocOpBuilder &, Value)>
static Value createPlain(ImplicitLocOpBuilder &builder, NodeImporter &,
                         Value x) {
  return function(builder, x);
}

using ActivationFunction = Value (*)(ImplicitLocOpBuilder &, NodeImporter &,
                                     Value);

template <ActivationFunction function>
static LogicalResult importActivation(NodeImporter &node) {
  return importElementwise(node, 0,
                           [&](ImplicitLocOpBuilder &b, ValueRange args) {
                             return function(b, node, args[0]);
                           });
}

static Value createRelu(ImplicitLocOpBuilder &builder, NodeImporter &node,
                        Value x) {
  return createMaximum(builder, node.getInputSignedness(0), x,
                       createLike(builder, x, 0));
}

static Value createLeakyReluWithAttributes(ImplicitLocOpBuilder &builder,
                                           NodeImporter &node, Value x) {
  return createLeakyRelu(builder, x, node.getFloat("alpha", 0.01f));
}

static Value createEluWithAttributes(ImplicitLocOpBuilder &builder,
                                     NodeImporter &node, Value x) {
  return createElu(builder, x, node.getFloat("alpha", 1));
}

static Value createHardSigmoidWithAttributes(ImplicitLocOpBuilder &builder,
                                             NodeImporter &node, Value x) {
  return createHardSigmoid(builder, x, node.getFloat("alpha", 0.2f),
                           node.getFloat("beta", 0.5f));
}

static Value createPRelu(ImplicitLocOpBuilder &builder, ValueRange args) {
  return createSelectSign(builder, args[0], args[0],
                          arith::MulFOp::create(builder, args[0], args[1]));
}

/// Until opset 6 a slope was one number for each channel, or for all.
static LogicalResult importChannelPRelu(NodeImporter &node) {
  RankedTensorType type = node.getInputType(0);
  int64_t channels = type.getDimSize(1);
  if (failed(requireShape(node, 1, channels)))
    return failure();
  MappedValue data =
      broadcastTo(node.builder, node.getInput(0), type.getShape());
  MappedValue slope = mapTo(node.getInput(1), type.getRank(), 1);
  node.setResult(
      0, createElementwise(node.builder, type, {data, slope}, createPRelu));
  return success();
}

static LogicalResult importPRelu(NodeImporter &node) {
  RankedTensorType type = node.getInputType(0);
  if (!isa<FloatType>(type.getElementType()))
    return node.reject("expected floats: a slope of integers is not imported");
  if (node.getOriginalOpset() < 7 && type.getRank() > 1 &&
      node.getInputType(1).getNumElements() != 1)
    return importChannelPRelu(node);
  return importElementwise(node, createPRelu);
}

static Value createHardSwish(ImplicitLocOpBuilder &builder, NodeImporter &,
                             Value x) {
  return arith::MulFOp::create(builder, x,
                               createHardSigmoid(builder, x, 1.0 / 6, 0.5));
}

static Value createTanh(ImplicitLocOpBuilder &builder, NodeImporter &,
                        Value x) {
  return math::TanhOp::create(builder, x);
}

static Value createSelu(ImplicitLocOpBuilder &builder, NodeImporter &node,
                        Value x) {
  // ONNX's defaults, to its digits.
  float alpha = node.getFloat("alpha", 1.67326319217681884765625f);
  float gamma = node.getFloat("gamma", 1.05070102214813232421875f);
  return arith::MulFOp::create(builder, createLike(builder, x, gamma),
                               createElu(builder, x, alpha));
}

namespace {
/// A bound of Clip: a number known now, an operand, or none.
struct Bound {
  TypedAttr number;
  std::optional<unsigned> operand;
};
} // namespace

/// Operand `index`, or before opset 11 attribute `name`.
static FailureOr<Bound> getBound(NodeImporter &node, unsigned index,
                                 StringRef name) {
  Type type = node.getInputType(0).getElementType();
  if (node.getOpset() < 11) {
    if (!node.hasAttribute(name))
      return Bound();
    return Bound{getNumberAttr(type, node.getFloat(name, 0)), std::nullopt};
  }
  if (!node.hasInput(index))
    return Bound();
  if (node.getInputType(index).getNumElements() != 1)
    return node.reject("expected a scalar as " + name + ", got " +
                       Twine(node.getInputType(index).getNumElements()) +
                       " elements");
  if (DenseElementsAttr constant = node.getConstant(index))
    return Bound{cast<TypedAttr>(*constant.value_begin<Attribute>()),
                 std::nullopt};
  return Bound{nullptr, index};
}

static LogicalResult importClip(NodeImporter &node) {
  FailureOr<Bound> low = getBound(node, 1, "min");
  FailureOr<Bound> high = getBound(node, 2, "max");
  if (failed(low) || failed(high))
    return failure();
  SmallVector<unsigned> operands = {0};
  for (const Bound &bound : {*low, *high})
    if (bound.operand)
      operands.push_back(*bound.operand);
  return importElementwise(
      node, operands, [&](ImplicitLocOpBuilder &b, ValueRange args) {
        Value x = args.front();
        auto next = args.begin() + 1;
        auto apply = [&](const Bound &bound, auto function) {
          if (!bound.number && !bound.operand)
            return;
          Value number =
              bound.operand ? *next++
                            : Value(arith::ConstantOp::create(b, bound.number));
          x = function(b, node.getInputSignedness(0), x, number);
        };
        apply(*low, createMaximum);
        apply(*high, createMinimum);
        return x;
      });
}

void colonnade::onnximport::addActivationOps(ImportTable &table) {
  table["Relu"] = importActivation<createRelu>;
  table["LeakyRelu"] = importActivation<createLeakyReluWithAttributes>;
  table["PRelu"] = importPRelu;
  table["Clip"] = importClip;
  table["Sigmoid"] = importActivation<createPlain<createSigmoid>>;
  table["HardSigmoid"] = importActivation<createHardSigmoidWithAttributes>;
  table["HardSwish"] = importActivation<createHardSwish>;
  table["Tanh"] = importActivation<createTanh>;
  table["Elu"] = importActivation<createEluWithAttributes>;
  table["Selu"] = importActivation<createSelu>;
  table["Softplus"] = importActivation<createPlain<createSoftplus>>;
  table["Softsign"] = importActivation<createPlain<createSoftsign>>;
}
