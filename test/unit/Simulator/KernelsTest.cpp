//===- KernelsTest.cpp - Fast kernels against plain loops -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The portable and the AVX2 kernels give the integers of plain loops, for every
// remainder of positions and streams.
//
//===----------------------------------------------------------------------===//

#include "ArrayKernels.h"
#include "RandomTiles.h"
#include "ScaleKernel.h"
#include "colonnade/Numerics/Quantization.h"
#include "colonnade/Simulator/Cells.h"
#include "gtest/gtest.h"

using namespace colonnade;
using namespace colonnade::sim;

TEST(KernelsTest, MultiplyEqualsPlainLoops) {
  Random random(11);
  for (int trial = 0; trial < 300; ++trial) {
    Program program;
    program.machine = makeMachine(random, 8);
    OperandPromises promises = makePromises(random, *program.machine.cell);
    program.weights = {makeWeights(random, random.between(1, 12),
                                   random.between(1, 40), promises)};
    const PackedWeights &weights = program.weights[0];
    program.machine.columns = weights.arrayColumns;
    PreparedTile tile = prepareTile(program, {0, 0, 0, 0});
    int64_t positions = random.between(1, 100);
    std::vector<int8_t> data;
    for (size_t i = 0; i < tile.columns.size() * positions; ++i)
      data.push_back(random.byte());
    std::vector<int8_t> dense = llvm::cantFail(unpackWeights(weights));
    std::vector<int32_t> expected;
    for (int64_t row = 0; row < tile.rows; ++row)
      for (int64_t position = 0; position < positions; ++position) {
        int32_t sum = 0;
        for (size_t s = 0; s < tile.columns.size(); ++s)
          sum += dense[row * weights.matrixColumns + tile.columns[s]] *
                 data[s * positions + position];
        expected.push_back(sum);
      }
    for (InstructionSet instructions :
         {InstructionSet::Portable, InstructionSet::Best}) {
      std::vector<int16_t> scratch;
      std::vector<int32_t> sums = {-1, -1, -1};
      multiply(tile, data, positions, scratch, sums, instructions);
      EXPECT_EQ(sums, expected);
    }
  }
}

TEST(KernelsTest, ScaleLineEqualsApplyRescale) {
  Random random(12);
  for (int trial = 0; trial < 2000; ++trial) {
    std::vector<int32_t> values(random.between(1, 40)), expected;
    auto multiplier =
        static_cast<int32_t>(random.between(INT32_MIN, INT32_MAX));
    auto shift = static_cast<int8_t>(random.between(2, 62));
    bool fits = true;
    for (int32_t &value : values) {
      value = static_cast<int32_t>(random.between(INT32_MIN, INT32_MAX)) >>
              random.between(0, 31);
      llvm::Expected<int32_t> scaled = applyRescale(value, {multiplier, shift});
      fits = fits && static_cast<bool>(scaled);
      expected.push_back(scaled ? *scaled : 0);
      llvm::consumeError(scaled.takeError());
    }
    for (InstructionSet instructions :
         {InstructionSet::Portable, InstructionSet::Best}) {
      std::vector<int32_t> out(values.size());
      EXPECT_EQ(scaleLine(values.data(), values.size(), multiplier, shift,
                          out.data(), instructions),
                fits);
      if (fits) {
        EXPECT_EQ(out, expected);
      }
    }
  }
}
