//===- RandomBlocks.h - Seeded operands of block products ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operands of any shape and precision for property tests: values around one
// and at the edges of the floats, zeros of both signs, denormals, and now and
// then a block that has no encoding.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_UNIT_NUMERICS_RANDOMBLOCKS_H
#define COLONNADE_TEST_UNIT_NUMERICS_RANDOMBLOCKS_H

#include "../Support/RandomCases.h"
#include "colonnade/Numerics/BlockProduct.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

namespace colonnade {

/// All NaNs are one.
inline uint32_t getFloatBits(float value) {
  return std::isnan(value) ? 0x7fc00000 : llvm::bit_cast<uint32_t>(value);
}

inline float getRandomValue(RandomCases &random, int64_t exponent) {
  if (random.getInteger(0, 5) == 0)
    return random.getInteger(0, 1) ? 0.0f : -0.0f;
  if (random.getInteger(0, 999) == 0)
    return std::numeric_limits<float>::infinity();
  float value = std::ldexp(float(random.getNormal()),
                           int(exponent + random.getInteger(-3, 3)));
  return std::isfinite(value) ? value : 0x1p127f;
}

/// `lines` is outer x length x inner.
inline BlockMatrix getRandomOperand(RandomCases &random,
                                    const BlockLines &lines,
                                    const BlockFormat &format) {
  // Products of most exponents stay within the floats, of some they do not.
  int64_t exponent = random.getInteger(0, 3) ? random.getInteger(-40, 40)
                                             : random.getInteger(-140, 124);
  std::vector<float> values(lines.getNumValues());
  for (float &value : values)
    value = getRandomValue(random, exponent);
  quantizeBlocks(values, lines, format, {BlockRounding::Nearest, {}});
  return llvm::cantFail(BlockMatrix::get(values, lines, format));
}

/// Two operands that can be multiplied, with mantissas of up to `mostBits`.
inline std::pair<BlockMatrix, BlockMatrix>
getRandomOperands(RandomCases &random, int64_t mostBits = 16) {
  BlockFormat left{random.getInteger(1, 20), random.getInteger(2, 8),
                   random.getInteger(2, mostBits)};
  BlockFormat right{left.group, left.exponentBits,
                    random.getInteger(2, mostBits)};
  int64_t length = random.getInteger(1, 3 * left.group);
  auto getLines = [&] {
    return BlockLines{random.getInteger(1, 3), length,
                      random.getInteger(1, 14)};
  };
  BlockMatrix first = getRandomOperand(random, getLines(), left);
  return {std::move(first), getRandomOperand(random, getLines(), right)};
}

/// Random products have the bits that `multiplyLines(left, row, right, column)`
/// gives.
template <typename MultiplyFn>
void checkRandomProducts(uint64_t seed, MultiplyFn multiplyLines) {
  RandomCases random(seed);
  for (int trial = 0; trial < 1500; ++trial) {
    auto [left, right] = getRandomOperands(random);
    std::vector<float> result(left.getNumLines() * right.getNumLines(), -1);
    multiplyBlocks(left, right, result);
    for (int64_t row = 0; row < left.getNumLines(); ++row)
      for (int64_t column = 0; column < right.getNumLines(); ++column)
        ASSERT_EQ(getFloatBits(result[row * right.getNumLines() + column]),
                  getFloatBits(multiplyLines(left, row, right, column)))
            << "trial " << trial << ", row " << row << ", column " << column;
  }
}

} // namespace colonnade

#endif // COLONNADE_TEST_UNIT_NUMERICS_RANDOMBLOCKS_H
