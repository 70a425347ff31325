//===- PlainLayers.h - Layers as plain loops --------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the simulator's networks have to compute, on whole channel-major
// tensors.
//
//===----------------------------------------------------------------------===//

#ifndef TEST_UNIT_SIMULATOR_PLAINLAYERS_H
#define TEST_UNIT_SIMULATOR_PLAINLAYERS_H

#include "colonnade/Simulator/Program.h"

namespace colonnade::sim {

/// Per-channel parameters of a convolution's rescale.
struct RescaleParameters {
  std::vector<int32_t> bias, multiplier;
  std::vector<int8_t> shift;
};

/// A convolution with the dense [rows x channels * taps] matrix, with bias,
/// rescale, ReLU and, if dataTerms is not 0, term selection.
std::vector<int8_t> convolve(llvm::ArrayRef<int8_t> input, const Window &window,
                             llvm::ArrayRef<int8_t> matrix,
                             const RescaleParameters &parameters,
                             int64_t dataTerms);

/// The largest element under each window, or an eighth of the sum, rounded to
/// the nearest, halves up.
std::vector<int8_t> pool(llvm::ArrayRef<int8_t> input, const Window &window,
                         Reduction reduction);

} // namespace colonnade::sim

#endif // TEST_UNIT_SIMULATOR_PLAINLAYERS_H
