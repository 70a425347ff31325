//===- MagnitudeHistogramTest.cpp - How large values get ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Ranges of distributions whose answer is known, and what must not matter: the
// order of the values and how they are cut into calls.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/MagnitudeHistogram.h"
#include "../Support/RandomCases.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace colonnade;

namespace {

/// 1/count, 2/count, ..., 1 with alternating signs.
std::vector<float> getRamp(int count) {
  std::vector<float> values;
  for (int i = 1; i <= count; ++i)
    values.push_back((i % 2 ? 1.0f : -1.0f) * i / count);
  return values;
}

std::vector<float> getNormal(int count) {
  RandomCases random(17);
  std::vector<float> values;
  for (int i = 0; i < count; ++i)
    values.push_back(float(random.getNormal()));
  return values;
}

/// Mean squared error of quantizing `values` with `range`, taken literally.
double getError(const std::vector<float> &values, double range) {
  double error = 0;
  for (double value : values) {
    double step = range / 127;
    double level = std::clamp(std::round(value / step), -127.0, 127.0);
    error += (value - level * step) * (value - level * step);
  }
  return error / values.size();
}

TEST(MagnitudeHistogramTest, PercentilesOfARamp) {
  MagnitudeHistogram histogram;
  histogram.add(getRamp(100000));
  EXPECT_EQ(histogram.getCount(), 100000);
  EXPECT_EQ(histogram.getLargest(), 1.0f);
  EXPECT_EQ(histogram.getPercentile(100), 1.0);
  // The range of the bins is 2: a value of 1 does not fit below 1.
  constexpr double kWidth = 2.0 / 16384;
  for (double percent : {0.1, 25.0, 50.0, 90.0, 99.0, 99.9, 99.99}) {
    EXPECT_GE(histogram.getPercentile(percent), percent / 100);
    EXPECT_LE(histogram.getPercentile(percent), percent / 100 + kWidth);
  }
}

TEST(MagnitudeHistogramTest, ZerosCountAsValues) {
  MagnitudeHistogram histogram;
  std::vector<float> values(98, 0.0f);
  values.push_back(1.0f);
  values.push_back(-4.0f);
  histogram.add(values);
  EXPECT_EQ(histogram.getPercentile(98), 0.0);
  EXPECT_NEAR(histogram.getPercentile(99), 1.0, 8.0 / 16384);
  EXPECT_EQ(histogram.getPercentile(99.5), 4.0);
}

TEST(MagnitudeHistogramTest, NothingAndZerosHaveNoRange) {
  MagnitudeHistogram histogram;
  EXPECT_EQ(histogram.getPercentile(99), 0.0);
  EXPECT_EQ(histogram.getLeastErrorRange(), 0.0);
  histogram.add({0.0f, -0.0f});
  EXPECT_EQ(histogram.getCount(), 2);
  EXPECT_EQ(histogram.getPercentile(99), 0.0);
  EXPECT_EQ(histogram.getLeastErrorRange(), 0.0);
}

TEST(MagnitudeHistogramTest, TakesTheWholeRangeOfFloats) {
  constexpr float kLeast = std::numeric_limits<float>::denorm_min();
  constexpr float kMost = std::numeric_limits<float>::max();
  MagnitudeHistogram histogram;
  histogram.add({kLeast, kLeast, kLeast});
  EXPECT_EQ(histogram.getPercentile(100), kLeast);
  histogram.add({-kMost});
  EXPECT_EQ(histogram.getPercentile(100), kMost);
  EXPECT_LT(histogram.getPercentile(75), kMost / 8192);
}

TEST(MagnitudeHistogramTest, OrderAndCutsDoNotMatter) {
  std::vector<float> values = getNormal(20000);
  for (size_t i = 0; i < values.size(); i += 100)
    values[i] *= 37;
  MagnitudeHistogram whole;
  whole.add(values);
  for (unsigned seed = 1; seed <= 10; ++seed) {
    std::shuffle(values.begin(), values.end(), std::mt19937(seed));
    MagnitudeHistogram cut;
    for (size_t i = 0; i < values.size(); i += 500)
      cut.add(llvm::ArrayRef(values).slice(i, 500));
    for (double percent : {1.0, 50.0, 99.0, 99.99, 100.0})
      EXPECT_EQ(cut.getPercentile(percent), whole.getPercentile(percent));
    EXPECT_EQ(cut.getLeastErrorRange(), whole.getLeastErrorRange());
  }
}

/// Parts of very different magnitudes, one of them empty and one of zeros.
TEST(MagnitudeHistogramTest, MergedPartsAreTheWhole) {
  std::vector<std::vector<float>> parts = {
      getNormal(1000), {}, {0.0f, -0.0f}, {1e-30f, 2e-30f}, {1e20f}, {3.0f}};
  MagnitudeHistogram whole;
  for (const std::vector<float> &part : parts)
    whole.add(part);
  for (unsigned seed = 1; seed <= 10; ++seed) {
    std::shuffle(parts.begin(), parts.end(), std::mt19937(seed));
    MagnitudeHistogram merged;
    for (const std::vector<float> &part : parts) {
      MagnitudeHistogram counts;
      counts.add(part);
      merged.merge(counts);
    }
    EXPECT_EQ(merged.getCount(), whole.getCount());
    EXPECT_EQ(merged.getLargest(), whole.getLargest());
    for (double percent : {0.1, 1.0, 50.0, 99.0, 99.9, 100.0})
      EXPECT_EQ(merged.getPercentile(percent), whole.getPercentile(percent));
    EXPECT_EQ(merged.getLeastErrorRange(), whole.getLeastErrorRange());
  }
}

TEST(MagnitudeHistogramTest, AnEvenSpreadIsNotClipped) {
  MagnitudeHistogram histogram;
  histogram.add(getRamp(100000));
  EXPECT_GE(histogram.getLeastErrorRange(), 0.95);
}

TEST(MagnitudeHistogramTest, LeastErrorIsCloseToTheLeastOfAll) {
  std::vector<float> values = getNormal(100000);
  // Outliers that are not worth the resolution they would cost.
  for (int i = 0; i < 3; ++i)
    values[i] = 40.0f;
  MagnitudeHistogram histogram;
  histogram.add(values);
  double range = histogram.getLeastErrorRange();
  double least = std::numeric_limits<double>::infinity();
  for (double candidate = 1; candidate <= 40; candidate += 0.05)
    least = std::min(least, getError(values, candidate));
  EXPECT_LT(range, 40);
  EXPECT_LE(getError(values, range), 1.01 * least);
  EXPECT_LT(getError(values, range), getError(values, 40));
}

TEST(MagnitudeHistogramTest, FewerLevelsClipMore) {
  MagnitudeHistogram histogram;
  histogram.add(getNormal(100000));
  EXPECT_LT(histogram.getLeastErrorRange(7), histogram.getLeastErrorRange(127));
}

} // namespace
