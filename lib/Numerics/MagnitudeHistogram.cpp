//===- MagnitudeHistogram.cpp - How large values get ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Widths are powers of two, so that merging two bins gives exactly the bin that
// their values would have been counted in.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/MagnitudeHistogram.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>

using namespace colonnade;

/// At the smallest range that getLeastErrorRange tries, the 127 steps are still
/// no finer than the bins.
static constexpr int kBinsExponent = 14;
static constexpr size_t kBins = size_t(1) << kBinsExponent;
/// Covers the smallest float.
static constexpr int kLeastExponent = -148;
/// Ranges tried per halving, and halvings.
static constexpr int kStepsPerHalving = 16, kHalvings = 6;

MagnitudeHistogram::MagnitudeHistogram()
    : bins(kBins, 0), exponent(kLeastExponent) {}

void MagnitudeHistogram::grow(int needed) {
  if (needed - exponent > kBinsExponent) {
    // Everything so far merges into the first bin, or there was nothing.
    int64_t all = count - zeros;
    std::fill(bins.begin(), bins.end(), 0);
    bins[0] = all;
    exponent = needed;
  }
  for (; exponent < needed; ++exponent) {
    for (size_t bin = 0; bin < kBins / 2; ++bin)
      bins[bin] = bins[2 * bin] + bins[2 * bin + 1];
    std::fill(bins.begin() + kBins / 2, bins.end(), 0);
  }
}

void MagnitudeHistogram::add(llvm::ArrayRef<float> values) {
  double binsPerUnit = std::ldexp(1.0, kBinsExponent - exponent);
  for (float value : values) {
    float magnitude = std::fabs(value);
    if (magnitude == 0) {
      ++count;
      ++zeros;
      continue;
    }
    if (magnitude > largest) {
      int needed;
      std::frexp(magnitude, &needed);
      grow(needed);
      largest = magnitude;
      binsPerUnit = std::ldexp(1.0, kBinsExponent - exponent);
    }
    ++bins[static_cast<size_t>(magnitude * binsPerUnit)];
    ++count;
  }
}

void MagnitudeHistogram::merge(MagnitudeHistogram other) {
  grow(other.exponent);
  other.grow(exponent);
  for (auto [bin, otherBin] : llvm::zip_equal(bins, other.bins))
    bin += otherBin;
  count += other.count;
  zeros += other.zeros;
  largest = std::max(largest, other.largest);
}

double MagnitudeHistogram::getPercentile(double percent) const {
  // Rounded up: 100 % of the values are all of them.
  double wanted = std::ceil(count * (percent / 100));
  int64_t seen = zeros;
  for (size_t bin = 0; bin < kBins; ++bin) {
    if (seen >= wanted)
      return std::min<double>(std::ldexp(bin, exponent - kBinsExponent),
                              largest);
    seen += bins[bin];
  }
  return largest;
}

double MagnitudeHistogram::getSquaredError(double range, int32_t limit) const {
  double step = range / limit,
         width = std::ldexp(1.0, exponent - kBinsExponent);
  double error = 0;
  for (auto [bin, occupants] : llvm::enumerate(bins)) {
    if (occupants == 0)
      continue;
    double middle = (bin + 0.5) * width;
    double quantized =
        std::min(std::round(middle / step), double(limit)) * step;
    error += occupants * (middle - quantized) * (middle - quantized);
  }
  return error;
}

double MagnitudeHistogram::getLeastErrorRange(int32_t limit) const {
  double best = largest, leastError = getSquaredError(largest, limit);
  for (int step = 1; step <= kStepsPerHalving * kHalvings; ++step) {
    double range = largest * std::exp2(-double(step) / kStepsPerHalving);
    double error = getSquaredError(range, limit);
    if (error < leastError) {
      leastError = error;
      best = range;
    }
  }
  return best;
}
