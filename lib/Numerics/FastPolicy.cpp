//===- FastPolicy.cpp - When two mantissa bits are enough -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes in the order that the header states, since decisions of compiled
// code are compared with these.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/FastPolicy.h"
#include <cmath>
#include <numeric>
#include <vector>

using namespace colonnade;

double FastPolicy::getLayerThreshold(int64_t layer, int64_t layers) const {
  return start - depthSlope * (double(layer) / double(layers));
}

double FastPolicy::getThreshold(int64_t layer, int64_t layers,
                                int64_t iteration, int64_t iterations) const {
  return getLayerThreshold(layer, layers) -
         slope * (double(iteration) / double(iterations));
}

static std::vector<float> quantizeTo(llvm::ArrayRef<float> values,
                                     const BlockLines &lines,
                                     BlockFormat format, int64_t mantissaBits,
                                     const BlockRounder &rounder) {
  format.mantissaBits = mantissaBits;
  std::vector<float> quantized = values.vec();
  quantizeBlocks(quantized, lines, format, rounder);
  return quantized;
}

double colonnade::getRelativeImprovement(llvm::ArrayRef<float> values,
                                         llvm::ArrayRef<int64_t> shape,
                                         int64_t axis,
                                         const BlockFormat &format,
                                         const BlockRounder &rounder) {
  BlockLines lines = BlockLines::get(shape, axis);
  std::vector<float> fine =
      quantizeTo(values, lines, format, FastPolicy::kFineBits, rounder);
  std::vector<float> coarse =
      quantizeTo(values, lines, format, FastPolicy::kCoarseBits, rounder);
  size_t lanes = shape.back();
  std::vector<double> changes(lanes, 0), magnitudes(lanes, 0);
  for (size_t index = 0; index < fine.size(); ++index) {
    changes[index % lanes] += std::fabs(fine[index] - coarse[index]);
    magnitudes[index % lanes] += std::fabs(coarse[index]);
  }
  double change = std::accumulate(changes.begin(), changes.end(), 0.0);
  double magnitude = std::accumulate(magnitudes.begin(), magnitudes.end(), 0.0);
  return change == 0 ? 0 : change / magnitude;
}
