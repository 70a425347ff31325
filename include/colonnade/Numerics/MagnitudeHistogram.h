//===- MagnitudeHistogram.h - How large values get -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibration sees more values than fit into memory and does not know
// beforehand how large they get. This histogram takes them in one pass and then
// answers which range an activation should be quantized with.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_NUMERICS_MAGNITUDEHISTOGRAM_H
#define COLONNADE_NUMERICS_MAGNITUDEHISTOGRAM_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <vector>

namespace colonnade {

/// How the range of an activation follows from its values.
enum class RangeMethod {
  /// The largest magnitude.
  MinMax,
  /// A magnitude that a given share of the values does not exceed.
  Percentile,
  /// The range with the least mean squared quantization error.
  MeanSquaredError
};

/// Counts of magnitudes in bins of equal width over [0, 2^e), where e is the
/// least that covers all values: a larger value doubles the width and merges
/// bins in pairs, which loses nothing but resolution. The result does not
/// depend on the order of the values.
class MagnitudeHistogram {
public:
  MagnitudeHistogram();

  /// Counts finite values.
  void add(llvm::ArrayRef<float> values);

  /// Counts what `other` has counted, as if its values had been added here.
  void merge(MagnitudeHistogram other);

  int64_t getCount() const { return count; }
  float getLargest() const { return largest; }

  /// The least end of a bin that at least `percent` of all values do not
  /// exceed, at most the largest magnitude. `percent` is in (0, 100].
  double getPercentile(double percent) const;

  /// The range r, among the largest magnitude times 2^(-k/16) down to 1/64 of
  /// it, that minimises the squared error of rounding to multiples of
  /// r / `limit` and clamping to [-r, r]. Every bin counts as its middle.
  double getLeastErrorRange(int32_t limit = 127) const;

private:
  /// Covers [0, 2^needed) at least.
  void grow(int needed);
  double getSquaredError(double range, int32_t limit) const;

  /// Of nonzero magnitudes.
  std::vector<int64_t> bins;
  /// The bins cover [0, 2^exponent).
  int exponent;
  int64_t count = 0, zeros = 0;
  float largest = 0;
};

} // namespace colonnade

#endif // COLONNADE_NUMERICS_MAGNITUDEHISTOGRAM_H
