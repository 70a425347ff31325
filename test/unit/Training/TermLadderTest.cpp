//===- TermLadderTest.cpp - Weights that serve several budgets ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Terms of smaller budgets are prefixes of those of larger ones; students have
// the weights that the compiler makes with their budget, one after the other.
//
//===----------------------------------------------------------------------===//

#include "SmallTraining.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Numerics/TermSelection.h"
#include "colonnade/Training/TermTraining.h"
#include "gmock/gmock.h"

using namespace mlir;
using namespace colonnade;
using testing::HasSubstr;

namespace {

constexpr const char *kLadder = "group=4 ladder=1:3,1:5,2:5,2:9";
constexpr Rung kRungs[] = {{1, 3}, {1, 5}, {2, 5}, {2, 9}};

struct LadderRun {
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<Trainer> trainer;
  std::unique_ptr<TermTraining> terms;
};

class TermLadderTest : public SmallTraining {
protected:
  static TrainingSettings getSettings(llvm::StringRef step,
                                      llvm::StringRef activations) {
    TrainingSettings settings;
    settings.batch = kBatch;
    settings.stepOptions = step.str();
    settings.fakeQuantizeOptions = activations.str();
    return settings;
  }

  llvm::Expected<LadderRun> tryRun(llvm::StringRef step,
                                   llvm::StringRef activations) {
    LadderRun run;
    run.module = createNetwork();
    run.trainer = llvm::cantFail(
        Trainer::create(*run.module, getSettings(step, activations)));
    run.terms = llvm::cantFail(TermTraining::create(
        *run.module, llvm::cantFail(TermTrainingSettings::parse(kLadder))));
    if (llvm::Error error = run.trainer->addHook(*run.terms))
      return std::move(error);
    return run;
  }

  LadderRun createRun() {
    return llvm::cantFail(tryRun("learning-rate=0.05 distillation=0.1",
                                 "default-range=4 data-terms=2"));
  }

  /// What the compiler makes of the network's weights with a budget.
  std::vector<std::vector<float>> compile(ModuleOp module, int64_t budget) {
    std::vector<std::vector<float>> result;
    auto function = module.lookupSymbol<func::FuncOp>("main");
    auto weights = collectTermWeights(function, {4, budget, DigitSet::Naf}, "",
                                      [](linalg::LinalgOp, const Twine &) {});
    for (const TermWeights &found : *weights) {
      DenseElementsAttr values;
      EXPECT_TRUE(matchPattern(found.weights, m_Constant(&values)));
      result.push_back(
          found.select(llvm::to_vector(values.getValues<float>()), budget));
    }
    return result;
  }
};

/// Terms of a group in the order in which selection takes them.
SmallVector<std::pair<size_t, int32_t>> getSortedTerms(ArrayRef<int8_t> group,
                                                       DigitSet digits) {
  SmallVector<std::pair<size_t, int32_t>> terms;
  for (auto [index, value] : llvm::enumerate(group))
    for (const Term &term : encodeTerms(value, digits))
      terms.push_back({index, term.getValue()});
  llvm::stable_sort(terms, [](auto left, auto right) {
    return std::abs(left.second) > std::abs(right.second);
  });
  return terms;
}

} // namespace

TEST(TermPrefixTest, SmallerBudgetsOfLargerOnesAreThoseOfTheGroup) {
  RandomCases random(1);
  for (DigitSet digits : {DigitSet::Binary, DigitSet::Naf})
    for (int round = 0; round < 2000; ++round) {
      std::vector<int8_t> group(random.getInteger(1, 20));
      for (int8_t &value : group)
        value = static_cast<int8_t>(random.getInteger(-127, 127));
      int64_t large = random.getInteger(1, 3 * int64_t(group.size()));
      int64_t small = random.getInteger(1, large);
      std::vector<int8_t> ofLarge = group, ofSmall = group;
      selectTerms(MutableArrayRef<int8_t>(ofLarge), large, digits);
      selectTerms(MutableArrayRef<int8_t>(ofSmall), small, digits);
      std::vector<int8_t> ofBoth = ofLarge;
      selectTerms(MutableArrayRef<int8_t>(ofBoth), small, digits);
      EXPECT_EQ(ofBoth, ofSmall)
          << stringifyDigitSet(digits).str() << ", " << large << ", " << small;
    }
}

TEST(TermPrefixTest, SmallerBudgetsHaveTheFirstTerms) {
  RandomCases random(2);
  for (DigitSet digits : {DigitSet::Binary, DigitSet::Naf})
    for (int round = 0; round < 2000; ++round) {
      std::vector<int8_t> group(random.getInteger(1, 20));
      // No +2^7, which int8 has not.
      for (int8_t &value : group)
        value = static_cast<int8_t>(random.getInteger(-127, 85));
      auto terms = getSortedTerms(group, digits);
      for (size_t budget = 1; budget <= terms.size(); ++budget) {
        std::vector<int8_t> selected = group;
        selectTerms(MutableArrayRef<int8_t>(selected), budget, digits);
        auto expected = ArrayRef(terms).take_front(budget);
        EXPECT_EQ(ArrayRef(getSortedTerms(selected, digits)), expected);
      }
    }
}

TEST_F(TermLadderTest, StudentsHaveTheCompilersWeights) {
  LadderRun run = createRun();
  std::set<std::pair<int64_t, int64_t>> seen;
  for (int64_t i = 0; i < kTotalSteps; ++i) {
    int32_t terms =
        run.trainer->findState("student.terms")->getValues<int32_t>()->front();
    OwningOpRef<ModuleOp> stored(run.module->clone());
    run.trainer->storeParameters(*stored);
    // One of the resolutions, and the same one for all layers.
    auto rung = llvm::find_if(kRungs, [&](const Rung &candidate) {
      auto expected = compile(*stored, candidate.budget);
      return candidate.dataTerms == terms &&
             llvm::all_of(llvm::zip_equal(kMatrices, expected), [&](auto pair) {
               auto &[matrix, values] = pair;
               const NpyArray *student = run.trainer->findState(
                   "parameter" + std::to_string(matrix) + ".student");
               return llvm::cantFail(student->getValues<float>()) ==
                      ArrayRef(values);
             });
    });
    ASSERT_NE(rung, std::end(kRungs)) << i;
    seen.insert({rung->dataTerms, rung->budget});
    // Every lower resolution once in as many steps.
    if (i % 3 == 2) {
      EXPECT_EQ(seen.size(), std::size(kRungs) - 1);
      EXPECT_FALSE(seen.count({2, 9}));
      seen.clear();
    }
    step(*run.trainer, 1);
  }
}

TEST_F(TermLadderTest, EvaluationChangesNothing) {
  LadderRun run = createRun();
  step(*run.trainer, 2);
  NamedArrays before = run.trainer->getCheckpoint();
  auto accuracies =
      llvm::cantFail(run.terms->evaluateLadder(*run.trainer, *data));
  ASSERT_EQ(accuracies.size(), std::size(kRungs));
  // The last resolution is the network's own.
  EXPECT_EQ(accuracies.back(), llvm::cantFail(run.trainer->evaluate(*data)));
  expectEqual(run.trainer->getCheckpoint(), before);
}

TEST_F(TermLadderTest, ACutRunEndsWithTheSameBits) {
  LadderRun whole = createRun();
  step(*whole.trainer, kTotalSteps);
  for (int64_t cut : {1, 5}) {
    LadderRun first = createRun(), second = createRun();
    step(*first.trainer, cut);
    llvm::cantFail(second.trainer->restore(first.trainer->getCheckpoint()));
    step(*second.trainer, kTotalSteps - cut);
    expectEqual(second.trainer->getCheckpoint(),
                whole.trainer->getCheckpoint());
  }
}

TEST_F(TermLadderTest, StepsThatDoNotFitAreRefused) {
  auto get = [&](llvm::StringRef step, llvm::StringRef activations) {
    auto run = tryRun(step, activations);
    return run ? std::string() : llvm::toString(run.takeError());
  };
  EXPECT_EQ(get("distillation=0.1", "default-range=4 data-terms=2"), "");
  EXPECT_THAT(get("", "default-range=4 data-terms=2"),
              HasSubstr("distillation=0.1"));
  EXPECT_THAT(get("distillation=0.1", "default-range=4 data-terms=3"),
              HasSubstr("2 (data-terms of --fake-quantize), got 3"));
  EXPECT_THAT(get("distillation=0.1", ""), HasSubstr("got 0"));
}

TEST_F(TermLadderTest, RunsWithOtherScalesDoNotGoOn) {
  auto create = [&](llvm::StringRef activations) {
    auto module = createNetwork();
    return llvm::cantFail(
        Trainer::create(*module, getSettings("", activations)));
  };
  NamedArrays checkpoint = create("default-range=4")->getCheckpoint();
  llvm::cantFail(create("default-range=4")->restore(checkpoint));
  EXPECT_THAT(llvm::toString(create("default-range=5")->restore(checkpoint)),
              HasSubstr("fake_quantize"));
}

TEST(TermLadderSettingsTest, BadLaddersAreRefused) {
  auto parse = [](const Twine &options) {
    return getMessage(TermTrainingSettings::parse(options.str()));
  };
  EXPECT_EQ(parse("group=16 ladder=paper"), "");
  EXPECT_EQ(parse("group=16 ladder=2:8,0:9"), "");
  EXPECT_EQ(parse("group=16 ladder=2:8,3:9 digits=binary"), "");
  EXPECT_THAT(parse("ladder=8,9"), HasSubstr("data-terms:budget,..., got '8'"));
  EXPECT_THAT(parse("ladder=2:8"), HasSubstr("at least 2 resolutions"));
  EXPECT_THAT(parse("ladder=2:8,2:8"), HasSubstr("got 2:8 before 2:8"));
  EXPECT_THAT(parse("ladder=3:8,2:9"), HasSubstr("got 3:8 before 2:9"));
  EXPECT_THAT(parse("ladder=9:8,9:9"), HasSubstr("data terms in [0, 8]"));
  EXPECT_THAT(
      parse("group=2 ladder=1:4,2:17"),
      HasSubstr("budgets in [1, 16] in ladder for groups of 2, got 17"));
  EXPECT_THAT(parse("budget=10 ladder=paper"), HasSubstr("exclude each other"));
  EXPECT_THAT(parse("ladder=2:8,3:9 digits=booth4"),
              HasSubstr("binary or naf with ladder"));
}
