//===- CellsTest.cpp - Laws of the cell types -----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every cell computes the dot product, does the work that its separable work
// model counts, never more than its step under the promises, and traps on
// broken ones.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Cells.h"
#include "RandomTiles.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace colonnade;
using namespace colonnade::sim;
using ::testing::HasSubstr;

TEST(CellsTest, ComputesDotProductsWithinTheStep) {
  Random random(1);
  for (int trial = 0; trial < 20000; ++trial) {
    MachineDescription machine = makeMachine(random, 1);
    const CellModel &cell = *machine.cell;
    OperandPromises promises = makePromises(random, cell);
    ASSERT_EQ(getMessage(cell.check(promises)), "");
    PackedWeights weights = makeWeights(
        random, 1, promises.slots,
        {promises.slots, 1, promises.weightTerms, promises.dataTerms});
    int64_t expected = random.between(-1000000, 1000000), work = 0;
    auto partialSum = static_cast<int32_t>(expected);
    std::vector<int8_t> data;
    for (int8_t weight : weights.values) {
      data.push_back(makeData(random, promises));
      expected += weight * data.back();
      work += cell.getWeightWork(weight) * cell.getDataWork(data.back());
    }
    llvm::Expected<CellStep> step = cell.simulateStep(
        weights.values, data, partialSum, cell.getCyclesPerStep(promises));
    ASSERT_TRUE(static_cast<bool>(step)) << llvm::toString(step.takeError());
    EXPECT_EQ(step->sum, expected);
    EXPECT_EQ(step->usefulCycles, work);
    EXPECT_LE(work, cell.getCyclesPerStep(promises));
  }
}

TEST(CellsTest, EveryPairOfValuesIsExact) {
  for (auto cell : {createMacCell(1), createBitSerialCell(8, 1),
                    createBitSerialCell(12, 1), createTermCell(1, 1)})
    for (int w = -128; w < 128; ++w)
      for (int x = -128; x < 128; ++x) {
        int8_t weight = w, data = x;
        llvm::Expected<CellStep> step =
            cell->simulateStep(weight, data, 7, cell->getCyclesPerStep({}));
        ASSERT_TRUE(static_cast<bool>(step));
        ASSERT_EQ(step->sum, 7 + w * x);
      }
}

TEST(CellsTest, CyclesFollowThePromises) {
  auto term = createTermCell(8, 8);
  EXPECT_EQ(createMacCell(8)->getCyclesPerStep({}), 1);
  EXPECT_EQ(createBitSerialCell(8, 8)->getCyclesPerStep({}), 8);
  EXPECT_EQ(term->getCyclesPerStep({8, 8, 16, 3}), 48);
  EXPECT_EQ(term->getCyclesPerStep({8, 8, 16, 0}), 16 * 7);
  EXPECT_EQ(term->getCyclesPerStep({8, 8, 0, 3}), 56 * 3);
  EXPECT_EQ(term->getCyclesPerStep({8, 8, 0, 0}), 7 * 7 * 8);
  // A promise that promises nothing costs nothing.
  EXPECT_EQ(term->getCyclesPerStep({2, 8, 100, 9}), 14 * 7);
}

TEST(CellsTest, WeightBitsChargeSelectsExponentsSignsAndIndices) {
  EXPECT_EQ(createMacCell(8)->getWeightBits({1, 8, 0, 0}), 8 + 3);
  EXPECT_EQ(createBitSerialCell(8, 8)->getWeightBits({1, 5, 0, 0}), 8 + 3);
  auto term = createTermCell(8, 8);
  EXPECT_EQ(term->getWeightBits({8, 1, 0, 0}), 8 * 8);
  EXPECT_EQ(term->getWeightBits({8, 8, 16, 3}), 16 * (3 + 1 + 3) + 8 * 3);
}

TEST(CellsTest, ChecksNameValueLimitAndFix) {
  auto term = createTermCell(4, 2);
  EXPECT_EQ(getMessage(term->check({4, 2, 6, 3})), "");
  EXPECT_EQ(getMessage(term->check({5, 2, 0, 0})),
            "term cell: values per cell must lie in [1, 4], got 5; pack fewer "
            "columns into an array column or use a deeper cell");
  EXPECT_EQ(getMessage(term->check({4, 3, 0, 0})),
            "term cell: columns per group must lie in [1, 2], got 3; combine "
            "fewer columns or raise the cell's fan-in");
  EXPECT_THAT(getMessage(term->check({4, 2, -1, 0})),
              HasSubstr("got -1 for the weights"));
  EXPECT_THAT(getMessage(createMacCell(1)->check({2, 1, 0, 0})),
              HasSubstr("mac cell: values per cell"));
  EXPECT_THAT(getMessage(createBitSerialCell(7, 1)->check({})),
              HasSubstr("got 7"));
}

TEST(CellsTest, BrokenPromisesTrap) {
  auto term = createTermCell(2, 1);
  // 85 = 64 + 16 + 4 + 1: 4 x 4 pairs, twice.
  std::vector<int8_t> operands = {85, 85};
  llvm::Expected<CellStep> fits = term->simulateStep(operands, operands, 0, 32);
  ASSERT_TRUE(static_cast<bool>(fits));
  EXPECT_EQ(fits->usefulCycles, 32);
  llvm::Expected<CellStep> broken =
      term->simulateStep(operands, operands, 0, 31);
  EXPECT_EQ(getMessage(broken.takeError()),
            "32 term pairs do not fit into a step of 31 cycles");
  int8_t one = 1;
  EXPECT_EQ(
      getMessage(
          createBitSerialCell(8, 1)->simulateStep(one, one, 0, 7).takeError()),
      "8 data bits do not fit into a step of 7 cycles");
  EXPECT_EQ(
      getMessage(createMacCell(1)->simulateStep(one, one, 0, 0).takeError()),
      "1 products do not fit into a step of 0 cycles");
}

TEST(CellsTest, OverflowTraps) {
  int8_t one = 1, minusOne = -1;
  for (auto cell :
       {createMacCell(1), createBitSerialCell(8, 1), createTermCell(1, 1)}) {
    int64_t cycles = cell->getCyclesPerStep({});
    EXPECT_THAT(
        getMessage(cell->simulateStep(one, one, INT32_MAX, cycles).takeError()),
        HasSubstr("partial sum 2147483648 overflows"));
    EXPECT_THAT(
        getMessage(
            cell->simulateStep(one, minusOne, INT32_MIN, cycles).takeError()),
        HasSubstr("partial sum -2147483649 overflows"));
    llvm::Expected<CellStep> most =
        cell->simulateStep(one, one, INT32_MAX - 1, cycles);
    ASSERT_TRUE(static_cast<bool>(most));
    EXPECT_EQ(most->sum, INT32_MAX);
  }
}
