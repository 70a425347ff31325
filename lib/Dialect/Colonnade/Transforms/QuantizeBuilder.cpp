//===- QuantizeBuilder.cpp - Building the integer network ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Goes through the layers once. What a layer computes stays pending, as
// integers together with the affine function of them that is meant, for as long
// as layers only change that function; whoever needs int8 values materializes
// them with one rescale.
//
//===----------------------------------------------------------------------===//

#include "QuantizeBuilder.h"
#include "QuantizeBodies.h"
#include "QuantizePending.h"
#include "QuantizeWeights.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/Format.h"

using namespace mlir;

namespace colonnade {
namespace {

constexpr double kLargestInt8 = 128;
constexpr int64_t kLowestInt8 = -128;

/// An int8 tensor and the real value of its integer 1.
struct QuantizedTensor {
  Value value;
  double scale;
};

class QuantizedFunctionBuilder {
public:
  QuantizedFunctionBuilder(func::FuncOp function,
                           const ActivationRanges &ranges, int64_t outputBits)
      : function(function), ranges(ranges), outputBits(outputBits),
        builder(function.getContext()) {}

  FailureOr<func::FuncOp> build(ArrayRef<QuantizableLayer> layers);

private:
  void createFunction();
  LogicalResult createReturn();
  LogicalResult addLayer(const QuantizableLayer &layer);
  LogicalResult addContraction(const QuantizableLayer &layer);
  LogicalResult addElementwise(const QuantizableLayer &layer);
  LogicalResult addTensors(const QuantizableLayer &layer);
  LogicalResult addMaxPool(const QuantizableLayer &layer);
  LogicalResult addSumPool(const QuantizableLayer &layer);
  LogicalResult addPad(const QuantizableLayer &layer);
  LogicalResult addReshape(const QuantizableLayer &layer);

  Value createContraction(const QuantizableLayer &layer, Value data,
                          Value weights);
  FailureOr<QuantizedTensor> materialize(Value value);
  FailureOr<Value> createOutput(Value value, double &scale);
  Value createReshape(Operation *op, Value source);

  void setInt8(Value value, QuantizedTensor tensor);
  void remarkTensor(Value value, double scale);
  void remarkContraction(const QuantizableLayer &layer, double inputScale,
                         const QuantizedWeights &weights);
  void remarkFunction();

  func::FuncOp function;
  const ActivationRanges &ranges;
  int64_t outputBits;
  OpBuilder builder;
  func::FuncOp result;
  /// What each float value is in the integer function, and its int8 form once
  /// somebody needed it.
  DenseMap<Value, PendingValue> pending;
  DenseMap<Value, QuantizedTensor> int8Values;
  int64_t numContractions = 0;
  QuantizationError weightError;
};

std::string formatDecibels(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.1f dB", value);
  return text;
}

ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

void QuantizedFunctionBuilder::setInt8(Value value, QuantizedTensor tensor) {
  int8Values[value] = tensor;
  pending[value] = PendingValue::get(tensor.value, tensor.scale, kLargestInt8);
}

void QuantizedFunctionBuilder::remarkTensor(Value value, double scale) {
  Operation *op = value.getDefiningOp();
  Operation *terminator = function.getBody().front().getTerminator();
  remark::passed(value.getLoc(),
                 getRemarkOpts(kQuantizeRule, op ? op : terminator))
      << remark::metric("Op", op ? op->getName().getStringRef().str()
                                 : std::string("argument"))
      << remark::metric("Range", formatNumber(ranges.lookup(value)))
      << remark::metric("Scale", formatNumber(scale));
}

FailureOr<QuantizedTensor> QuantizedFunctionBuilder::materialize(Value value) {
  auto known = int8Values.find(value);
  if (known != int8Values.end())
    return known->second;
  const PendingValue &source = pending.at(value);
  QuantizedTensor tensor;
  if (std::optional<double> scale = source.getInt8Scale()) {
    tensor = {source.createInt8(builder), *scale};
  } else {
    tensor.scale = getSymmetricScale(ranges.lookup(value));
    FailureOr<Value> rescaled =
        source.rescale(builder, tensor.scale, ResultRange());
    if (failed(rescaled))
      return failure();
    tensor.value = *rescaled;
  }
  remarkTensor(value, tensor.scale);
  int8Values[value] = tensor;
  return tensor;
}

FailureOr<Value> QuantizedFunctionBuilder::createOutput(Value value,
                                                        double &scale) {
  const PendingValue &source = pending.at(value);
  int32_t limit = int32_t((int64_t(1) << (outputBits - 1)) - 1);
  scale = getSymmetricScale(ranges.lookup(value), limit);
  FailureOr<Value> output = source.rescale(
      builder, scale, ResultRange{-limit, limit, /*isInt8=*/false});
  if (succeeded(output))
    remarkTensor(value, scale);
  return output;
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

Value QuantizedFunctionBuilder::createContraction(const QuantizableLayer &layer,
                                                  Value data, Value weights) {
  Location loc = layer.op->getLoc();
  Value init = createFilled(builder, loc, getShape(layer.op->getResult(0)),
                            builder.getI32Type(), 0);
  if (auto conv = dyn_cast<linalg::Conv2DNchwFchwOp>(layer.op))
    return linalg::Conv2DNchwFchwOp::create(
               builder, loc, init.getType(), ValueRange{data, weights}, init,
               conv.getStrides(), conv.getDilations())
        .getResult(0);
  return linalg::MatmulOp::create(builder, loc, init.getType(),
                                  ValueRange{data, weights}, init)
      .getResult(0);
}

LogicalResult
QuantizedFunctionBuilder::addContraction(const QuantizableLayer &layer) {
  FailureOr<QuantizedTensor> data = materialize(layer.data);
  if (failed(data))
    return failure();
  Value floatWeights = layer.op->getOperand(1);
  bool isMatmul = layer.kind == QuantizableLayer::Kind::Matmul;
  QuantizedWeights weights = quantizeWeights(
      layer.weights, getShape(floatWeights), /*channelAxis=*/isMatmul ? 1 : 0);
  auto type =
      RankedTensorType::get(getShape(floatWeights), builder.getI8Type());
  Value constant = arith::ConstantOp::create(
      builder, floatWeights.getLoc(),
      DenseElementsAttr::get(type, ArrayRef<int8_t>(weights.values)));
  SmallVector<double> scales;
  for (double scale : weights.scales)
    scales.push_back(data->scale * scale);
  pending[layer.op->getResult(0)] = PendingValue::get(
      createContraction(layer, data->value, constant), scales, weights.bounds);
  remarkContraction(layer, data->scale, weights);
  return success();
}

LogicalResult
QuantizedFunctionBuilder::addElementwise(const QuantizableLayer &layer) {
  const ElementwiseLayer &elementwise = layer.elementwise;
  Value output = layer.op->getResult(0);
  if (elementwise.kind == ElementwiseLayer::Kind::AddTensors)
    return addTensors(layer);
  // Only relu and positive factors commute with what a sum or a relu leaves
  // pending; the rest starts anew from int8.
  PendingValue value = pending.at(layer.data);
  if (!value.accepts(elementwise.kind)) {
    FailureOr<QuantizedTensor> data = materialize(layer.data);
    if (failed(data))
      return failure();
    value = PendingValue::get(data->value, data->scale, kLargestInt8);
  }
  value.apply(elementwise, layer.op->getLoc());
  pending[output] = std::move(value);
  return success();
}

LogicalResult
QuantizedFunctionBuilder::addTensors(const QuantizableLayer &layer) {
  FailureOr<QuantizedTensor> first = materialize(layer.elementwise.data);
  if (failed(first))
    return failure();
  FailureOr<QuantizedTensor> second = materialize(layer.elementwise.other);
  if (failed(second))
    return failure();
  pending[layer.op->getResult(0)] =
      PendingValue::getSum(first->value, first->scale, second->value,
                           second->scale, layer.op->getLoc());
  return success();
}

LogicalResult
QuantizedFunctionBuilder::addMaxPool(const QuantizableLayer &layer) {
  FailureOr<QuantizedTensor> data = materialize(layer.data);
  if (failed(data))
    return failure();
  auto pool = cast<linalg::PoolingNchwMaxOp>(layer.op);
  Location loc = pool.getLoc();
  Value init = createFilled(builder, loc, getShape(pool.getResult(0)),
                            builder.getI8Type(), kLowestInt8);
  Value window = tensor::EmptyOp::create(
      builder, loc, getShape(pool.getInputs()[1]), builder.getI8Type());
  Value value =
      linalg::PoolingNchwMaxOp::create(builder, loc, init.getType(),
                                       ValueRange{data->value, window}, init,
                                       pool.getStrides(), pool.getDilations())
          .getResult(0);
  setInt8(pool.getResult(0), {value, data->scale});
  return success();
}

LogicalResult
QuantizedFunctionBuilder::addSumPool(const QuantizableLayer &layer) {
  FailureOr<QuantizedTensor> data = materialize(layer.data);
  if (failed(data))
    return failure();
  auto pool = cast<linalg::PoolingNchwSumOp>(layer.op);
  Location loc = pool.getLoc();
  ArrayRef<int64_t> windowShape = getShape(pool.getInputs()[1]);
  Value init = createFilled(builder, loc, getShape(pool.getResult(0)),
                            builder.getI32Type(), 0);
  Value window =
      tensor::EmptyOp::create(builder, loc, windowShape, builder.getI8Type());
  Value value =
      linalg::PoolingNchwSumOp::create(builder, loc, init.getType(),
                                       ValueRange{data->value, window}, init,
                                       pool.getStrides(), pool.getDilations())
          .getResult(0);
  pending[pool.getResult(0)] = PendingValue::get(
      value, data->scale, kLargestInt8 * llvm::product_of(windowShape));
  return success();
}

LogicalResult QuantizedFunctionBuilder::addPad(const QuantizableLayer &layer) {
  FailureOr<QuantizedTensor> data = materialize(layer.data);
  if (failed(data))
    return failure();
  auto pad = cast<tensor::PadOp>(layer.op);
  Location loc = pad.getLoc();
  Value zero =
      arith::ConstantOp::create(builder, loc, builder.getI8IntegerAttr(0));
  auto type =
      RankedTensorType::get(getShape(pad.getResult()), builder.getI8Type());
  Value value = tensor::PadOp::create(
      builder, loc, type, data->value, pad.getMixedLowPad(),
      pad.getMixedHighPad(), zero, pad.getNofold());
  setInt8(pad.getResult(), {value, data->scale});
  return success();
}

Value QuantizedFunctionBuilder::createReshape(Operation *op, Value source) {
  auto type = RankedTensorType::get(
      getShape(op->getResult(0)),
      cast<RankedTensorType>(source.getType()).getElementType());
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return tensor::CollapseShapeOp::create(builder, op->getLoc(), type, source,
                                           collapse.getReassociationIndices());
  auto expand = cast<tensor::ExpandShapeOp>(op);
  return tensor::ExpandShapeOp::create(builder, op->getLoc(), type, source,
                                       expand.getReassociationIndices());
}

/// Whether channels stay channels, so that pending scales pass a reshape.
bool keepsChannels(Value source, Value result) {
  ArrayRef<int64_t> from = getShape(source), to = getShape(result);
  return from.size() > kChannelDim && to.size() > kChannelDim &&
         from.take_front(kChannelDim + 1) == to.take_front(kChannelDim + 1);
}

LogicalResult
QuantizedFunctionBuilder::addReshape(const QuantizableLayer &layer) {
  Value output = layer.op->getResult(0);
  PendingValue value = pending.at(layer.data);
  bool isInt8 = int8Values.contains(layer.data);
  if (!isInt8 && !value.isSum() && keepsChannels(layer.data, output)) {
    value.reshape(createReshape(layer.op, value.getFirst()));
    pending[output] = std::move(value);
    return success();
  }
  FailureOr<QuantizedTensor> data = materialize(layer.data);
  if (failed(data))
    return failure();
  setInt8(output, {createReshape(layer.op, data->value), data->scale});
  return success();
}

LogicalResult
QuantizedFunctionBuilder::addLayer(const QuantizableLayer &layer) {
  switch (layer.kind) {
  case QuantizableLayer::Kind::Convolution:
  case QuantizableLayer::Kind::Matmul:
    return addContraction(layer);
  case QuantizableLayer::Kind::Elementwise:
    return addElementwise(layer);
  case QuantizableLayer::Kind::MaxPool:
    return addMaxPool(layer);
  case QuantizableLayer::Kind::SumPool:
    return addSumPool(layer);
  case QuantizableLayer::Kind::Pad:
    return addPad(layer);
  case QuantizableLayer::Kind::Reshape:
    return addReshape(layer);
  }
  llvm_unreachable("every kind of layer returns");
}

//===----------------------------------------------------------------------===//
// Remarks
//===----------------------------------------------------------------------===//

void QuantizedFunctionBuilder::remarkContraction(
    const QuantizableLayer &layer, double inputScale,
    const QuantizedWeights &weights) {
  ++numContractions;
  weightError.signal += weights.error.signal;
  weightError.noise += weights.error.noise;
  auto [smallest, largest] =
      std::minmax_element(weights.scales.begin(), weights.scales.end());
  remark::passed(layer.op->getLoc(), getRemarkOpts(kQuantizeRule, layer.op))
      << remark::metric("Op", layer.op->getName().getStringRef())
      << remark::metric("Weights",
                        formatShape(getShape(layer.op->getOperand(1))))
      << remark::metric("InputScale", formatNumber(inputScale))
      << remark::metric("SmallestWeightScale", formatNumber(*smallest))
      << remark::metric("LargestWeightScale", formatNumber(*largest))
      << remark::metric("WeightSqnr",
                        formatDecibels(weights.error.getDecibels()));
}

void QuantizedFunctionBuilder::remarkFunction() {
  Operation *terminator = result.getBody().front().getTerminator();
  remark::passed(function.getLoc(), getRemarkOpts(kQuantizeRule, terminator))
      << remark::metric("Contractions", numContractions)
      << remark::metric("Tensors", int8Values.size())
      << remark::metric("WeightSqnr",
                        formatDecibels(weightError.getDecibels()));
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

void QuantizedFunctionBuilder::createFunction() {
  builder.setInsertionPointAfter(function);
  auto withElement = [](Type type, Type element) -> Type {
    return RankedTensorType::get(cast<RankedTensorType>(type).getShape(),
                                 element);
  };
  Value input = function.getArgument(0);
  SmallVector<Type> results;
  for (Type type : function.getResultTypes())
    results.push_back(withElement(type, builder.getI32Type()));
  result = cast<func::FuncOp>(builder.cloneWithoutRegions(*function));
  result.setFunctionType(builder.getFunctionType(
      withElement(input.getType(), builder.getI8Type()), results));
  Block *entry = result.addEntryBlock();
  entry->getArgument(0).setLoc(input.getLoc());
  builder.setInsertionPointToStart(entry);

  double scale = getSymmetricScale(ranges.lookup(input));
  result.setArgAttr(0, ColonnadeDialect::getScaleAttrName(),
                    builder.getF64FloatAttr(scale));
  setInt8(input, {entry->getArgument(0), scale});
  remarkTensor(input, scale);
}

LogicalResult QuantizedFunctionBuilder::createReturn() {
  auto terminator =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());
  SmallVector<Value> outputs;
  for (auto [index, value] : llvm::enumerate(terminator.getOperands())) {
    double scale;
    FailureOr<Value> output = createOutput(value, scale);
    if (failed(output))
      return failure();
    outputs.push_back(*output);
    result.setResultAttr(index, ColonnadeDialect::getScaleAttrName(),
                         builder.getF64FloatAttr(scale));
  }
  func::ReturnOp::create(builder, terminator.getLoc(), outputs);
  return success();
}

FailureOr<func::FuncOp>
QuantizedFunctionBuilder::build(ArrayRef<QuantizableLayer> layers) {
  createFunction();
  auto addAll = [&]() -> LogicalResult {
    for (const QuantizableLayer &layer : layers)
      if (failed(addLayer(layer)))
        return failure();
    return createReturn();
  };
  if (failed(addAll())) {
    result.erase();
    return failure();
  }
  remarkFunction();
  return result;
}

} // namespace

FailureOr<func::FuncOp>
buildQuantizedFunction(func::FuncOp function, ArrayRef<QuantizableLayer> layers,
                       const ActivationRanges &ranges, int64_t outputBits) {
  return QuantizedFunctionBuilder(function, ranges, outputBits).build(layers);
}

} // namespace colonnade
