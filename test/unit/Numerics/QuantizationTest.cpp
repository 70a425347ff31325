//===- QuantizationTest.cpp - Laws and limits of quantization -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Scales, rounding and the fixed-point rescale, against 128-bit and exact
// references.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/Quantization.h"
#include "../Support/Errors.h"
#include "../Support/RandomCases.h"
#include "gmock/gmock.h"
#include <limits>

using namespace colonnade;
using testing::HasSubstr;
using testing::Optional;

static constexpr double infinity = std::numeric_limits<double>::infinity();
static constexpr double notANumber = std::numeric_limits<double>::quiet_NaN();

TEST(Quantization, ScaleMapsTheRangeOntoTheLimit) {
  EXPECT_EQ(getSymmetricScale(127.0), 1.0);
  EXPECT_EQ(getSymmetricScale(3.5, 7), 0.5);
  EXPECT_EQ(getSymmetricScale(0.0), 1.0);
  EXPECT_EQ(getSymmetricScale(std::numeric_limits<double>::denorm_min()), 1.0);
}

TEST(Quantization, HalvesRoundAwayFromZeroAndRangesSaturate) {
  EXPECT_EQ(quantizeSymmetric(0.5, 1.0), 1);
  EXPECT_EQ(quantizeSymmetric(-0.5, 1.0), -1);
  EXPECT_EQ(quantizeSymmetric(0.499999, 1.0), 0);
  EXPECT_EQ(quantizeSymmetric(2.5, 1.0), 3);
  EXPECT_EQ(quantizeSymmetric(-128.0, 1.0), -127);
  EXPECT_EQ(quantizeSymmetric(infinity, 1.0), 127);
  EXPECT_EQ(quantizeSymmetric(-infinity, 1.0, 7), -7);
  EXPECT_EQ(quantizeSymmetric(notANumber, 1.0), 0);
}

TEST(Quantization, FormsWithAZeroPointUseAllOfInt8) {
  EXPECT_EQ(quantizeInt8(-100.0, {0.5, 0}), -127);
  EXPECT_EQ(quantizeInt8(-100.0, {0.5, 3}), -128);
  EXPECT_EQ(quantizeInt8(100.0, {0.5, 3}), 127);
  EXPECT_EQ(quantizeInt8(0.75, {0.5, -128}), -126);
  EXPECT_EQ(quantizeInt8(0.0, {0.5, -28}), -28);
  EXPECT_EQ(quantizeInt8(notANumber, {0.5, -28}), -28);
  EXPECT_EQ((Int8Form{0.5, -28}).getRange(), 77.5);
  EXPECT_EQ((Int8Form{0.5, 100}).getRange(), 114.0);
}

TEST(Quantization, MultiplesOfTheScaleAreExact) {
  RandomCases random(1);
  for (int round = 0; round < 2000; ++round) {
    double scale = getSymmetricScale(random.getUniform() * 100);
    int32_t value = random.getInteger(-127, 127);
    EXPECT_EQ(quantizeSymmetric(value * scale, scale), value);
    EXPECT_EQ(quantizeSymmetric(-value * scale, scale), -value);
  }
}

static double getFactor(Rescale rescale) {
  return std::ldexp(double(rescale.multiplier), -rescale.shift);
}

TEST(Quantization, RescaleIsWithinHalfAnUlpOfItsFactor) {
  RandomCases random(2);
  for (int round = 0; round < 20000; ++round) {
    double factor = std::ldexp(1 + random.getUniform(),
                               static_cast<int>(random.getInteger(-32, 28)));
    std::optional<Rescale> rescale = getValue(getRescale(factor));
    ASSERT_TRUE(rescale) << factor;
    EXPECT_GE(rescale->multiplier, 1 << 30) << factor;
    EXPECT_GE(rescale->shift, 2) << factor;
    EXPECT_LE(rescale->shift, 62) << factor;
    EXPECT_LE(std::fabs(getFactor(*rescale) - factor), std::ldexp(factor, -30))
        << factor;
  }
}

TEST(Quantization, RescaleIsTheNearestOne) {
  RandomCases random(3);
  for (int round = 0; round < 2000; ++round) {
    double factor = std::ldexp(1 + random.getUniform(),
                               static_cast<int>(random.getInteger(-70, 28)));
    std::optional<Rescale> rescale = getValue(getRescale(factor));
    ASSERT_TRUE(rescale) << factor;
    double error = std::fabs(getFactor(*rescale) - factor);
    for (int64_t step : {-1, 1}) {
      double neighbour =
          std::ldexp(double(rescale->multiplier + step), -rescale->shift);
      EXPECT_LE(error, std::fabs(neighbour - factor)) << factor;
    }
  }
}

static testing::Matcher<const Rescale &> isRescale(int32_t multiplier,
                                                   int shift) {
  return testing::AllOf(testing::Field(&Rescale::multiplier, multiplier),
                        testing::Field(&Rescale::shift, shift));
}

TEST(Quantization, RescaleAtTheEdges) {
  const int32_t half = 1 << 30, most = std::numeric_limits<int32_t>::max();
  EXPECT_THAT(getValue(getRescale(1.0)), Optional(isRescale(half, 30)));
  EXPECT_THAT(getValue(getRescale(0.0)),
              Optional(testing::Field(&Rescale::multiplier, 0)));
  // Rounds up to a power of two.
  EXPECT_THAT(getValue(getRescale(std::nextafter(1.0, 0.0))),
              Optional(isRescale(half, 30)));
  // The largest factor: 2^29 itself cannot be reached.
  EXPECT_THAT(getValue(getRescale(std::nextafter(std::ldexp(1.0, 29), 0.0))),
              Optional(isRescale(most, 2)));
  // The smallest full-precision factor, and below it.
  EXPECT_THAT(getValue(getRescale(std::ldexp(1.0, -32))),
              Optional(isRescale(half, 62)));
  EXPECT_THAT(getValue(getRescale(std::ldexp(1.0, -62))),
              Optional(isRescale(1, 62)));
  EXPECT_THAT(getValue(getRescale(std::ldexp(1.0, -64))),
              Optional(isRescale(0, 62)));
}

TEST(Quantization, RescaleRejectsFactorsItCannotHold) {
  for (double factor : {-1.0, -infinity, notANumber, -1e-300})
    EXPECT_THAT(getMessage(getRescale(factor)),
                HasSubstr("is not a number of at least 0"));
  for (double factor : {std::ldexp(1.0, 29), 1e300, infinity})
    EXPECT_THAT(getMessage(getRescale(factor)),
                HasSubstr("is not below the limit of 2^29"));
}

/// floor(value * multiplier / 2^shift + 1/2), in 128 bits.
static __int128 rescaleExactly(int32_t value, Rescale rescale) {
  __int128 product = __int128(value) * rescale.multiplier;
  __int128 divisor = __int128(1) << rescale.shift;
  __int128 numerator = 2 * product + divisor;
  __int128 quotient = numerator / (2 * divisor);
  bool roundedUp = numerator % (2 * divisor) < 0;
  return quotient - roundedUp;
}

TEST(Quantization, ApplyRescaleEqualsAWideReference) {
  RandomCases random(4);
  const int64_t low = std::numeric_limits<int32_t>::min();
  const int64_t high = std::numeric_limits<int32_t>::max();
  int fitting = 0, overflowing = 0;
  for (int round = 0; round < 50000; ++round) {
    int width = static_cast<int>(random.getInteger(0, 31));
    int32_t value = random.getInteger(low, high) >> width;
    Rescale rescale{static_cast<int32_t>(random.getInteger(low, high)),
                    static_cast<int8_t>(random.getInteger(2, 62))};
    __int128 expected = rescaleExactly(value, rescale);
    if (expected < low || expected > high) {
      ++overflowing;
      EXPECT_THAT(getMessage(applyRescale(value, rescale)),
                  HasSubstr("does not fit into 32 bits"));
      continue;
    }
    ++fitting;
    EXPECT_THAT(getValue(applyRescale(value, rescale)),
                Optional(static_cast<int32_t>(expected)));
  }
  EXPECT_GT(fitting, 10000);
  EXPECT_GT(overflowing, 1000);
}

TEST(Quantization, ApplyRescaleAtTheEdges) {
  const int32_t low = std::numeric_limits<int32_t>::min();
  const int32_t high = std::numeric_limits<int32_t>::max();
  EXPECT_THAT(getValue(applyRescale(low, {low, 62})), Optional(1));
  EXPECT_THAT(getValue(applyRescale(high, {1 << 30, 30})), Optional(high));
  EXPECT_THAT(getValue(applyRescale(3, {1, 2})), Optional(1));
  EXPECT_THAT(getValue(applyRescale(2, {1, 2})), Optional(1));
  EXPECT_THAT(getValue(applyRescale(-2, {1, 2})), Optional(0));
  EXPECT_THAT(getValue(applyRescale(-3, {1, 2})), Optional(-1));
}

TEST(Quantization, ApplyRescaleRejectsShifts) {
  for (int shift : {-128, 0, 1, 63, 127})
    EXPECT_THAT(getMessage(applyRescale(1, {1, static_cast<int8_t>(shift)})),
                HasSubstr("rescale shift " + std::to_string(shift) +
                          " is outside [2, 62]"));
}

TEST(Quantization, RescaleByOneIsTheIdentity) {
  std::optional<Rescale> one = getValue(getRescale(1.0));
  ASSERT_TRUE(one);
  RandomCases random(5);
  for (int round = 0; round < 1000; ++round) {
    int32_t value = random.getInteger(std::numeric_limits<int32_t>::min(),
                                      std::numeric_limits<int32_t>::max());
    EXPECT_THAT(getValue(applyRescale(value, *one)), Optional(value));
  }
}
