//===- FastPolicy.h - When two mantissa bits are enough --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The precision policy of FAST (HPCA 2022, arXiv 2110.15456): a tensor is
// trained with four mantissa bits where they change it by more than a threshold
// that falls with depth and time, else with two. The reference for the code
// that a training step computes the same with at run time.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_NUMERICS_FASTPOLICY_H
#define COLONNADE_NUMERICS_FASTPOLICY_H

#include "colonnade/Numerics/BlockFloat.h"

namespace colonnade {

struct FastPolicy {
  static constexpr int64_t kCoarseBits = 2, kFineBits = 4;

  /// The threshold of the first layer in the first iteration, and by how much
  /// it falls over all iterations and over all layers: a, b and b of FAST, which
  /// has one slope for both. No source confirms the defaults; policies may set
  /// others.
  double start = 0.6;
  double slope = 0.3;
  double depthSlope = 0.3;

  /// The part of the threshold that does not change over time:
  /// start - depthSlope * layer / layers.
  double getLayerThreshold(int64_t layer, int64_t layers) const;
  /// eps(l, i) = start - depthSlope * layer / layers - slope * iteration /
  /// iterations. Both totals are at least 1.
  double getThreshold(int64_t layer, int64_t layers, int64_t iteration,
                      int64_t iterations) const;
  /// Coarse where the improvement is below the threshold.
  static int64_t chooseMantissaBits(double improvement, double threshold) {
    return improvement < threshold ? kCoarseBits : kFineBits;
  }
};

/// r(X) = sum |BFP(X, 4) - BFP(X, 2)| / sum |BFP(X, 2)|, with magnitudes below
/// too (printed as a signed sum, which is meaningless on values of mean zero).
/// 0 where both precisions agree; NaN for a tensor with an infinity or a NaN,
/// for which the policy chooses the finer one.
///
/// `values` are row-major of `shape`, in blocks along `axis`. Sums are in
/// double precision, first for each index of the last dimension, then over
/// those: an order in which compiled code can use vector instructions.
double getRelativeImprovement(llvm::ArrayRef<float> values,
                              llvm::ArrayRef<int64_t> shape, int64_t axis,
                              const BlockFormat &format,
                              const BlockRounder &rounder);

} // namespace colonnade

#endif // COLONNADE_NUMERICS_FASTPOLICY_H
