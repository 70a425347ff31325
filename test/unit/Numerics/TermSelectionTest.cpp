//===- TermSelectionTest.cpp - Laws and check numbers of term selection ---===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Term selection against its plain definition, on the paper's examples and on
// generated groups of every digit set.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/TermSelection.h"
#include "../Support/RandomCases.h"
#include "llvm/ADT/STLExtras.h"
#include "gmock/gmock.h"
#include <algorithm>
#include <array>
#include <cstdlib>

using namespace colonnade;
using testing::ElementsAre;

template <typename ValueT> using Group = std::vector<ValueT>;

template <typename ValueT>
static Group<ValueT> select(Group<ValueT> group, unsigned budget,
                            DigitSet digits) {
  selectTerms(llvm::MutableArrayRef<ValueT>(group), budget, digits);
  return group;
}

template <typename ValueT>
static Group<ValueT> getRandomGroup(RandomCases &random, int64_t low,
                                    int64_t high) {
  Group<ValueT> group(random.getInteger(1, 16));
  for (ValueT &value : group)
    value = static_cast<ValueT>(random.getInteger(low, high));
  return group;
}

template <typename ValueT>
static int64_t getError(const Group<ValueT> &before,
                        const Group<ValueT> &after) {
  int64_t error = 0;
  for (auto [left, right] : llvm::zip_equal(before, after))
    error += std::abs(int64_t(left) - int64_t(right));
  return error;
}

/// The rule as the paper words it: repeatedly the largest remaining term, ties
/// to the lowest index. Returns the kept terms of each value.
static std::vector<TermList> selectByDefinition(const Group<int32_t> &group,
                                                unsigned budget,
                                                DigitSet digits) {
  std::vector<TermList> remaining, kept(group.size());
  for (int32_t value : group)
    remaining.push_back(encodeTerms(value, digits));
  for (; budget > 0; --budget) {
    int best = -1;
    for (int index = 0; index < int(group.size()); ++index)
      if (!remaining[index].empty() &&
          (best < 0 || remaining[index].front().exponent >
                           remaining[best].front().exponent))
        best = index;
    if (best < 0)
      break;
    kept[best].push_back(remaining[best].front());
    remaining[best].erase(remaining[best].begin());
  }
  return kept;
}

static Group<int32_t> getSums(const std::vector<TermList> &kept) {
  Group<int32_t> sums;
  for (const TermList &terms : kept) {
    sums.push_back(0);
    for (Term term : terms)
      sums.back() += term.getValue();
  }
  return sums;
}

/// Calls `check(group, budget, digits)` on generated groups, budgets from
/// nothing to more than the group can use, and every digit set.
template <typename ValueT, typename CheckFn>
static void forEachCase(int64_t low, int64_t high, CheckFn check) {
  RandomCases random(20201);
  for (int round = 0; round < 500; ++round) {
    Group<ValueT> group = getRandomGroup<ValueT>(random, low, high);
    unsigned budget = random.getInteger(0, 4 * int64_t(group.size()) + 1);
    for (DigitSet digits : getAllDigitSets())
      check(group, budget, digits);
  }
}

TEST(TermSelection, PaperExamples) {
  EXPECT_THAT(select<int32_t>({64, 3, 14}, 4, DigitSet::Binary),
              ElementsAre(64, 2, 12));
  EXPECT_THAT(select<int32_t>({67, 10, 81}, 4, DigitSet::Binary),
              ElementsAre(64, 8, 80));
}

TEST(TermSelection, EqualsItsDefinition) {
  forEachCase<int32_t>(
      -255, 255,
      [](const Group<int32_t> &group, unsigned budget, DigitSet digits) {
        EXPECT_EQ(select(group, budget, digits),
                  getSums(selectByDefinition(group, budget, digits)));
      });
}

TEST(TermSelection, GroupsWithinTheirBudgetAreUnchanged) {
  forEachCase<int8_t>(
      -128, 127, [](const Group<int8_t> &group, unsigned, DigitSet digits) {
        unsigned terms = 0;
        for (int8_t value : group)
          terms += countTerms(value, digits);
        EXPECT_EQ(select(group, terms, digits), group);
        Group<int32_t> wide(group.begin(), group.end());
        EXPECT_EQ(select(wide, terms, digits), wide);
      });
}

TEST(TermSelection, NoBudgetLeavesZeros) {
  for (DigitSet digits : getAllDigitSets()) {
    EXPECT_THAT(select<int8_t>({-128, 127, 1}, 0, digits),
                ElementsAre(0, 0, 0));
    EXPECT_TRUE(select<int8_t>({}, 3, digits).empty());
  }
}

TEST(TermSelection, SmallerBudgetsKeepAPrefixOfTheTerms) {
  // Multi-resolution storage (ASPLOS 2021) rests on this law. It needs no
  // access to the kept terms: each step of the budget changes one value, by
  // that value's next term.
  forEachCase<int32_t>(
      -255, 255, [](const Group<int32_t> &group, unsigned, DigitSet digits) {
        std::vector<TermList> remaining;
        for (int32_t value : group)
          remaining.push_back(encodeTerms(value, digits));
        Group<int32_t> previous(group.size(), 0);
        for (unsigned budget = 1; previous != group; ++budget) {
          Group<int32_t> current = select(group, budget, digits);
          auto [left, right] =
              std::mismatch(current.begin(), current.end(), previous.begin());
          ASSERT_NE(left, current.end());
          TermList &terms = remaining[left - current.begin()];
          ASSERT_FALSE(terms.empty());
          EXPECT_EQ(*left - *right, terms.front().getValue());
          terms.erase(terms.begin());
          EXPECT_TRUE(std::equal(left + 1, current.end(), right + 1));
          previous = current;
        }
      });
}

template <typename ValueT>
static void checkErrorFallsWithTheBudget(const Group<ValueT> &group,
                                         DigitSet digits) {
  int64_t previous = getError(group, Group<ValueT>(group.size(), 0));
  for (unsigned budget = 1; previous > 0; ++budget) {
    int64_t error = getError(group, select(group, budget, digits));
    EXPECT_LE(error, previous) << stringifyDigitSet(digits).str();
    ASSERT_LE(budget, 8 * group.size());
    previous = error;
  }
}

TEST(TermSelection, ErrorFallsWithTheBudget) {
  forEachCase<int32_t>(
      -255, 255, [](const Group<int32_t> &group, unsigned, DigitSet digits) {
        checkErrorFallsWithTheBudget(group, digits);
      });
  forEachCase<int8_t>(
      -128, 127, [](const Group<int8_t> &group, unsigned, DigitSet digits) {
        checkErrorFallsWithTheBudget(group, digits);
      });
}

TEST(TermSelection, PermutationsMatterOnlyBetweenEqualTerms) {
  // A permuted group keeps the same number of terms of each size, so only the
  // terms of the smallest kept exponent move, to the lowest indices.
  RandomCases random(77);
  forEachCase<int32_t>(
      -255, 255, [&](Group<int32_t> group, unsigned budget, DigitSet digits) {
        auto countKept = [&](const Group<int32_t> &values) {
          std::array<int, 10> counts{};
          for (const TermList &terms :
               selectByDefinition(values, budget, digits))
            for (Term term : terms)
              ++counts[term.exponent];
          return counts;
        };
        Group<int32_t> permuted = group;
        for (size_t index = permuted.size() - 1; index > 0; --index)
          std::swap(permuted[index], permuted[random.getInteger(0, index)]);
        EXPECT_EQ(countKept(group), countKept(permuted));
      });
}

TEST(TermSelection, TiesGoToTheLowestIndex) {
  EXPECT_THAT(select<int32_t>({8, -8, 8}, 2, DigitSet::Naf),
              ElementsAre(8, -8, 0));
  EXPECT_THAT(select<int8_t>({5, 20, 6, 4}, 4, DigitSet::Binary),
              ElementsAre(4, 20, 4, 0));
}

TEST(TermSelection, PermutingValuesWithoutTiesPermutesTheResult) {
  // One value a power-of-two band: no two terms are equally large.
  Group<int32_t> group = {0x50, 0x0a, 0x21};
  Group<int32_t> reversed(group.rbegin(), group.rend());
  for (unsigned budget = 0; budget <= 6; ++budget) {
    Group<int32_t> selected = select(group, budget, DigitSet::Binary);
    std::reverse(selected.begin(), selected.end());
    EXPECT_EQ(select(reversed, budget, DigitSet::Binary), selected);
  }
}

TEST(TermSelection, NegatingTheGroupNegatesTheResult) {
  forEachCase<int32_t>(
      -255, 255,
      [](const Group<int32_t> &group, unsigned budget, DigitSet digits) {
        auto negate = [](Group<int32_t> values) {
          for (int32_t &value : values)
            value = -value;
          return values;
        };
        EXPECT_EQ(select(negate(group), budget, digits),
                  negate(select(group, budget, digits)));
      });
}

//===----------------------------------------------------------------------===//
// Inside int8
//===----------------------------------------------------------------------===//

TEST(TermSelection, Int8KeepsTheBudgetItPromises) {
  forEachCase<int8_t>(
      -128, 127,
      [](const Group<int8_t> &group, unsigned budget, DigitSet digits) {
        EXPECT_TRUE(keepsBudget(select(group, budget, digits), budget, digits))
            << stringifyDigitSet(digits).str() << " " << budget;
      });
}

TEST(TermSelection, Int8EqualsThePaperWhereThatFits) {
  unsigned outside = 0;
  forEachCase<int8_t>(
      -128, 127,
      [&](const Group<int8_t> &group, unsigned budget, DigitSet digits) {
        Group<int32_t> wide(group.begin(), group.end());
        selectTerms(llvm::MutableArrayRef<int32_t>(wide), budget, digits);
        if (llvm::any_of(wide, [](int32_t v) { return v > 127 || v < -128; })) {
          ++outside;
          return;
        }
        Group<int8_t> narrow = select(group, budget, digits);
        EXPECT_EQ(Group<int32_t>(narrow.begin(), narrow.end()), wide);
      });
  EXPECT_GT(outside, 0u);
}

TEST(TermSelection, Int8TakesTheLargestTermAsAPair) {
  // 127 = 128 - 1 and 100 = 128 - 32 + 4.
  EXPECT_THAT(select<int8_t>({127, 100}, 1, DigitSet::Naf), ElementsAre(64, 0));
  EXPECT_THAT(select<int8_t>({127, 100}, 2, DigitSet::Naf),
              ElementsAre(127, 0));
  EXPECT_THAT(select<int8_t>({127, 100}, 3, DigitSet::Naf),
              ElementsAre(127, 64));
  EXPECT_THAT(select<int8_t>({127, 100}, 4, DigitSet::Naf),
              ElementsAre(127, 96));
  EXPECT_THAT(select<int8_t>({127, 100}, 5, DigitSet::Naf),
              ElementsAre(127, 100));
  // -2^7 fits, and Booth's -128 = -2^8 + 2^7 comes out whole either way.
  EXPECT_THAT(select<int8_t>({-127}, 1, DigitSet::Naf), ElementsAre(-128));
  EXPECT_THAT(select<int8_t>({-128}, 1, DigitSet::Booth4), ElementsAre(-128));
  EXPECT_THAT(select<int8_t>({-128}, 2, DigitSet::Booth4), ElementsAre(-128));
}

/// Whether what is left of a truncated encoding never needs more terms than
/// were kept.
static bool staysShortWhenTruncated(DigitSet digits) {
  for (int32_t value = 0; value <= 127; ++value) {
    int32_t sum = 0;
    unsigned kept = 0;
    for (Term term : encodeTerms(value, digits)) {
      sum += term.getValue();
      if (countTerms(sum, digits) > ++kept)
        return false;
    }
  }
  return true;
}

TEST(TermSelection, SelectingTwiceChangesNothing) {
  forEachCase<int8_t>(
      -127, 127,
      [](const Group<int8_t> &group, unsigned budget, DigitSet digits) {
        if (!staysShortWhenTruncated(digits))
          return;
        Group<int8_t> once = select(group, budget, digits);
        EXPECT_EQ(select(once, budget, digits), once)
            << stringifyDigitSet(digits).str();
      });
}

TEST(TermSelection, OnlyTruncatedBoothMayNeedMoreTerms) {
  // 31 = 32 - 1 is cut to 32, which Booth writes as 64 - 32.
  EXPECT_FALSE(staysShortWhenTruncated(DigitSet::Booth4));
  EXPECT_THAT(select<int8_t>({31}, 1, DigitSet::Booth4), ElementsAre(32));
  EXPECT_EQ(countTerms(32, DigitSet::Booth4), 2u);
  EXPECT_EQ(countPromisedTerms(32, DigitSet::Booth4), 1u);
  EXPECT_TRUE(staysShortWhenTruncated(DigitSet::Binary));
  EXPECT_TRUE(staysShortWhenTruncated(DigitSet::Naf));
  EXPECT_TRUE(staysShortWhenTruncated(DigitSet::HeseMsb));
}

TEST(TermSelection, PromisedTermsAreTheShorterEncoding) {
  for (DigitSet digits : getAllDigitSets())
    for (int value = -128; value <= 127; ++value) {
      unsigned terms = countTerms(value, digits);
      if (hasNegativeDigits(digits))
        terms = std::min(terms, countTerms(value, DigitSet::Naf));
      EXPECT_EQ(countPromisedTerms(static_cast<int8_t>(value), digits), terms);
    }
}

TEST(TermSelection, KeepsBudgetIsTight) {
  Group<int8_t> group = {64, 3, -14};
  EXPECT_TRUE(keepsBudget(group, 6, DigitSet::Binary));
  EXPECT_FALSE(keepsBudget(group, 5, DigitSet::Binary));
  EXPECT_TRUE(keepsBudget(group, 5, DigitSet::HeseMsb));
  EXPECT_FALSE(keepsBudget(group, 4, DigitSet::HeseMsb));
}

TEST(TermSelection, LookupTableSelectsEachValueAlone) {
  for (DigitSet digits : getAllDigitSets())
    for (unsigned terms = 0; terms <= 8; ++terms) {
      TermLookupTable table = makeTermLookupTable(terms, digits);
      for (int value = -128; value <= 127; ++value) {
        Group<int8_t> group = {static_cast<int8_t>(value)};
        EXPECT_EQ(table[value + 128], select(group, terms, digits).front());
      }
    }
}

//===----------------------------------------------------------------------===//
// Gaussian weights
//===----------------------------------------------------------------------===//

/// Weights in units of the 8-bit scale that maps 4.7 sigma onto 127.
static std::vector<double> getGaussianWeights(size_t count) {
  RandomCases random(8);
  std::vector<double> weights(count);
  for (double &weight : weights)
    weight = random.getNormal() * 127 / 4.7;
  return weights;
}

/// Error of rounding to 8 bits and term selection together, as percentage of
/// the mean magnitude.
static double getRelativeError(const std::vector<double> &weights,
                               size_t groupSize, unsigned budget,
                               DigitSet digits) {
  std::vector<int32_t> selected;
  for (double weight : weights)
    selected.push_back(std::clamp(int(std::round(weight)), -127, 127));
  llvm::MutableArrayRef<int32_t> rest = selected;
  for (; !rest.empty(); rest = rest.drop_front(groupSize))
    selectTerms(rest.take_front(groupSize), budget, digits);
  double magnitude = 0, error = 0;
  for (auto [weight, value] : llvm::zip_equal(weights, selected)) {
    magnitude += std::fabs(weight);
    error += std::fabs(weight - value);
  }
  return 100 * error / magnitude;
}

TEST(TermSelection, ErrorOfGaussianWeights) {
  struct Row {
    DigitSet digits;
    size_t groupSize;
    unsigned budget;
    double percent;
  };
  // Figures of another random stream, so within a unit of the printed digits.
  const Row rows[] = {
      {DigitSet::Naf, 8, 12, 5.3},    {DigitSet::Naf, 8, 14, 3.2},
      {DigitSet::Naf, 8, 16, 2.1},    {DigitSet::Naf, 8, 20, 1.2},
      {DigitSet::Binary, 8, 12, 9.2}, {DigitSet::Binary, 8, 14, 6.1},
      {DigitSet::Binary, 8, 16, 4.0}, {DigitSet::Naf, 16, 24, 5.0},
      {DigitSet::Naf, 32, 48, 4.8},
  };
  std::vector<double> weights = getGaussianWeights(32 * 10000);
  for (const Row &row : rows)
    EXPECT_NEAR(
        getRelativeError(weights, row.groupSize, row.budget, row.digits),
        row.percent, 0.1)
        << stringifyDigitSet(row.digits).str() << " " << row.groupSize << " "
        << row.budget;
}
