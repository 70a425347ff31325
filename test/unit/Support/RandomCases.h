//===- RandomCases.h - Seeded cases for property tests ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Property tests draw the same cases on every machine, so the mapping from
// random bits to numbers is our own: the standard library's is not portable.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_UNIT_SUPPORT_RANDOMCASES_H
#define COLONNADE_TEST_UNIT_SUPPORT_RANDOMCASES_H

#include <cmath>
#include <cstdint>
#include <random>

namespace colonnade {

class RandomCases {
public:
  explicit RandomCases(uint64_t seed) : engine(seed) {}

  /// An integer in [low, high].
  int64_t getInteger(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine() % uint64_t(high - low + 1));
  }

  /// A number in [0, 1).
  double getUniform() { return std::ldexp(double(engine() >> 11), -53); }

  /// A standard normal number (Box-Muller).
  double getNormal() {
    double radius = std::sqrt(-2 * std::log(1 - getUniform()));
    return radius * std::cos(6.283185307179586 * getUniform());
  }

private:
  std::mt19937_64 engine;
};

} // namespace colonnade

#endif // COLONNADE_TEST_UNIT_SUPPORT_RANDOMCASES_H
