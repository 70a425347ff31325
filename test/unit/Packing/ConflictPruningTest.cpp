//===- ConflictPruningTest.cpp - Laws of conflict pruning -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pruning takes exactly the conflicts, keeps the largest magnitudes, and the
// figures add up.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Packing/ConflictPruning.h"
#include "PlainGrouping.h"
#include "llvm/ADT/STLExtras.h"
#include "gmock/gmock.h"
#include <limits>

using namespace colonnade;
using testing::ElementsAre;

static PruningLoss prune(TestMatrix &matrix, const ColumnGroups &groups) {
  return pruneConflicts(llvm::MutableArrayRef<int8_t>(matrix.values),
                        matrix.rows, matrix.columns, groups);
}

/// Calls `check(matrix, groups)` on generated matrices with the groups of every
/// algorithm.
template <typename CheckFn> static void forEachCase(CheckFn check) {
  static const double limits[] = {0, 0.25, 0.5, 1.75};
  RandomCases random(33);
  for (int round = 0; round < 200; ++round) {
    int64_t rows = random.getInteger(1, 100);
    int64_t columns = random.getInteger(0, 30);
    TestMatrix matrix =
        getRandomMatrix(random, rows, columns, random.getUniform() / 2);
    GroupingOptions options{random.getInteger(1, 8),
                            limits[random.getInteger(0, 3)]};
    for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms())
      check(matrix, algorithm->group(matrix.getPattern(), options));
  }
}

TEST(ConflictPruning, LossIsTheSumOfConflicts) {
  forEachCase([](TestMatrix matrix, const ColumnGroups &groups) {
    int64_t conflicts = 0;
    for (const auto &group : groups)
      conflicts += countConflicts(matrix, group);
    EXPECT_EQ(prune(matrix, groups).valuesLost, conflicts);
  });
}

TEST(ConflictPruning, LeavesNoConflict) {
  forEachCase([](TestMatrix matrix, const ColumnGroups &groups) {
    prune(matrix, groups);
    EXPECT_FALSE(findConflict(matrix.getPattern(), groups));
  });
}

TEST(ConflictPruning, PruningTwiceChangesNothing) {
  forEachCase([](TestMatrix matrix, const ColumnGroups &groups) {
    prune(matrix, groups);
    TestMatrix once = matrix;
    PruningLoss loss = prune(matrix, groups);
    EXPECT_EQ(matrix.values, once.values);
    EXPECT_EQ(loss.valuesLost, 0);
    EXPECT_EQ(loss.magnitudeLost, 0);
  });
}

TEST(ConflictPruning, KeepsTheLargestOfEachRowAndGroup) {
  forEachCase([](TestMatrix matrix, const ColumnGroups &groups) {
    TestMatrix before = matrix;
    prune(matrix, groups);
    for (const auto &group : groups)
      for (int64_t row = 0; row < matrix.rows; ++row) {
        int expected = 0, kept = 0;
        for (int32_t column : group) {
          expected = std::max(expected, std::abs(int(before.at(row, column))));
          kept += std::abs(int(matrix.at(row, column)));
          if (matrix.at(row, column) != 0) {
            EXPECT_EQ(matrix.at(row, column), before.at(row, column));
          }
        }
        EXPECT_EQ(kept, expected);
      }
  });
}

TEST(ConflictPruning, LossAccountsForEveryValue) {
  forEachCase([](TestMatrix matrix, const ColumnGroups &groups) {
    auto count = [&] {
      return llvm::count_if(matrix.values, [](int8_t v) { return v != 0; });
    };
    auto measure = [&] {
      double sum = 0;
      for (int8_t value : matrix.values)
        sum += std::abs(int(value));
      return sum;
    };
    int64_t valuesBefore = count();
    double magnitudeBefore = measure();
    PruningLoss loss = prune(matrix, groups);
    EXPECT_EQ(loss.valuesBefore, valuesBefore);
    EXPECT_EQ(loss.valuesBefore - loss.valuesLost, count());
    EXPECT_EQ(loss.magnitudeBefore, magnitudeBefore);
    EXPECT_EQ(loss.magnitudeBefore - loss.magnitudeLost, measure());
  });
}

TEST(ConflictPruning, FloatsArePrunedLikeIntegers) {
  forEachCase([](TestMatrix matrix, const ColumnGroups &groups) {
    std::vector<float> values(matrix.values.begin(), matrix.values.end());
    PruningLoss loss = pruneConflicts(llvm::MutableArrayRef<float>(values),
                                      matrix.rows, matrix.columns, groups);
    PruningLoss expected = prune(matrix, groups);
    EXPECT_EQ(values,
              std::vector<float>(matrix.values.begin(), matrix.values.end()));
    EXPECT_EQ(loss.valuesLost, expected.valuesLost);
    EXPECT_EQ(loss.magnitudeLost, expected.magnitudeLost);
  });
}

TEST(ConflictPruning, TiesGoToTheLowestColumn) {
  // Whatever the order of joining; and -128 is larger than 127.
  TestMatrix matrix{3, 3, {5, -5, 5, 0, 7, -7, 127, -128, 0}};
  PruningLoss loss = prune(matrix, {{2, 1, 0}});
  EXPECT_THAT(matrix.values, ElementsAre(5, 0, 0, 0, 7, 0, 0, -128, 0));
  EXPECT_EQ(loss.valuesLost, 4);
  EXPECT_EQ(loss.magnitudeLost, 5 + 5 + 7 + 127);
}

TEST(ConflictPruning, ColumnsInNoGroupAreUntouched) {
  TestMatrix matrix{1, 3, {1, 2, 3}};
  EXPECT_EQ(prune(matrix, {{0, 1}}).valuesLost, 1);
  EXPECT_THAT(matrix.values, ElementsAre(0, 2, 3));
}

TEST(ConflictPruning, FindsTheFirstConflict) {
  // Groups {0,2} and {1,3}: the latter conflicts in row 70, the former in 90.
  NonzeroPattern pattern(100, 4);
  pattern.set(90, 0);
  pattern.set(90, 2);
  pattern.set(70, 3);
  pattern.set(70, 1);
  pattern.set(3, 0);
  pattern.set(4, 2);
  std::optional<ColumnConflict> conflict =
      findConflict(pattern, {{0, 2}, {3, 1}});
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->row, 70);
  EXPECT_EQ(conflict->firstColumn, 1);
  EXPECT_EQ(conflict->secondColumn, 3);
  EXPECT_FALSE(findConflict(pattern, {{0, 1}, {2, 3}}));

  // Both groups conflict in row 70: the lower one is named.
  pattern.set(70, 0);
  pattern.set(70, 2);
  conflict = findConflict(pattern, {{0, 2}, {3, 1}});
  ASSERT_TRUE(conflict);
  EXPECT_EQ(conflict->firstColumn, 0);
  EXPECT_EQ(conflict->secondColumn, 2);
}

TEST(ConflictPruning, FindsAnyConflictPutBack) {
  RandomCases random(34);
  int found = 0;
  forEachCase([&](TestMatrix matrix, const ColumnGroups &groups) {
    TestMatrix before = matrix;
    if (prune(matrix, groups).valuesLost == 0)
      return;
    // Undo the pruning of one random value.
    std::vector<size_t> pruned;
    for (size_t index = 0; index < matrix.values.size(); ++index)
      if (matrix.values[index] != before.values[index])
        pruned.push_back(index);
    size_t index = pruned[random.getInteger(0, int64_t(pruned.size()) - 1)];
    matrix.values[index] = before.values[index];
    std::optional<ColumnConflict> conflict =
        findConflict(matrix.getPattern(), groups);
    ASSERT_TRUE(conflict);
    ++found;
    int64_t column = int64_t(index) % matrix.columns;
    EXPECT_EQ(conflict->row, int64_t(index) / matrix.columns);
    EXPECT_TRUE(conflict->firstColumn == column ||
                conflict->secondColumn == column);
    EXPECT_LT(conflict->firstColumn, conflict->secondColumn);
  });
  EXPECT_GT(found, 50);
}

TEST(ConflictPruning, UtilizationIsAShare) {
  forEachCase([](TestMatrix matrix, const ColumnGroups &groups) {
    prune(matrix, groups);
    PackingMetrics metrics = getPackingMetrics(matrix.getPattern(), groups);
    EXPECT_EQ(metrics.packedColumns, int64_t(groups.size()));
    EXPECT_EQ(metrics.utilization > 0, metrics.nonzeros > 0);
    EXPECT_LE(metrics.utilization, 1.0);
  });
}

TEST(ConflictPruning, MetricsOfASmallMatrix) {
  TestMatrix matrix{4, 3, {1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 3, 4}};
  PackingMetrics metrics =
      getPackingMetrics(matrix.getPattern(), {{0, 1}, {2}});
  EXPECT_EQ(metrics.nonzeros, 4);
  EXPECT_EQ(metrics.packedRows, 3);
  EXPECT_EQ(metrics.packedColumns, 2);
  EXPECT_EQ(metrics.utilization, 4.0 / 6.0);
  EXPECT_EQ(getPackingMetrics(NonzeroPattern(3, 0), {}).utilization, 0.0);
}

TEST(ConflictPruning, TilesAreRoundedUp) {
  EXPECT_EQ(countTiles(96, 94, 32, 32), 9);
  EXPECT_EQ(countTiles(96, 17, 32, 32), 3);
  EXPECT_EQ(countTiles(96, 64, 32, 64), 3);
  EXPECT_EQ(countTiles(97, 65, 32, 64), 8);
  EXPECT_EQ(countTiles(0, 5, 32, 32), 0);
}
