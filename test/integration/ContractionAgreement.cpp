//===- ContractionAgreement.cpp - Blocks and run-time weights
//--------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every kind of contraction gives the same integers as stripped linalg in the
// JIT, at the machine level and, in the same cycles, at the cell level; on a
// machine it fits and on one where everything is cut and spilled.
//
//===----------------------------------------------------------------------===//

#include "../unit/Support/RandomCases.h"
#include "ContractionNetworks.h"
#include "ShippedNetworks.h"
#include "colonnade/Conversion/LinalgToSystolic/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
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

  void check(const ContractionNetwork &network, uint64_t seed,
             DepthwisePlace place = DepthwisePlace::Cheaper);
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

void ContractionAgreement::check(const ContractionNetwork &network,
                                 uint64_t seed, DepthwisePlace place) {
  OwningOpRef<ModuleOp> module =
      parseSourceString<ModuleOp>(network.module, &context);
  ASSERT_TRUE(module);
  std::unique_ptr<JitFunction> jit = compile(*module);
  ASSERT_TRUE(jit);
  std::optional<sim::Program> program = schedule(*module, place);
  ASSERT_TRUE(program);
  auto machine = llvm::cantFail(sim::Simulator::create(*program));
  sim::SimulationOptions cellLevel;
  cellLevel.fidelity = sim::Fidelity::Cell;
  auto cells = llvm::cantFail(sim::Simulator::create(*program, cellLevel));

  RandomCases random(seed);
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

class DepthwiseAgreement : public ContractionAgreement {};

/// The other tests run only what the cost model prefers.
TEST_P(DepthwiseAgreement, BothPlacesOfDepthwiseComputeTheSame) {
  for (uint64_t seed = 20; seed < 30; ++seed)
    for (auto place : {DepthwisePlace::Array, DepthwisePlace::VectorUnit}) {
      ContractionNetwork network =
          makeContractionNetwork(ContractionKind::Depthwise, seed);
      check(network, seed, place);
      ASSERT_FALSE(HasFailure()) << "seed " << seed << "\n" << network.module;
    }
}

/// The model knows a layer by itself, not what runs before and after it. On
/// layers as small as these, it may err where start-up costs decide: measured,
/// 7 of 40 layers on one of the targets, none on the others, by at most 1.32
/// times the cycles. A ratchet.
TEST_P(DepthwiseAgreement, TheCheaperPlaceIsChosen) {
  int64_t wrong = 0;
  for (uint64_t seed = 0; seed < 40; ++seed) {
    ContractionNetwork network =
        makeContractionNetwork(ContractionKind::Depthwise, seed);
    int64_t array = countCycles(network, DepthwisePlace::Array);
    int64_t vector = countCycles(network, DepthwisePlace::VectorUnit);
    int64_t chosen = countCycles(network, DepthwisePlace::Cheaper);
    wrong += chosen > std::min(array, vector);
    EXPECT_LE(chosen, 1.32 * std::min(array, vector)) << "seed " << seed;
  }
  EXPECT_LE(wrong, 7);
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
