//===- QuantizeProperties.cpp - Quantization of generated networks -------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whatever the order of a network's ops: quantized, it is legal, it holds only
// what the machine has, and its results differ from the float ones by no more
// than the roundings explain.
//
//===----------------------------------------------------------------------===//

#include "QuantizedForm.h"
#include "RandomNetworks.h"
#include "TestData.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

/// Calibration is on the images that results are compared on.
constexpr int64_t kImages = 3;

class QuantizeProperties : public testing::Test {
protected:
  QuantizeProperties()
      : images(llvm::cantFail(ImageSet::read(getDataPath("calibration.npy")))) {
    context
        .loadDialect<ColonnadeDialect, arith::ArithDialect, func::FuncDialect,
                     linalg::LinalgDialect, math::MathDialect,
                     tensor::TensorDialect, tosa::TosaDialect>();
  }

  std::vector<std::vector<float>> runFloat(ModuleOp module, int64_t elements) {
    auto jit = llvm::cantFail(
        JitFunction::compile(module, "main", JitOptimization::CompileTime));
    std::vector<std::vector<float>> results;
    for (int64_t index = 0; index < kImages; ++index) {
      std::vector<float> input(images.getImageElements());
      images.getInput(index, {}, input);
      results.emplace_back(elements);
      llvm::cantFail(jit->run({input.data()}, {results.back().data()}));
    }
    return results;
  }

  /// The integers' real values.
  std::vector<std::vector<double>> runQuantized(ModuleOp module,
                                                int64_t elements) {
    auto jit = llvm::cantFail(
        JitFunction::compile(module, "main", JitOptimization::CompileTime));
    auto function = module.lookupSymbol<func::FuncOp>("main");
    StringRef name = ColonnadeDialect::getScaleAttrName();
    double outputScale =
        cast<FloatAttr>(function.getResultAttr(0, name)).getValueAsDouble();
    std::vector<std::vector<double>> results;
    for (int64_t index = 0; index < kImages; ++index) {
      std::vector<int8_t> input(images.getImageElements());
      images.getQuantizedInput(index, {}, getArgumentForm(function), input);
      std::vector<int32_t> integers(elements);
      llvm::cantFail(jit->run({input.data()}, {integers.data()}));
      results.emplace_back();
      for (int32_t integer : integers)
        results.back().push_back(integer * outputScale);
    }
    return results;
  }

  LogicalResult quantize(ModuleOp module, bool normalize, bool floatAdditions) {
    QuantizeOptions options;
    options.calibration = getDataPath("calibration.npy");
    options.calibrationLimit = kImages;
    options.floatAdditions = floatAdditions;
    PassManager manager(&context);
    if (normalize)
      manager.addNestedPass<func::FuncOp>(createNormalizeContractions());
    manager.addPass(createQuantize(options));
    return manager.run(module);
  }

  MLIRContext context;
  ImageSet images;
};

double getLargestDifference(const std::vector<std::vector<float>> &expected,
                            const std::vector<std::vector<double>> &results) {
  double largest = 0;
  for (auto [image, other] : llvm::zip_equal(expected, results))
    for (auto [value, otherValue] : llvm::zip_equal(image, other))
      largest = std::max(largest, std::fabs(value - otherValue));
  return largest;
}

TEST_F(QuantizeProperties, ResultsStayWithinTheRoundings) {
  NetworkGenerator generator(20);
  double closest = 0;
  for (int round = 0; round < 40; ++round) {
    RandomNetwork network = generator.generate();
    SCOPED_TRACE(network.source);
    auto module = parseSourceString<ModuleOp>(network.source, &context);
    ASSERT_TRUE(module);
    auto expected = runFloat(*module, network.outputElements);
    ASSERT_TRUE(succeeded(quantize(*module, round % 2, round % 4 < 2)));
    EXPECT_EQ(getFormObjection(module->lookupSymbol<func::FuncOp>("main")), "");
    double difference = getLargestDifference(
        expected, runQuantized(*module, network.outputElements));
    EXPECT_LE(difference, network.bound);
    closest = std::max(closest, difference / network.bound);
  }
  // Bounds that nothing comes near would hide mistakes.
  EXPECT_GE(closest, 0.2);
  llvm::outs() << "closest to its bound: " << closest << "\n";
}

} // namespace
