//===- QuantizeBuilder.cpp - Building the integer network ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Goes through the layers once. What a layer computes stays pending, as
// integers together with the affine function of them that is meant, for as long
// as layers only change that function; whoever needs int8 or f32 values makes
// them of it with one rescale or multiplication.
//
//===----------------------------------------------------------------------===//

#include "QuantizeBuilder.h"
#include "Constants.h"
#include "QuantizeOps.h"
#include "QuantizeValues.h"
#include "QuantizeWeights.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "llvm/Support/Format.h"

using namespace mlir;

namespace colonnade {
namespace {

constexpr double kLargestInt8 = 128;

using Kind = QuantizableLayer::Kind;

class QuantizedFunctionBuilder {
public:
  QuantizedFunctionBuilder(func::FuncOp function,
                           const ActivationRanges &ranges,
                           const Int8FormMap &given, int64_t outputBits)
      : function(function), outputBits(outputBits),
        builder(function.getContext()), ranges(ranges),
        values(builder, this->ranges, given) {}

  FailureOr<func::FuncOp> build(ArrayRef<QuantizableLayer> layers);
  ArrayRef<Int8Read> getReads() const { return values.getReads(); }

private:
  void shareConcatRanges(ArrayRef<QuantizableLayer> layers);
  void createFunction();
  LogicalResult createReturn();
  LogicalResult addLayer(const QuantizableLayer &layer);
  LogicalResult dispatchLayer(const QuantizableLayer &layer);
  LogicalResult addContraction(const QuantizableLayer &layer);
  LogicalResult addWeightContraction(const QuantizableLayer &layer,
                                     const QuantizedTensor &data);
  LogicalResult addElementwise(const QuantizableLayer &layer);
  LogicalResult addTensors(const QuantizableLayer &layer);
  LogicalResult addPool(const QuantizableLayer &layer);
  LogicalResult addMovement(const QuantizableLayer &layer);
  LogicalResult addConcat(const QuantizableLayer &layer);
  LogicalResult addFloat(const QuantizableLayer &layer);

  QuantizedWeights quantizeWeightsOf(const QuantizableLayer &layer);

  void remarkContraction(const QuantizableLayer &layer, double inputScale,
                         const QuantizedWeights &weights);
  void remarkFunction();

  func::FuncOp function;
  int64_t outputBits;
  OpBuilder builder;
  ActivationRanges ranges;
  QuantizedValues values;
  func::FuncOp result;
  int64_t numContractions = 0, numFloatOps = 0;
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
// Contractions
//===----------------------------------------------------------------------===//

QuantizedWeights
QuantizedFunctionBuilder::quantizeWeightsOf(const QuantizableLayer &layer) {
  std::optional<FloatConstant> weights =
      FloatConstant::get(layer.op->getOperand(1));
  // Several dimensions of channels count as one.
  ChannelRange channels = getContractionChannels(layer.op)->weights;
  ArrayRef<int64_t> shape = weights->getShape();
  SmallVector<int64_t> merged(shape.take_front(channels.begin));
  merged.push_back(channels.getNumChannels(shape));
  llvm::append_range(merged, shape.drop_front(channels.end));
  return quantizeWeights(weights->getValues(), merged, channels.begin,
                         layer.bits);
}

LogicalResult
QuantizedFunctionBuilder::addWeightContraction(const QuantizableLayer &layer,
                                               const QuantizedTensor &data) {
  QuantizedWeights weights = quantizeWeightsOf(layer);
  remarkContraction(layer, data.scale, weights);
  // What the zero point adds to every output of a channel.
  SmallVector<double> scales, biases;
  for (auto [scale, sum] : llvm::zip_equal(weights.scales, weights.sums)) {
    scales.push_back(data.scale * scale);
    biases.push_back(-scales.back() * data.zeroPoint * double(sum));
  }
  Value floatWeights = layer.op->getOperand(1);
  Value constant = createConstantLike(
      builder, floatWeights, getShape(floatWeights), std::move(weights.values));
  keepColumnsPromise(constant, floatWeights);
  PendingValue value = PendingValue::get(
      createContraction(builder, layer.op, data.value, constant),
      getContractionChannels(layer.op)->result, scales, weights.bounds);
  value.addBiases(biases);
  values.setPending(layer.getResult(), std::move(value));
  return success();
}

LogicalResult
QuantizedFunctionBuilder::addContraction(const QuantizableLayer &layer) {
  FailureOr<QuantizedTensor> data =
      layer.hasConstantWeights() ? values.getInt8(layer.data.front())
                                 : values.getSymmetricInt8(layer.data.front());
  if (failed(data))
    return failure();
  if (layer.hasConstantWeights())
    return addWeightContraction(layer, *data);
  FailureOr<QuantizedTensor> other = values.getSymmetricInt8(layer.data.back());
  if (failed(other))
    return failure();
  ++numContractions;
  int64_t products = 1;
  for (auto [extent, kind] : llvm::zip_equal(
           cast<linalg::LinalgOp>(layer.op).getStaticLoopRanges(),
           cast<linalg::LinalgOp>(layer.op).getIteratorTypesArray()))
    if (kind == utils::IteratorType::reduction)
      products *= extent;
  values.setPending(
      layer.getResult(),
      PendingValue::get(
          createContraction(builder, layer.op, data->value, other->value),
          data->scale * other->scale,
          kLargestInt8 * kLargestInt8 * double(products)));
  return success();
}

//===----------------------------------------------------------------------===//
// Other layers
//===----------------------------------------------------------------------===//

LogicalResult
QuantizedFunctionBuilder::addElementwise(const QuantizableLayer &layer) {
  Value source = layer.data.front();
  // Only bounds and positive factors commute with what a sum or a relu leaves
  // pending; the rest starts anew from int8.
  PendingValue value = values.getPending(source);
  if (!value.getForm().accepts(layer.elementwise)) {
    FailureOr<QuantizedTensor> data = values.getInt8(source);
    if (failed(data))
      return failure();
    value = PendingValue::get(data->value, data->scale, kLargestInt8,
                              data->zeroPoint);
  }
  value.apply(layer.elementwise, layer.op->getLoc());
  values.setPending(layer.getResult(), std::move(value));
  return success();
}

LogicalResult
QuantizedFunctionBuilder::addTensors(const QuantizableLayer &layer) {
  FailureOr<QuantizedTensor> first = values.getInt8(layer.data.front());
  if (failed(first))
    return failure();
  FailureOr<QuantizedTensor> second = values.getInt8(layer.data.back());
  if (failed(second))
    return failure();
  values.setPending(layer.getResult(),
                    PendingValue::getSum(first->value, first->scale,
                                         first->zeroPoint, second->value,
                                         second->scale, second->zeroPoint,
                                         layer.op->getLoc()));
  return success();
}

LogicalResult QuantizedFunctionBuilder::addPool(const QuantizableLayer &layer) {
  FailureOr<QuantizedTensor> data = values.getInt8(layer.data.front());
  if (failed(data))
    return failure();
  Value value = createPool(builder, layer.op, data->value);
  if (layer.kind == Kind::MaxPool) {
    values.setInt8(layer.getResult(), {value, data->scale, data->zeroPoint});
    return success();
  }
  int64_t window = llvm::product_of(getShape(layer.op->getOperand(1)));
  values.setPending(layer.getResult(),
                    PendingValue::get(value, data->scale, kLargestInt8 * window,
                                      double(data->zeroPoint) * window));
  return success();
}

LogicalResult
QuantizedFunctionBuilder::addMovement(const QuantizableLayer &layer) {
  Value source = layer.data.front();
  PendingValue value = values.getPending(source);
  bool isReshape =
      isa<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(layer.op);
  std::optional<PendingForm> reshaped = isReshape && !values.isInt8(source)
                                            ? value.getForm().reshape(layer.op)
                                            : std::nullopt;
  if (reshaped) {
    value.reshape(createMoved(builder, layer.op, value.getFirst(), /*zero=*/0),
                  *reshaped);
    values.setPending(layer.getResult(), std::move(value));
    return success();
  }
  FailureOr<QuantizedTensor> data = values.getInt8(source);
  if (failed(data))
    return failure();
  Value moved = createMoved(builder, layer.op, data->value, data->zeroPoint);
  values.setInt8(layer.getResult(), {moved, data->scale, data->zeroPoint});
  return success();
}

LogicalResult
QuantizedFunctionBuilder::addConcat(const QuantizableLayer &layer) {
  double scale = getSymmetricScale(ranges.lookup(layer.getResult()));
  SmallVector<Value> parts;
  for (Value value : layer.data) {
    FailureOr<Value> part = values.getInt8(value, scale);
    if (failed(part))
      return failure();
    parts.push_back(*part);
  }
  auto concat = cast<tensor::ConcatOp>(layer.op);
  Value value = tensor::ConcatOp::create(builder, concat.getLoc(),
                                         concat.getDim(), parts);
  values.setInt8(concat.getResult(), {value, scale});
  values.remark(concat.getResult(), scale);
  return success();
}

/// The op as it stands, of f32 tensors.
LogicalResult
QuantizedFunctionBuilder::addFloat(const QuantizableLayer &layer) {
  ++numFloatOps;
  IRMapping mapping;
  for (Value operand : layer.op->getOperands())
    mapping.map(operand, values.getReal(operand));
  // Scalars that the body takes from around it.
  layer.op->walk([&](Operation *nested) {
    for (Value operand : nested->getOperands())
      if (operand.getParentBlock() == layer.op->getBlock() &&
          !mapping.contains(operand))
        mapping.map(operand, values.clone(operand));
  });
  Operation *copy = builder.clone(*layer.op, mapping);
  values.setReal(layer.getResult(), copy->getResult(0));
  return success();
}

LogicalResult
QuantizedFunctionBuilder::addLayer(const QuantizableLayer &layer) {
  values.setReader(layer.op);
  if (failed(dispatchLayer(layer)))
    return failure();
  bool isRoundedHere =
      layer.kind != Kind::Float && values.isGiven(layer.getResult());
  if (isRoundedHere && failed(values.getInt8(layer.getResult())))
    return failure();
  return success();
}

LogicalResult
QuantizedFunctionBuilder::dispatchLayer(const QuantizableLayer &layer) {
  switch (layer.kind) {
  case Kind::Contraction:
    return addContraction(layer);
  case Kind::Elementwise:
    return addElementwise(layer);
  case Kind::AddTensors:
    return addTensors(layer);
  case Kind::MaxPool:
  case Kind::SumPool:
    return addPool(layer);
  case Kind::Movement:
    return addMovement(layer);
  case Kind::Concat:
    return addConcat(layer);
  case Kind::Float:
    return addFloat(layer);
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
      << remark::metric("Tensors", values.getNumInt8())
      << remark::metric("FloatOps", numFloatOps)
      << remark::metric("WeightSqnr",
                        formatDecibels(weightError.getDecibels()));
}

//===----------------------------------------------------------------------===//
// The function
//===----------------------------------------------------------------------===//

/// Gives what only a concatenation reads the range of its result, so that
/// nothing is rescaled again when it is put together. From the last one on:
/// concatenations of concatenations share one range.
void QuantizedFunctionBuilder::shareConcatRanges(
    ArrayRef<QuantizableLayer> layers) {
  for (const QuantizableLayer &layer : llvm::reverse(layers)) {
    if (layer.kind != Kind::Concat)
      continue;
    double range = ranges.lookup(layer.getResult());
    for (Value value : layer.data)
      if (value.hasOneUse() && ranges.contains(value) && value.getDefiningOp())
        ranges[value] = range;
  }
}

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

  Int8Form form = values.getInputForm(input);
  result.setArgAttr(0, ColonnadeDialect::getScaleAttrName(),
                    builder.getF64FloatAttr(form.scale));
  if (form.zeroPoint != 0)
    result.setArgAttr(0, ColonnadeDialect::getZeroPointAttrName(),
                      builder.getI32IntegerAttr(form.zeroPoint));
  values.setInt8(input, {entry->getArgument(0), form.scale, form.zeroPoint});
  values.remark(input, form.scale);
}

LogicalResult QuantizedFunctionBuilder::createReturn() {
  auto terminator =
      cast<func::ReturnOp>(function.getBody().front().getTerminator());
  SmallVector<Value> outputs;
  for (auto [index, value] : llvm::enumerate(terminator.getOperands())) {
    FailureOr<QuantizedTensor> output = values.getOutput(value, outputBits);
    if (failed(output))
      return failure();
    outputs.push_back(output->value);
    result.setResultAttr(index, ColonnadeDialect::getScaleAttrName(),
                         builder.getF64FloatAttr(output->scale));
  }
  func::ReturnOp::create(builder, terminator.getLoc(), outputs);
  return success();
}

FailureOr<func::FuncOp>
QuantizedFunctionBuilder::build(ArrayRef<QuantizableLayer> layers) {
  shareConcatRanges(layers);
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
                       const ActivationRanges &ranges, const Int8FormMap &given,
                       int64_t outputBits, std::vector<Int8Read> *reads) {
  QuantizedFunctionBuilder builder(function, ranges, given, outputBits);
  FailureOr<func::FuncOp> quantized = builder.build(layers);
  if (reads)
    llvm::append_range(*reads, builder.getReads());
  return quantized;
}

} // namespace colonnade
