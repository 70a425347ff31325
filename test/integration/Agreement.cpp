//===- Agreement.cpp - Compiler error is zero -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Holds up the invariants on the shipped networks: the stripped linalg through
// the JIT and the machine-level simulator compute the same integers; unpacking
// a schedule gives back every weight; a corrupted schedule is noticed.
//
//===----------------------------------------------------------------------===//

#include "ScheduleCorruptions.h"
#include "ShippedNetworks.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Simulator/ProgramVerifier.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <random>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

struct Case {
  const char *model;
  double mean, std;
  const char *target;
  int64_t fanIn;
  double conflictLimit;
  int64_t budget, dataTerms;
  int64_t patchSide = 0;
};

class Agreement : public testing::TestWithParam<Case> {
protected:
  Agreement() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    const Case &c = GetParam();
    normalization = {c.mean, c.std, c.patchSide};
    setCommonOptions(options, c.target, normalization);
    options.calibrationLimit = 64;
    options.fanIn = c.fanIn;
    options.conflictLimit = c.conflictLimit;
    options.budget = c.budget;
    options.dataTerms = c.dataTerms;
    module = parseNetwork(context, c.model);
  }

  /// The module with promises, after the two tensor-level stages.
  LogicalResult establishPromises() {
    PassManager manager(&context);
    buildQuantizePipeline(manager, options);
    buildPromisePipeline(manager, options);
    return manager.run(*module);
  }

  /// The flat schedule; none if scheduling fails.
  std::optional<sim::Program> schedule(ModuleOp promised) {
    PassManager manager(&context);
    buildSchedulePipeline(manager, options);
    if (failed(manager.run(promised)))
      return std::nullopt;
    return exportOnlyProgram(promised);
  }

  MLIRContext context;
  CompileOptions options;
  PixelNormalization normalization;
  OwningOpRef<ModuleOp> module;
};

TEST_P(Agreement, JitAndMachineComputeTheSameIntegers) {
  ASSERT_TRUE(module);
  ASSERT_TRUE(succeeded(establishPromises()));
  OwningOpRef<ModuleOp> stripped(module->clone());
  PassManager manager(&context);
  manager.addPass(createStripEncodings());
  ASSERT_TRUE(succeeded(manager.run(*stripped)));
  auto jit = llvm::cantFail(JitFunction::compile(*stripped, "main"));
  std::optional<sim::Program> program = schedule(*module);
  ASSERT_TRUE(program);
  auto simulator = llvm::cantFail(sim::Simulator::create(std::move(*program)));

  ImageSet images = readImages();
  std::vector<int8_t> input(images.getImageElements());
  std::vector<int32_t> expected(kClasses);
  for (int64_t image = 0; image < images.getCount(); ++image) {
    images.getQuantizedInput(
        image, normalization,
        simulator->getProgram().inputs.front().getInt8Form(), input);
    llvm::cantFail(jit->run({input.data()}, {expected.data()}));
    ASSERT_EQ(simulateImage(*simulator, images, image, normalization), expected)
        << "image " << image;
  }
}

TEST_P(Agreement, CellLevelComputesTheSameIntegersInTheSameCycles) {
  ASSERT_TRUE(module);
  ASSERT_TRUE(succeeded(establishPromises()));
  std::optional<sim::Program> program = schedule(*module);
  ASSERT_TRUE(program);
  auto machine = llvm::cantFail(sim::Simulator::create(*program, {}));
  sim::SimulationOptions cellLevel;
  cellLevel.fidelity = sim::Fidelity::Cell;
  auto cells = llvm::cantFail(sim::Simulator::create(*program, cellLevel));
  // Whole networks: one image each is millions of cell-steps.
  ImageSet images = readImages();
  EXPECT_EQ(simulateImage(*cells, images, 0, normalization),
            simulateImage(*machine, images, 0, normalization));
  EXPECT_EQ(cells->getTiming().total, machine->getTiming().total);
  EXPECT_EQ(cells->getTiming().instructions, machine->getTiming().instructions);
  EXPECT_EQ(cells->getActivity().total.usefulWork,
            machine->getActivity().total.usefulWork);
}

TEST_P(Agreement, UnpackingGivesBackEveryWeight) {
  ASSERT_TRUE(module);
  ASSERT_TRUE(succeeded(establishPromises()));
  std::vector<std::vector<int8_t>> constants;
  module->walk([&](arith::ConstantOp constant) {
    auto type = dyn_cast<RankedTensorType>(constant.getType());
    auto dense = dyn_cast<DenseIntElementsAttr>(constant.getValue());
    if (type && dense && type.getElementType().isInteger(8) &&
        type.getRank() > 1) {
      auto range = dense.getValues<int8_t>();
      constants.emplace_back(range.begin(), range.end());
    }
    if (auto resource =
            dyn_cast<DenseI8ResourceElementsAttr>(constant.getValue()))
      if (std::optional<ArrayRef<int8_t>> values = resource.tryGetAsArrayRef())
        constants.emplace_back(values->begin(), values->end());
  });
  std::optional<sim::Program> program = schedule(*module);
  ASSERT_TRUE(program);
  ASSERT_FALSE(program->weights.empty());
  for (const sim::PackedWeights &weights : program->weights) {
    if (weights.isRunTime)
      continue;
    auto dense = llvm::cantFail(sim::unpackWeights(weights));
    // Row axis 1 (matmul) is stored transposed.
    std::vector<int8_t> transposed(dense.size());
    for (int64_t r = 0; r < weights.rows; ++r)
      for (int64_t c = 0; c < weights.matrixColumns; ++c)
        transposed[c * weights.rows + r] = dense[r * weights.matrixColumns + c];
    EXPECT_TRUE(llvm::is_contained(constants, dense) ||
                llvm::is_contained(constants, transposed))
        << weights.name;
  }
}

//===----------------------------------------------------------------------===//
// Kill rate
//===----------------------------------------------------------------------===//

TEST_P(Agreement, CorruptedSchedulesAreNoticed) {
  ASSERT_TRUE(module);
  ASSERT_TRUE(succeeded(establishPromises()));
  std::optional<sim::Program> program = schedule(*module);
  ASSERT_TRUE(program);
  EXPECT_TRUE(sim::verifyProgram(*program).empty());
  for (const ScheduleCorruption &corruption : getScheduleCorruptions()) {
    SCOPED_TRACE(corruption.name);
    sim::Program corrupted = *program;
    ASSERT_TRUE(corruption.apply(corrupted));
    auto simulator = sim::Simulator::create(std::move(corrupted));
    ASSERT_FALSE(bool(simulator));
    EXPECT_THAT(llvm::toString(simulator.takeError()),
                testing::HasSubstr(corruption.message));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, Agreement,
    testing::Values(
        Case{"lenet5-fashion", 0.1307, 0.3081, "edge-32x32", 1, 0, 0, 0},
        Case{"lenet5-fashion-pruned85", 0.1307, 0.3081, "edge-32x32", 8, 0.5,
             16, 3},
        Case{"lenet5-fashion-pruned85", 0.1307, 0.3081, "paper-cc-32x32", 8, 0,
             0, 0},
        Case{"resnet8-fashion", 0.286, 0.353, "paper-tq-128x64", 1, 0, 16, 3},
        Case{"resnet8-fashion-pruned80", 0.286, 0.353, "edge-32x32", 8, 0.5, 16,
             3},
        // Too small for any layer: everything works in bands and tiles.
        Case{"lenet5-fashion-pruned85", 0.1307, 0.3081, "targets/tiny-8x4.json",
             8, 0.5, 16, 3},
        Case{"resnet8-fashion", 0.286, 0.353, "targets/tiny-8x4.json", 1, 0, 0,
             0},
        Case{"resnet8-fashion-pruned80.onnx", 0.286, 0.353, "edge-32x32", 8, 0,
             0, 0},
        Case{"vit-fashion.onnx", 0.286, 0.353, "edge-32x32", 1, 0, 0, 0, 4},
        Case{"vit-fashion.onnx", 0.286, 0.353, "edge-32x32", 8, 0, 16, 3, 4}));

//===----------------------------------------------------------------------===//
// ResNet-20: no images of its data set are here
//===----------------------------------------------------------------------===//

TEST(AgreementOnRandomImages, ResNet20) {
  DialectRegistry registry;
  registerAllDialects(registry);
  MLIRContext context(registry);
  OwningOpRef<ModuleOp> module = parseNetwork(context, "resnet20-cifar10.onnx");
  ASSERT_TRUE(module);
  CompileOptions options;
  options.target = "edge-32x32";
  options.defaultRange = 4.0;
  options.baseline = false;
  PassManager quantize(&context), compile(&context);
  buildQuantizePipeline(quantize, options);
  ASSERT_TRUE(succeeded(quantize.run(*module)));
  auto jit = llvm::cantFail(JitFunction::compile(*module, "main"));
  buildSchedulePipeline(compile, options);
  ASSERT_TRUE(succeeded(compile.run(*module)));
  auto simulator =
      llvm::cantFail(sim::Simulator::create(exportOnlyProgram(*module)));
  std::mt19937_64 engine(20);
  std::vector<int8_t> input(3 * 32 * 32);
  for (int image = 0; image < 20; ++image) {
    for (int8_t &value : input)
      value = static_cast<int8_t>(engine());
    std::vector<int32_t> expected(kClasses), logits(kClasses);
    llvm::cantFail(jit->run({input.data()}, {expected.data()}));
    llvm::cantFail(simulator->run(
        {reinterpret_cast<const uint8_t *>(input.data()), input.size()},
        {reinterpret_cast<uint8_t *>(logits.data()),
         logits.size() * sizeof(int32_t)}));
    ASSERT_EQ(logits, expected) << "image " << image;
  }
}

} // namespace
