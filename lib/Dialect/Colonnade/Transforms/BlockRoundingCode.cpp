//===- BlockRoundingCode.cpp - Rounding one value of a block --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// No calls and no branches, so that LLVM vectorises the loops around.
//
//===----------------------------------------------------------------------===//

#include "BlockRoundingCode.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include <limits>

using namespace mlir;
using namespace colonnade;

static constexpr int32_t infinityBits = 0x7f800000;
static constexpr int fractionBits = 23;
static constexpr int floatBias = 127;

BlockRoundingCode::BlockRoundingCode(ScalarBuilder &builder, BlockQuantizeOp op)
    : format(getBlockFloatPromise(op.getType()).getFormat()),
      rounding(op.getRounding()) {
  buildMantissa(builder, op.getMantissa());
  if (rounding.getMode() == BlockRounding::Unbiased)
    buildCarry(builder);
  if (rounding.isStochastic())
    buildKey(builder, op.getCounter());
}

void BlockRoundingCode::buildMantissa(ScalarBuilder &builder, Value operand) {
  if (!operand) {
    mantissa = builder.integer(format.mantissaBits);
    mantissaLessOne = builder.integer(format.mantissaBits - 1);
    largestMantissa = builder.number(float((1 << format.mantissaBits) - 1));
    return;
  }
  Value atLeast =
      builder.apply<arith::MaxSIOp>(operand, BlockFormat::kMinMantissaBits);
  mantissa = builder.apply<arith::MinSIOp>(atLeast, format.mantissaBits);
  mantissaLessOne = builder.apply<arith::SubIOp>(mantissa, 1);
  Value power = builder.apply<arith::ShLIOp>(builder.integer(1), mantissa);
  Value largest = builder.apply<arith::SubIOp>(power, 1);
  largestMantissa =
      arith::SIToFPOp::create(builder, builder.getF32Type(), largest);
}

/// The lower half of an i64, as a value that a truncation does not change.
static Value truncate(ScalarBuilder &builder, Value value) {
  uint64_t half = uint64_t(1) << 31;
  Value low =
      builder.apply<arith::AndIOp>(value, builder.longInteger((half << 1) - 1));
  Value flipped = builder.apply<arith::XOrIOp>(low, builder.longInteger(half));
  Value fitting =
      builder.apply<arith::SubIOp>(flipped, builder.longInteger(half));
  return arith::TruncIOp::create(builder, builder.getI32Type(), fitting);
}

void BlockRoundingCode::buildKey(ScalarBuilder &builder, Value counter) {
  auto seed = static_cast<uint64_t>(rounding.getSeed());
  Value key =
      builder.addWrapping(counter, builder.longInteger(noise::mixKey(seed)));
  // A logical shift, of which a vector unit may have the 32-bit form only.
  auto shift = [&](Value value, unsigned amount) {
    Value shifted =
        builder.apply<arith::ShRSIOp>(value, builder.longInteger(amount));
    return builder.apply<arith::AndIOp>(
        shifted, builder.longInteger(~uint64_t(0) >> amount));
  };
  auto mixShifted = [&](Value value, unsigned amount) {
    return builder.apply<arith::XOrIOp>(value, shift(value, amount));
  };
  for (unsigned step : {0, 1})
    key =
        builder.multiplyWrapping(mixShifted(key, noise::kKeyShifts[step]),
                                 builder.longInteger(noise::kKeyFactors[step]));
  key = mixShifted(key, noise::kKeyShifts[2]);
  keyLow = truncate(builder, key);
  keyHigh = arith::TruncIOp::create(
      builder, builder.getI32Type(),
      builder.apply<arith::ShRSIOp>(key, builder.longInteger(32)));
}

void BlockRoundingCode::buildCarry(ScalarBuilder &builder) {
  Value dropped =
      builder.apply<arith::SubIOp>(builder.integer(fractionBits + 1), mantissa);
  Value power = builder.apply<arith::ShLIOp>(builder.integer(1), dropped);
  carry = builder.apply<arith::SubIOp>(power, 1);
}

/// The exponent field of the block's unit.
Value BlockRoundingCode::buildUnitField(ScalarBuilder &builder,
                                        Value largestBits) const {
  int64_t low = floatBias - format.getBias();
  Value rounded = carry ? builder.addWrapping(largestBits, carry) : largestBits;
  Value field = builder.apply<arith::ShRUIOp>(rounded, fractionBits);
  field = builder.apply<arith::MaxSIOp>(field, low);
  field = builder.apply<arith::MaxSIOp>(field, mantissa);
  field = builder.apply<arith::MinSIOp>(field, format.getMaxField());
  return builder.apply<arith::SubIOp>(field, mantissaLessOne);
}

Value BlockRoundingCode::buildThreshold(ScalarBuilder &builder,
                                        Value position) const {
  auto mixShifted = [&](Value value, unsigned shift) {
    return builder.apply<arith::XOrIOp>(
        value, builder.apply<arith::ShRUIOp>(value, shift));
  };
  Value drawn = builder.apply<arith::XOrIOp>(position, keyLow);
  drawn = builder.multiplyWrapping(mixShifted(drawn, noise::kDrawShifts[0]),
                                   builder.integer(noise::kDrawFactors[0]));
  drawn = builder.apply<arith::XOrIOp>(drawn, keyHigh);
  drawn = builder.multiplyWrapping(mixShifted(drawn, noise::kDrawShifts[1]),
                                   builder.integer(noise::kDrawFactors[1]));
  drawn = mixShifted(drawn, noise::kDrawShifts[2]);

  int64_t noiseBits = rounding.getNoiseBits();
  drawn = builder.apply<arith::ShRUIOp>(drawn, 32 - noiseBits);
  Value distance = builder.apply<arith::SubIOp>(
      builder.integer(int64_t(1) << noiseBits), drawn);
  Value real = arith::SIToFPOp::create(builder, builder.getF32Type(), distance);
  return builder.apply<arith::MulFOp>(
      real, builder.number(1.0f / float(int64_t(1) << noiseBits)));
}

Value BlockRoundingCode::roundMagnitude(
    ScalarBuilder &builder, Value magnitude,
    function_ref<Value(ScalarBuilder &)> position) const {
  Value integers = builder.number(float(1 << fractionBits));
  Value nearest = builder.apply<arith::SubFOp>(
      builder.apply<arith::AddFOp>(magnitude, integers), integers);
  if (rounding.getMode() == BlockRounding::Nearest)
    return nearest;
  Value truncated = builder.apply<arith::SubFOp>(
      nearest, builder.oneIf(arith::CmpFPredicate::OGT, nearest, magnitude));
  if (rounding.getMode() == BlockRounding::Truncate)
    return truncated;
  Value fraction = builder.apply<arith::SubFOp>(magnitude, truncated);
  Value threshold = buildThreshold(builder, position(builder));
  return builder.apply<arith::AddFOp>(
      truncated, builder.oneIf(arith::CmpFPredicate::OGE, fraction, threshold));
}

Value BlockRoundingCode::round(
    ScalarBuilder &builder, Value value, Value largestBits,
    function_ref<Value(ScalarBuilder &)> position) const {
  Value field = buildUnitField(builder, largestBits);
  Value inverseField =
      builder.apply<arith::SubIOp>(builder.integer(2 * floatBias), field);
  Value inverse = builder.fromBits(
      builder.apply<arith::ShLIOp>(inverseField, fractionBits));
  Value unit =
      builder.fromBits(builder.apply<arith::ShLIOp>(field, fractionBits));
  Value isFinite =
      arith::CmpIOp::create(builder, arith::CmpIPredicate::slt, largestBits,
                            builder.integer(infinityBits));
  unit = arith::SelectOp::create(
      builder, isFinite, unit,
      builder.number(std::numeric_limits<float>::quiet_NaN()));

  Value magnitude = builder.apply<arith::MulFOp>(
      builder.fromBits(builder.magnitudeBits(value)), inverse);
  Value isSmall = arith::CmpFOp::create(builder, arith::CmpFPredicate::OLT,
                                        magnitude, largestMantissa);
  Value saturated =
      arith::SelectOp::create(builder, isSmall, magnitude, largestMantissa);
  Value rounded = builder.apply<arith::MulFOp>(
      roundMagnitude(builder, saturated, position), unit);
  Value sign = builder.apply<arith::AndIOp>(
      builder.bits(value), int64_t(~ScalarBuilder::kMagnitudeMask));
  return builder.fromBits(
      builder.apply<arith::OrIOp>(builder.bits(rounded), sign));
}
