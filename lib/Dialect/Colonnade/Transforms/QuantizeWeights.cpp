//===- QuantizeWeights.cpp - Weights as int8 per channel -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Three passes over the weights: the range of each channel, its grid, then the
// values.
//
//===----------------------------------------------------------------------===//

#include "QuantizeWeights.h"
#include "colonnade/Numerics/Quantization.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

using namespace colonnade;

/// Largest magnitude of int8 data.
static constexpr double kLargestData = 128;

double QuantizationError::getDecibels() const {
  if (noise == 0)
    return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

/// How far from a multiple of the step, in steps, a weight may be: more than a
/// few roundings to f32 make of a multiple of 127, far less than what rounding
/// to the nearest multiple costs on average.
static constexpr double kGridTolerance = 0x1p-14;

namespace {
/// The steps range / n that all weights of a channel are multiples of, for n up
/// to `limit`. Those of more than half of it suffice: every other n has a
/// multiple among them, whose finer step suits as well and serves biases
/// better.
class ChannelGrid {
public:
  ChannelGrid(double range, int32_t limit)
      : range(range), limit(limit), divisors(limit - limit / 2) {
    std::iota(divisors.begin(), divisors.end(), limit / 2 + 1);
  }

  void add(double weight) {
    llvm::erase_if(divisors, [&](int32_t divisor) {
      double steps = weight / range * divisor;
      return !(std::fabs(steps - std::round(steps)) <= kGridTolerance);
    });
  }

  /// The range in steps, or the limit without a grid. The coarsest grid is
  /// refined by a power of two, so that integers keep their signed digits.
  int32_t getDivisor() const {
    if (divisors.empty())
      return limit;
    // All multiples of the coarsest grid's steps in the upper half are here.
    int32_t coarsest =
        divisors.size() > 1 ? divisors[1] - divisors[0] : divisors.front();
    while (2 * coarsest <= limit)
      coarsest *= 2;
    return coarsest;
  }

private:
  double range;
  int32_t limit;
  std::vector<int32_t> divisors;
};
} // namespace

QuantizedWeights colonnade::quantizeWeights(llvm::ArrayRef<float> weights,
                                            llvm::ArrayRef<int64_t> shape,
                                            unsigned channelAxis,
                                            int64_t bits) {
  int32_t limit = (1 << (bits - 1)) - 1;
  int64_t channels = shape[channelAxis];
  int64_t inner = llvm::product_of(shape.drop_front(channelAxis + 1));
  // Calls `visit` with every run of weights that belong to one channel.
  auto forEachRun = [&](auto visit) {
    int64_t channel = 0;
    for (size_t begin = 0; begin < weights.size(); begin += inner) {
      visit(channel, weights.slice(begin, inner));
      channel = channel + 1 == channels ? 0 : channel + 1;
    }
  };
  std::vector<double> ranges(channels, 0.0);
  forEachRun([&](int64_t channel, llvm::ArrayRef<float> run) {
    for (float weight : run)
      ranges[channel] = std::max(ranges[channel], std::fabs(double(weight)));
  });
  double largest = *std::max_element(ranges.begin(), ranges.end());
  std::vector<ChannelGrid> grids;
  for (double &range : ranges) {
    range = range > 0 ? range : largest;
    grids.emplace_back(range, limit);
  }
  forEachRun([&](int64_t channel, llvm::ArrayRef<float> run) {
    for (float weight : run)
      grids[channel].add(weight);
  });
  QuantizedWeights result;
  for (auto [range, grid] : llvm::zip_equal(ranges, grids))
    result.scales.push_back(getSymmetricScale(range, grid.getDivisor()));
  result.bounds.assign(channels, 0.0);
  result.sums.assign(channels, 0);
  result.values.reserve(weights.size());
  forEachRun([&](int64_t channel, llvm::ArrayRef<float> run) {
    double scale = result.scales[channel];
    for (float weight : run) {
      int32_t value = quantizeSymmetric(weight, scale, limit);
      result.values.push_back(int8_t(value));
      result.bounds[channel] += kLargestData * std::abs(value);
      result.sums[channel] += value;
      result.error.add(weight, value * scale);
    }
  });
  return result;
}
