//===- GeneratedResNet.cpp - ResNet-50 with random weights ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See GeneratedNetworks.h.
//
//===----------------------------------------------------------------------===//

#include "GeneratedNetworks.h"
#include <cmath>

namespace colonnade::test {
namespace {

constexpr int64_t kClasses = 1000;
constexpr int64_t kExpansion = 4;

class ResNetWriter {
public:
  explicit ResNetWriter(OnnxWriter &writer) : writer(writer) {}

  void write();

private:
  /// Convolution and batch normalization.
  std::string addConvolution(const std::string &name, const std::string &input,
                             int64_t inputs, int64_t outputs, int64_t kernel,
                             int64_t stride);
  std::string addNormalization(const std::string &name,
                               const std::string &input, int64_t channels);
  std::string addRelu(const std::string &name, const std::string &input);
  std::string addBlock(const std::string &name, const std::string &input,
                       int64_t inputs, int64_t width, int64_t stride);
  std::string addStem(const std::string &image);
  void addClassifier(const std::string &features, int64_t channels);

  OnnxWriter &writer;
};

std::string ResNetWriter::addNormalization(const std::string &name,
                                           const std::string &input,
                                           int64_t channels) {
  // Of unit size, so that activations neither vanish nor overflow.
  std::vector<float> ones(channels, 1.0f), zeros(channels, 0.0f);
  std::string output = name + ".bn";
  writer.addNode("BatchNormalization", output,
                 {input, writer.addWeight(output + ".weight", channels, ones),
                  writer.addWeight(output + ".bias", channels, zeros),
                  writer.addWeight(output + ".mean", channels, zeros),
                  writer.addWeight(output + ".var", channels, ones)});
  return output;
}

std::string ResNetWriter::addConvolution(const std::string &name,
                                         const std::string &input,
                                         int64_t inputs, int64_t outputs,
                                         int64_t kernel, int64_t stride) {
  float limit = std::sqrt(6.0f / static_cast<float>(inputs * kernel * kernel));
  std::string weight = writer.addRandomWeight(
      name + ".weight", {outputs, inputs, kernel, kernel}, limit);
  onnx::NodeProto &node = writer.addNode("Conv", name, {input, weight});
  OnnxWriter::setIntegers(node, "kernel_shape", {kernel, kernel});
  OnnxWriter::setIntegers(node, "strides", {stride, stride});
  int64_t pad = kernel / 2;
  OnnxWriter::setIntegers(node, "pads", {pad, pad, pad, pad});
  return addNormalization(name, name, outputs);
}

std::string ResNetWriter::addRelu(const std::string &name,
                                  const std::string &input) {
  writer.addNode("Relu", name, input);
  return name;
}

std::string ResNetWriter::addBlock(const std::string &name,
                                   const std::string &input, int64_t inputs,
                                   int64_t width, int64_t stride) {
  int64_t outputs = width * kExpansion;
  std::string x =
      addRelu(name + ".relu1",
              addConvolution(name + ".conv1", input, inputs, width, 1, 1));
  x = addRelu(name + ".relu2",
              addConvolution(name + ".conv2", x, width, width, 3, stride));
  x = addConvolution(name + ".conv3", x, width, outputs, 1, 1);
  std::string shortcut = input;
  if (inputs != outputs)
    shortcut =
        addConvolution(name + ".downsample", input, inputs, outputs, 1, stride);
  writer.addNode("Add", name + ".add", {x, shortcut});
  return addRelu(name + ".relu3", name + ".add");
}

std::string ResNetWriter::addStem(const std::string &image) {
  std::string x =
      addRelu("stem.relu", addConvolution("stem.conv", image, 3, 64, 7, 2));
  onnx::NodeProto &pool = writer.addNode("MaxPool", "stem.pool", x);
  OnnxWriter::setIntegers(pool, "kernel_shape", {3, 3});
  OnnxWriter::setIntegers(pool, "strides", {2, 2});
  OnnxWriter::setIntegers(pool, "pads", {1, 1, 1, 1});
  return "stem.pool";
}

void ResNetWriter::addClassifier(const std::string &features,
                                 int64_t channels) {
  writer.addNode("GlobalAveragePool", "pool", features);
  writer.addNode("Flatten", "flatten", std::string("pool"));
  float limit = std::sqrt(3.0f / static_cast<float>(channels));
  std::string weight =
      writer.addRandomWeight("fc.weight", {kClasses, channels}, limit);
  std::string bias =
      writer.addWeight("fc.bias", kClasses, std::vector<float>(kClasses, 0.0f));
  onnx::NodeProto &product =
      writer.addNode("Gemm", "logits", {"flatten", weight, bias});
  OnnxWriter::setInteger(product, "transB", 1);
  writer.addOutput("logits", {1, kClasses});
}

void ResNetWriter::write() {
  std::string x = addStem(writer.addInput("image", {1, 3, 224, 224}));
  constexpr int64_t kBlocks[] = {3, 4, 6, 3};
  int64_t channels = 64;
  for (int64_t stage = 0; stage < 4; ++stage)
    for (int64_t block = 0; block < kBlocks[stage]; ++block) {
      int64_t width = int64_t(64) << stage;
      std::string name =
          "layer" + std::to_string(stage + 1) + "." + std::to_string(block);
      x = addBlock(name, x, channels, width, stage > 0 && block == 0 ? 2 : 1);
      channels = width * kExpansion;
    }
  addClassifier(x, channels);
}

} // namespace

llvm::Error writeResNet50(OnnxWriter &writer) {
  ResNetWriter(writer).write();
  return writer.finish();
}

} // namespace colonnade::test
