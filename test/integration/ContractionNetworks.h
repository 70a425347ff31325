//===- ContractionNetworks.h - Random networks of contractions --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small integer networks around every kind of contraction that the array runs:
// attention, grouped and depthwise convolutions, products with weights in front
// or in batches. Written as text, as a user would bring them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_CONTRACTIONNETWORKS_H
#define COLONNADE_TEST_INTEGRATION_CONTRACTIONNETWORKS_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <string>

namespace colonnade::test {

enum class ContractionKind {
  Attention,
  Grouped,
  Depthwise,
  WeightsInFront,
  BatchedWeights
};

struct ContractionNetwork {
  /// A module with a function @main from one i8 tensor to one i8 tensor.
  std::string module;
  int64_t inputElements = 0, outputElements = 0;
};

/// The same network for the same seed.
ContractionNetwork makeContractionNetwork(ContractionKind kind, uint64_t seed);

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_CONTRACTIONNETWORKS_H
