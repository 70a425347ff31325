//===- GradientsPyTorch.cpp - Gradients against PyTorch's -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whole networks, imported, batched, with their weights as parameters: the
// gradients are those that PyTorch's autograd computed in float64. How the
// reference files were made: test/data/gradients/make.py.
//
//===----------------------------------------------------------------------===//

#include "PyTorchReference.h"
#include "TestData.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Target/ImportOnnx.h"
#include "colonnade/Training/Passes.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;

namespace {

constexpr double kTolerance = 1e-4;
constexpr int64_t kImageSize = 28;
constexpr int64_t kPatchSide = 4;

struct Network {
  const char *name;
  PixelNormalization normalization;
  bool takesPatches = false;
};

void PrintTo(const Network &network, std::ostream *stream) {
  *stream << network.name;
}

/// A network's gradient function, with the weights that it was shipped with.
class TrainableNetwork {
public:
  /// Loads it. Fails the test if it has no gradient.
  void load(llvm::StringRef name, int64_t batch) {
    MLIRContext context;
    OwningOpRef<ModuleOp> module =
        importOnnx(test::getDataPath("models/" + name + ".onnx"), &context);
    ASSERT_TRUE(module);
    for (const Parameter &parameter :
         collectParameters(module->lookupSymbol<func::FuncOp>("main"))) {
      names.push_back(parameter.name);
      weights.push_back(test::getElements(parameter.constant));
    }
    PassManager manager(&context);
    manager.addNestedPass<func::FuncOp>(createSetBatch({batch}));
    manager.addNestedPass<func::FuncOp>(createOutlineParameters());
    manager.addPass(createDifferentiate());
    ASSERT_TRUE(succeeded(manager.run(*module)));
    jit = llvm::cantFail(JitFunction::compile(*module, "main_gradient"));
    for (const JitFunction::Buffer &buffer : jit->getOutputs())
      outputs.emplace_back(buffer.getNumElements());
  }

  /// Runs the network and, for a cotangent of the logits, its gradients.
  void run(ArrayRef<float> input, ArrayRef<float> cotangent) {
    SmallVector<const void *> inputs;
    for (const std::vector<float> &weight : weights)
      inputs.push_back(weight.data());
    inputs.append({input.data(), cotangent.data()});
    SmallVector<void *> buffers;
    for (std::vector<float> &output : outputs)
      buffers.push_back(output.data());
    llvm::cantFail(jit->run(inputs, buffers));
  }

  ArrayRef<float> getLogits() const { return outputs.front(); }
  size_t getParameterCount() const { return names.size(); }
  const std::string &getName(size_t parameter) const {
    return names[parameter];
  }
  ArrayRef<float> getGradient(size_t parameter) const {
    return outputs[parameter + 1];
  }

private:
  std::vector<std::string> names;
  std::vector<std::vector<float>> weights, outputs;
  std::unique_ptr<JitFunction> jit;
};

std::vector<float> getInputs(const Network &network, const ImageSet &images,
                             int64_t count) {
  std::vector<float> inputs;
  std::vector<float> pixels(images.getImageElements());
  for (int64_t index = 0; index < count; ++index) {
    images.getInput(index, network.normalization, pixels);
    llvm::append_range(inputs,
                       network.takesPatches
                           ? test::cutPatches(pixels, kImageSize, kPatchSide)
                           : pixels);
  }
  return inputs;
}

/// The mean cross-entropy over rows of logits with the class behind each
/// image's as label, and its derivative.
double getLoss(ArrayRef<float> logits, ArrayRef<uint8_t> labels,
               std::vector<float> &cotangent) {
  double loss = 0;
  double rows = logits.size() / test::kClasses;
  for (size_t row = 0; row < rows; ++row) {
    ArrayRef<float> values = logits.slice(row * test::kClasses, test::kClasses);
    int64_t label = (labels[row] + 1) % test::kClasses;
    double sum = 0;
    for (float value : values)
      sum += std::exp(double(value));
    loss += (std::log(sum) - values[label]) / rows;
    for (int64_t i = 0; i < test::kClasses; ++i)
      cotangent[row * test::kClasses + i] =
          (std::exp(double(values[i])) / sum - (i == label)) / rows;
  }
  return loss;
}

class GradientsPyTorch : public testing::TestWithParam<Network> {};

TEST_P(GradientsPyTorch, AreTheSame) {
  llvm::json::Object reference = test::readReference(GetParam().name);
  auto gradients = test::readTensors(reference, "parameters");
  int64_t count = *reference.getInteger("images");
  double expectedLoss = *reference.getNumber("loss");
  TrainableNetwork network;
  ASSERT_NO_FATAL_FAILURE(network.load(GetParam().name, count));
  ImageSet images = test::readImages();
  NpyArray labels = llvm::cantFail(readNpy(test::getDataPath("labels.npy")));
  std::vector<float> inputs = getInputs(GetParam(), images, count);
  std::vector<float> cotangent(count * test::kClasses);
  network.run(inputs, cotangent);
  double loss = getLoss(network.getLogits(),
                        llvm::cantFail(labels.getValues<uint8_t>()), cotangent);
  EXPECT_NEAR(loss, expectedLoss, kTolerance * expectedLoss);
  network.run(inputs, cotangent);

  EXPECT_EQ(network.getParameterCount(), gradients.size());
  for (size_t i = 0; i < network.getParameterCount(); ++i) {
    auto expected = gradients.find(network.getName(i));
    ASSERT_TRUE(expected != gradients.end()) << network.getName(i);
    test::compareTensors(network.getGradient(i), expected->second, kTolerance,
                         expected->first);
  }
}

INSTANTIATE_TEST_SUITE_P(
    FashionMnist, GradientsPyTorch,
    testing::Values(Network{"lenet5-fashion", {0.1307, 0.3081}},
                    Network{"resnet8-fashion", {0.286, 0.353}},
                    Network{"vit-fashion", {0.286, 0.353}, true}),
    [](const auto &info) {
      std::string name = info.param.name;
      llvm::replace(name, '-', '_');
      return name;
    });

} // namespace
