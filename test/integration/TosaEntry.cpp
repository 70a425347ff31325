//===- TosaEntry.cpp - TOSA means what upstream says ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Networks in TOSA give the same results through --colonnade-from-tosa as
// through upstream's lowering alone: int8 bit for bit, f32 within roundings of
// sums in another order. The int8 ones, which need no quantization, also give
// upstream's bits on the machine, at both levels of the simulator.
//
//===----------------------------------------------------------------------===//

#include "../unit/Support/RandomCases.h"
#include "ShippedNetworks.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "mlir/Conversion/TosaToArith/TosaToArith.h"
#include "mlir/Conversion/TosaToLinalg/TosaToLinalg.h"
#include "mlir/Conversion/TosaToTensor/TosaToTensor.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"
#include <cstring>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

constexpr int kInputs = 50;

void buildUpstreamPipeline(OpPassManager &manager) {
  tosa::addTosaToLinalgPasses(manager, TosaToLinalgOptions());
  OpPassManager &functions = manager.nest<func::FuncOp>();
  functions.addPass(createTosaToArithPass());
  functions.addPass(createTosaToTensorPass());
  // Shapes are constants that nothing reads any more.
  functions.addPass(createCanonicalizerPass());
}

using BuildPipeline = llvm::function_ref<void(OpPassManager &)>;

/// A network of test/data/tosa, taken through a pipeline.
OwningOpRef<ModuleOp> lowerNetwork(MLIRContext &context, StringRef name,
                                   BuildPipeline build) {
  auto module = parseSourceFile<ModuleOp>(
      getDataPath("tosa/" + Twine(name) + ".mlir"), &context);
  PassManager manager(&context);
  build(manager);
  if (module && failed(manager.run(*module)))
    return nullptr;
  return module;
}

std::unique_ptr<JitFunction> compileNetwork(const DialectRegistry &registry,
                                            StringRef name,
                                            BuildPipeline build) {
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = lowerNetwork(context, name, build);
  return module ? llvm::cantFail(JitFunction::compile(*module, "main"))
                : nullptr;
}

std::vector<char> run(const JitFunction &function, ArrayRef<char> input) {
  const JitFunction::Buffer &output = function.getOutputs().front();
  std::vector<char> result(output.getNumElements() * output.elementBytes);
  llvm::cantFail(function.run({input.data()}, {result.data()}));
  return result;
}

class TosaEntry : public testing::TestWithParam<const char *> {
protected:
  TosaEntry() { registerAllDialects(registry); }

  std::unique_ptr<JitFunction> compile(BuildPipeline build) {
    return compileNetwork(registry, GetParam(), build);
  }

  DialectRegistry registry;
};

/// Random int8 values or small floats.
std::vector<char> makeInput(const JitFunction::Buffer &buffer,
                            RandomCases &random) {
  std::vector<char> bytes(buffer.getNumElements() * buffer.elementBytes);
  for (int64_t i = 0; i < buffer.getNumElements(); ++i) {
    if (buffer.elementBytes == 1) {
      bytes[i] = char(random.getInteger(-128, 127));
    } else {
      auto value = float(random.getNormal());
      std::memcpy(&bytes[i * sizeof(float)], &value, sizeof(float));
    }
  }
  return bytes;
}

void expectClose(llvm::ArrayRef<char> left, llvm::ArrayRef<char> right) {
  for (size_t i = 0; i < left.size(); i += sizeof(float)) {
    float a, b;
    std::memcpy(&a, &left[i], sizeof(float));
    std::memcpy(&b, &right[i], sizeof(float));
    EXPECT_NEAR(a, b, 1e-5);
  }
}

TEST_P(TosaEntry, AgreesWithUpstream) {
  std::unique_ptr<JitFunction> ours = compile(buildFromTosaPipeline);
  std::unique_ptr<JitFunction> upstream = compile(buildUpstreamPipeline);
  ASSERT_TRUE(ours && upstream);
  bool isFloat = llvm::StringRef(GetParam()).starts_with("float");
  RandomCases random(5);
  std::vector<char> first;
  bool differ = false;
  for (int index = 0; index < kInputs; ++index) {
    std::vector<char> input = makeInput(ours->getInputs().front(), random);
    std::vector<char> expected = run(*upstream, input);
    if (isFloat)
      expectClose(run(*ours, input), expected);
    else
      EXPECT_EQ(run(*ours, input), expected);
    differ |= index > 0 && expected != first;
    first = expected;
  }
  // Saturated everywhere, a network would agree with any other.
  EXPECT_TRUE(differ);
}

INSTANTIATE_TEST_SUITE_P(Networks, TosaEntry,
                         testing::Values("int8-network", "int8-attention",
                                         "int8-multiplier", "float-network"),
                         [](const testing::TestParamInfo<const char *> &info) {
                           std::string name = info.param;
                           llvm::replace(name, '-', '_');
                           return name;
                         });

//===----------------------------------------------------------------------===//
// The machine
//===----------------------------------------------------------------------===//

/// Name and target; a tiny machine works in bands and spills.
using MachineCase = std::tuple<const char *, const char *>;

class TosaOnMachine : public testing::TestWithParam<MachineCase> {
protected:
  TosaOnMachine() { registerAllDialects(registry); }

  /// The schedule of the network; none if it does not compile.
  std::optional<sim::Program> schedule() {
    auto [name, target] = GetParam();
    CompileOptions options;
    setCommonOptions(options, target, PixelNormalization());
    MLIRContext context(registry);
    OwningOpRef<ModuleOp> module =
        lowerNetwork(context, name, [&](OpPassManager &manager) {
          buildFromTosaPipeline(manager);
          buildPromisePipeline(manager, options);
          buildSchedulePipeline(manager, options);
        });
    if (!module)
      return std::nullopt;
    return exportOnlyProgram(*module);
  }

  DialectRegistry registry;
};

/// What the simulator makes of `input`, in as many bytes as `size`.
std::vector<char> simulate(sim::Simulator &simulator, ArrayRef<char> input,
                           size_t size) {
  std::vector<uint8_t> bytes(input.begin(), input.end()), output(size);
  llvm::cantFail(simulator.run(bytes, output));
  return std::vector<char>(output.begin(), output.end());
}

TEST_P(TosaOnMachine, AgreesWithUpstreamAtBothLevels) {
  std::unique_ptr<JitFunction> upstream =
      compileNetwork(registry, std::get<0>(GetParam()), buildUpstreamPipeline);
  std::optional<sim::Program> program = schedule();
  ASSERT_TRUE(upstream && program);
  sim::SimulationOptions cellLevel;
  cellLevel.fidelity = sim::Fidelity::Cell;
  auto machine = llvm::cantFail(sim::Simulator::create(*program));
  auto cells = llvm::cantFail(sim::Simulator::create(*program, cellLevel));
  RandomCases random(6);
  for (int index = 0; index < kInputs; ++index) {
    std::vector<char> input = makeInput(upstream->getInputs().front(), random);
    std::vector<char> expected = run(*upstream, input);
    ASSERT_EQ(simulate(*machine, input, expected.size()), expected);
    ASSERT_EQ(simulate(*cells, input, expected.size()), expected);
    ASSERT_EQ(cells->getTiming().total, machine->getTiming().total);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Networks, TosaOnMachine,
    testing::Combine(testing::Values("int8-network", "int8-attention",
                                     "int8-multiplier"),
                     testing::Values("edge-32x32", "targets/tiny-8x4.json")));

} // namespace
