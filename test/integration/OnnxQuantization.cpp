//===- OnnxQuantization.cpp - The shipped ONNX files in 8 bits -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the ONNX file to integers, with f32 in between where a transformer needs
// it: the quantized networks classify nearly as well as the float ones, and
// hold no op but those that the machine has.
//
//===----------------------------------------------------------------------===//

#include "QuantizedForm.h"
#include "TestData.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Target/ImportOnnx.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"
#include <algorithm>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

struct Model {
  const char *name;
  PixelNormalization normalization;
  /// Images of 1,000 that the float model classifies correctly, and how many
  /// fewer the integers may.
  int64_t floatCorrect, allowed;
};

OwningOpRef<ModuleOp> importModel(MLIRContext &context, StringRef name) {
  return importOnnx(getDataPath("models/" + name + ".onnx"), &context);
}

LogicalResult quantize(ModuleOp module, const QuantizeOptions &options) {
  PassManager manager(module.getContext());
  manager.addNestedPass<func::FuncOp>(createNormalizeContractions());
  manager.addPass(createQuantize(options));
  return manager.run(module);
}

class OnnxQuantization : public testing::TestWithParam<Model> {};

TEST_P(OnnxQuantization, ClassifiesAsWellAsFloats) {
  const Model &model = GetParam();
  MLIRContext context;
  OwningOpRef<ModuleOp> module = importModel(context, model.name);
  ASSERT_TRUE(module);
  QuantizeOptions options;
  options.calibration = getDataPath("calibration.npy");
  options.mean = model.normalization.mean;
  options.std = model.normalization.std;
  options.patches = model.normalization.patchSide;
  ASSERT_TRUE(succeeded(quantize(*module, options)));
  auto function = module->lookupSymbol<func::FuncOp>("main");
  EXPECT_EQ(getFormObjection(function), "");

  auto jit = llvm::cantFail(JitFunction::compile(*module, "main"));
  ImageSet images = readImages();
  NpyArray labels = llvm::cantFail(readNpy(getDataPath("labels.npy")));
  auto expected = llvm::cantFail(labels.getValues<uint8_t>());
  std::vector<int8_t> input(images.getImageElements());
  std::vector<int32_t> logits(kClasses);
  int64_t correct = 0;
  for (int64_t index = 0; index < images.getCount(); ++index) {
    images.getQuantizedInput(index, model.normalization,
                             getArgumentForm(function), input);
    llvm::cantFail(jit->run({input.data()}, {logits.data()}));
    correct += llvm::max_element(logits) - logits.begin() == expected[index];
  }
  EXPECT_GE(correct, model.floatCorrect - model.allowed);
  llvm::outs() << model.name << ": " << correct << " of 1,000, float "
               << model.floatCorrect << "\n";
}

constexpr PixelNormalization kLeNet = {0.1307, 0.3081};
constexpr PixelNormalization kResNet = {0.286, 0.353};
constexpr PixelNormalization kTransformer = {0.286, 0.353, 4};

INSTANTIATE_TEST_SUITE_P(
    Models, OnnxQuantization,
    testing::Values(Model{"lenet5-fashion", kLeNet, 916, 5},
                    Model{"lenet5-fashion-pruned85", kLeNet, 910, 5},
                    Model{"resnet8-fashion", kResNet, 928, 5},
                    Model{"resnet8-fashion-pruned80", kResNet, 937, 5},
                    Model{"vit-fashion", kTransformer, 882, 10}),
    [](const testing::TestParamInfo<Model> &info) {
      std::string name = info.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

/// No images are shipped for it. Its batch normalization must be gone, and its
/// shortcuts, strided slices padded by channels, must be integers.
TEST(OnnxQuantization, ResNet20IsIntegersOnly) {
  MLIRContext context;
  OwningOpRef<ModuleOp> module = importModel(context, "resnet20-cifar10");
  ASSERT_TRUE(module);
  QuantizeOptions options;
  options.defaultRange = 4;
  ASSERT_TRUE(succeeded(quantize(*module, options)));
  auto function = module->lookupSymbol<func::FuncOp>("main");
  EXPECT_EQ(getFormObjection(function), "");
  int64_t convolutions = 0, floats = 0;
  function.walk([&](Operation *op) {
    convolutions += isa<linalg::Conv2DNchwFchwOp>(op);
    for (Type type : op->getResultTypes())
      floats += isa<FloatType>(getElementTypeOrSelf(type));
  });
  EXPECT_EQ(convolutions, 19);
  EXPECT_EQ(floats, 0);
}

} // namespace
