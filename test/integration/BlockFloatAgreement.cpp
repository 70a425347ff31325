//===- BlockFloatAgreement.cpp - Compiled rounding is the library's -------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// `colonnade.block_quantize`, erased and run by the JIT, against the numerics
// library, bit for bit: every rounding, any shape and axis, short last blocks,
// precisions and counters known at run time only.
//
//===----------------------------------------------------------------------===//

#include "../unit/Support/RandomCases.h"
#include "BlockQuantizeProgram.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "gtest/gtest.h"
#include <cmath>
#include <limits>
#include <vector>

using namespace colonnade;

namespace {

BlockQuantizeProgram makeProgram(RandomCases &random, BlockRounding rounding) {
  BlockQuantizeProgram program;
  for (int64_t dim = random.getInteger(1, 4); dim > 0; --dim)
    program.shape.push_back(random.getInteger(1, dim == 1 ? 40 : 9));
  program.axis = random.getInteger(0, int64_t(program.shape.size()) - 1);
  program.format.group = random.getInteger(1, 18);
  program.format.exponentBits = random.getInteger(2, 8);
  program.format.mantissaBits = random.getInteger(2, 16);
  program.rounder.rounding = rounding;
  program.rounder.noise.seed = random.getInteger(0, 1000);
  program.rounder.noise.bits = random.getInteger(1, BlockNoise::kMaxBits);
  return program;
}

/// Any finite floats, or ones that share some binades; at times with infinities
/// or NaNs among them.
std::vector<float> makeValues(RandomCases &random, int64_t count) {
  bool any = random.getInteger(0, 2) == 0;
  bool broken = random.getInteger(0, 3) == 0;
  int exponent = int(random.getInteger(-130, 125));
  std::vector<float> values(count);
  for (float &value : values) {
    value =
        any ? llvm::bit_cast<float>(uint32_t(random.getInteger(0, 0xffffffff)))
            : float(std::ldexp(random.getNormal() / 4, exponent));
    if (random.getInteger(0, 9) == 0)
      value = -0.0f;
    if (!std::isfinite(value))
      value = 1.0f;
    if (broken && random.getInteger(0, 40) == 0)
      value = random.getInteger(0, 1) ? -std::numeric_limits<float>::infinity()
                                      : std::numeric_limits<float>::quiet_NaN();
  }
  return values;
}

/// All NaNs alike: their payload is not defined.
std::vector<uint32_t> getBits(llvm::ArrayRef<float> values) {
  std::vector<uint32_t> bits;
  for (float value : values)
    bits.push_back(std::isnan(value) ? 0x7fc00000
                                     : llvm::bit_cast<uint32_t>(value));
  return bits;
}

void expectAgreement(const BlockQuantizeProgram &program,
                     const JitFunction &jit, RandomCases &random) {
  std::vector<float> input = makeValues(random, program.getNumElements());
  // Out of range at times: clamped.
  int32_t mantissa = int32_t(random.getInteger(-1, 18));
  int64_t counter = random.getInteger(0, 1 << 20) - (1 << 19);
  std::vector<float> output(input.size());
  llvm::Error error =
      jit.run({input.data(), &mantissa, &counter}, {output.data()});
  ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));

  BlockRounder rounder = program.rounder;
  rounder.noise.counter = uint64_t(counter);
  std::vector<float> expected = input;
  quantizeBlocks(expected, BlockLines::get(program.shape, program.axis),
                 program.format.withMantissaBits(mantissa), rounder);
  EXPECT_EQ(getBits(output), getBits(expected))
      << program.print() << "mantissa " << mantissa << ", counter " << counter;
}

TEST(BlockFloatAgreement, JitEqualsNumerics) {
  RandomCases random(1545);
  for (int round = 0; round < 12; ++round)
    for (BlockRounding rounding : getAllBlockRoundings()) {
      BlockQuantizeProgram program = makeProgram(random, rounding);
      auto jit = program.compile();
      ASSERT_TRUE(bool(jit))
          << llvm::toString(jit.takeError()) << program.print();
      for (int run = 0; run < 20; ++run)
        expectAgreement(program, **jit, random);
    }
}

} // namespace
