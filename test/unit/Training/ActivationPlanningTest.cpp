//===- ActivationPlanningTest.cpp - Plans against all choices -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small random chains are planned by trying every choice, too; long ones must
// be planned fast, and never by a slower choice than a simpler rule finds.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/ActivationPlanning.h"
#include "gmock/gmock.h"
#include <random>

using namespace colonnade;

namespace {

class ChainGenerator {
public:
  explicit ChainGenerator(uint64_t seed) : engine(seed) {}

  int64_t between(int64_t low, int64_t high) {
    return low + static_cast<int64_t>(engine() % (high - low + 1));
  }

  /// A peak covers what is kept, as of real blocks.
  PlanStep makeStep(int64_t largest) {
    PlanStep step{between(0, largest), between(0, largest), 0};
    step.peak = step.kept + between(0, largest);
    return step;
  }

  std::vector<PlanBlock> makeChain(size_t blocks, int64_t largest) {
    std::vector<PlanBlock> chain(blocks);
    size_t before = 1;
    for (PlanBlock &block : chain) {
      // Some have no choice, as code between couplings.
      block.options = between(0, 4) == 0 ? 1 : 3;
      for (size_t i = 0; i < before * block.options; ++i)
        block.steps.push_back(makeStep(largest));
      before = block.options;
    }
    return chain;
  }

private:
  std::mt19937_64 engine;
};

/// Calls `visit` with every choice.
template <typename Visit>
void enumerateChoices(const std::vector<PlanBlock> &chain, Visit visit) {
  std::vector<size_t> options(chain.size(), 0);
  while (true) {
    visit(evaluateOptions(chain, options));
    size_t i = 0;
    while (i < chain.size() && ++options[i] == chain[i].options)
      options[i++] = 0;
    if (i == chain.size())
      return;
  }
}

TEST(ActivationPlanning, IsOptimalOnSmallChains) {
  ChainGenerator random(5);
  for (int sample = 0; sample < 3000; ++sample) {
    // Small numbers make ties.
    int64_t largest = sample % 2 ? 6 : 1000;
    auto chain = random.makeChain(random.between(1, 7), largest);
    int64_t leastPeak = std::numeric_limits<int64_t>::max(), mostPeak = 0;
    enumerateChoices(chain, [&](const ActivationSchedule &choice) {
      leastPeak = std::min(leastPeak, choice.peak);
      mostPeak = std::max(mostPeak, choice.peak);
    });
    ASSERT_EQ(findLeastPeak(chain), leastPeak) << sample;
    int64_t limit = random.between(leastPeak, mostPeak);
    int64_t leastTime = std::numeric_limits<int64_t>::max();
    enumerateChoices(chain, [&](const ActivationSchedule &choice) {
      if (choice.peak <= limit)
        leastTime = std::min(leastTime, choice.time);
    });
    auto found = findFastestSchedule(chain, limit);
    ASSERT_TRUE(found) << sample;
    EXPECT_EQ(found->time, leastTime) << sample;
    EXPECT_LE(found->peak, limit) << sample;
    auto evaluated = evaluateOptions(chain, found->options);
    EXPECT_EQ(evaluated.time, found->time);
    EXPECT_EQ(evaluated.peak, found->peak);
  }
}

TEST(ActivationPlanning, NothingFitsBelowTheLeastPeak) {
  ChainGenerator random(6);
  for (int sample = 0; sample < 500; ++sample) {
    auto chain = random.makeChain(random.between(1, 30), 100);
    int64_t least = findLeastPeak(chain);
    EXPECT_TRUE(findFastestSchedule(chain, least));
    if (least > 0)
      EXPECT_FALSE(findFastestSchedule(chain, least - 1));
  }
}

TEST(ActivationPlanning, MoreMemoryIsNeverSlower) {
  ChainGenerator random(7);
  for (int sample = 0; sample < 100; ++sample) {
    auto chain = random.makeChain(40, 50);
    int64_t least = findLeastPeak(chain);
    int64_t before = std::numeric_limits<int64_t>::max();
    for (int64_t limit = least; limit < 2 * least; limit += 1 + least / 10) {
      auto found = findFastestSchedule(chain, limit);
      ASSERT_TRUE(found);
      EXPECT_LE(found->time, before);
      before = found->time;
    }
  }
}

/// Store, invert, checkpoint of a coupling with streams of `bytes` each.
PlanBlock makeCoupling(int64_t bytes, int64_t macs) {
  PlanBlock block;
  block.options = 3;
  for (size_t previous = 0; previous < 3; ++previous) {
    int64_t boundary = previous == 1 ? 2 * bytes : 0;
    block.steps.push_back({0, 6 * bytes + boundary, 12 * bytes + boundary});
    block.steps.push_back({macs + 4 * bytes, 0, 10 * bytes});
    block.steps.push_back({macs + 2 * bytes, 2 * bytes, 11 * bytes});
  }
  return block;
}

TEST(ActivationPlanning, PlansLongChainsFast) {
  std::vector<PlanBlock> chain;
  for (int stage = 0; stage < 3; ++stage)
    for (int i = 0; i < 334; ++i)
      chain.push_back(makeCoupling(6422528 >> stage, 29000000 + i % 2));
  int64_t invertAll =
      evaluateOptions(chain, std::vector<size_t>(chain.size(), 1)).time;
  int64_t least = findLeastPeak(chain);
  int64_t most =
      evaluateOptions(chain, std::vector<size_t>(chain.size(), 0)).peak;
  auto found = findFastestSchedule(chain, least + (most - least) / 2);
  ASSERT_TRUE(found);
  EXPECT_LE(found->peak, least + (most - least) / 2);
  // Half of the memory spares at least four tenths of the time.
  EXPECT_LT(found->time, invertAll * 6 / 10);
}

TEST(ActivationPlanning, PlansLongRandomChains) {
  ChainGenerator random(8);
  std::vector<PlanBlock> chain;
  for (int i = 0; i < 1000; ++i)
    chain.push_back(makeCoupling(random.between(1, 64) << 10,
                                 random.between(100, 200) << 10));
  int64_t least = findLeastPeak(chain);
  auto found = findFastestSchedule(chain, 20 * least);
  ASSERT_TRUE(found);
  EXPECT_LE(found->peak, 20 * least);
}

TEST(ActivationPlanning, TakesNoBlocks) {
  EXPECT_EQ(findLeastPeak({}), 0);
  auto found = findFastestSchedule({}, 0);
  ASSERT_TRUE(found);
  EXPECT_TRUE(found->options.empty());
}

} // namespace
