//===- ScaleKernel.cpp - Rescaling a line of sums, fast -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One loop, compiled for the baseline and for AVX2, which multiplies 32-bit
// lanes to 64 bits.
//
//===----------------------------------------------------------------------===//

#include "ScaleKernel.h"

using namespace colonnade;

__attribute__((always_inline)) static inline bool
scaleAll(const int32_t *values, int64_t count, int32_t multiplier,
         int32_t shift, int32_t *__restrict out) {
  int64_t half = int64_t(1) << (shift - 1), excess = 0;
  for (int64_t i = 0; i < count; ++i) {
    int64_t scaled = (int64_t(values[i]) * multiplier + half) >> shift;
    out[i] = static_cast<int32_t>(scaled);
    excess |= scaled ^ out[i];
  }
  return excess == 0;
}

static bool scalePortable(const int32_t *values, int64_t count,
                          int32_t multiplier, int32_t shift, int32_t *out) {
  return scaleAll(values, count, multiplier, shift, out);
}

#if defined(__x86_64__)
__attribute__((target("avx2"))) static bool
scaleAvx2(const int32_t *values, int64_t count, int32_t multiplier,
          int32_t shift, int32_t *out) {
  return scaleAll(values, count, multiplier, shift, out);
}
#endif

bool sim::scaleLine(const int32_t *values, int64_t count, int32_t multiplier,
                    int32_t shift, int32_t *out, InstructionSet instructions) {
#if defined(__x86_64__)
  if (hasAvx2(instructions))
    return scaleAvx2(values, count, multiplier, shift, out);
#endif
  return scalePortable(values, count, multiplier, shift, out);
}
