//===- QuantizeValues.cpp - Float values and their integer forms ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "QuantizeValues.h"
#include "Constants.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include <cmath>

using namespace mlir;

namespace colonnade {

static constexpr double kLargestInt8 = 128;

void QuantizedValues::setPending(Value value, PendingValue form) {
  pending[value] = std::move(form);
}

void QuantizedValues::setInt8(Value value, QuantizedTensor tensor) {
  int8Values[value] = tensor;
  pending[value] = PendingValue::get(tensor.value, tensor.scale, kLargestInt8,
                                     tensor.zeroPoint);
}

void QuantizedValues::setReal(Value value, Value real) { reals[value] = real; }

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

Value QuantizedValues::clone(Value constant) {
  if (Value known = constants.lookupOrNull(constant))
    return known;
  Operation *op = constant.getDefiningOp();
  for (Value operand : op->getOperands())
    clone(operand);
  builder.clone(*op, constants);
  return constants.lookup(constant);
}

/// The range that was measured, or that the constant has.
double QuantizedValues::findRange(Value value) const {
  auto measured = ranges.find(value);
  if (measured != ranges.end())
    return measured->second;
  double range = 0;
  for (float element : FloatConstant::get(value)->getValues())
    range = std::max(range, std::fabs(double(element)));
  return range;
}

Value QuantizedValues::quantizeConstant(Value constant, double scale) {
  std::optional<FloatConstant> source = FloatConstant::get(constant);
  std::vector<int8_t> values;
  values.reserve(source->getValues().size());
  for (float value : source->getValues())
    values.push_back(int8_t(quantizeSymmetric(value, scale)));
  return createConstantLike(builder, constant, source->getShape(),
                            std::move(values));
}

//===----------------------------------------------------------------------===//
// Forms
//===----------------------------------------------------------------------===//

void QuantizedValues::remark(Value value, double scale) const {
  Operation *op = value.getDefiningOp();
  Operation *terminator = value.getParentBlock()->getTerminator();
  remark::passed(value.getLoc(),
                 getRemarkOpts(kQuantizeRule, op ? op : terminator))
      << remark::metric("Op", op ? op->getName().getStringRef().str()
                                 : std::string("argument"))
      << remark::metric("Range", formatNumber(findRange(value)))
      << remark::metric("Scale", formatNumber(scale));
}

/// The value at `scale` from what is most precise: pending integers, f32, or a
/// constant.
FailureOr<Value> QuantizedValues::getIntegers(Value value, double scale,
                                              ResultRange range) {
  auto integers = pending.find(value);
  if (integers != pending.end())
    return integers->second.rescale(builder, scale, range);
  if (value.getDefiningOp<arith::ConstantOp>())
    return quantizeConstant(value, scale);
  return createQuantized(builder, value.getLoc(), getReal(value), scale, range);
}

Int8Form QuantizedValues::getInputForm(Value input) const {
  auto own = given.find(input);
  return own != given.end() ? own->second
                            : Int8Form{getSymmetricScale(findRange(input))};
}

FailureOr<QuantizedTensor> QuantizedValues::getGivenInt8(Value value,
                                                         const Int8Form &own) {
  QuantizedTensor tensor = {Value(), own.scale, own.zeroPoint};
  if (auto integers = pending.find(value); integers != pending.end())
    tensor.value = integers->second.getSameInt8(own.scale, own.zeroPoint);
  if (!tensor.value) {
    FailureOr<Value> quantized = getIntegers(
        value, own.scale, {-128, 127, /*isInt8=*/true, own.zeroPoint});
    if (failed(quantized))
      return failure();
    tensor.value = *quantized;
  }
  remark(value, tensor.scale);
  // Whoever reads the value from here on reads what the model rounded it to.
  setInt8(value, tensor);
  return tensor;
}

FailureOr<QuantizedTensor> QuantizedValues::findInt8(Value value) {
  auto known = int8Values.find(value);
  if (known != int8Values.end())
    return known->second;
  if (auto own = given.find(value); own != given.end())
    return getGivenInt8(value, own->second);
  QuantizedTensor tensor;
  auto integers = pending.find(value);
  std::optional<double> scale = integers == pending.end()
                                    ? std::nullopt
                                    : integers->second.getInt8Scale();
  if (scale) {
    tensor = {integers->second.createInt8(builder), *scale};
  } else {
    tensor.scale = getSymmetricScale(findRange(value));
    FailureOr<Value> quantized =
        getIntegers(value, tensor.scale, ResultRange());
    if (failed(quantized))
      return failure();
    tensor.value = *quantized;
    rounded.insert(value);
  }
  remark(value, tensor.scale);
  int8Values[value] = tensor;
  return tensor;
}

FailureOr<QuantizedTensor> QuantizedValues::getInt8(Value value) {
  FailureOr<QuantizedTensor> tensor = findInt8(value);
  if (succeeded(tensor))
    reads.push_back({reader, value, tensor->scale, tensor->zeroPoint,
                     rounded.contains(value)});
  return tensor;
}

FailureOr<QuantizedTensor> QuantizedValues::getSymmetricInt8(Value value) {
  FailureOr<QuantizedTensor> tensor = getInt8(value);
  if (failed(tensor) || tensor->zeroPoint == 0)
    return tensor;
  double scale = getSymmetricScale(findRange(value));
  FailureOr<Value> symmetric = getIntegers(value, scale, ResultRange());
  if (failed(symmetric))
    return failure();
  reads.back() = {reader, value, scale, /*zeroPoint=*/0, /*isRounded=*/true};
  return QuantizedTensor{*symmetric, scale};
}

FailureOr<Value> QuantizedValues::getInt8(Value value, double scale) {
  reads.push_back({reader, value, scale, /*zeroPoint=*/0, /*isRounded=*/true});
  auto known = int8Values.find(value);
  if (known != int8Values.end() && known->second.scale == scale &&
      known->second.zeroPoint == 0)
    return known->second.value;
  return getIntegers(value, scale, ResultRange());
}

FailureOr<QuantizedTensor> QuantizedValues::getOutput(Value value,
                                                      int64_t bits) {
  int32_t limit = int32_t((int64_t(1) << (bits - 1)) - 1);
  double scale = getSymmetricScale(findRange(value), limit);
  FailureOr<Value> output =
      getIntegers(value, scale, ResultRange{-limit, limit, /*isInt8=*/false});
  if (failed(output))
    return failure();
  remark(value, scale);
  return QuantizedTensor{*output, scale};
}

Value QuantizedValues::getReal(Value value) {
  auto known = reals.find(value);
  if (known != reals.end())
    return known->second;
  auto integers = pending.find(value);
  if (integers == pending.end())
    return clone(value);
  Value real = integers->second.dequantize(builder);
  reals[value] = real;
  return real;
}

} // namespace colonnade
