//===- RandomMixedAgreement.cpp - Everything mixed, the same bits ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The other random agreement tests keep to one unit of the machine each. Here
// views, poolings, residual branches, contractions and float functions behind
// them come in any order, quantized as networks are, with and without promises:
// the erased linalg in the JIT, the machine level and, in the same cycles, the
// cell level compute the same integers.
//
//===----------------------------------------------------------------------===//

#include "../unit/Support/RandomCases.h"
#include "RandomNetworks.h"
#include "ShippedNetworks.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "mlir/Parser/Parser.h"
#include "gtest/gtest.h"
#include <map>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

constexpr int64_t kNetworks = 48, kInputElements = 28 * 28;
/// On the first all tensors fit; the second cuts and spills.
constexpr const char *kTargets[] = {"edge-32x32", "targets/tiny-8x4.json"};

using Integers = std::vector<int32_t>;

struct MixedOptions : CompileOptions {
  MixedOptions(StringRef target, bool isPromised) {
    setCommonOptions(*this, target, PixelNormalization());
    calibrationLimit = 3;
    if (!isPromised)
      return;
    fanIn = 4;
    conflictLimit = 0.5;
    budget = 16;
    dataTerms = 3;
  }
};

class RandomMixed : public testing::Test {
protected:
  RandomMixed() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
  }

  LogicalResult quantize(ModuleOp module, const CompileOptions &options) {
    PassManager manager(&context);
    buildQuantizePipeline(manager, options);
    buildPromisePipeline(manager, options);
    return manager.run(module);
  }

  std::unique_ptr<JitFunction> compileErased(ModuleOp module) {
    OwningOpRef<ModuleOp> erased(module.clone());
    PassManager manager(&context);
    manager.addPass(createStripEncodings());
    if (failed(manager.run(*erased)))
      return nullptr;
    return llvm::cantFail(
        JitFunction::compile(*erased, "main", JitOptimization::CompileTime));
  }

  std::optional<sim::Program> schedule(ModuleOp module,
                                       const CompileOptions &options) {
    OwningOpRef<ModuleOp> copy(module.clone());
    PassManager manager(&context);
    buildSchedulePipeline(manager, options);
    if (failed(manager.run(*copy)))
      return std::nullopt;
    return exportOnlyProgram(*copy);
  }

  void check(const RandomNetwork &network, bool isPromised,
             RandomCases &random);

  MLIRContext context;
};

Integers simulate(const sim::Program &program, sim::Fidelity fidelity,
                  ArrayRef<uint8_t> input, size_t outputs,
                  std::unique_ptr<sim::Simulator> &simulator) {
  sim::SimulationOptions options;
  options.fidelity = fidelity;
  simulator = llvm::cantFail(sim::Simulator::create(program, options));
  Integers output(outputs);
  llvm::cantFail(
      simulator->run(input, {reinterpret_cast<uint8_t *>(output.data()),
                             output.size() * sizeof(int32_t)}));
  return output;
}

void checkLevels(const sim::Program &program, ArrayRef<uint8_t> input,
                 const Integers &expected) {
  std::unique_ptr<sim::Simulator> machine, cells;
  EXPECT_EQ(simulate(program, sim::Fidelity::Machine, input, expected.size(),
                     machine),
            expected);
  EXPECT_EQ(
      simulate(program, sim::Fidelity::Cell, input, expected.size(), cells),
      expected);
  EXPECT_EQ(cells->getTiming().total, machine->getTiming().total);
  EXPECT_EQ(cells->getTiming().instructions, machine->getTiming().instructions);
  EXPECT_EQ(cells->getActivity().total.usefulWork,
            machine->getActivity().total.usefulWork);
}

void RandomMixed::check(const RandomNetwork &network, bool isPromised,
                        RandomCases &random) {
  auto module = parseSourceString<ModuleOp>(network.source, &context);
  ASSERT_TRUE(module);
  ASSERT_TRUE(
      succeeded(quantize(*module, MixedOptions(kTargets[0], isPromised))));
  std::unique_ptr<JitFunction> jit = compileErased(*module);
  ASSERT_TRUE(jit);
  std::vector<uint8_t> input(kInputElements);
  for (uint8_t &value : input)
    value = static_cast<uint8_t>(random.getInteger(-127, 127));
  Integers expected(network.outputElements);
  llvm::cantFail(jit->run({input.data()}, {expected.data()}));
  for (const char *target : kTargets) {
    SCOPED_TRACE(target);
    std::optional<sim::Program> program =
        schedule(*module, MixedOptions(target, isPromised));
    ASSERT_TRUE(program);
    checkLevels(*program, input, expected);
  }
}

TEST_F(RandomMixed, JitMachineAndCellsComputeTheSame) {
  NetworkGenerator generator(41);
  RandomCases random(42);
  std::map<StringRef, int64_t> networksWith;
  for (int64_t round = 0; round < kNetworks; ++round) {
    RandomNetwork network = generator.generate(6, 14);
    SCOPED_TRACE(network.source);
    check(network, /*isPromised=*/round % 2, random);
    ASSERT_FALSE(HasFailure()) << "network " << round;
    for (StringRef part :
         {"tensor.extract_slice", "tensor.concat", "linalg.transpose",
          "tensor.collapse_shape", "tensor.expand_shape", "nchw_max",
          "nchw_sum", "linalg.conv_2d", "linalg.depthwise", "linalg.matmul",
          "arith.maximumf %o", "math.erf", "math.sqrt"})
      networksWith[part] += StringRef(network.source).contains(part);
  }
  for (auto [part, count] : networksWith)
    EXPECT_GE(count, 5) << part.str();
}

} // namespace
