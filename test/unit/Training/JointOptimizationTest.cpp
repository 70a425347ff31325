//===- JointOptimizationTest.cpp - Pruning and combining in training ------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A small network on random images: pruned weights never come back, rounds come
// when they should and reach their sparsity, what comes out keeps its promises,
// and a run cut anywhere ends with the same bits.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/JointOptimization.h"
#include "SmallTraining.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "mlir/IR/Verifier.h"
#include "gmock/gmock.h"

using namespace mlir;
using namespace colonnade;
using testing::HasSubstr;

namespace {

/// A network in training, with what prunes it.
struct JointRun {
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<Trainer> trainer;
  std::unique_ptr<JointOptimization> joint;

  /// Positions of the zeros among the weights to combine.
  std::vector<std::pair<size_t, size_t>> getZeros() const {
    std::vector<std::pair<size_t, size_t>> zeros;
    for (size_t matrix : kMatrices)
      for (auto [i, weight] :
           llvm::enumerate(std::as_const(*trainer).getParameter(matrix)))
        if (weight == 0)
          zeros.emplace_back(matrix, i);
    return zeros;
  }
};

class JointOptimizationTest : public SmallTraining {
protected:
  JointRun createRun(llvm::StringRef combine,
                     llvm::StringRef step = "learning-rate=0.1") {
    JointRun run;
    run.module = createNetwork();
    run.trainer = createTrainer(*run.module, step);
    run.joint = llvm::cantFail(JointOptimization::create(
        *run.module,
        llvm::cantFail(JointSettings::parse(combine, kTotalSteps))));
    run.joint->setTestData(*data);
    llvm::cantFail(run.trainer->addHook(*run.joint));
    return run;
  }
};

} // namespace

TEST_F(JointOptimizationTest, PrunedWeightsStayZero) {
  for (const char *step : {"learning-rate=0.1", "optimizer=adam"}) {
    JointRun run = createRun("fan-in=4 sparsity=0.6 events=3", step);
    std::vector<std::pair<size_t, size_t>> before;
    for (int64_t i = 0; i < kTotalSteps; ++i) {
      this->step(*run.trainer, 1);
      auto zeros = run.getZeros();
      EXPECT_TRUE(llvm::includes(zeros, before)) << step << " step " << i;
      for (auto [matrix, position] : before)
        for (auto state : run.trainer->getOptimizerState(matrix))
          EXPECT_EQ(state[position], 0);
      before = zeros;
    }
    EXPECT_EQ(run.trainer->getOptimizerState(0).size(),
              llvm::StringRef(step).contains("adam") ? 2u : 1u);
  }
}

TEST_F(JointOptimizationTest, RoundsComeInTheFirstHalfAndReachTheirSparsity) {
  for (const char *schedule : {"cubic", "geometric"}) {
    std::string options =
        ("fan-in=4 sparsity=0.5 events=3 schedule=" + llvm::Twine(schedule))
            .str();
    JointRun run = createRun(options);
    step(*run.trainer, kTotalSteps);
    llvm::cantFail(run.joint->finish(*run.trainer));
    const PruningLog &log = run.joint->getLog();
    ASSERT_EQ(log.size(), 3u);
    for (auto [i, round] : llvm::enumerate(log)) {
      EXPECT_EQ(round.round, int64_t(i) + 1);
      EXPECT_EQ(round.step, 2 * (int64_t(i) + 1));
      // Of two layers, each rounded down to whole weights.
      EXPECT_GE(round.sparsity, round.targetSparsity - 2.0 / 256);
      EXPECT_EQ(round.columns, kFeatures + 16);
      EXPECT_LE(round.groups, round.columns);
      EXPECT_GT(round.utilization, 0);
      EXPECT_FALSE(std::isnan(round.prunedAccuracy));
      EXPECT_FALSE(std::isnan(round.retrainedAccuracy));
    }
    EXPECT_GT(log[2].sparsity, log[0].sparsity);
    EXPECT_LT(log[2].groups, log[0].columns);
  }
}

TEST_F(JointOptimizationTest, TheResultKeepsItsPromises) {
  for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms()) {
    JointRun run = createRun(
        ("fan-in=3 sparsity=0.5 events=2 algorithm=" + algorithm->getName())
            .str());
    step(*run.trainer, kTotalSteps);
    run.trainer->storeParameters(*run.module);
    run.joint->storePromises(*run.module);
    auto parameters =
        collectParameters(run.module->lookupSymbol<func::FuncOp>("main"));
    int64_t groups = 0;
    for (size_t matrix : kMatrices) {
      ColumnsAttr promise =
          getColumnsPromise(parameters[matrix].constant.getType());
      ASSERT_TRUE(promise);
      EXPECT_EQ(promise.getRowAxis(), 1);
      EXPECT_EQ(promise.getFanIn(), 3);
      groups += promise.getNumGroups();
    }
    EXPECT_EQ(groups, run.joint->getLog().back().groups);
    PassManager manager(&context);
    manager.addPass(createVerifyPromises());
    EXPECT_TRUE(succeeded(verify(*run.module)));
    EXPECT_TRUE(succeeded(manager.run(*run.module)));
  }
}

TEST_F(JointOptimizationTest, ACutRunEndsWithTheSameBits) {
  constexpr const char *kOptions = "fan-in=4 sparsity=0.6 events=3";
  JointRun whole = createRun(kOptions);
  step(*whole.trainer, kTotalSteps);
  NamedArrays expected = whole.trainer->getCheckpoint();
  for (int64_t cut : {1, 2, 3, 6, 11}) {
    JointRun first = createRun(kOptions);
    step(*first.trainer, cut);
    JointRun second = createRun(kOptions);
    llvm::cantFail(second.trainer->restore(first.trainer->getCheckpoint()));
    step(*second.trainer, kTotalSteps - cut);
    expectEqual(second.trainer->getCheckpoint(), expected);
  }
}

TEST_F(JointOptimizationTest, OtherSettingsAreNotResumed) {
  JointRun run = createRun("events=3");
  NamedArrays checkpoint = run.trainer->getCheckpoint();
  EXPECT_THAT(getMessage(createRun("events=2").trainer->restore(checkpoint)),
              HasSubstr("was made with combine '"));
  auto plain = createTrainer(*run.module);
  EXPECT_THAT(getMessage(plain->restore(checkpoint)),
              HasSubstr("this run has '': resume with the same settings"));
  checkpoint.arrays["combine.mask.parameter0"] =
      NpyArray::get<uint8_t>({1, 1}, {2});
  EXPECT_THAT(getMessage(run.trainer->restore(checkpoint)),
              HasSubstr("expected 192 elements in array "
                        "'combine.mask.parameter0', got 2"));
}

TEST_F(JointOptimizationTest, APolicyLeavesLayersAlone) {
  std::vector<std::string> remarks;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    remarks.push_back(diagnostic.str());
    return success();
  });
  // The second layer is called linalg.matmul too.
  std::string policy =
      directory.write("policy.json",
                      R"({"layers": [{"name": "linalg.matmul#1", "fan_in": 2},
                     {"name": "linalg.matmul", "fan_in": 1}]})");
  JointRun run = createRun("sparsity=0.5 events=2 policy=" + policy);
  step(*run.trainer, kTotalSteps);
  EXPECT_EQ(run.joint->getLog().back().columns, 16);
  EXPECT_FALSE(llvm::is_contained(run.trainer->getParameter(0), 0.0f));
  ASSERT_EQ(remarks.size(), 1u);
  EXPECT_THAT(remarks.front(),
              HasSubstr("these weights are not combined: fan-in 1 combines "
                        "nothing, the matrix has 12 columns"));
}

TEST(JointSettingsTest, RoundsAreEvenlySpaced) {
  auto settings = llvm::cantFail(JointSettings::parse("events=4", 22));
  std::vector<int64_t> steps;
  for (int64_t step = 0; step <= 22; ++step)
    if (settings.getRound(step))
      steps.push_back(step);
  EXPECT_THAT(steps, testing::ElementsAre(2, 5, 8, 11));
  settings = llvm::cantFail(JointSettings::parse("events=4 end-step=8", 9));
  EXPECT_EQ(settings.endStep, 8);
}

TEST(JointSettingsTest, GeometricTakesTheRoundsItNeeds) {
  for (double sparsity : {0.1, 0.5, 0.8}) {
    std::string options =
        "schedule=geometric sparsity=" + std::to_string(sparsity);
    auto settings = llvm::cantFail(JointSettings::parse(options, 1000));
    const IterativePruningOptions &pruning = settings.pruning;
    EXPECT_DOUBLE_EQ(getTargetSparsity(pruning.events, pruning), sparsity);
    EXPECT_LT(getTargetSparsity(pruning.events - 1, pruning), sparsity);
  }
}

TEST(JointSettingsTest, BadOptionsAreRefused) {
  auto parse = [](llvm::StringRef options) {
    return getMessage(JointSettings::parse(options, 100));
  };
  EXPECT_THAT(parse("speed=1"), HasSubstr("speed"));
  EXPECT_THAT(parse("fan-in=0"), HasSubstr("fan-in 0"));
  EXPECT_THAT(parse("fan-in=256"), HasSubstr("at most 255, got 256"));
  EXPECT_THAT(parse("sparsity=1"), HasSubstr("sparsity 1 is not in [0, 1)"));
  EXPECT_THAT(parse("algorithm=best"),
              HasSubstr("agglomerative, dense-first, got 'best'"));
  EXPECT_THAT(parse("events=51"),
              HasSubstr("for each of the 51 rounds, got 50 steps"));
  EXPECT_THAT(parse("schedule=geometric sparsity=0.95"),
              HasSubstr("sparsity of 0.8"));
  EXPECT_THAT(parse("array-rows=0"),
              HasSubstr("array-rows of at least 1, got 0"));
}
