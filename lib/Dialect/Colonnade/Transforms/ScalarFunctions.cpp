//===- ScalarFunctions.cpp - Math functions as arithmetic ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exponential, logarithm, sine and cosine follow S. Moshier's Cephes library
// (single precision: expf.c, logf.c, sinf.c), hyperbolic tangent and error
// function the rational approximations of Eigen (MathFunctionsImpl.h,
// generic_fast_tanh_float and generic_fast_erf_float).
//
//===----------------------------------------------------------------------===//

#include "ScalarFunctions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include <cstdlib>
#include <limits>

using namespace mlir;

namespace colonnade {

//===----------------------------------------------------------------------===//
// Operations
//===----------------------------------------------------------------------===//

Value ScalarBuilder::real(float value) {
  return create<arith::ConstantOp>(builder.getF32FloatAttr(value));
}

Value ScalarBuilder::integer(int32_t value) {
  return create<arith::ConstantOp>(builder.getI32IntegerAttr(value));
}

Value ScalarBuilder::add(Value left, Value right) {
  return create<arith::AddFOp>(left, right);
}

Value ScalarBuilder::subtract(Value left, Value right) {
  return create<arith::SubFOp>(left, right);
}

Value ScalarBuilder::multiply(Value left, Value right) {
  return create<arith::MulFOp>(left, right);
}

Value ScalarBuilder::divide(Value left, Value right) {
  return create<arith::DivFOp>(left, right);
}

Value ScalarBuilder::negate(Value value) {
  return create<arith::NegFOp>(value);
}

Value ScalarBuilder::absolute(Value value) {
  return create<math::AbsFOp>(value);
}

Value ScalarBuilder::squareRoot(Value value) {
  return create<math::SqrtOp>(value);
}

Value ScalarBuilder::floor(Value value) { return create<math::FloorOp>(value); }

Value ScalarBuilder::roundToEven(Value value) {
  return create<math::RoundEvenOp>(value);
}

Value ScalarBuilder::isLess(Value left, Value right) {
  return create<arith::CmpFOp>(arith::CmpFPredicate::OLT, left, right);
}

Value ScalarBuilder::isEqual(Value left, Value right) {
  return create<arith::CmpFOp>(arith::CmpFPredicate::OEQ, left, right);
}

Value ScalarBuilder::invert(Value condition) {
  Value yes = create<arith::ConstantOp>(builder.getBoolAttr(true));
  return create<arith::XOrIOp>(condition, yes);
}

Value ScalarBuilder::select(Value condition, Value yes, Value no) {
  return create<arith::SelectOp>(condition, yes, no);
}

Value ScalarBuilder::clamp(Value value, float low, float high) {
  Value lowest = real(low), highest = real(high);
  value = select(isLess(lowest, value), value, lowest);
  return select(isLess(value, highest), value, highest);
}

Value ScalarBuilder::polynomial(Value x, ArrayRef<float> coefficients) {
  Value result = real(coefficients.front());
  for (float coefficient : coefficients.drop_front())
    result = add(multiply(result, x), real(coefficient));
  return result;
}

Value ScalarBuilder::toInteger(Value value) {
  return create<arith::FPToSIOp>(builder.getI32Type(), value);
}

Value ScalarBuilder::toReal(Value value) {
  return create<arith::SIToFPOp>(builder.getF32Type(), value);
}

Value ScalarBuilder::toBits(Value value) {
  return create<arith::BitcastOp>(builder.getI32Type(), value);
}

Value ScalarBuilder::fromBits(Value bits) {
  return create<arith::BitcastOp>(builder.getF32Type(), bits);
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr int32_t kFractionBits = 23;
constexpr int32_t kExponentBias = 127;
/// ln 2 in two parts; the first has so few bits that small integers times it
/// are exact.
constexpr float kLn2High = 0.693359375f, kLn2Low = -2.12194440e-4f;

Value isNumber(ScalarBuilder &b, Value x) { return b.isEqual(x, x); }

/// 2^exponent, an i32 in [-126, 127].
Value createPowerOfTwo(ScalarBuilder &b, Value exponent) {
  Value biased = b.create<arith::AddIOp>(exponent, b.integer(kExponentBias));
  return b.fromBits(b.create<arith::ShLIOp>(biased, b.integer(kFractionBits)));
}

/// x * P(x^2) / Q(x^2), an odd rational function.
Value createOddRational(ScalarBuilder &b, Value x, ArrayRef<float> numerator,
                        ArrayRef<float> denominator) {
  Value square = b.multiply(x, x);
  Value dividend = b.multiply(x, b.polynomial(square, numerator));
  return b.divide(dividend, b.polynomial(square, denominator));
}

/// A quarter turn too many is what sine and cosine differ by.
Value createSineAfterTurns(ScalarBuilder &b, Value x, int32_t turns) {
  constexpr float kTwoOverPi = 0.636619772f;
  // pi / 2 in three parts.
  constexpr float kParts[] = {1.5703125f, 4.837512969970703125e-4f,
                              7.54978995489188216e-8f};
  Value bounded = b.clamp(x, -kLargestAngle, kLargestAngle);
  Value quarters = b.roundToEven(b.multiply(bounded, b.real(kTwoOverPi)));
  Value rest = bounded;
  for (float part : kParts)
    rest = b.subtract(rest, b.multiply(quarters, b.real(part)));
  Value square = b.multiply(rest, rest);
  Value sine = b.polynomial(
      square, {-1.9515295891e-4f, 8.3321608736e-3f, -1.6666654611e-1f});
  sine = b.add(b.multiply(b.multiply(sine, square), rest), rest);
  Value cosine =
      b.polynomial(square, {2.443315711809948e-5f, -1.388731625493765e-3f,
                            4.166664568298827e-2f});
  cosine = b.multiply(b.multiply(cosine, square), square);
  cosine =
      b.add(b.subtract(cosine, b.multiply(b.real(0.5f), square)), b.real(1));
  Value quadrant =
      b.create<arith::AddIOp>(b.toInteger(quarters), b.integer(turns));
  auto hasBit = [&](int32_t bit) {
    Value masked = b.create<arith::AndIOp>(quadrant, b.integer(bit));
    return b.create<arith::CmpIOp>(arith::CmpIPredicate::ne, masked,
                                   b.integer(0));
  };
  Value result = b.select(hasBit(1), cosine, sine);
  result = b.select(hasBit(2), b.negate(result), result);
  // Also what NaN, which is not equal to its clamp, gives.
  return b.select(b.isEqual(bounded, x), result, b.real(kNaN));
}

} // namespace

Value createCopySign(ScalarBuilder &b, Value value, Value source) {
  Value sign = b.create<arith::AndIOp>(
      b.toBits(source), b.integer(std::numeric_limits<int32_t>::min()));
  return b.fromBits(b.create<arith::OrIOp>(b.toBits(b.absolute(value)), sign));
}

Value createExp(ScalarBuilder &b, Value x) {
  // Beyond these the result is 0 or infinity.
  constexpr float kLowest = -104, kHighest = 89, kLog2e = 1.44269504f;
  Value bounded = b.clamp(x, kLowest, kHighest);
  Value count = b.roundToEven(b.multiply(bounded, b.real(kLog2e)));
  Value rest = b.subtract(bounded, b.multiply(count, b.real(kLn2High)));
  rest = b.subtract(rest, b.multiply(count, b.real(kLn2Low)));
  Value series = b.polynomial(rest, {1.9875691500e-4f, 1.3981999507e-3f,
                                     8.3334519073e-3f, 4.1665795894e-2f,
                                     1.6666665459e-1f, 5.0000001201e-1f});
  series = b.multiply(series, b.multiply(rest, rest));
  series = b.add(b.add(series, rest), b.real(1));
  // 2^count in two factors: one alone overflows, or is subnormal, too early.
  Value exponent = b.toInteger(count);
  Value half = b.create<arith::ShRSIOp>(exponent, b.integer(1));
  Value otherHalf = b.create<arith::SubIOp>(exponent, half);
  Value result = b.multiply(b.multiply(series, createPowerOfTwo(b, half)),
                            createPowerOfTwo(b, otherHalf));
  return b.select(isNumber(b, x), result, x);
}

Value createLog(ScalarBuilder &b, Value x) {
  constexpr float kSmallestNormal = std::numeric_limits<float>::min();
  constexpr float kSubnormalFactor = 8388608; // 2^23
  constexpr float kSqrtHalf = 0.707106781f;
  constexpr int32_t kFractionMask = 0x007fffff, kOneHalf = 0x3f000000;
  Value isSmall = b.isLess(x, b.real(kSmallestNormal));
  Value scaled = b.select(isSmall, b.multiply(x, b.real(kSubnormalFactor)), x);
  Value bits = b.toBits(scaled);
  Value exponent =
      b.toReal(b.create<arith::ShRUIOp>(bits, b.integer(kFractionBits)));
  exponent = b.subtract(
      exponent, b.select(isSmall, b.real(kExponentBias - 1 + kFractionBits),
                         b.real(kExponentBias - 1)));
  Value fraction = b.fromBits(b.create<arith::OrIOp>(
      b.create<arith::AndIOp>(bits, b.integer(kFractionMask)),
      b.integer(kOneHalf)));
  // The fraction in [sqrt(1/2), sqrt(2)), less 1.
  Value isLow = b.isLess(fraction, b.real(kSqrtHalf));
  exponent = b.select(isLow, b.subtract(exponent, b.real(1)), exponent);
  fraction = b.subtract(b.select(isLow, b.add(fraction, fraction), fraction),
                        b.real(1));
  Value square = b.multiply(fraction, fraction);
  Value series = b.polynomial(
      fraction, {7.0376836292e-2f, -1.1514610310e-1f, 1.1676998740e-1f,
                 -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f,
                 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f});
  series = b.multiply(b.multiply(series, fraction), square);
  series = b.add(series, b.multiply(exponent, b.real(kLn2Low)));
  series = b.subtract(series, b.multiply(b.real(0.5f), square));
  Value result = b.add(fraction, series);
  result = b.add(result, b.multiply(exponent, b.real(kLn2High)));

  Value infinity = b.real(kInfinity), zero = b.real(0);
  result = b.select(b.isLess(x, infinity), result, x);
  result = b.select(b.isLess(x, zero), b.real(kNaN), result);
  return b.select(b.isEqual(x, zero), b.real(-kInfinity), result);
}

Value createTanh(ScalarBuilder &b, Value x) {
  // Beyond it, the function is 1; below the other, it is x.
  constexpr float kLargest = 7.90531110763549805f, kLinear = 4e-4f;
  Value bounded = b.clamp(x, -kLargest, kLargest);
  Value rational = createOddRational(
      b, bounded,
      {-2.76076847742355e-16f, 2.00018790482477e-13f, -8.60467152213735e-11f,
       5.12229709037114e-08f, 1.48572235717979e-05f, 6.37261928875436e-04f,
       4.89352455891786e-03f},
      {1.19825839466702e-06f, 1.18534705686654e-04f, 2.26843463243900e-03f,
       4.89352518554385e-03f});
  Value isLinear = b.isLess(b.absolute(x), b.real(kLinear));
  Value result = b.select(isLinear, x, rational);
  return b.select(isNumber(b, x), result, x);
}

Value createErf(ScalarBuilder &b, Value x) {
  constexpr float kLargest = 4;
  Value bounded = b.clamp(x, -kLargest, kLargest);
  Value rational = createOddRational(
      b, bounded,
      {-2.72614225801306e-10f, 2.77068142495902e-08f, -2.10102402082508e-06f,
       -5.69250639462346e-05f, -7.34990630326855e-04f, -2.95459980854025e-03f,
       -1.60960333262415e-02f},
      {-1.45660718464996e-05f, -2.13374055278905e-04f, -1.68282697438203e-03f,
       -7.37332916720468e-03f, -1.42647390514189e-02f});
  return b.select(isNumber(b, x), rational, x);
}

Value createSin(ScalarBuilder &b, Value x) {
  return createSineAfterTurns(b, x, 0);
}

Value createCos(ScalarBuilder &b, Value x) {
  return createSineAfterTurns(b, x, 1);
}

Value createPower(ScalarBuilder &b, Value x, int exponent) {
  unsigned rest = std::abs(exponent);
  Value result, square = x;
  for (; rest != 0; rest /= 2) {
    if (rest % 2 == 1)
      result = result ? b.multiply(result, square) : square;
    if (rest > 1)
      square = b.multiply(square, square);
  }
  if (!result)
    return b.real(1);
  return exponent < 0 ? b.divide(b.real(1), result) : result;
}

Value createPower(ScalarBuilder &b, Value x, Value exponent) {
  Value result = createExp(b, b.multiply(exponent, createLog(b, x)));
  // 0 * log(0) is NaN, 0^0 is 1.
  return b.select(b.isEqual(exponent, b.real(0)), b.real(1), result);
}

} // namespace colonnade
