//===- Quantization.cpp - Integers for real values ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arithmetic between real numbers and the array's integers: choosing a
// scale, rounding to it, and TOSA's fixed-point rescale of 32-bit accumulators.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/Quantization.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <system_error>

using namespace colonnade;

static constexpr int smallestShift = 2;
static constexpr int largestShift = 62;
/// Multipliers of full precision are in [2^30, 2^31).
static constexpr int multiplierBits = 31;

double colonnade::getSymmetricScale(double absMax, int32_t limit) {
  double scale = absMax / limit;
  return scale > 0 ? scale : 1.0;
}

int32_t colonnade::quantizeSymmetric(double value, double scale,
                                     int32_t limit) {
  double quotient = std::round(value / scale);
  if (std::isnan(quotient))
    return 0;
  return static_cast<int32_t>(
      std::clamp<double>(quotient, -double(limit), double(limit)));
}

double Int8Form::getRange() const {
  return scale * std::max(zeroPoint + 128, 127 - zeroPoint);
}

int8_t colonnade::quantizeInt8(double value, Int8Form form) {
  if (form.zeroPoint == 0)
    return static_cast<int8_t>(quantizeSymmetric(value, form.scale));
  double quotient = std::round(value / form.scale);
  if (std::isnan(quotient))
    return static_cast<int8_t>(form.zeroPoint);
  return static_cast<int8_t>(
      std::clamp<double>(quotient + form.zeroPoint, -128.0, 127.0));
}

llvm::Expected<Rescale> colonnade::getRescale(double factor) {
  // Written so that NaN fails too.
  if (!(factor >= 0))
    return llvm::createStringError(
        std::errc::invalid_argument,
        "rescale factor %g is not a number of at least 0: check the scales "
        "that it is the quotient of",
        factor);
  if (factor >= std::ldexp(1.0, 29))
    return llvm::createStringError(
        std::errc::result_out_of_range,
        "rescale factor %g is not below the limit of 2^29 = 536870912: use a "
        "larger output scale",
        factor);

  int exponent;
  std::frexp(factor, &exponent);
  int shift =
      std::clamp(multiplierBits - exponent, smallestShift, largestShift);
  int64_t multiplier = std::llround(std::ldexp(factor, shift));
  if (multiplier == int64_t(1) << multiplierBits) {
    // Rounded up to the next power of two; just below 2^29 there is none.
    if (shift == smallestShift)
      return Rescale{std::numeric_limits<int32_t>::max(), int8_t(shift)};
    multiplier /= 2;
    --shift;
  }
  return Rescale{static_cast<int32_t>(multiplier), static_cast<int8_t>(shift)};
}

llvm::Expected<int32_t> colonnade::applyRescale(int32_t value,
                                                Rescale rescale) {
  int shift = rescale.shift;
  if (shift < smallestShift || shift > largestShift)
    return llvm::createStringError(
        std::errc::invalid_argument,
        "rescale shift %d is outside [%d, %d]: make rescales with getRescale",
        shift, smallestShift, largestShift);
  int64_t product = int64_t(value) * rescale.multiplier;
  int64_t result = (product + (int64_t(1) << (shift - 1))) >> shift;
  if (!llvm::isInt<32>(result))
    return llvm::createStringError(
        std::errc::result_out_of_range,
        "rescaling %d by %d * 2^-%d gives %lld, which does not fit into 32 "
        "bits: use a larger output scale",
        value, rescale.multiplier, shift, static_cast<long long>(result));
  return static_cast<int32_t>(result);
}
