//===- QuantizeWeights.cpp - Weights as int8 per channel -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Two passes over the weights: the range of each channel, then the values.
//
//===----------------------------------------------------------------------===//

#include "QuantizeWeights.h"
#include "colonnade/Numerics/Quantization.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace colonnade;

/// Largest magnitude of int8 data.
static constexpr double kLargestData = 128;

double QuantizationError::getDecibels() const {
  if (noise == 0)
    return std::numeric_limits<double>::infinity();
  return 10 * std::log10(signal / noise);
}

static std::vector<double> getScales(llvm::ArrayRef<double> ranges,
                                     int32_t limit) {
  double largest = *std::max_element(ranges.begin(), ranges.end());
  std::vector<double> scales;
  for (double range : ranges)
    scales.push_back(getSymmetricScale(range > 0 ? range : largest, limit));
  return scales;
}

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
  QuantizedWeights result;
  result.scales = getScales(ranges, limit);
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
