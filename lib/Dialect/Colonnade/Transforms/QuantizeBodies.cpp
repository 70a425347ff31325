//===- QuantizeBodies.cpp - Integer elementwise code ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds all-parallel generics that read tensors by the identity and constants
// by the channel.
//
//===----------------------------------------------------------------------===//

#include "QuantizeBodies.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>
#include <limits>

using namespace mlir;

namespace colonnade {
namespace {

using BodyFunction =
    llvm::function_ref<Value(ImplicitLocOpBuilder &, ValueRange)>;

Value createInteger(ImplicitLocOpBuilder &builder, Type type, int64_t value) {
  return arith::ConstantOp::create(builder,
                                   builder.getIntegerAttr(type, value));
}

Value createRealConstant(ImplicitLocOpBuilder &builder, double value) {
  return arith::ConstantOp::create(builder,
                                   builder.getF32FloatAttr(float(value)));
}

/// An all-parallel generic over the shape of the first tensor. The constants
/// are read by the channel.
class ElementwiseBuilder {
public:
  ElementwiseBuilder(OpBuilder &builder, Location loc, ValueRange tensors,
                     ChannelRange channels = {})
      : builder(builder), loc(loc), inputs(tensors), channels(channels) {
    shape = cast<RankedTensorType>(tensors.front().getType()).getShape();
    maps.assign(tensors.size(), builder.getMultiDimIdentityMap(shape.size()));
  }

  template <typename T> void addConstant(ArrayRef<T> values);
  Value create(Type element, BodyFunction body);

private:
  OpBuilder &builder;
  Location loc;
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  ArrayRef<int64_t> shape;
  ChannelRange channels;
};

/// One value per channel.
template <typename T> void ElementwiseBuilder::addConstant(ArrayRef<T> values) {
  unsigned rank = channels.end - channels.begin;
  Type element = std::is_floating_point_v<T>
                     ? Type(builder.getF32Type())
                     : builder.getIntegerType(8 * unsigned(sizeof(T)));
  auto type = RankedTensorType::get(shape.slice(channels.begin, rank), element);
  inputs.push_back(arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, values)));
  SmallVector<AffineExpr> results;
  for (unsigned dim = channels.begin; dim < channels.end; ++dim)
    results.push_back(builder.getAffineDimExpr(dim));
  maps.push_back(
      AffineMap::get(shape.size(), 0, results, builder.getContext()));
}

Value ElementwiseBuilder::create(Type element, BodyFunction body) {
  maps.push_back(builder.getMultiDimIdentityMap(shape.size()));
  SmallVector<utils::IteratorType> iterators(shape.size(),
                                             utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(builder, loc, shape, element);
  auto generic = linalg::GenericOp::create(
      builder, loc, empty.getType(), inputs, empty, maps, iterators,
      [&](OpBuilder &nested, Location nestedLoc, ValueRange arguments) {
        ImplicitLocOpBuilder bodyBuilder(nestedLoc, nested);
        Value result = body(bodyBuilder, arguments);
        linalg::YieldOp::create(bodyBuilder, result);
      });
  return generic.getResult(0);
}

Value createApplyScale(ImplicitLocOpBuilder &builder, Value value,
                       Value multiplier, Value shift) {
  return tosa::ApplyScaleOp::create(
      builder, builder.getI32Type(), value, multiplier, shift,
      tosa::RoundingModeAttr::get(builder.getContext(),
                                  tosa::RoundingMode::SINGLE_ROUND));
}

Value createApplyScale(ImplicitLocOpBuilder &builder, Value value,
                       Rescale rescale) {
  return createApplyScale(
      builder, value,
      createInteger(builder, builder.getI32Type(), rescale.multiplier),
      createInteger(builder, builder.getI8Type(), rescale.shift));
}

Value createExtend(ImplicitLocOpBuilder &builder, Value value) {
  if (value.getType().isInteger(32))
    return value;
  return arith::ExtSIOp::create(builder, builder.getI32Type(), value);
}

/// value - zeroPoint, as i32.
Value createShifted(ImplicitLocOpBuilder &builder, Value value,
                    int32_t zeroPoint) {
  value = createExtend(builder, value);
  if (zeroPoint == 0)
    return value;
  return arith::SubIOp::create(
      builder, value, createInteger(builder, builder.getI32Type(), zeroPoint));
}

Value createClamp(ImplicitLocOpBuilder &builder, Value value,
                  ResultRange range) {
  Type i32 = builder.getI32Type();
  if (range.zeroPoint != 0)
    value = arith::AddIOp::create(builder, value,
                                  createInteger(builder, i32, range.zeroPoint));
  value = arith::MaxSIOp::create(builder, value,
                                 createInteger(builder, i32, range.low));
  value = arith::MinSIOp::create(builder, value,
                                 createInteger(builder, i32, range.high));
  if (range.isInt8)
    value = arith::TruncIOp::create(builder, builder.getI8Type(), value);
  return value;
}

Type getResultElement(OpBuilder &builder, ResultRange range) {
  return builder.getIntegerType(range.isInt8 ? 8 : 32);
}

} // namespace

Value createRescale(OpBuilder &builder, Location loc, Value source,
                    ChannelRange channels, ArrayRef<int32_t> bias,
                    ArrayRef<Rescale> rescales, ResultRange range) {
  SmallVector<int32_t> multipliers;
  SmallVector<int8_t> shifts;
  for (Rescale rescale : rescales) {
    multipliers.push_back(rescale.multiplier);
    shifts.push_back(rescale.shift);
  }
  ElementwiseBuilder elementwise(builder, loc, source, channels);
  if (!bias.empty())
    elementwise.addConstant(bias);
  elementwise.addConstant(ArrayRef<int32_t>(multipliers));
  elementwise.addConstant(ArrayRef<int8_t>(shifts));
  return elementwise.create(
      getResultElement(builder, range),
      [&](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
        Value value = createExtend(b, arguments[0]);
        if (!bias.empty())
          value = arith::AddIOp::create(b, value, arguments[1]);
        ValueRange scale = arguments.drop_back().take_back(2);
        return createClamp(b, createApplyScale(b, value, scale[0], scale[1]),
                           range);
      });
}

Value createClamped(OpBuilder &builder, Location loc, Value source,
                    ResultRange range) {
  return ElementwiseBuilder(builder, loc, source)
      .create(builder.getI8Type(),
              [&](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
                Type i8 = b.getI8Type();
                Value value = arguments[0];
                if (range.low > std::numeric_limits<int8_t>::min())
                  value = arith::MaxSIOp::create(
                      b, value, createInteger(b, i8, range.low));
                if (range.high < std::numeric_limits<int8_t>::max())
                  value = arith::MinSIOp::create(
                      b, value, createInteger(b, i8, range.high));
                return value;
              });
}

Value createRescaledAdd(OpBuilder &builder, Location loc, Value first,
                        Value second, ArrayRef<int32_t> zeroPoints,
                        ArrayRef<Rescale> toCommon, Rescale toResult,
                        ResultRange range) {
  return ElementwiseBuilder(builder, loc, {first, second})
      .create(
          getResultElement(builder, range),
          [&](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
            Value left = createApplyScale(
                b, createShifted(b, arguments[0], zeroPoints[0]), toCommon[0]);
            Value right = createApplyScale(
                b, createShifted(b, arguments[1], zeroPoints[1]), toCommon[1]);
            Value sum = arith::AddIOp::create(b, left, right);
            return createClamp(b, createApplyScale(b, sum, toResult), range);
          });
}

//===----------------------------------------------------------------------===//
// Between integers and f32
//===----------------------------------------------------------------------===//

/// real(integer) * scale
static Value createScaled(ImplicitLocOpBuilder &builder, Value integer,
                          Value scale) {
  Value real = arith::SIToFPOp::create(builder, builder.getF32Type(), integer);
  return arith::MulFOp::create(builder, real, scale);
}

/// value - zeroPoint; the value itself where there is none.
static Value createUnshifted(ImplicitLocOpBuilder &builder, Value value,
                             int32_t zeroPoint) {
  return zeroPoint == 0 ? value : createShifted(builder, value, zeroPoint);
}

static Value createClamp(ImplicitLocOpBuilder &builder, Value value,
                         RealRange range) {
  if (!std::isinf(range.low))
    value = arith::MaximumFOp::create(builder, value,
                                      createRealConstant(builder, range.low));
  if (!std::isinf(range.high))
    value = arith::MinimumFOp::create(builder, value,
                                      createRealConstant(builder, range.high));
  return value;
}

static SmallVector<float> toFloats(ArrayRef<double> values) {
  return SmallVector<float>(values.begin(), values.end());
}

Value createReal(OpBuilder &builder, Location loc, Value source,
                 ChannelRange channels, ArrayRef<double> scales,
                 ArrayRef<double> biases, RealRange range) {
  bool biased = llvm::any_of(biases, [](double bias) { return bias != 0; });
  ElementwiseBuilder elementwise(builder, loc, source, channels);
  bool varies = channels != ChannelRange();
  if (varies)
    elementwise.addConstant(ArrayRef<float>(toFloats(scales)));
  if (varies && biased)
    elementwise.addConstant(ArrayRef<float>(toFloats(biases)));
  return elementwise.create(
      builder.getF32Type(),
      [&](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
        Value scale =
            varies ? arguments[1] : createRealConstant(b, scales.front());
        Value value = createScaled(b, arguments[0], scale);
        if (biased) {
          Value bias =
              varies ? arguments[2] : createRealConstant(b, biases.front());
          value = arith::AddFOp::create(b, value, bias);
        }
        return createClamp(b, value, range);
      });
}

Value createRealSum(OpBuilder &builder, Location loc, Value first, Value second,
                    ArrayRef<int32_t> zeroPoints, ArrayRef<double> scales,
                    RealRange range) {
  return ElementwiseBuilder(builder, loc, {first, second})
      .create(builder.getF32Type(),
              [&](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
                Value left = createScaled(
                    b, createUnshifted(b, arguments[0], zeroPoints[0]),
                    createRealConstant(b, scales[0]));
                Value right = createScaled(
                    b, createUnshifted(b, arguments[1], zeroPoints[1]),
                    createRealConstant(b, scales[1]));
                Value sum = arith::AddFOp::create(b, left, right);
                return createClamp(b, sum, range);
              });
}

/// The float nearest to `limit` that is not larger: 2^31 - 1 is none.
static float getFloatLimit(int32_t limit) {
  float nearest = float(limit);
  return double(nearest) > double(limit) ? std::nextafter(nearest, 0.0f)
                                         : nearest;
}

Value createQuantized(OpBuilder &builder, Location loc, Value source,
                      double scale, ResultRange range) {
  RealRange limits = {-getFloatLimit(range.zeroPoint - range.low),
                      getFloatLimit(range.high - range.zeroPoint)};
  Type element = getResultElement(builder, range);
  return ElementwiseBuilder(builder, loc, source)
      .create(element,
              [&](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
                Value value = arith::MulFOp::create(
                    b, arguments[0], createRealConstant(b, 1 / scale));
                value = createClamp(b, value, limits);
                value = math::RoundEvenOp::create(b, value);
                if (range.zeroPoint != 0)
                  value = arith::AddFOp::create(
                      b, value, createRealConstant(b, range.zeroPoint));
                return arith::FPToSIOp::create(b, element, value);
              });
}

Value createFilled(OpBuilder &builder, Location loc, ArrayRef<int64_t> shape,
                   Type element, int64_t value) {
  Value scalar = arith::ConstantOp::create(
      builder, loc, builder.getIntegerAttr(element, value));
  Value empty = tensor::EmptyOp::create(builder, loc, shape, element);
  return linalg::FillOp::create(builder, loc, scalar, empty).getResult(0);
}

} // namespace colonnade
