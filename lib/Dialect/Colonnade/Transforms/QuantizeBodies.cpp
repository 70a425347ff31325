//===- QuantizeBodies.cpp - Integer elementwise code ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds all-parallel generics whose inputs are read by the identity or by the
// channel.
//
//===----------------------------------------------------------------------===//

#include "QuantizeBodies.h"
#include "ElementwiseLayer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace colonnade {
namespace {

using BodyFunction =
    llvm::function_ref<Value(ImplicitLocOpBuilder &, ValueRange)>;

template <typename T>
Value createConstant(OpBuilder &builder, Location loc, ArrayRef<T> values) {
  auto type =
      RankedTensorType::get({int64_t(values.size())},
                            builder.getIntegerType(8 * unsigned(sizeof(T))));
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, values));
}

Value createInteger(ImplicitLocOpBuilder &builder, Type type, int64_t value) {
  return arith::ConstantOp::create(builder,
                                   builder.getIntegerAttr(type, value));
}

/// An all-parallel generic over the shape of the first input. Inputs of that
/// rank are read by the identity, vectors by the channel.
Value createElementwise(OpBuilder &builder, Location loc, ValueRange inputs,
                        Type element, BodyFunction body) {
  auto shape = cast<RankedTensorType>(inputs.front().getType()).getShape();
  unsigned rank = shape.size();
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  AffineMap channel =
      AffineMap::get(rank, 0, builder.getAffineDimExpr(kChannelDim));
  SmallVector<AffineMap> maps;
  for (Value input : inputs)
    maps.push_back(cast<RankedTensorType>(input.getType()).getRank() == rank
                       ? identity
                       : channel);
  maps.push_back(identity);
  SmallVector<utils::IteratorType> iterators(rank,
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

Value createClamp(ImplicitLocOpBuilder &builder, Value value,
                  ResultRange range) {
  Type i32 = builder.getI32Type();
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
                    ArrayRef<int32_t> bias, ArrayRef<Rescale> rescales,
                    ResultRange range) {
  SmallVector<int32_t> multipliers;
  SmallVector<int8_t> shifts;
  for (Rescale rescale : rescales) {
    multipliers.push_back(rescale.multiplier);
    shifts.push_back(rescale.shift);
  }
  SmallVector<Value> inputs = {source};
  if (!bias.empty())
    inputs.push_back(createConstant<int32_t>(builder, loc, bias));
  inputs.push_back(createConstant<int32_t>(builder, loc, multipliers));
  inputs.push_back(createConstant<int8_t>(builder, loc, shifts));
  return createElementwise(
      builder, loc, inputs, getResultElement(builder, range),
      [&](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
        Value value = createExtend(b, arguments[0]);
        if (!bias.empty())
          value = arith::AddIOp::create(b, value, arguments[1]);
        ValueRange scale = arguments.drop_back().take_back(2);
        return createClamp(b, createApplyScale(b, value, scale[0], scale[1]),
                           range);
      });
}

Value createRelu(OpBuilder &builder, Location loc, Value source) {
  return createElementwise(
      builder, loc, source, builder.getI8Type(),
      [](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
        return arith::MaxSIOp::create(b, arguments[0],
                                      createInteger(b, b.getI8Type(), 0));
      });
}

Value createRescaledAdd(OpBuilder &builder, Location loc, Value first,
                        Value second, ArrayRef<Rescale> toCommon,
                        Rescale toResult, ResultRange range) {
  return createElementwise(
      builder, loc, {first, second}, getResultElement(builder, range),
      [&](ImplicitLocOpBuilder &b, ValueRange arguments) -> Value {
        Value left =
            createApplyScale(b, createExtend(b, arguments[0]), toCommon[0]);
        Value right =
            createApplyScale(b, createExtend(b, arguments[1]), toCommon[1]);
        Value sum = arith::AddIOp::create(b, left, right);
        return createClamp(b, createApplyScale(b, sum, toResult), range);
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
