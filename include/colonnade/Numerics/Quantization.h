//===- Quantization.h - Integers for real values ---------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Symmetric quantization and TOSA's fixed-point rescale (TOSA 1.0
// specification, apply_scale_32). One definition for the quantize pass, the
// simulator's vector unit and the host's input conversion.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_NUMERICS_QUANTIZATION_H
#define COLONNADE_NUMERICS_QUANTIZATION_H

#include "llvm/Support/Error.h"
#include <cstdint>

namespace colonnade {

/// Scale at which [-absMax, absMax] maps onto [-limit, limit]; 1.0 for an
/// all-zero range. `limit` is 127 for int8.
double getSymmetricScale(double absMax, int32_t limit = 127);

/// round-half-away-from-zero(value / scale), clamped to [-limit, limit]; 0 for
/// NaN.
int32_t quantizeSymmetric(double value, double scale, int32_t limit = 127);

/// The int8 integers m that a tensor of real values is held as: each value is
/// scale * (m - zeroPoint).
struct Int8Form {
  double scale = 1.0;
  int32_t zeroPoint = 0;

  /// Largest magnitude of a value in [-128, 127].
  double getRange() const;
};

/// round-half-away-from-zero(value / scale) + zeroPoint, clamped to int8; forms
/// without a zero point are symmetric, so that -128 is not used. The zero point
/// for NaN.
int8_t quantizeInt8(double value, Int8Form form);

/// value * multiplier * 2^-shift, as a 32-bit fixed-point factor.
struct Rescale {
  int32_t multiplier = 0;
  int8_t shift = 2;
};

/// The rescale nearest to `factor`: multiplier in [2^30, 2^31), shift in
/// [2, 62]. Factors too small for that give a smaller multiplier; factors of
/// 2^29 or more, negative ones and NaN are errors.
llvm::Expected<Rescale> getRescale(double factor);

/// TOSA apply_scale with single rounding:
/// (value * multiplier + 2^(shift - 1)) >> shift, in 64 bits. Fails when the
/// result does not fit into 32 bits or shift is outside [2, 62].
llvm::Expected<int32_t> applyRescale(int32_t value, Rescale rescale);

} // namespace colonnade

#endif // COLONNADE_NUMERICS_QUANTIZATION_H
