//===- OnnxQuantizedModels.cpp - Networks that come quantized -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files as static quantizers write them, from the shipped float models, taken
// through the whole compile: they classify as well as the float model, and are
// the same integers in the JIT and on the machine.
//
//===----------------------------------------------------------------------===//

#include "OnnxFiles.h"
#include "OnnxQuantizer.h"
#include "ShippedNetworks.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Target/ImportOnnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Pass/PassManager.h"
#include "gtest/gtest.h"
#include <algorithm>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

constexpr int64_t kMachineImages = 20;

struct QuantizedCase {
  const char *model;
  PixelNormalization normalization;
  /// Images of 1,000 that the float model classifies correctly.
  int64_t floatCorrect;
  WeightScales weightScales;
};

class OnnxQuantizedModels : public testing::TestWithParam<QuantizedCase> {
protected:
  OnnxQuantizedModels() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    original = llvm::cantFail(readOnnxModel(
        getDataPath("models/" + Twine(GetParam().model) + ".onnx")));
    quantized = quantizeModel(original, measure(), GetParam().weightScales);
  }

  OwningOpRef<ModuleOp> import(const onnx::ModelProto &model) {
    return importOnnx(llvm::MemoryBuffer::getMemBufferCopy(
                          model.SerializeAsString(), "quantized.onnx"),
                      &context);
  }

  ActivationBoundsMap measure();

  /// Integers by the scales of the file; images measure only what it gives
  /// none.
  OwningOpRef<ModuleOp> quantize() {
    setCommonOptions(options, "edge-32x32", GetParam().normalization);
    OwningOpRef<ModuleOp> module = import(quantized);
    PassManager manager(&context);
    buildQuantizePipeline(manager, options);
    if (module && failed(manager.run(*module)))
      return nullptr;
    return module;
  }

  MLIRContext context;
  CompileOptions options;
  onnx::ModelProto original, quantized;
};

void include(ActivationBounds &bounds, ArrayRef<float> values) {
  for (float value : values) {
    bounds.low = std::min(bounds.low, value);
    bounds.high = std::max(bounds.high, value);
  }
}

/// Bounds on the calibration images, by running the float model with all its
/// values as results.
ActivationBoundsMap OnnxQuantizedModels::measure() {
  OwningOpRef<ModuleOp> module = import(exposeActivations(original));
  auto jit = llvm::cantFail(JitFunction::compile(*module, "main"));
  std::vector<std::string> names = getActivationNames(original.graph());
  auto images = llvm::cantFail(ImageSet::read(getDataPath("calibration.npy")));
  std::vector<float> input(images.getImageElements());
  std::vector<std::vector<float>> outputs;
  SmallVector<void *> pointers;
  for (const JitFunction::Buffer &buffer : jit->getOutputs())
    outputs.emplace_back(buffer.getNumElements());
  for (std::vector<float> &output : outputs)
    pointers.push_back(output.data());
  ActivationBoundsMap bounds;
  for (int64_t index = 0; index < images.getCount(); ++index) {
    images.getInput(index, GetParam().normalization, input);
    llvm::cantFail(jit->run({input.data()}, pointers));
    include(bounds[names.front()], input);
    for (auto [name, output] :
         llvm::zip_equal(llvm::drop_begin(names), outputs))
      include(bounds[name], output);
  }
  return bounds;
}

/// What the integer 1 of the network's results is.
double getOutputStep(const onnx::ModelProto &model) {
  std::string name = model.graph().output(0).name() + "_scale";
  for (const onnx::TensorProto &tensor : model.graph().initializer())
    if (tensor.name() == name) {
      float step = 0;
      std::memcpy(&step, tensor.raw_data().data(), sizeof(step));
      return step;
    }
  ADD_FAILURE() << "no scale '" << name << "'";
  return 1;
}

TEST_P(OnnxQuantizedModels, ClassifiesAsWellAsFloats) {
  OwningOpRef<ModuleOp> module = quantize();
  ASSERT_TRUE(module);
  auto function = module->lookupSymbol<func::FuncOp>("main");
  auto jit = llvm::cantFail(JitFunction::compile(*module, "main"));
  ImageSet images = readImages();
  NpyArray labels = llvm::cantFail(readNpy(getDataPath("labels.npy")));
  auto expected = llvm::cantFail(labels.getValues<uint8_t>());
  std::vector<int8_t> input(images.getImageElements());
  std::vector<int32_t> logits(kClasses);
  int64_t correct = 0;
  for (int64_t index = 0; index < images.getCount(); ++index) {
    images.getQuantizedInput(index, GetParam().normalization,
                             getArgumentForm(function), input);
    llvm::cantFail(jit->run({input.data()}, {logits.data()}));
    correct += llvm::max_element(logits) - logits.begin() == expected[index];
  }
  llvm::outs() << GetParam().model << ": " << correct << " of 1,000, float "
               << GetParam().floatCorrect << "\n";
  EXPECT_GE(correct, GetParam().floatCorrect - 5);
}

TEST_P(OnnxQuantizedModels, JitAndMachineComputeTheSameIntegers) {
  OwningOpRef<ModuleOp> module = quantize();
  ASSERT_TRUE(module);
  auto jit = llvm::cantFail(JitFunction::compile(*module, "main"));
  PassManager manager(&context);
  buildPromisePipeline(manager, options);
  buildSchedulePipeline(manager, options);
  ASSERT_TRUE(succeeded(manager.run(*module)));
  auto simulator =
      llvm::cantFail(sim::Simulator::create(exportOnlyProgram(*module)));
  ImageSet images = readImages();
  std::vector<int8_t> input(images.getImageElements());
  std::vector<int32_t> expected(kClasses);
  for (int64_t image = 0; image < kMachineImages; ++image) {
    images.getQuantizedInput(
        image, GetParam().normalization,
        simulator->getProgram().inputs.front().getInt8Form(), input);
    llvm::cantFail(jit->run({input.data()}, {expected.data()}));
    ASSERT_EQ(
        simulateImage(*simulator, images, image, GetParam().normalization),
        expected)
        << "image " << image;
  }
}

/// The file itself, evaluated in f32 as ONNX defines it. The two round sums of
/// other precision at every layer, so integers next to a half may fall to
/// either side.
TEST_P(OnnxQuantizedModels, IntegersFollowTheFile) {
  OwningOpRef<ModuleOp> file = import(quantized);
  auto floats = llvm::cantFail(JitFunction::compile(*file, "main"));
  OwningOpRef<ModuleOp> module = quantize();
  ASSERT_TRUE(module);
  auto function = module->lookupSymbol<func::FuncOp>("main");
  double outputScale =
      cast<FloatAttr>(
          function.getResultAttr(0, ColonnadeDialect::getScaleAttrName()))
          .getValueAsDouble();
  auto integers = llvm::cantFail(JitFunction::compile(*module, "main"));
  double step = getOutputStep(quantized);
  ImageSet images = readImages();
  std::vector<int8_t> input(images.getImageElements());
  std::vector<float> real(input.size()), expected(kClasses);
  std::vector<int32_t> logits(kClasses);
  int64_t equal = 0;
  double largest = 0;
  for (int64_t image = 0; image < images.getCount(); ++image) {
    images.getInput(image, GetParam().normalization, real);
    images.getQuantizedInput(image, GetParam().normalization,
                             getArgumentForm(function), input);
    llvm::cantFail(floats->run({real.data()}, {expected.data()}));
    llvm::cantFail(integers->run({input.data()}, {logits.data()}));
    for (auto [logit, value] : llvm::zip_equal(logits, expected)) {
      double difference = std::abs(logit * outputScale - value) / step;
      equal += difference < 0.5;
      largest = std::max(largest, difference);
    }
  }
  double share = double(equal) / double(images.getCount() * kClasses);
  llvm::outs() << GetParam().model << ": " << 100 * share
               << " % of the logits are the file's, others differ by up to "
               << largest << " steps\n";
  EXPECT_GE(share, 0.995);
  EXPECT_LE(largest, 1.01);
}

INSTANTIATE_TEST_SUITE_P(
    Models, OnnxQuantizedModels,
    testing::Values(
        QuantizedCase{
            "lenet5-fashion", {0.1307, 0.3081}, 916, WeightScales::PerChannel},
        QuantizedCase{
            "resnet8-fashion", {0.286, 0.353}, 928, WeightScales::PerTensor}),
    [](const testing::TestParamInfo<QuantizedCase> &info) {
      std::string name = info.param.model;
      std::replace(name.begin(), name.end(), '-', '_');
      return name;
    });

} // namespace
