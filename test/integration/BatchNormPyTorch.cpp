//===- BatchNormPyTorch.cpp - Steps with batch normalization --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Networks that normalize by the batch take the steps of gradient descent that
// PyTorch takes: losses, gradients, parameters and running statistics. How the
// reference files were made: test/data/gradients/make.py, in float64.
//
//===----------------------------------------------------------------------===//

#include "PyTorchReference.h"
#include "TestData.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
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

/// Of the first step, and of what several make of each other's rounding.
constexpr double kTolerance = 1e-4, kLaterTolerance = 1e-3;
constexpr double kMomentum = 0.9;

struct Batch {
  std::vector<float> inputs;
  std::vector<int32_t> labels;
};

struct Network {
  const char *name;
  std::optional<PixelNormalization> normalization;
};

void PrintTo(const Network &network, std::ostream *stream) {
  *stream << network.name;
}

/// Step `step` of Fashion-MNIST images.
Batch getFashionBatch(const PixelNormalization &normalization, int64_t step,
                      int64_t count) {
  ImageSet images = test::readImages();
  NpyArray labels = llvm::cantFail(readNpy(test::getDataPath("labels.npy")));
  auto classes = llvm::cantFail(labels.getValues<uint8_t>());
  Batch batch;
  std::vector<float> pixels(images.getImageElements());
  for (int64_t i = step * count; i < (step + 1) * count; ++i) {
    images.getInput(i, normalization, pixels);
    llvm::append_range(batch.inputs, pixels);
    batch.labels.push_back(classes[i]);
  }
  return batch;
}

/// get_number_batch in make.py.
Batch getNumberBatch(int64_t step, int64_t count) {
  Batch batch;
  for (int64_t i = 0; i < count * 3 * 32 * 32; ++i)
    batch.inputs.push_back(i * (i + step) * 7919 % 65537 / 16384.0 - 2);
  for (int64_t i = 0; i < count; ++i)
    batch.labels.push_back((i + step) % 10);
  return batch;
}

/// The training step of a network, and its parameters and state by name.
class TrainedNetwork {
public:
  /// Fails the test if the network cannot be trained.
  void load(llvm::StringRef name, int64_t batch, double learningRate) {
    MLIRContext context;
    OnnxImportOptions options;
    options.keepBatchNorm = true;
    OwningOpRef<ModuleOp> module = importOnnx(
        test::getDataPath("models/" + name + ".onnx"), &context, options);
    ASSERT_TRUE(module);
    PassManager insert(&context);
    insert.addNestedPass<func::FuncOp>(createInsertBatchNorm());
    ASSERT_TRUE(succeeded(insert.run(*module)));
    auto function = module->lookupSymbol<func::FuncOp>("main");
    auto values = collectParameters(function);
    parameterCount = values.size();
    llvm::append_range(values, collectStatistics(function));
    std::map<std::string, std::vector<float>> initial;
    for (const Parameter &value : values)
      initial[value.name] = test::getElements(value.constant);

    PassManager manager(&context);
    manager.addNestedPass<func::FuncOp>(createSetBatch({batch}));
    TrainingStepOptions step;
    step.learningRate = learningRate;
    step.momentum = kMomentum;
    manager.addPass(createTrainingStep(step));
    ASSERT_TRUE(succeeded(manager.run(*module)));
    addTensors(module->lookupSymbol<func::FuncOp>("training_step"), initial);
    jit = llvm::cantFail(JitFunction::compile(*module, "training_step",
                                              JitOptimization::Library));
    logits.resize(jit->getOutputs().back().getNumElements());
  }

  /// The loss before the step.
  double runStep(const Batch &batch) {
    std::vector<std::vector<float>> following = tensors;
    SmallVector<const void *> inputs;
    SmallVector<void *> outputs;
    for (auto [tensor, next] : llvm::zip_equal(tensors, following)) {
      inputs.push_back(tensor.data());
      outputs.push_back(next.data());
    }
    float loss;
    int64_t nextStep;
    inputs.append({&step, batch.inputs.data(), batch.labels.data()});
    outputs.append({&nextStep, &loss, logits.data()});
    llvm::cantFail(jit->run(inputs, outputs));
    tensors = std::move(following);
    step = nextStep;
    return loss;
  }

  size_t getParameterCount() const { return parameterCount; }

  /// Compares tensors whose name, with `suffix`, is that of one of ours.
  void compare(const std::map<std::string, test::DescribedTensor> &expected,
               const std::string &suffix, double tolerance) const {
    for (const auto &[name, tensor] : expected) {
      auto found = llvm::find(names, name + suffix);
      ASSERT_TRUE(found != names.end()) << name;
      test::compareTensors(tensors[found - names.begin()], tensor, tolerance,
                           name);
    }
  }

private:
  /// Parameters and state of the step, from zero where the network has none.
  void addTensors(func::FuncOp function,
                  const std::map<std::string, std::vector<float>> &initial) {
    for (unsigned i = 0; i + 3 < function.getNumArguments(); ++i) {
      auto name = function.getArgAttrOfType<StringAttr>(i, kParameterAttribute);
      if (!name)
        name = function.getArgAttrOfType<StringAttr>(i, kStateAttribute);
      names.push_back(name.str());
      auto found = initial.find(names.back());
      auto type = cast<RankedTensorType>(function.getArgumentTypes()[i]);
      tensors.push_back(found != initial.end()
                            ? found->second
                            : std::vector<float>(type.getNumElements()));
    }
  }

  std::vector<std::string> names;
  std::vector<std::vector<float>> tensors;
  std::vector<float> logits;
  size_t parameterCount = 0;
  int64_t step = 0;
  std::unique_ptr<JitFunction> jit;
};

class BatchNormPyTorch : public testing::TestWithParam<Network> {};

TEST_P(BatchNormPyTorch, TakesTheSameSteps) {
  llvm::json::Object reference =
      test::readReference(GetParam().name + std::string("-batch-norm"));
  int64_t count = *reference.getInteger("images");
  auto gradients = test::readTensors(reference, "gradients");
  TrainedNetwork network;
  ASSERT_NO_FATAL_FAILURE(
      network.load(GetParam().name, count, *reference.getNumber("rate")));
  EXPECT_EQ(network.getParameterCount(), gradients.size());

  const llvm::json::Array &losses = *reference.getArray("losses");
  for (auto [step, expected] : llvm::enumerate(losses)) {
    Batch batch = GetParam().normalization
                      ? getFashionBatch(*GetParam().normalization, step, count)
                      : getNumberBatch(step, count);
    double loss = *expected.getAsNumber();
    EXPECT_NEAR(network.runStep(batch), loss,
                (step == 0 ? kTolerance : kLaterTolerance) * loss)
        << "step " << step;
    // Momentum begins as the gradient.
    if (step == 0)
      network.compare(gradients, ".momentum", kTolerance);
  }
  network.compare(test::readTensors(reference, "parameters"), "",
                  kLaterTolerance);
  network.compare(test::readTensors(reference, "statistics"), "",
                  kLaterTolerance);
}

INSTANTIATE_TEST_SUITE_P(
    Networks, BatchNormPyTorch,
    testing::Values(
        Network{"lenet5-fashion", PixelNormalization{0.1307, 0.3081}},
        Network{"resnet8-fashion", PixelNormalization{0.286, 0.353}},
        Network{"resnet20-cifar10", std::nullopt}),
    [](const auto &info) {
      std::string name = info.param.name;
      llvm::replace(name, '-', '_');
      return name;
    });

} // namespace
