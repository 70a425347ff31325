//===- OnnxQuantizer.cpp - Quantized models for tests --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "OnnxQuantizer.h"
#include "onnx/shape_inference/implementation.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>

using onnx::GraphProto;
using onnx::NodeProto;
using onnx::TensorProto;

namespace colonnade::test {
namespace {

/// The first opset whose DequantizeLinear has an axis.
constexpr int64_t kLeastOpset = 13;

class ModelQuantizer {
public:
  ModelQuantizer(GraphProto &graph, const ActivationBoundsMap &bounds,
                 WeightScales weightScales)
      : graph(graph), bounds(bounds), weightScales(weightScales) {
    for (const TensorProto &tensor : graph.initializer())
      initializers[tensor.name()] = tensor;
  }

  void run();

private:
  void quantizeActivation(const std::string &source, const std::string &target,
                          ActivationStep step);
  void addNode(NodeProto node);
  void quantizeWeights(NodeProto &node);
  std::vector<float> addWeights(const std::string &name, int64_t axis);
  void addBias(const std::string &name, std::vector<float> scales);
  void addDequantize(const std::string &name, const std::string &scale,
                     const std::string &zeroPoint, int64_t axis);
  bool isReadOnlyByRelu(const std::string &name) const;

  std::vector<float> readFloats(const std::string &name) const;
  template <typename T>
  std::string addTensor(const std::string &name, int32_t type,
                        llvm::ArrayRef<int64_t> shape,
                        llvm::ArrayRef<T> values);

  GraphProto &graph;
  const ActivationBoundsMap &bounds;
  WeightScales weightScales;
  llvm::StringMap<TensorProto> initializers;
  llvm::StringMap<ActivationStep> steps;
  /// Readers of a key are to read the value instead.
  llvm::StringMap<std::string> renamed;
  std::vector<NodeProto> original;
};

bool isMovement(const NodeProto &node) {
  return node.op_type() == "MaxPool" || node.op_type() == "Flatten" ||
         node.op_type() == "Reshape";
}

bool hasWeights(const NodeProto &node) {
  return node.op_type() == "Conv" || node.op_type() == "Gemm";
}

int64_t getInteger(const NodeProto &node, const char *name) {
  for (const onnx::AttributeProto &attribute : node.attribute())
    if (attribute.name() == name)
      return attribute.i();
  return 0;
}

void setAxis(NodeProto &node, int64_t axis) {
  onnx::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name("axis");
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(axis);
}

NodeProto makeNode(const char *op, const std::string &output,
                   llvm::ArrayRef<std::string> inputs) {
  NodeProto node;
  node.set_op_type(op);
  node.set_name(output + "/" + op);
  for (const std::string &input : inputs)
    node.add_input(input);
  node.add_output(output);
  return node;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

std::vector<float> ModelQuantizer::readFloats(const std::string &name) const {
  const TensorProto &tensor = initializers.at(name);
  assert(tensor.data_type() == TensorProto::FLOAT && tensor.has_raw_data());
  std::vector<float> values(tensor.raw_data().size() / sizeof(float));
  std::memcpy(values.data(), tensor.raw_data().data(),
              tensor.raw_data().size());
  return values;
}

template <typename T>
std::string ModelQuantizer::addTensor(const std::string &name, int32_t type,
                                      llvm::ArrayRef<int64_t> shape,
                                      llvm::ArrayRef<T> values) {
  TensorProto &tensor = *graph.add_initializer();
  tensor.set_name(name);
  tensor.set_data_type(type);
  for (int64_t extent : shape)
    tensor.add_dims(extent);
  tensor.set_raw_data(values.data(), values.size() * sizeof(T));
  return name;
}

void ModelQuantizer::addDequantize(const std::string &name,
                                   const std::string &scale,
                                   const std::string &zeroPoint, int64_t axis) {
  NodeProto node = makeNode("DequantizeLinear", name + "_dequantized",
                            {name + "_quantized", scale, zeroPoint});
  setAxis(node, axis);
  *graph.add_node() = node;
}

/// Returns the scales, one per index of `axis`.
std::vector<float> ModelQuantizer::addWeights(const std::string &name,
                                              int64_t axis) {
  std::vector<float> values = readFloats(name);
  const TensorProto &tensor = initializers.at(name);
  std::vector<int64_t> shape(tensor.dims().begin(), tensor.dims().end());
  int64_t channels = shape[axis], inner = 1;
  for (int64_t extent : llvm::drop_begin(shape, axis + 1))
    inner *= extent;
  auto getChannel = [&](size_t index) { return index / inner % channels; };
  std::vector<float> scales(channels, 0);
  for (auto [index, value] : llvm::enumerate(values)) {
    float &scale = scales[getChannel(index)];
    scale = std::max(scale, std::abs(value) / 127);
  }
  if (weightScales == WeightScales::PerTensor)
    scales.assign(channels, *llvm::max_element(scales));
  for (float &scale : scales)
    if (scale == 0)
      scale = 1;
  std::vector<int8_t> integers;
  for (auto [index, value] : llvm::enumerate(values))
    integers.push_back(int8_t(std::clamp(
        std::nearbyint(value / scales[getChannel(index)]), -127.0f, 127.0f)));
  addTensor<int8_t>(name + "_quantized", TensorProto::INT8, shape, integers);
  addDequantize(
      name,
      addTensor<float>(name + "_scale", TensorProto::FLOAT, {channels}, scales),
      addTensor<int8_t>(name + "_zero_point", TensorProto::INT8, {channels},
                        std::vector<int8_t>(channels, 0)),
      axis);
  return scales;
}

void ModelQuantizer::addBias(const std::string &name,
                             std::vector<float> scales) {
  std::vector<int32_t> integers;
  for (auto [value, scale] : llvm::zip_equal(readFloats(name), scales))
    integers.push_back(int32_t(std::nearbyint(value / scale)));
  auto channels = int64_t(scales.size());
  addTensor<int32_t>(name + "_quantized", TensorProto::INT32, {channels},
                     integers);
  addDequantize(
      name,
      addTensor<float>(name + "_scale", TensorProto::FLOAT, {channels}, scales),
      addTensor<int32_t>(name + "_zero_point", TensorProto::INT32, {channels},
                         std::vector<int32_t>(channels, 0)),
      0);
}

void ModelQuantizer::quantizeWeights(NodeProto &node) {
  bool isTransposed = node.op_type() == "Conv" || getInteger(node, "transB");
  std::vector<float> scales = addWeights(node.input(1), isTransposed ? 0 : 1);
  for (float &scale : scales)
    scale *= steps.at(node.input(0)).scale;
  if (node.input_size() > 2)
    addBias(node.input(2), std::move(scales));
  for (int index = 1; index < node.input_size(); ++index)
    node.set_input(index, node.input(index) + "_dequantized");
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// `target` is `source` rounded to the steps.
void ModelQuantizer::quantizeActivation(const std::string &source,
                                        const std::string &target,
                                        ActivationStep step) {
  std::string scale =
      addTensor<float>(target + "_scale", TensorProto::FLOAT, {}, step.scale);
  std::string zeroPoint = addTensor<uint8_t>(
      target + "_zero_point", TensorProto::UINT8, {}, step.zeroPoint);
  std::string integers = target + "_quantized";
  *graph.add_node() =
      makeNode("QuantizeLinear", integers, {source, scale, zeroPoint});
  *graph.add_node() =
      makeNode("DequantizeLinear", target, {integers, scale, zeroPoint});
  steps[target] = step;
}

bool ModelQuantizer::isReadOnlyByRelu(const std::string &name) const {
  bool isRead = false;
  for (const NodeProto &node : original) {
    if (!llvm::is_contained(node.input(), name))
      continue;
    if (node.op_type() != "Relu")
      return false;
    isRead = true;
  }
  return isRead;
}

void ModelQuantizer::addNode(NodeProto node) {
  for (std::string &input : *node.mutable_input())
    if (auto found = renamed.find(input); found != renamed.end())
      input = found->second;
  if (hasWeights(node))
    quantizeWeights(node);
  std::string output = node.output(0);
  bool quantizesLater =
      (hasWeights(node) || node.op_type() == "Add") && isReadOnlyByRelu(output);
  if (quantizesLater) {
    *graph.add_node() = std::move(node);
    return;
  }
  ActivationStep step = isMovement(node)
                            ? steps.at(node.input(0))
                            : ActivationStep::get(bounds.at(output));
  node.set_output(0, output + "_float");
  *graph.add_node() = std::move(node);
  quantizeActivation(output + "_float", output, step);
}

void ModelQuantizer::run() {
  original.assign(graph.node().begin(), graph.node().end());
  graph.clear_node();
  graph.clear_value_info();
  std::string input = getActivationNames(graph).front();
  renamed[input] = input + "_dequantized";
  quantizeActivation(input, renamed[input],
                     ActivationStep::get(bounds.at(input)));
  for (const NodeProto &node : original)
    addNode(node);
}

} // namespace

ActivationStep ActivationStep::get(const ActivationBounds &bounds) {
  float scale = (bounds.high - bounds.low) / 255;
  if (scale == 0)
    scale = 1;
  return {scale, uint8_t(std::nearbyint(-bounds.low / scale))};
}

std::vector<std::string> getActivationNames(const GraphProto &graph) {
  llvm::StringSet<> constants;
  for (const TensorProto &tensor : graph.initializer())
    constants.insert(tensor.name());
  std::vector<std::string> names;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (!constants.contains(input.name()))
      names.push_back(input.name());
  for (const NodeProto &node : graph.node())
    names.push_back(node.output(0));
  return names;
}

onnx::ModelProto exposeActivations(onnx::ModelProto model) {
  onnx::shape_inference::InferShapes(model);
  GraphProto &graph = *model.mutable_graph();
  llvm::StringMap<onnx::ValueInfoProto> known;
  for (const onnx::ValueInfoProto &value : graph.value_info())
    known[value.name()] = value;
  for (const onnx::ValueInfoProto &value : graph.output())
    known[value.name()] = value;
  graph.clear_output();
  for (const NodeProto &node : graph.node())
    *graph.add_output() = known.at(node.output(0));
  return model;
}

onnx::ModelProto quantizeModel(onnx::ModelProto model,
                               const ActivationBoundsMap &bounds,
                               WeightScales weightScales) {
  onnx::OperatorSetIdProto &opset = *model.mutable_opset_import(0);
  opset.set_version(std::max<int64_t>(opset.version(), kLeastOpset));
  ModelQuantizer(*model.mutable_graph(), bounds, weightScales).run();
  return model;
}

} // namespace colonnade::test
