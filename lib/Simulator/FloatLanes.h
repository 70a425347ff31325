//===- FloatLanes.h - Float operations of the vector unit -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// IEEE 754 single precision on bit patterns, without branches and library
// calls, so that loops over lanes vectorise on any processor. Files that
// include this are compiled without contraction. Which NaN an operation returns
// is not specified, as in IEEE 754 and in LLVM.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_FLOATLANES_H
#define LIB_SIMULATOR_FLOATLANES_H

#include "llvm/ADT/bit.h"
#include <cmath>
#include <cstdint>

namespace colonnade::sim {

inline float toFloat(int64_t bits) {
  return llvm::bit_cast<float>(static_cast<int32_t>(bits));
}

inline int32_t toBits(float value) { return llvm::bit_cast<int32_t>(value); }

/// IEEE 754-2019 maximum: NaN if either is, -0 < +0.
inline float maximumFloat(float a, float b) {
  float larger = a > b ? a : b;
  // Equal numbers differ at most in the sign of zero.
  larger = a == b ? toFloat(toBits(a) & toBits(b)) : larger;
  return a != a ? a : larger;
}

/// IEEE 754-2019 minimum.
inline float minimumFloat(float a, float b) {
  float smaller = a < b ? a : b;
  smaller = a == b ? toFloat(toBits(a) | toBits(b)) : smaller;
  return a != a ? a : smaller;
}

/// To the nearest integral value, ties to even: the sum with 2^23 has no bits
/// for fractions.
inline float roundEvenFloat(float a) {
  constexpr float kIntegral = 0x1p23f;
  float magnitude = std::fabs(a);
  float rounded = std::copysign((magnitude + kIntegral) - kIntegral, a);
  return magnitude < kIntegral ? rounded : a;
}

inline float floorFloat(float a) {
  float rounded = roundEvenFloat(a);
  float lowered = rounded > a ? rounded - 1.0f : rounded;
  return std::copysign(lowered, a);
}

/// The floats whose integral part fits a signed integer of `bits` bits lie in
/// [first, last).
struct IntegerRange {
  float first, last;
  explicit IntegerRange(int64_t bits) {
    last = std::ldexp(1.0f, static_cast<int>(bits) - 1);
    // Narrow integers leave room for fractions below the smallest one.
    bool hasFractions = bits < 24;
    first = hasFractions ? std::nextafter(-last - 1.0f, 0.0f) : -last;
  }
  bool contains(float value) const { return value >= first && value < last; }
};

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_FLOATLANES_H
