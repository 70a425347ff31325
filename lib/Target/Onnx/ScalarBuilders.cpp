//===- ScalarBuilders.cpp - ONNX arithmetic on single elements ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ScalarBuilders.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;
using namespace colonnade::onnximport;

Value colonnade::onnximport::createAddition(ImplicitLocOpBuilder &builder,
                                            Signedness signedness, Value left,
                                            Value right) {
  return createArithmetic<arith::AddFOp, arith::AddIOp>(builder, signedness,
                                                        left, right);
}

Value colonnade::onnximport::createMaximum(ImplicitLocOpBuilder &builder,
                                           Signedness signedness, Value left,
                                           Value right) {
  return createArithmetic<arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp>(
      builder, signedness, left, right);
}

Value colonnade::onnximport::createMinimum(ImplicitLocOpBuilder &builder,
                                           Signedness signedness, Value left,
                                           Value right) {
  return createArithmetic<arith::MinimumFOp, arith::MinSIOp, arith::MinUIOp>(
      builder, signedness, left, right);
}

static Value createIsNotZero(ImplicitLocOpBuilder &builder, Value value) {
  Value zero = createNumber(builder, value.getType(), 0);
  if (isa<FloatType>(value.getType()))
    return arith::CmpFOp::create(builder, arith::CmpFPredicate::UNE, value,
                                 zero);
  return arith::CmpIOp::create(builder, arith::CmpIPredicate::ne, value, zero);
}

static Value castFloat(ImplicitLocOpBuilder &builder, Value value, Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from < to)
    return arith::ExtFOp::create(builder, type, value);
  if (from > to)
    return arith::TruncFOp::create(builder, type, value);
  // f16 and bf16: neither holds the other.
  Value wide = arith::ExtFOp::create(builder, builder.getF32Type(), value);
  return arith::TruncFOp::create(builder, type, wide);
}

static Value castInteger(ImplicitLocOpBuilder &builder, Value value,
                         bool isUnsigned, Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from > to)
    return arith::TruncIOp::create(builder, type, value);
  if (isUnsigned)
    return arith::ExtUIOp::create(builder, type, value);
  return arith::ExtSIOp::create(builder, type, value);
}

Value colonnade::onnximport::createCast(ImplicitLocOpBuilder &builder,
                                        Value value, Signedness from, Type type,
                                        Signedness to) {
  Type source = value.getType();
  if (source == type)
    return value;
  if (type.isInteger(1))
    return createIsNotZero(builder, value);
  bool fromUnsigned = from == Signedness::Unsigned || source.isInteger(1);
  bool toFloat = isa<FloatType>(type), fromFloat = isa<FloatType>(source);
  if (fromFloat && toFloat)
    return castFloat(builder, value, type);
  if (!fromFloat && !toFloat)
    return castInteger(builder, value, fromUnsigned, type);
  if (toFloat && fromUnsigned)
    return arith::UIToFPOp::create(builder, type, value);
  if (toFloat)
    return arith::SIToFPOp::create(builder, type, value);
  if (to == Signedness::Unsigned)
    return arith::FPToUIOp::create(builder, type, value);
  return arith::FPToSIOp::create(builder, type, value);
}
