//===- StepFormat.cpp - Number formats inside the training step -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Forward operands are rounded in the network, where differentiation takes them
// as they are: backward products re-use them. To form blocks anew, a backward
// product is made of a copy of the layer with other operands, which nothing
// else reads.
//
// In a coupling, values are seen by its regions only. What the next step needs
// of them, the precisions that were chosen, is taken from the copies that the
// backward pass makes: of fixed-point streams they have the same bits.
//
//===----------------------------------------------------------------------===//

#include "StepFormat.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/FastPolicy.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade;

/// The blocks of a format that has some.
static BlockFormat getBlockFormat(NumberFormat format) {
  switch (format) {
  case NumberFormat::Fp32:
  case NumberFormat::Bf16:
    return {};
  case NumberFormat::M2:
    return *findBlockFormat("m2");
  case NumberFormat::M3:
    return *findBlockFormat("m3");
  case NumberFormat::M4:
  case NumberFormat::FastAdaptive:
    static_assert(FastPolicy::kFineBits == 4);
    return *findBlockFormat("m4");
  case NumberFormat::M8:
    return *findBlockFormat("m8");
  case NumberFormat::Msfp12:
    return *findBlockFormat("msfp12");
  case NumberFormat::Mx:
    return *findBlockFormat("mx");
  }
  llvm_unreachable("all formats are known");
}

std::optional<NumberFormat>
colonnade::findNumberFormat(const BlockFormat &blocks) {
  for (NumberFormat format :
       {NumberFormat::M2, NumberFormat::M3, NumberFormat::M4, NumberFormat::M8,
        NumberFormat::Mx})
    if (getBlockFormat(format) == blocks)
      return format;
  return std::nullopt;
}

FastPolicy FormatSettings::getPolicy(const LayerProduct &layer,
                                     LayerTensor tensor) const {
  FastPolicy ofTensor = policy;
  if (tensor == LayerTensor::Result)
    ofTensor.start += gradientMargin;
  if (!layer.hasParameter)
    ofTensor.start += activationProductMargin;
  return ofTensor;
}

/// Whether a step chooses precisions: every `interval` steps, from the first.
static Value createIsRefreshed(ImplicitLocOpBuilder &builder, Value step,
                               int64_t interval) {
  auto constant = [&](int64_t value) {
    return arith::ConstantOp::create(builder, builder.getI64IntegerAttr(value));
  };
  Value rest = arith::RemSIOp::create(builder, step, constant(interval));
  return arith::CmpIOp::create(builder, arith::CmpIPredicate::eq, rest,
                               constant(0));
}

StepFormat::StepFormat(ImplicitLocOpBuilder &builder,
                       const FormatSettings &settings,
                       SmallVector<LayerProduct> products, ValueRange state,
                       Value step)
    : builder(builder), settings(settings),
      format(getBlockFormat(settings.format)), step(step) {
  for (auto [number, product] : llvm::enumerate(products)) {
    numbers[product.op] = number;
    layers.push_back({product, number, {}, {}, {}});
  }
  if (!settings.isAdaptive())
    return;
  if (step)
    isRefreshed = createIsRefreshed(builder, step, settings.refreshInterval);
  for (auto [layer, bits] : llvm::zip_equal(layers, state))
    for (auto [number, mantissa] : llvm::enumerate(layer.mantissas)) {
      Value index = arith::ConstantIndexOp::create(builder, number);
      mantissa = tensor::ExtractOp::create(builder, bits, index);
    }
}

//===----------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------===//

BlockFloatAttr StepFormat::getPromise(int64_t axis) {
  return BlockFloatAttr::get(builder.getContext(), axis, format.group,
                             format.exponentBits, format.mantissaBits);
}

Value StepFormat::roundToBlocks(const Layer &layer, Value value,
                                LayerTensor tensor, LayerTensor product,
                                int64_t axis) {
  bool isGradient = tensor == LayerTensor::Result;
  // Every tensor of the step has noise of its own.
  uint64_t seed = noise::mixKey(settings.seed) + 3 * layer.number +
                  static_cast<unsigned>(product);
  auto rounding = RoundingAttr::get(
      builder.getContext(),
      isGradient ? settings.gradientRounding : settings.rounding,
      isGradient ? static_cast<int64_t>(seed) : 0, BlockNoise::kMaxBits);
  auto type = cast<RankedTensorType>(value.getType());
  Value rounded = BlockQuantizeOp::create(
      builder, withBlockFloat(type, getPromise(axis)), value, rounding,
      layer.mantissas[static_cast<unsigned>(tensor)],
      isGradient ? step : Value());
  return DropEncodingOp::create(builder, type, rounded);
}

Value StepFormat::roundToBf16(Value value) {
  auto type = cast<RankedTensorType>(value.getType());
  Value narrow = arith::TruncFOp::create(
      builder, type.clone(builder.getBF16Type()), value);
  return arith::ExtFOp::create(builder, type, narrow);
}

Value StepFormat::round(const Layer &layer, Value value, LayerTensor tensor,
                        LayerTensor product) {
  if (settings.format == NumberFormat::Fp32)
    return value;
  if (settings.format == NumberFormat::Bf16)
    return roundToBf16(value);
  auto axis = layer.product.getBlockAxis(tensor, product);
  return axis ? roundToBlocks(layer, value, tensor, product, *axis) : value;
}

void StepFormat::chooseMantissa(Layer &layer, Value value, LayerTensor tensor,
                                LayerTensor product) {
  auto axis = layer.product.getBlockAxis(tensor, product);
  if (!isRefreshed || !axis)
    return;
  Value &mantissa = layer.getMantissa(tensor);
  if (settings.fineInput && layer.product.readsInput &&
      tensor == LayerTensor::Activations) {
    mantissa = arith::ConstantOp::create(
        builder, builder.getI32IntegerAttr(FastPolicy::kFineBits));
    return;
  }
  auto choice = scf::IfOp::create(
      builder, isRefreshed,
      [&](OpBuilder &nested, Location loc) {
        Value improvement = buildRelativeImprovement(
            nested, loc, value, getPromise(*axis), settings.rounding);
        Value threshold = buildThreshold(
            nested, loc, settings.getPolicy(layer.product, tensor),
            static_cast<int64_t>(layer.number),
            static_cast<int64_t>(layers.size()), step, settings.totalSteps);
        Value bits = buildMantissaBits(nested, loc, improvement, threshold);
        scf::YieldOp::create(nested, loc, bits);
      },
      [&](OpBuilder &nested, Location loc) {
        scf::YieldOp::create(nested, loc, mantissa);
      });
  mantissa = choice.getResult(0);
}

void StepFormat::roundOperands() {
  OpBuilder::InsertionGuard guard(builder);
  for (Layer &layer : layers) {
    Operation *op = layer.product.op;
    builder.setInsertionPoint(op);
    builder.setLoc(op->getLoc());
    layer.weights = op->getOperand(layer.product.weights);
    layer.activations = op->getOperand(layer.product.getActivations());
    for (LayerTensor tensor :
         {LayerTensor::Weights, LayerTensor::Activations}) {
      unsigned number = layer.product.getOperandNumber(tensor);
      Value value = op->getOperand(number);
      chooseMantissa(layer, value, tensor, LayerTensor::Result);
      op->setOperand(number, round(layer, value, tensor, LayerTensor::Result));
    }
  }
}

//===----------------------------------------------------------------------===//
// Backward
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<Value>>
StepFormat::createCotangents(DifferentiableOpInterface op, OpBuilder &nested,
                             ValueRange cotangents, ArrayRef<bool> needed) {
  auto number = numbers.find(op);
  if (number == numbers.end())
    return op.createOperandCotangents(nested, cotangents, needed);
  builder.setLoc(op.getLoc());
  Layer &layer = layers[number->second];
  Value gradient = cotangents.front();
  // Where it enters dA, and dW too if blocks are re-used.
  chooseMantissa(layer, gradient, LayerTensor::Result,
                 LayerTensor::Activations);
  if (settings.blocks == BackwardBlocks::Reform)
    return createReformed(layer, gradient, needed);
  Value rounded =
      round(layer, gradient, LayerTensor::Result, LayerTensor::Activations);
  return op.createOperandCotangents(nested, rounded, needed);
}

FailureOr<SmallVector<Value>>
StepFormat::createReformed(Layer &layer, Value gradient,
                           ArrayRef<bool> needed) {
  SmallVector<Value> result(needed.size());
  for (LayerTensor product : {LayerTensor::Activations, LayerTensor::Weights}) {
    unsigned number = layer.product.getOperandNumber(product);
    if (!needed[number])
      continue;
    FailureOr<Value> cotangent =
        createReformedCotangent(layer, gradient, product);
    if (failed(cotangent))
      return failure();
    result[number] = *cotangent;
  }
  // What a layer accumulates on is added to its sum.
  if (needed.back())
    result.back() = gradient;
  return result;
}

FailureOr<Value> StepFormat::createReformedCotangent(Layer &layer,
                                                     Value gradient,
                                                     LayerTensor product) {
  bool isOfWeights = product == LayerTensor::Weights;
  LayerTensor other =
      isOfWeights ? LayerTensor::Activations : LayerTensor::Weights;
  Value value = isOfWeights ? layer.activations : layer.weights;
  Value roundedGradient = round(layer, gradient, LayerTensor::Result, product);
  Value roundedOther = round(layer, value, other, product);
  Operation *copy = builder.clone(*layer.product.op);
  copy->setOperand(layer.product.getOperandNumber(other), roundedOther);
  SmallVector<bool> needed(copy->getNumOperands());
  unsigned number = layer.product.getOperandNumber(product);
  needed[number] = true;
  auto cotangents =
      cast<DifferentiableOpInterface>(copy).createOperandCotangents(
          builder, roundedGradient, needed);
  if (failed(cotangents))
    return failure();
  copy->erase();
  return (*cotangents)[number];
}

void StepFormat::notifyCloned(const IRMapping &clones) {
  for (Layer &layer : layers) {
    Operation *clone = clones.lookupOrNull(layer.product.op.getOperation());
    if (!clone)
      continue;
    numbers[clone] = layer.number;
    layer.product.op = cast<linalg::LinalgOp>(clone);
    layer.weights = clones.lookupOrDefault(layer.weights);
    layer.activations = clones.lookupOrDefault(layer.activations);
    for (Value &mantissa : layer.mantissas)
      if (mantissa)
        mantissa = clones.lookupOrDefault(mantissa);
  }
}

LogicalResult StepFormat::checkState() const {
  for (const Layer &layer : layers)
    for (Value mantissa : layer.mantissas)
      if (mantissa && isa<ReversibleOp>(mantissa.getParentBlock()->getParentOp()))
        return layer.product.op->emitOpError(
            "chooses precisions in a coupling that no gradient passes, and "
            "nobody would know them: take a fixed format, or remove the "
            "coupling");
  return success();
}

SmallVector<Value> StepFormat::getNextState() {
  SmallVector<Value> state;
  if (settings.isAdaptive())
    for (const Layer &layer : layers)
      state.push_back(
          tensor::FromElementsOp::create(builder, ValueRange(layer.mantissas)));
  return state;
}
