//===- TermTrainingTest.cpp - Training for a term budget ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The network computes with rounded weights, the updates go to the master
// weights, and the compiler loses nothing of what comes out.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/TermTraining.h"
#include "SmallTraining.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Training/PromisedZeros.h"
#include "gmock/gmock.h"

using namespace mlir;
using namespace colonnade;
using testing::HasSubstr;

namespace {

struct RoundedRun {
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<Trainer> trainer;
  std::unique_ptr<TermTraining> terms;

  /// The master weights of a matrix.
  std::vector<float> getMaster(size_t matrix) const {
    NamedArrays checkpoint = trainer->getCheckpoint();
    const NpyArray &array = checkpoint.arrays.lookup("terms.master.parameter" +
                                                     std::to_string(matrix));
    return llvm::cantFail(array.getValues<float>()).vec();
  }
};

class TermTrainingTest : public SmallTraining {
protected:
  RoundedRun createRun(llvm::StringRef options) {
    RoundedRun run;
    run.module = createNetwork();
    run.trainer = createTrainer(*run.module, kStep);
    run.terms = llvm::cantFail(TermTraining::create(
        *run.module, llvm::cantFail(TermTrainingSettings::parse(options))));
    llvm::cantFail(run.trainer->addHook(*run.terms));
    return run;
  }

  /// How the network's weights are rounded.
  std::vector<TermWeights> getWeights(ModuleOp module,
                                      const TermBudget &budget) {
    return *collectTermWeights(module.lookupSymbol<func::FuncOp>("main"),
                               budget, "",
                               [](linalg::LinalgOp, const Twine &) {});
  }

  static constexpr const char *kStep = "learning-rate=0.1 momentum=0";
};

} // namespace

TEST_F(TermTrainingTest, UpdatesOfRoundedWeightsGoToTheMasters) {
  RoundedRun run = createRun("group=4 budget=5");
  std::vector<TermWeights> weights =
      getWeights(*run.module, {4, 5, DigitSet::Naf});
  ASSERT_EQ(weights.size(), std::size(kMatrices));
  for (int64_t i = 0; i < kTotalSteps; ++i) {
    // The same step of a trainer that knows nothing of terms.
    auto plain = createTrainer(*run.module, kStep);
    NamedArrays checkpoint = run.trainer->getCheckpoint();
    checkpoint.metadata.erase("terms");
    llvm::cantFail(plain->restore(checkpoint));
    step(*plain, 1);
    for (auto [matrix, rounding] : llvm::zip_equal(kMatrices, weights)) {
      std::vector<float> master = run.getMaster(matrix);
      EXPECT_EQ(run.trainer->getParameter(matrix),
                ArrayRef(rounding.round(master)));
    }
    std::vector<std::vector<float>> expected;
    for (size_t matrix : kMatrices) {
      expected.push_back(run.getMaster(matrix));
      for (auto [master, before, after] :
           llvm::zip_equal(expected.back(), run.trainer->getParameter(matrix),
                           plain->getParameter(matrix)))
        master += after - before;
    }
    step(*run.trainer, 1);
    for (auto [matrix, masters] : llvm::zip_equal(kMatrices, expected))
      EXPECT_EQ(run.getMaster(matrix), masters);
  }
}

/// The integers of a network's weights after quantization and, if a budget is
/// given, term selection.
static std::vector<std::vector<int8_t>> compile(ModuleOp module,
                                                const TermBudget &budget) {
  OwningOpRef<ModuleOp> copy(module.clone());
  PassManager manager(module.getContext());
  manager.addNestedPass<func::FuncOp>(createNormalizeContractions());
  QuantizeOptions quantize;
  quantize.defaultRange = 1;
  manager.addPass(createQuantize(quantize));
  TermQuantizeOptions terms;
  terms.group = budget.group;
  terms.budget = budget.budget;
  if (budget.budget != 0)
    manager.addNestedPass<func::FuncOp>(createTermQuantize(terms));
  manager.addPass(createVerifyPromises());
  EXPECT_TRUE(succeeded(manager.run(*copy)));
  std::vector<std::vector<int8_t>> integers;
  copy->walk([&](arith::ConstantOp op) {
    auto type = dyn_cast<RankedTensorType>(op.getType());
    if (type && type.getRank() == 2 && type.getElementType().isInteger(8))
      integers.push_back(*readInt8Values(cast<ElementsAttr>(op.getValue())));
  });
  return integers;
}

TEST_F(TermTrainingTest, TheCompilerLosesNoTerm) {
  for (TermBudget budget : {TermBudget{4, 2}, TermBudget{8, 5},
                            TermBudget{16, 10}, TermBudget{3, 7}}) {
    RoundedRun run = createRun(
        ("group=" + Twine(budget.group) + " budget=" + Twine(budget.budget))
            .str());
    step(*run.trainer, kTotalSteps);
    run.trainer->storeParameters(*run.module);
    auto integers = compile(*run.module, {});
    EXPECT_EQ(integers.size(), std::size(kMatrices));
    EXPECT_EQ(compile(*run.module, budget), integers) << budget.group;
  }
}

TEST_F(TermTrainingTest, RoundingKeepsTheBudget) {
  RandomCases random(3);
  OwningOpRef<ModuleOp> module = createNetwork();
  for (int round = 0; round < 100; ++round) {
    TermBudget budget{random.getInteger(1, 20), 0};
    budget.budget = random.getInteger(1, 3 * budget.group);
    for (const TermWeights &weights : getWeights(*module, budget)) {
      std::vector<float> values(weights.promised.getNumElements());
      for (float &value : values)
        value = float(random.getInteger(-1000, 1000)) / 512;
      std::vector<float> rounded = weights.round(values);
      // Scales are rounded; a term is at least 2 / 127.
      EXPECT_THAT(weights.round(rounded),
                  testing::Pointwise(testing::FloatNear(1e-5f), rounded))
          << budget.group << ", " << budget.budget;
    }
  }
}

TEST_F(TermTrainingTest, ACutRunEndsWithTheSameBits) {
  constexpr const char *kOptions = "group=8 budget=6";
  RoundedRun whole = createRun(kOptions);
  step(*whole.trainer, kTotalSteps);
  for (int64_t cut : {1, 6, 11}) {
    RoundedRun first = createRun(kOptions), second = createRun(kOptions);
    step(*first.trainer, cut);
    llvm::cantFail(second.trainer->restore(first.trainer->getCheckpoint()));
    step(*second.trainer, kTotalSteps - cut);
    expectEqual(second.trainer->getCheckpoint(),
                whole.trainer->getCheckpoint());
  }
}

TEST_F(TermTrainingTest, PromisedColumnsKeepTheirZeros) {
  context.loadDialect<ColonnadeDialect>();
  RoundedRun run;
  run.module = createNetwork();
  auto parameters =
      collectParameters(run.module->lookupSymbol<func::FuncOp>("main"));
  // Every second input of the first layer is in no group.
  SmallVector<int32_t> assignment;
  for (int32_t i = 0; i < kFeatures; ++i)
    assignment.push_back(i % 2 == 0 ? i / 2 : -1);
  arith::ConstantOp constant = parameters[0].constant;
  auto type = withPromises(
      cast<RankedTensorType>(constant.getType()),
      ColumnsAttr::get(&context, 1, std::nullopt, 2, assignment), TermsAttr());
  std::vector<float> values(type.getNumElements());
  for (auto [i, value] : llvm::enumerate(values))
    value = assignment[i / 16] < 0 ? 0 : float(i % 7) - 3;
  constant.setValueAttr(DenseElementsAttr::get(type, ArrayRef(values)));
  constant.getResult().setType(type);

  run.trainer = createTrainer(*run.module);
  PromisedZeros zeros(*run.module);
  EXPECT_FALSE(zeros.empty());
  llvm::cantFail(run.trainer->addHook(zeros));
  run.terms = llvm::cantFail(TermTraining::create(
      *run.module,
      llvm::cantFail(TermTrainingSettings::parse("group=2 budget=6"))));
  llvm::cantFail(run.trainer->addHook(*run.terms));
  step(*run.trainer, kTotalSteps);
  run.trainer->storeParameters(*run.module);
  auto integers = compile(*run.module, {});
  EXPECT_EQ(compile(*run.module, {2, 6}), integers);
  for (auto [i, value] : llvm::enumerate(run.trainer->getParameter(0)))
    EXPECT_TRUE(values[i] != 0 || value == 0) << i;
}

TEST(TermTrainingSettingsTest, BadOptionsAreRefused) {
  auto parse = [](llvm::StringRef options) {
    return getMessage(TermTrainingSettings::parse(options));
  };
  EXPECT_EQ(parse("group=16 budget=10 digits=booth4"), "");
  EXPECT_THAT(parse("data-terms=2"), HasSubstr("data-terms"));
  EXPECT_THAT(parse("group=0"), HasSubstr("group in [1, 65535], got 0"));
  EXPECT_THAT(parse("group=2 budget=17"),
              HasSubstr("budget in [0, 16] for groups of 2, got 17"));
  EXPECT_THAT(parse("digits=roman"), HasSubstr("got 'roman'"));
}
