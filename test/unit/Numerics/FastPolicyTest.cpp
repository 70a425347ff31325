//===- FastPolicyTest.cpp - Laws of FAST's precision policy ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The threshold's corners, an improvement that can be added up by hand, and
// what does not change it: the scale, the sign, a permutation of blocks.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/FastPolicy.h"
#include "../Support/RandomCases.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

using namespace colonnade;

static const BlockRounder truncation{BlockRounding::Truncate, {}};

static double getImprovement(llvm::ArrayRef<float> values, int64_t group) {
  BlockFormat format;
  format.group = group;
  return getRelativeImprovement(values, {int64_t(values.size())}, 0, format,
                                truncation);
}

TEST(FastPolicy, ThresholdFallsWithDepthAndTime) {
  FastPolicy policy;
  EXPECT_DOUBLE_EQ(policy.getThreshold(0, 10, 0, 100), 0.6);
  EXPECT_DOUBLE_EQ(policy.getThreshold(10, 10, 0, 100), 0.3);
  EXPECT_DOUBLE_EQ(policy.getThreshold(0, 10, 100, 100), 0.3);
  EXPECT_NEAR(policy.getThreshold(10, 10, 100, 100), 0, 1e-15);
  FastPolicy ofTime{0.6, 0.5, 0.1};
  EXPECT_DOUBLE_EQ(ofTime.getThreshold(10, 10, 0, 100), 0.5);
  EXPECT_DOUBLE_EQ(ofTime.getThreshold(0, 10, 100, 100), 0.1);
  EXPECT_EQ(FastPolicy::chooseMantissaBits(0.1, 0.2), 2);
  EXPECT_EQ(FastPolicy::chooseMantissaBits(0.2, 0.2), 4);
}

TEST(FastPolicy, ImprovementByHand) {
  // Units of 1/2 and 1/8 (of 1 and 1/4 in the other block).
  // 1.625: 1.5 and 1.625. 0.25: 0 and 0.25. 3.0: twice 3. 1.75: 1 and 1.75.
  EXPECT_DOUBLE_EQ(getImprovement({1.625f, -0.25f, 3.0f, -1.75f}, 2),
                   (0.125 + 0.25 + 0 + 0.75) / (1.5 + 0 + 3 + 1));
}

TEST(FastPolicy, EqualPrecisionsImproveNothing) {
  EXPECT_EQ(getImprovement({0.0f, 0.0f}, 2), 0);
  EXPECT_EQ(getImprovement({2.0f, -1.0f}, 2), 0);
}

TEST(FastPolicy, BrokenValuesTakeTheFinerPrecision) {
  double improvement =
      getImprovement({1.0f, std::numeric_limits<float>::infinity()}, 2);
  EXPECT_TRUE(std::isnan(improvement));
  EXPECT_EQ(FastPolicy::chooseMantissaBits(improvement, 0.6), 4);
}

TEST(FastPolicy, ScaleSignAndOrderOfBlocksDoNotMatter) {
  RandomCases random(44);
  for (int round = 0; round < 100; ++round) {
    std::vector<float> values(16 * random.getInteger(1, 8));
    for (float &value : values)
      value = float(random.getNormal());
    double expected = getImprovement(values, 16);
    std::vector<float> changed = values;
    for (float &value : changed)
      value *= -32;
    EXPECT_DOUBLE_EQ(getImprovement(changed, 16), expected);
    std::rotate(values.begin(), values.begin() + 16, values.end());
    EXPECT_NEAR(getImprovement(values, 16), expected, 1e-12);
  }
}
