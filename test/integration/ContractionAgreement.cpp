//===- ContractionAgreement.cpp - Blocks and run-time weights -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every kind of contraction gives the same integers as stripped linalg in the
// JIT, at the machine level and, in the same cycles, at the cell level; on a
// machine it fits and on one where everything is cut and spilled; with and
// without promises about weights and data.
//
//===----------------------------------------------------------------------===//

#include "../unit/Support/RandomCases.h"
#include "ContractionNetworks.h"
#include "ShippedNetworks.h"
#include "colonnade/Conversion/LinalgToSystolic/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Systolic/IR/TargetFile.h"
#include "colonnade/Dialect/Systolic/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Simulator/Timing.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

struct Case {
  ContractionKind kind;
  const char *target;
};

class ContractionAgreement : public testing::TestWithParam<Case> {
protected:
  ContractionAgreement() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  std::unique_ptr<JitFunction> compile(ModuleOp module) {
    OwningOpRef<ModuleOp> stripped(module.clone());
    PassManager manager(&context);
    manager.addPass(createStripEncodings());
    if (failed(manager.run(*stripped)))
      return nullptr;
    return llvm::cantFail(
        JitFunction::compile(*stripped, "main", JitOptimization::CompileTime));
  }

  std::optional<sim::Program>
  schedule(ModuleOp module, DepthwisePlace place = DepthwisePlace::Cheaper) {
    PassManager manager(&context);
    ConvertLinalgToSystolicOptions options;
    options.target = GetParam().target;
    options.depthwise = place;
    manager.addPass(createConvertLinalgToSystolic(options));
    manager.addPass(systolic::createSchedule());
    if (failed(manager.run(module)))
      return std::nullopt;
    return exportOnlyProgram(module);
  }

  /// Combines columns and selects terms, as much as the target's cell can use.
  LogicalResult promise(ModuleOp module, RandomCases &random);
  void check(const ContractionNetwork &network, uint64_t seed,
             DepthwisePlace place = DepthwisePlace::Cheaper,
             bool isPromised = false);
  int64_t countCycles(const ContractionNetwork &network, DepthwisePlace place);

  MLIRContext context;
};

std::vector<uint8_t> run(sim::Simulator &simulator,
                         llvm::ArrayRef<uint8_t> input, int64_t elements) {
  std::vector<uint8_t> output(elements);
  llvm::Error error = simulator.run(input, output);
  EXPECT_FALSE(bool(error)) << llvm::toString(std::move(error));
  return output;
}

int64_t ContractionAgreement::countCycles(const ContractionNetwork &network,
                                          DepthwisePlace place) {
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(network.module, &context);
  return llvm::cantFail(sim::computeTiming(*schedule(*module, place)))
      .getCycles();
}

LogicalResult ContractionAgreement::promise(ModuleOp module,
                                            RandomCases &random) {
  auto target = systolic::readTargetFile(&context, GetParam().target);
  std::shared_ptr<const sim::CellModel> cell = target->getCellModel();
  CombineColumnsOptions combine;
  combine.fanIn = std::min<int64_t>(cell->getMaxFanIn(), 4);
  combine.conflictLimit = random.getUniform();
  TermQuantizeOptions terms;
  terms.group = random.getInteger(1, cell->getDepth());
  terms.budget = random.getInteger(1, 2 * terms.group);
  terms.dataTerms = random.getInteger(0, 4);
  PassManager manager(&context);
  manager.addNestedPass<func::FuncOp>(createCombineColumns(combine));
  manager.addNestedPass<func::FuncOp>(createTermQuantize(terms));
  manager.addPass(createVerifyPromises());
  return manager.run(module);
}

void ContractionAgreement::check(const ContractionNetwork &network,
                                 uint64_t seed, DepthwisePlace place,
                                 bool isPromised) {
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(network.module, &context);
  ASSERT_TRUE(module);
  RandomCases random(seed);
  if (isPromised)
    ASSERT_TRUE(succeeded(promise(*module, random)));
  std::unique_ptr<JitFunction> jit = compile(*module);
  ASSERT_TRUE(jit);
  std::optional<sim::Program> program = schedule(*module, place);
  ASSERT_TRUE(program);
  auto machine = llvm::cantFail(sim::Simulator::create(*program));
  sim::SimulationOptions cellLevel;
  cellLevel.fidelity = sim::Fidelity::Cell;
  auto cells = llvm::cantFail(sim::Simulator::create(*program, cellLevel));

  std::vector<uint8_t> input(network.inputElements);
  for (uint8_t &value : input)
    value = static_cast<uint8_t>(random.getInteger(-127, 127));
  std::vector<uint8_t> expected(network.outputElements);
  llvm::cantFail(jit->run({input.data()}, {expected.data()}));
  EXPECT_EQ(run(*machine, input, network.outputElements), expected);
  EXPECT_EQ(run(*cells, input, network.outputElements), expected);
  EXPECT_EQ(cells->getTiming().instructions, machine->getTiming().instructions);
  EXPECT_EQ(cells->getActivity().total.usefulWork,
            machine->getActivity().total.usefulWork);
}

TEST_P(ContractionAgreement, JitMachineAndCellsComputeTheSame) {
  for (uint64_t seed = 0; seed < 12; ++seed) {
    ContractionNetwork network = makeContractionNetwork(GetParam().kind, seed);
    check(network, seed);
    ASSERT_FALSE(HasFailure()) << "seed " << seed << "\n" << network.module;
  }
}

/// Each group's, channel's or batch element's filters are packed by themselves.
TEST_P(ContractionAgreement, PromisedWeightsComputeTheSame) {
  for (uint64_t seed = 100; seed < 112; ++seed) {
    ContractionNetwork network = makeContractionNetwork(GetParam().kind, seed);
    check(network, seed, DepthwisePlace::Cheaper, /*isPromised=*/true);
    ASSERT_FALSE(HasFailure()) << "seed " << seed << "\n" << network.module;
  }
}

/// The int8 weights that a module holds, with their promises.
llvm::DenseSet<Attribute> collectWeights(ModuleOp module) {
  llvm::DenseSet<Attribute> weights;
  module.walk([&](arith::ConstantOp constant) {
    auto type = dyn_cast<RankedTensorType>(constant.getType());
    if (type && type.getElementType().isInteger(8))
      weights.insert(constant.getValue());
  });
  return weights;
}

/// Stored packed, no value, no promise and no place is lost.
TEST_P(ContractionAgreement, UnpackingGivesBackPromisedWeights) {
  int64_t unpacked = 0;
  for (uint64_t seed = 200; seed < 212; ++seed) {
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
        makeContractionNetwork(GetParam().kind, seed).module, &context);
    RandomCases random(seed);
    ASSERT_TRUE(succeeded(promise(*module, random)));
    llvm::DenseSet<Attribute> before = collectWeights(*module);
    ASSERT_TRUE(schedule(*module, DepthwisePlace::Array));
    PassManager manager(&context);
    manager.addPass(systolic::createUnpackWeights());
    ASSERT_TRUE(succeeded(manager.run(*module)));
    for (Attribute weights : collectWeights(*module)) {
      EXPECT_TRUE(before.contains(weights)) << "seed " << seed;
      ++unpacked;
    }
  }
  EXPECT_GT(unpacked, 0);
}

class DepthwiseAgreement : public ContractionAgreement {};

/// The other tests run only what the cost model prefers.
TEST_P(DepthwiseAgreement, BothPlacesOfDepthwiseComputeTheSame) {
  for (uint64_t seed = 20; seed < 30; ++seed)
    for (auto place : {DepthwisePlace::Array, DepthwisePlace::VectorUnit}) {
      ContractionNetwork network =
          makeContractionNetwork(ContractionKind::Depthwise, seed);
      check(network, seed, place, /*isPromised=*/seed % 2);
      ASSERT_FALSE(HasFailure()) << "seed " << seed << "\n" << network.module;
    }
}

/// The choice is made by scheduling the layer in every way, so it is exact.
TEST_P(DepthwiseAgreement, TheCheaperPlaceIsChosen) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    ContractionNetwork network =
        makeContractionNetwork(ContractionKind::Depthwise, seed);
    int64_t array = countCycles(network, DepthwisePlace::Array);
    int64_t vector = countCycles(network, DepthwisePlace::VectorUnit);
    EXPECT_EQ(countCycles(network, DepthwisePlace::Cheaper),
              std::min(array, vector))
        << "seed " << seed << "\n"
        << network.module;
  }
}

const char *const kTargets[] = {
    "edge-32x32", "paper-cc-32x32",
    // Everything is cut into tiles and bands.
    COLONNADE_TEST_DATA "/targets/tiny-8x4.json",
    // Depthwise convolutions are cheaper on the array.
    COLONNADE_TEST_DATA "/targets/mac-16x16.json"};

std::vector<Case> getCases(llvm::ArrayRef<ContractionKind> kinds) {
  std::vector<Case> cases;
  for (ContractionKind kind : kinds)
    for (const char *target : kTargets)
      cases.push_back({kind, target});
  return cases;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, ContractionAgreement,
    testing::ValuesIn(
        getCases({ContractionKind::Attention, ContractionKind::Grouped,
                  ContractionKind::Depthwise, ContractionKind::WeightsInFront,
                  ContractionKind::BatchedWeights})));

INSTANTIATE_TEST_SUITE_P(
    Depthwise, DepthwiseAgreement,
    testing::ValuesIn(getCases(ContractionKind::Depthwise)));

} // namespace
