//===- QuantizeAccuracy.cpp - Accuracy of the quantized models -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Quantization error is the only error of this compiler, so it is measured on
// real networks: float logits agree with PyTorch's, and the integer networks
// classify as well as the float ones.
//
//===----------------------------------------------------------------------===//

#include "ShippedNetworks.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"
#include <algorithm>
#include <cmath>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

struct Model {
  const char *name;
  PixelNormalization normalization;
  /// Images of 1,000 that the float model classifies correctly.
  int64_t floatCorrect;
};

template <typename T> T expect(llvm::Expected<T> value) {
  if (!value)
    llvm::report_fatal_error(value.takeError());
  return std::move(*value);
}

/// The network's input and output for each image.
class Classifier {
public:
  Classifier(ModuleOp module, const Model &model)
      : jit(expect(JitFunction::compile(module, "main"))),
        normalization(model.normalization) {}

  std::vector<float> runFloat(const ImageSet &images, int64_t index) {
    std::vector<float> logits(kClasses);
    auto input = getInput(images, index);
    llvm::cantFail(jit->run({input.data()}, {logits.data()}));
    return logits;
  }

  std::vector<int32_t> runInteger(const ImageSet &images, int64_t index,
                                  Int8Form form) {
    std::vector<int32_t> logits(kClasses);
    std::vector<int8_t> integers(jit->getInputs().front().getNumElements());
    images.getQuantizedInput(index, normalization, form, integers);
    llvm::cantFail(jit->run({integers.data()}, {logits.data()}));
    return logits;
  }

private:
  std::vector<float> getInput(const ImageSet &images, int64_t index) {
    std::vector<float> input(jit->getInputs().front().getNumElements());
    images.getInput(index, normalization, input);
    return input;
  }

  std::unique_ptr<JitFunction> jit;
  PixelNormalization normalization;
};

template <typename T> int64_t getClass(const std::vector<T> &logits) {
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}

class QuantizeAccuracy : public testing::TestWithParam<Model> {
protected:
  QuantizeAccuracy()
      : images(readImages()),
        labels(expect(readNpy(getDataPath("labels.npy")))) {
    context.loadDialect<ColonnadeDialect, arith::ArithDialect,
                        func::FuncDialect, linalg::LinalgDialect,
                        tensor::TensorDialect, tosa::TosaDialect>();
    module = parseNetwork(context, GetParam().name);
  }

  int64_t getLabel(int64_t index) {
    return expect(labels.getValues<uint8_t>())[index];
  }

  LogicalResult quantize() {
    PassManager manager(&context);
    QuantizeOptions options;
    options.calibration = getDataPath("calibration.npy");
    options.mean = GetParam().normalization.mean;
    options.std = GetParam().normalization.std;
    manager.addPass(createQuantize(options));
    return manager.run(*module);
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  ImageSet images;
  NpyArray labels;
};

TEST_P(QuantizeAccuracy, FloatLogitsAgreeWithPyTorch) {
  ASSERT_TRUE(module);
  Classifier classifier(*module, GetParam());
  NpyArray file = expect(
      readNpy(getDataPath("logits/" + Twine(GetParam().name) + ".logits.npy")));
  llvm::ArrayRef<float> reference = expect(file.getValues<float>());
  double largest = 0;
  int64_t correct = 0;
  for (int64_t index = 0; index < images.getCount(); ++index) {
    std::vector<float> logits = classifier.runFloat(images, index);
    for (int64_t label = 0; label < kClasses; ++label)
      largest = std::max<double>(
          largest,
          std::fabs(logits[label] - reference[index * kClasses + label]));
    correct += getClass(logits) == getLabel(index);
  }
  EXPECT_LE(largest, 1e-4);
  EXPECT_EQ(correct, GetParam().floatCorrect);
  RecordProperty("largest_difference", std::to_string(largest));
}

TEST_P(QuantizeAccuracy, IntegersClassifyAsWellAsFloats) {
  ASSERT_TRUE(module);
  ASSERT_TRUE(succeeded(quantize()));
  auto function = module->lookupSymbol<func::FuncOp>("main");
  Classifier classifier(*module, GetParam());
  int64_t correct = 0;
  for (int64_t index = 0; index < images.getCount(); ++index)
    correct += getClass(classifier.runInteger(images, index,
                                              getArgumentForm(function))) ==
               getLabel(index);
  // Half a percentage point of 1,000 images.
  EXPECT_GE(correct, GetParam().floatCorrect - 5);
  llvm::outs() << GetParam().name << ": " << correct << " of 1,000, float "
               << GetParam().floatCorrect << "\n";
}

INSTANTIATE_TEST_SUITE_P(
    Models, QuantizeAccuracy,
    testing::Values(Model{"lenet5-fashion", {0.1307, 0.3081}, 916},
                    Model{"lenet5-fashion-pruned85", {0.1307, 0.3081}, 910},
                    Model{"resnet8-fashion", {0.286, 0.353}, 928},
                    Model{"resnet8-fashion-pruned80", {0.286, 0.353}, 937}),
    [](const testing::TestParamInfo<Model> &info) {
      std::string name = info.param.name;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

} // namespace
