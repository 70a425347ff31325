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

#include "TestData.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "colonnade/Differentiation/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Target/ImportOnnx.h"
#include "colonnade/Training/Passes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gtest/gtest.h"
#include <numeric>

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

/// What PyTorch says.
struct Reference {
  struct Parameter {
    double norm;
    std::vector<double> samples;
  };
  int64_t images;
  double loss;
  std::map<std::string, Parameter> parameters;
};

Reference readReference(llvm::StringRef name) {
  auto buffer =
      llvm::cantFail(llvm::errorOrToExpected(llvm::MemoryBuffer::getFile(
          test::getDataPath("gradients/" + name + ".json"))));
  llvm::json::Value value =
      llvm::cantFail(llvm::json::parse(buffer->getBuffer()));
  const llvm::json::Object &object = *value.getAsObject();
  Reference reference{
      *object.getInteger("images"), *object.getNumber("loss"), {}};
  for (const llvm::json::Value &entry : *object.getArray("parameters")) {
    const llvm::json::Object &parameter = *entry.getAsObject();
    Reference::Parameter described{*parameter.getNumber("norm"), {}};
    for (const llvm::json::Value &sample : *parameter.getArray("samples"))
      described.samples.push_back(*sample.getAsNumber());
    reference.parameters[parameter.getString("name")->str()] = described;
  }
  return reference;
}

/// The elements of an f32 constant.
std::vector<float> getElements(arith::ConstantOp constant) {
  auto type = cast<RankedTensorType>(constant.getType());
  auto elements = dyn_cast<DenseElementsAttr>(constant.getValue());
  if (!elements)
    elements = DenseElementsAttr::getFromRawBuffer(
        type, cast<DenseResourceElementsAttr>(constant.getValue())
                  .getRawHandle()
                  .getBlob()
                  ->getData());
  auto values = elements.getValues<float>();
  return {values.begin(), values.end()};
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
      weights.push_back(getElements(parameter.constant));
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

double getNorm(ArrayRef<float> values) {
  return std::sqrt(std::accumulate(
      values.begin(), values.end(), 0.0,
      [](double sum, float value) { return sum + double(value) * value; }));
}

/// Elements are compared beside the gradient's root mean square: sums of many
/// terms that cancel have no relative accuracy of their own.
void compare(ArrayRef<float> gradient, const Reference::Parameter &expected,
             const std::string &name) {
  EXPECT_LE(std::abs(getNorm(gradient) - expected.norm),
            kTolerance * expected.norm)
      << name;
  double scale = expected.norm / std::sqrt(double(gradient.size()));
  size_t count = expected.samples.size();
  for (size_t i = 0; i < count; ++i)
    EXPECT_LE(
        std::abs(gradient[i * gradient.size() / count] - expected.samples[i]),
        kTolerance * std::max(scale, std::abs(expected.samples[i])))
        << name << ", sample " << i;
}

class GradientsPyTorch : public testing::TestWithParam<Network> {};

TEST_P(GradientsPyTorch, AreTheSame) {
  Reference reference = readReference(GetParam().name);
  TrainableNetwork network;
  ASSERT_NO_FATAL_FAILURE(network.load(GetParam().name, reference.images));
  ImageSet images = test::readImages();
  NpyArray labels = llvm::cantFail(readNpy(test::getDataPath("labels.npy")));
  std::vector<float> inputs = getInputs(GetParam(), images, reference.images);
  std::vector<float> cotangent(reference.images * test::kClasses);
  network.run(inputs, cotangent);
  double loss = getLoss(network.getLogits(),
                        llvm::cantFail(labels.getValues<uint8_t>()), cotangent);
  EXPECT_NEAR(loss, reference.loss, kTolerance * reference.loss);
  network.run(inputs, cotangent);

  EXPECT_EQ(network.getParameterCount(), reference.parameters.size());
  for (size_t i = 0; i < network.getParameterCount(); ++i) {
    auto expected = reference.parameters.find(network.getName(i));
    ASSERT_TRUE(expected != reference.parameters.end()) << network.getName(i);
    compare(network.getGradient(i), expected->second, expected->first);
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
