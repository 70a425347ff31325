//===- IterativePruningTest.cpp - Laws of pruning during training ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Schedules rise to their target; the smallest magnitudes go and no others;
// what an event leaves fits its groups.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Packing/IterativePruning.h"
#include "PlainGrouping.h"
#include "gmock/gmock.h"
#include <cmath>

using namespace colonnade;
using testing::HasSubstr;

static std::vector<float> drawWeights(RandomCases &random, int64_t count) {
  std::vector<float> weights(count);
  for (float &weight : weights)
    weight = float(random.getInteger(-20, 20)) / 8;
  return weights;
}

static int64_t countZeros(llvm::ArrayRef<float> weights) {
  return llvm::count(weights, 0.0f);
}

TEST(IterativePruning, SchedulesRiseToTheirTarget) {
  for (PruningSchedule schedule :
       {PruningSchedule::Cubic, PruningSchedule::Geometric}) {
    IterativePruningOptions options{{8, 0.5}, schedule, 0.8, 40};
    double before = 0;
    for (int64_t event = 1; event <= options.events; ++event) {
      double target = getTargetSparsity(event, options);
      EXPECT_GE(target, before);
      before = target;
    }
  }
  // 0.8 (1 - 1 / 8) at the end, by the authors' formula.
  IterativePruningOptions cubic{{8, 0.5}, PruningSchedule::Cubic, 0.8, 10};
  EXPECT_DOUBLE_EQ(getTargetSparsity(10, cubic), 0.7);
  EXPECT_DOUBLE_EQ(getTargetSparsity(5, cubic), 0.7 * 0.875);
  // 20 %, then 18 % of the rest, until the target.
  IterativePruningOptions geometric{
      {8, 0.5}, PruningSchedule::Geometric, 0.5, 40};
  EXPECT_DOUBLE_EQ(getTargetSparsity(1, geometric), 0.2);
  EXPECT_DOUBLE_EQ(getTargetSparsity(2, geometric), 1 - 0.8 * 0.82);
  EXPECT_DOUBLE_EQ(getTargetSparsity(40, geometric), 0.5);
}

TEST(IterativePruning, TheSmallestMagnitudesGo) {
  RandomCases random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<float> before = drawWeights(random, random.getInteger(1, 100));
    std::vector<float> after = before;
    double sparsity = random.getUniform();
    PruningLoss loss = pruneMagnitudes(after, sparsity);
    auto wanted = static_cast<int64_t>(sparsity * double(before.size()));
    EXPECT_EQ(countZeros(after), std::max(wanted, countZeros(before)));
    EXPECT_EQ(loss.valuesLost, countZeros(after) - countZeros(before));
    float largestLost = 0, smallestKept = INFINITY;
    for (auto [old, now] : llvm::zip_equal(before, after)) {
      EXPECT_TRUE(now == 0 || now == old);
      if (now == 0)
        largestLost = std::max(largestLost, std::abs(old));
      else
        smallestKept = std::min(smallestKept, std::abs(old));
    }
    EXPECT_LE(largestLost, smallestKept);
  }
}

TEST(IterativePruning, AnEventLeavesNoConflict) {
  RandomCases random(2);
  for (int round = 0; round < 100; ++round) {
    int64_t rows = random.getInteger(1, 40), columns = random.getInteger(1, 40);
    std::vector<float> matrix = drawWeights(random, rows * columns);
    GroupingOptions grouping{random.getInteger(1, 8), random.getUniform()};
    double sparsity = random.getUniform();
    for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms()) {
      std::vector<float> pruned = matrix;
      ColumnGroups groups = pruneAndCombine(
          pruned, rows, columns, sparsity, [&](const NonzeroPattern &left) {
            return algorithm->group(left, grouping);
          });
      NonzeroPattern pattern =
          NonzeroPattern::get(llvm::ArrayRef(pruned), rows, columns);
      EXPECT_FALSE(findConflict(pattern, groups));
      EXPECT_GE(countZeros(pruned), int64_t(sparsity * double(matrix.size())));
      // Every column that still has a weight is in a group.
      std::vector<int32_t> assignment = getAssignment(groups, columns);
      for (int64_t column = 0; column < columns; ++column)
        if (pattern.countColumn(column) != 0)
          EXPECT_GE(assignment[column], 0);
    }
  }
}

TEST(IterativePruning, BadOptionsAreRefused) {
  auto check = [](IterativePruningOptions options) {
    return llvm::toString(checkPruningOptions(options));
  };
  EXPECT_EQ(check({}), "");
  EXPECT_THAT(check({{8, 0}, PruningSchedule::Cubic, 1.0, 10}),
              HasSubstr("sparsity 1 is not in [0, 1)"));
  EXPECT_THAT(check({{8, 0}, PruningSchedule::Cubic, 0.5, 0}),
              HasSubstr("at least 1 pruning event, got 0"));
  EXPECT_THAT(check({{0, 0}, PruningSchedule::Cubic, 0.5, 1}),
              HasSubstr("fan-in 0"));
}
