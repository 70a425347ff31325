//===- QuantizeWeights.h - Weights as int8 per channel ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symmetric quantization of a weight tensor with one scale per output channel,
// and the error it makes. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEWEIGHTS_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEWEIGHTS_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <vector>

namespace colonnade {

/// Energy of a signal and of its quantization error.
struct QuantizationError {
  double signal = 0, noise = 0;

  void add(double value, double quantized) {
    signal += value * value;
    noise += (value - quantized) * (value - quantized);
  }
  /// Signal to quantization noise ratio in decibels; infinite without noise.
  double getDecibels() const;
};

struct QuantizedWeights {
  /// In the order of the weights.
  std::vector<int8_t> values;
  /// Real value of the integer 1, per channel.
  std::vector<double> scales;
  /// Largest magnitude that a sum of weights times int8 data can reach, per
  /// channel.
  std::vector<double> bounds;
  /// Sum of a channel's integers.
  std::vector<int64_t> sums;
  QuantizationError error;
};

/// Quantizes `weights`, a row-major tensor of `shape` whose dimension
/// `channelAxis` counts the output channels, to `bits` bits, 2 to 8. A channel
/// of zeros takes the largest range of the others, so that its bias keeps its
/// precision. Weights that are few multiples of one number already, as those of
/// a quantized model are, keep these integers (or the most that fits of them by
/// a common factor); others have their channel's range in as many steps as the
/// bits allow.
QuantizedWeights quantizeWeights(llvm::ArrayRef<float> weights,
                                 llvm::ArrayRef<int64_t> shape,
                                 unsigned channelAxis, int64_t bits = 8);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEWEIGHTS_H
