//===- ColumnGroupingTest.cpp - Laws of column grouping -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Laws that every algorithm of getGroupingAlgorithms() must obey, on generated
// matrices, and equality with the plain definitions.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Packing/ColumnGrouping.h"
#include "../Support/Errors.h"
#include "PlainGrouping.h"
#include "llvm/ADT/STLExtras.h"
#include "gmock/gmock.h"
#include <limits>

using namespace colonnade;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
struct GroupingCase {
  TestMatrix matrix;
  GroupingOptions options;
};
} // namespace

static GroupingCase getRandomCase(RandomCases &random) {
  static const double limits[] = {0, 0, 0.1, 0.25, 0.5, 1, 1.75, 1e300};
  // Short columns have many ties, tall ones span words.
  int64_t rows = random.getInteger(1, random.getInteger(0, 1) ? 140 : 16);
  int64_t columns = random.getInteger(0, 24);
  double density = random.getUniform();
  return {getRandomMatrix(random, rows, columns, density * density),
          {random.getInteger(1, 9), limits[random.getInteger(0, 7)]}};
}

/// Calls `check(algorithm, matrix, options, groups)` on generated cases of
/// every algorithm.
template <typename CheckFn> static void forEachCase(int rounds, CheckFn check) {
  RandomCases random(2019);
  for (int round = 0; round < rounds; ++round) {
    auto [matrix, options] = getRandomCase(random);
    for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms())
      check(*algorithm, matrix, options,
            algorithm->group(matrix.getPattern(), options));
  }
}

TEST(ColumnGrouping, AlgorithmsAreFoundByName) {
  EXPECT_EQ(getGroupingAlgorithms().front()->getName(), "agglomerative");
  for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms())
    EXPECT_EQ(lookupGroupingAlgorithm(algorithm->getName()), algorithm);
  EXPECT_EQ(lookupGroupingAlgorithm("dense-last"), nullptr);
}

TEST(ColumnGrouping, GroupsPartitionTheNonzeroColumns) {
  forEachCase(300, [](const GroupingAlgorithm &, const TestMatrix &matrix,
                      const GroupingOptions &, const ColumnGroups &groups) {
    std::vector<int32_t> members, expected;
    for (const auto &group : groups) {
      EXPECT_FALSE(group.empty());
      members.insert(members.end(), group.begin(), group.end());
    }
    for (const auto &single : getSingleColumns(matrix))
      expected.push_back(single.front());
    llvm::sort(members);
    EXPECT_EQ(members, expected);
  });
}

TEST(ColumnGrouping, GroupsAreLegal) {
  forEachCase(300,
              [](const GroupingAlgorithm &, const TestMatrix &matrix,
                 const GroupingOptions &options, const ColumnGroups &groups) {
                for (const auto &group : groups)
                  EXPECT_TRUE(isLegal(matrix, group, options));
              });
}

TEST(ColumnGrouping, NoTwoGroupsCouldStillBeOne) {
  // Both algorithms are greedy: with fan-in to spare, a legal pair is a miss.
  forEachCase(300, [](const GroupingAlgorithm &algorithm,
                      const TestMatrix &matrix, const GroupingOptions &options,
                      const ColumnGroups &groups) {
    for (size_t left = 0; left < groups.size(); ++left)
      for (size_t right = left + 1; right < groups.size(); ++right)
        if (groups[left].size() == 1 || groups[right].size() == 1) {
          EXPECT_FALSE(
              isLegal(matrix, join(groups[left], groups[right]), options))
              << algorithm.getName().str();
        }
  });
}

TEST(ColumnGrouping, GroupingIsDeterministic) {
  forEachCase(50, [](const GroupingAlgorithm &algorithm,
                     const TestMatrix &matrix, const GroupingOptions &options,
                     const ColumnGroups &groups) {
    EXPECT_EQ(algorithm.group(matrix.getPattern(), options), groups);
  });
}

TEST(ColumnGrouping, OnlyThePatternMatters) {
  forEachCase(50, [](const GroupingAlgorithm &algorithm,
                     const TestMatrix &matrix, const GroupingOptions &options,
                     const ColumnGroups &groups) {
    std::vector<float> values(matrix.values.begin(), matrix.values.end());
    for (float &value : values)
      value *= 1e-30f;
    EXPECT_EQ(algorithm.group(NonzeroPattern::get(llvm::ArrayRef<float>(values),
                                                  matrix.rows, matrix.columns),
                              options),
              groups);
  });
}

TEST(ColumnGrouping, ZeroRowsChangeNothingWithoutConflicts) {
  RandomCases random(5);
  forEachCase(100,
              [&](const GroupingAlgorithm &algorithm, const TestMatrix &matrix,
                  GroupingOptions options, const ColumnGroups &) {
                options.conflictLimit = 0;
                TestMatrix taller = matrix;
                taller.rows += random.getInteger(1, 70);
                taller.values.resize(taller.rows * taller.columns);
                EXPECT_EQ(algorithm.group(taller.getPattern(), options),
                          algorithm.group(matrix.getPattern(), options));
              });
}

TEST(ColumnGrouping, ZeroColumnsAtTheEndChangeNothing) {
  forEachCase(100,
              [](const GroupingAlgorithm &algorithm, const TestMatrix &matrix,
                 const GroupingOptions &options, const ColumnGroups &groups) {
                TestMatrix wider{matrix.rows, matrix.columns + 3, {}};
                wider.values.resize(wider.rows * wider.columns);
                for (int64_t row = 0; row < matrix.rows; ++row)
                  for (int64_t column = 0; column < matrix.columns; ++column)
                    wider.at(row, column) = matrix.at(row, column);
                EXPECT_EQ(algorithm.group(wider.getPattern(), options), groups);
              });
}

TEST(ColumnGrouping, PermutingRowsChangesNothing) {
  RandomCases random(6);
  forEachCase(100, [&](const GroupingAlgorithm &algorithm,
                       const TestMatrix &matrix, const GroupingOptions &options,
                       const ColumnGroups &groups) {
    TestMatrix permuted = matrix;
    for (int64_t row = matrix.rows - 1; row > 0; --row) {
      int64_t other = random.getInteger(0, row);
      for (int64_t column = 0; column < matrix.columns; ++column)
        std::swap(permuted.at(row, column), permuted.at(other, column));
    }
    EXPECT_EQ(algorithm.group(permuted.getPattern(), options), groups);
  });
}

TEST(ColumnGrouping, FanInOneGivesOneGroupPerNonzeroColumn) {
  forEachCase(50, [](const GroupingAlgorithm &algorithm,
                     const TestMatrix &matrix, GroupingOptions options,
                     const ColumnGroups &) {
    options.fanIn = 1;
    ColumnGroups groups = algorithm.group(matrix.getPattern(), options);
    llvm::sort(groups, [](const auto &left, const auto &right) {
      return left.front() < right.front();
    });
    EXPECT_EQ(groups, getSingleColumns(matrix));
  });
}

TEST(ColumnGrouping, DisjointColumnsFillGroupsToTheFanIn) {
  // Columns 0..11 of an identity matrix never conflict.
  TestMatrix identity{12, 12, std::vector<int8_t>(144)};
  for (int64_t index = 0; index < 12; ++index)
    identity.at(index, index) = 1;
  for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms()) {
    ColumnGroups groups = algorithm->group(identity.getPattern(), {5, 0.0});
    ASSERT_EQ(groups.size(), 3u);
    EXPECT_THAT(groups[0], ElementsAre(0, 1, 2, 3, 4));
    EXPECT_THAT(groups[2], ElementsAre(10, 11));
  }
}

TEST(ColumnGrouping, EmptyMatricesHaveNoGroups) {
  for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms()) {
    EXPECT_TRUE(algorithm->group(NonzeroPattern(0, 0), {}).empty());
    EXPECT_TRUE(algorithm->group(NonzeroPattern(0, 7), {}).empty());
    EXPECT_TRUE(algorithm->group(NonzeroPattern(7, 0), {}).empty());
    EXPECT_TRUE(algorithm->group(NonzeroPattern(65, 3), {}).empty());
  }
}

TEST(ColumnGrouping, EqualsThePlainDefinition) {
  const GroupingAlgorithm *agglomerative =
      lookupGroupingAlgorithm("agglomerative");
  const GroupingAlgorithm *denseFirst = lookupGroupingAlgorithm("dense-first");
  RandomCases random(7);
  int merged = 0;
  for (int round = 0; round < 1500; ++round) {
    auto [matrix, options] = getRandomCase(random);
    ColumnGroups groups = agglomerative->group(matrix.getPattern(), options);
    EXPECT_EQ(groups, groupAgglomerativelyByDefinition(matrix, options));
    EXPECT_EQ(denseFirst->group(matrix.getPattern(), options),
              groupDenseFirstByDefinition(matrix, options));
    merged +=
        llvm::any_of(groups, [](auto &group) { return group.size() > 2; });
  }
  EXPECT_GT(merged, 500);
}

TEST(ColumnGrouping, ConflictBudgetIsRoundedDown) {
  EXPECT_EQ(getConflictBudget(96, {8, 0.0}), 0);
  EXPECT_EQ(getConflictBudget(96, {8, 0.25}), 24);
  EXPECT_EQ(getConflictBudget(99, {8, 0.5}), 49);
  EXPECT_EQ(getConflictBudget(96, {8, 1.75}), 168);
  // More conflicts than fan-in allows are not possible.
  EXPECT_EQ(getConflictBudget(10, {3, 1e300}), 20);
}

TEST(ColumnGrouping, OptionsOutOfRangeAreErrors) {
  EXPECT_EQ(getMessage(checkGroupingOptions({1, 0.0})), "");
  EXPECT_EQ(getMessage(checkGroupingOptions({8, 1.75})), "");
  for (int64_t fanIn : {int64_t(0), std::numeric_limits<int64_t>::min()})
    EXPECT_THAT(getMessage(checkGroupingOptions({fanIn, 0.0})),
                HasSubstr("fan-in " + std::to_string(fanIn) +
                          " is below the limit of 1"));
  for (double limit : {-0.1, std::numeric_limits<double>::infinity(),
                       std::numeric_limits<double>::quiet_NaN()})
    EXPECT_THAT(getMessage(checkGroupingOptions({8, limit})),
                HasSubstr("is not a finite number of at least 0"));
}

TEST(ColumnGrouping, AssignmentsAndGroupsAreInverse) {
  forEachCase(100, [](const GroupingAlgorithm &, const TestMatrix &matrix,
                      const GroupingOptions &, ColumnGroups groups) {
    std::vector<int32_t> assignment = getAssignment(groups, matrix.columns);
    for (auto &group : groups)
      llvm::sort(group);
    EXPECT_EQ(getGroups(assignment), groups);
    EXPECT_EQ(getAssignment(getGroups(assignment), matrix.columns), assignment);
  });
  EXPECT_THAT(getAssignment({{3, 0}, {1}}, 5), ElementsAre(0, 1, -1, 0, -1));
}

TEST(ColumnGrouping, PatternsHoldWhatMatricesHold) {
  RandomCases random(9);
  for (int64_t rows : {1, 63, 64, 65, 128, 130}) {
    TestMatrix matrix = getRandomMatrix(random, rows, 5, 0.4);
    NonzeroPattern pattern = matrix.getPattern();
    for (int64_t column = 0; column < matrix.columns; ++column) {
      for (int64_t row = 0; row < rows; ++row)
        EXPECT_EQ(pattern.test(row, column), matrix.at(row, column) != 0);
      int32_t index = static_cast<int32_t>(column);
      EXPECT_EQ(pattern.countColumn(column), countNonzeroRows(matrix, index));
    }
  }
  const float signedZero[] = {-0.0f, 1e-40f};
  NonzeroPattern pattern = NonzeroPattern::get(signedZero, 1, 2);
  EXPECT_FALSE(pattern.test(0, 0));
  EXPECT_TRUE(pattern.test(0, 1));
}
