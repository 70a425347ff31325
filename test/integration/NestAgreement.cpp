//===- NestAgreement.cpp - Nests and views compute the same bits ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Triple agreement for everything on the vector unit: random networks of
// elementwise ops, reductions, transposes, reshapes, slices, concatenations and
// pads, of integers and floats, give the same bits through MLIR's JIT, on the
// machine level and on the cell level, on a machine that holds all of it and on
// one that holds next to nothing.
//
//===----------------------------------------------------------------------===//

#include "RandomNests.h"
#include "ShippedNetworks.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "mlir/IR/Verifier.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

using Bytes = std::vector<uint8_t>;

struct Machine {
  const char *target;
  /// Copies between memories that the cases must need at least, so that they
  /// are known to work on spilled tensors and constants.
  int64_t leastCopies;
};

class NestAgreement : public testing::TestWithParam<Machine> {
protected:
  NestAgreement() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  std::optional<sim::Program> schedule(ModuleOp module) {
    CompileOptions options;
    setCommonOptions(options, GetParam().target, PixelNormalization());
    PassManager manager(&context);
    buildSchedulePipeline(manager, options);
    if (failed(manager.run(module)))
      return std::nullopt;
    return exportOnlyProgram(module);
  }

  MLIRContext context;
};

/// Copies between memories besides that of the input and output.
int64_t countCopies(const sim::Program &program) {
  return llvm::count_if(program.instructions,
                        [](const auto &instruction) {
                          return std::holds_alternative<sim::DmaCopy>(
                              instruction.payload);
                        }) -
         2;
}

Bytes runJit(const JitFunction &jit, const Bytes &input) {
  const JitFunction::Buffer &result = jit.getOutputs().front();
  Bytes output(result.getNumElements() * result.elementBytes);
  llvm::cantFail(jit.run({input.data()}, {output.data()}));
  return output;
}

std::string toText(ModuleOp module) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream);
  return text;
}

TEST_P(NestAgreement, AllLevelsComputeTheSameBitsInTheSameCycles) {
  RandomCases cases(2026);
  constexpr int64_t kCases = 150;
  int64_t copies = 0;
  for (int64_t round = 0; round < kCases; ++round) {
    OwningOpRef<ModuleOp> module =
        RandomNests(context, cases).build(cases.getInteger(1, 14));
    SCOPED_TRACE(toText(*module));
    ASSERT_TRUE(succeeded(verify(*module)));
    auto jit =
        JitFunction::compile(*module, "main", JitOptimization::CompileTime);
    ASSERT_TRUE(bool(jit)) << llvm::toString(jit.takeError());
    std::optional<sim::Program> program = schedule(*module);
    ASSERT_TRUE(program);
    copies += countCopies(*program);

    Bytes input((*jit)->getInputs().front().getNumElements());
    for (uint8_t &value : input)
      value = static_cast<uint8_t>(cases.getInteger(-128, 127));
    Bytes expected = runJit(**jit, input);
    Bytes machineOutput(expected.size()), cellOutput(expected.size());
    auto machine = llvm::cantFail(sim::Simulator::create(*program));
    llvm::cantFail(machine->run(input, machineOutput));
    ASSERT_EQ(machineOutput, expected);
    sim::SimulationOptions cellLevel;
    cellLevel.fidelity = sim::Fidelity::Cell;
    auto cells = llvm::cantFail(sim::Simulator::create(*program, cellLevel));
    llvm::cantFail(cells->run(input, cellOutput));
    ASSERT_EQ(cellOutput, expected);
    ASSERT_EQ(cells->getTiming().total, machine->getTiming().total);
  }
  EXPECT_GE(copies, GetParam().leastCopies);
}

INSTANTIATE_TEST_SUITE_P(Machines, NestAgreement,
                         testing::Values(Machine{"edge-32x32", 50},
                                         Machine{"targets/tiny-8x4.json", 500}),
                         [](const auto &machine) {
                           return machine.index == 0 ? "HoldsAll" : "Spills";
                         });

} // namespace
