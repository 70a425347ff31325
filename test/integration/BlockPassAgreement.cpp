//===- BlockPassAgreement.cpp - Products of blocks as programs ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Triple agreement for block arithmetic on the machine: random products of
// every shape, convolutions and the three products of a layer's training,
// mapped, scheduled and verified, give the bits of the JIT's stripped linalg at
// the machine level and in the cells' registers, in the cycles of the closed
// forms, on the array of FAST and on one that holds next to nothing. Every
// mistake in a schedule is noticed.
//
//===----------------------------------------------------------------------===//

#include "RandomBlockProducts.h"
#include "ScheduleCorruptions.h"
#include "ShippedNetworks.h"
#include "colonnade/Conversion/LinalgToSystolic/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Systolic/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Simulator/ProgramVerifier.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <set>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

using Bytes = std::vector<uint8_t>;

struct Family {
  const char *name;
  std::string (RandomBlockProducts::*draw)();
  /// Products of one function.
  int64_t products;
};

struct Machine {
  const char *name, *target;
  BlockFormat cell;
  int64_t cases;
};

void PrintTo(const Family &family, std::ostream *stream) {
  *stream << family.name;
}
void PrintTo(const Machine &machine, std::ostream *stream) {
  *stream << machine.name;
}

class BlockPassAgreement
    : public testing::TestWithParam<std::tuple<Family, Machine>> {
protected:
  BlockPassAgreement() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  const Family &getFamily() const { return std::get<0>(GetParam()); }
  const Machine &getMachine() const { return std::get<1>(GetParam()); }

  std::optional<sim::Program>
  schedule(const std::string &text,
           BlockDataflowChoice choice = BlockDataflowChoice::Roles) {
    auto module = parseSourceString<ModuleOp>(text, &context);
    CompileOptions options;
    setCommonOptions(options, getMachine().target, PixelNormalization());
    PassManager manager(&context);
    ConvertLinalgToSystolicOptions mapping;
    mapping.target = options.target;
    mapping.blockDataflow = choice;
    manager.addPass(createConvertLinalgToSystolic(mapping));
    manager.addPass(systolic::createSchedule());
    if (!module || failed(manager.run(*module)))
      return std::nullopt;
    return exportOnlyProgram(*module);
  }

  std::unique_ptr<JitFunction> compile(const std::string &text) {
    auto module = parseSourceString<ModuleOp>(text, &context);
    PassManager manager(&context);
    manager.addPass(createStripEncodings());
    if (!module || failed(manager.run(*module)))
      return nullptr;
    return llvm::cantFail(
        JitFunction::compile(*module, "main", JitOptimization::CompileTime));
  }

  MLIRContext context;
};

/// f32 values of every magnitude, and a counter.
std::vector<Bytes> drawInputs(RandomCases &random, const JitFunction &jit) {
  std::vector<Bytes> inputs;
  int64_t exponent = random.getInteger(0, 3) ? random.getInteger(-20, 20)
                                             : random.getInteger(-140, 60);
  for (const JitFunction::Buffer &buffer : jit.getInputs()) {
    Bytes bytes(buffer.getNumElements() * buffer.elementBytes);
    if (buffer.elementBytes == sizeof(float))
      for (size_t i = 0; i < bytes.size(); i += sizeof(float)) {
        float value = getRandomValue(random, exponent);
        std::memcpy(&bytes[i], &value, sizeof(float));
      }
    else
      bytes[0] = static_cast<uint8_t>(random.getInteger(0, 100));
    inputs.push_back(bytes);
  }
  return inputs;
}

std::vector<Bytes> makeOutputs(const JitFunction &jit) {
  std::vector<Bytes> outputs;
  for (const JitFunction::Buffer &buffer : jit.getOutputs())
    outputs.emplace_back(buffer.getNumElements() * buffer.elementBytes, 0xee);
  return outputs;
}

std::vector<Bytes> runJit(const JitFunction &jit,
                          const std::vector<Bytes> &inputs) {
  std::vector<Bytes> outputs = makeOutputs(jit);
  llvm::SmallVector<const void *> from;
  llvm::SmallVector<void *> to;
  for (const Bytes &bytes : inputs)
    from.push_back(bytes.data());
  for (Bytes &bytes : outputs)
    to.push_back(bytes.data());
  llvm::cantFail(jit.run(from, to));
  return outputs;
}

std::vector<Bytes> simulate(sim::Simulator &simulator,
                            const std::vector<Bytes> &inputs,
                            std::vector<Bytes> outputs) {
  llvm::SmallVector<llvm::ArrayRef<uint8_t>> from(inputs.begin(), inputs.end());
  llvm::SmallVector<llvm::MutableArrayRef<uint8_t>> to(outputs.begin(),
                                                       outputs.end());
  llvm::cantFail(simulator.run(from, to));
  return outputs;
}

/// The first element that differs; all NaNs are one.
std::string findMismatch(const std::vector<Bytes> &actual,
                         const std::vector<Bytes> &expected) {
  for (size_t tensor = 0; tensor < expected.size(); ++tensor)
    for (size_t i = 0; i < expected[tensor].size(); i += sizeof(float)) {
      float x = 0, y = 0;
      std::memcpy(&x, &actual[tensor][i], sizeof(float));
      std::memcpy(&y, &expected[tensor][i], sizeof(float));
      bool isSame =
          std::isnan(y) ? std::isnan(x) : getFloatBits(x) == getFloatBits(y);
      if (!isSame)
        return llvm::formatv("element {0} of result {1}: got {2}, expected {3}",
                             i / sizeof(float), tensor, x, y);
    }
  return "";
}

int64_t countPasses(const sim::Program &program) {
  return llvm::count_if(program.instructions, [](const auto &instruction) {
    return std::holds_alternative<sim::BlockPass>(instruction.payload);
  });
}

TEST_P(BlockPassAgreement, AllLevelsComputeTheSameBitsInTheSameCycles) {
  RandomCases random(2026);
  RandomBlockProducts products(random, getMachine().cell);
  int64_t passes = 0;
  for (int64_t round = 0; round < getMachine().cases; ++round) {
    std::string text = (products.*getFamily().draw)();
    SCOPED_TRACE(text);
    std::unique_ptr<JitFunction> jit = compile(text);
    ASSERT_NE(jit, nullptr);
    // Who is held changes the cycles, not the values.
    std::optional<sim::Program> program =
        schedule(text, round % 2 ? BlockDataflowChoice::Cheapest
                                 : BlockDataflowChoice::Roles);
    ASSERT_TRUE(program);
    ASSERT_GE(countPasses(*program), getFamily().products);
    passes += countPasses(*program);
    std::vector<Bytes> inputs = drawInputs(random, *jit);
    std::vector<Bytes> expected = runJit(*jit, inputs);
    auto machine = llvm::cantFail(sim::Simulator::create(*program));
    ASSERT_EQ(
        findMismatch(simulate(*machine, inputs, makeOutputs(*jit)), expected),
        "");
    sim::SimulationOptions cellLevel;
    cellLevel.fidelity = sim::Fidelity::Cell;
    auto cells = llvm::cantFail(sim::Simulator::create(*program, cellLevel));
    ASSERT_EQ(
        findMismatch(simulate(*cells, inputs, makeOutputs(*jit)), expected),
        "");
    ASSERT_EQ(cells->getTiming().total, machine->getTiming().total);
    ASSERT_EQ(cells->getActivity().total.usefulWork,
              machine->getActivity().total.usefulWork);
  }
  if (llvm::StringRef(getMachine().name) == "Tiny") {
    EXPECT_GT(passes, getMachine().cases * getFamily().products);
  }
}

TEST_P(BlockPassAgreement, MistakesAreNoticed) {
  RandomCases random(27);
  RandomBlockProducts products(random, getMachine().cell);
  std::set<std::string> applied;
  for (int64_t round = 0; round < 12; ++round) {
    std::string text = (products.*getFamily().draw)();
    SCOPED_TRACE(text);
    std::optional<sim::Program> program = schedule(text);
    ASSERT_TRUE(program);
    for (const ScheduleCorruption &corruption : getBlockCorruptions()) {
      SCOPED_TRACE(corruption.name);
      sim::Program corrupted = *program;
      if (!corruption.apply(corrupted))
        continue;
      applied.insert(corruption.name);
      std::string messages;
      for (const sim::Violation &violation : sim::verifyProgram(corrupted))
        messages += violation.message + "\n";
      ASSERT_NE(messages.find(corruption.message), std::string::npos)
          << messages;
    }
  }
  // Some mistakes need several passes or a stochastic rounding with a counter.
  EXPECT_GE(applied.size() + 3, getBlockCorruptions().size());
}

INSTANTIATE_TEST_SUITE_P(
    Programs, BlockPassAgreement,
    testing::Combine(
        testing::Values(
            Family{"Product", &RandomBlockProducts::drawProduct, 1},
            Family{"Convolution", &RandomBlockProducts::drawConvolution, 1},
            Family{"LinearStep", &RandomBlockProducts::drawLinearStep, 3},
            Family{"ConvolutionStep", &RandomBlockProducts::drawConvolutionStep,
                   3}),
        testing::Values(Machine{"Tiny", "targets/tiny-block-8x4.json",
                                BlockFormat{4, 8, 8}, 25},
                        Machine{"Fast", "fast-256x64", BlockFormat{16, 8, 4},
                                3})),
    [](const auto &info) {
      return std::string(std::get<0>(info.param).name) + "On" +
             std::get<1>(info.param).name;
    });

} // namespace
