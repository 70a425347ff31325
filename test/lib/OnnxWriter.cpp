//===- OnnxWriter.cpp - Building ONNX files node by node -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "OnnxWriter.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Path.h"

using onnx::TensorProto;

namespace colonnade::test {
namespace {

constexpr int64_t kOpset = 17;
constexpr int64_t kIrVersion = 8;

void setShape(onnx::ValueInfoProto &value, llvm::StringRef name,
              llvm::ArrayRef<int64_t> shape) {
  value.set_name(name.str());
  onnx::TypeProto::Tensor &type = *value.mutable_type()->mutable_tensor_type();
  type.set_elem_type(TensorProto::FLOAT);
  for (int64_t size : shape)
    type.mutable_shape()->add_dim()->set_dim_value(size);
}

onnx::AttributeProto &addAttribute(onnx::NodeProto &node, llvm::StringRef name,
                                   onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name(name.str());
  attribute.set_type(type);
  return attribute;
}

llvm::Expected<std::unique_ptr<llvm::raw_fd_ostream>>
openFile(llvm::StringRef path) {
  std::error_code error;
  auto stream = std::make_unique<llvm::raw_fd_ostream>(path, error);
  if (error)
    return llvm::createStringError("cannot write '" + path +
                                   "': " + error.message());
  return stream;
}

llvm::Error closeFile(llvm::raw_fd_ostream &stream, llvm::StringRef path) {
  stream.close();
  if (!stream.has_error())
    return llvm::Error::success();
  std::string message = stream.error().message();
  stream.clear_error();
  return llvm::createStringError("cannot write '" + path + "': " + message);
}

std::string getExternalPath(llvm::StringRef path) {
  return (path + ".data").str();
}

} // namespace

OnnxWriter::OnnxWriter(llvm::StringRef path, double density, uint64_t seed)
    : path(path), density(density), state(seed) {
  model.set_ir_version(kIrVersion);
  model.add_opset_import()->set_version(kOpset);
  model.mutable_graph()->set_name(llvm::sys::path::stem(path).str());
}

llvm::Expected<std::unique_ptr<OnnxWriter>>
OnnxWriter::create(llvm::StringRef path, WeightStorage storage, double density,
                   uint64_t seed) {
  std::unique_ptr<OnnxWriter> writer(new OnnxWriter(path, density, seed));
  if (storage == WeightStorage::Inside)
    return writer;
  auto external = openFile(getExternalPath(path));
  if (!external)
    return external.takeError();
  writer->external = std::move(*external);
  return writer;
}

std::string OnnxWriter::addInput(llvm::StringRef name,
                                 llvm::ArrayRef<int64_t> shape) {
  setShape(*model.mutable_graph()->add_input(), name, shape);
  return name.str();
}

void OnnxWriter::addOutput(llvm::StringRef name,
                           llvm::ArrayRef<int64_t> shape) {
  setShape(*model.mutable_graph()->add_output(), name, shape);
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

TensorProto &OnnxWriter::addInitializer(llvm::StringRef name,
                                        llvm::ArrayRef<int64_t> shape,
                                        int32_t elementType) {
  TensorProto &tensor = *model.mutable_graph()->add_initializer();
  tensor.set_name(name.str());
  tensor.set_data_type(elementType);
  tensor.mutable_dims()->Add(shape.begin(), shape.end());
  return tensor;
}

void OnnxWriter::referToExternal(TensorProto &tensor, uint64_t length) {
  tensor.set_data_location(TensorProto::EXTERNAL);
  auto add = [&](const char *key, const std::string &value) {
    onnx::StringStringEntryProto &entry = *tensor.add_external_data();
    entry.set_key(key);
    entry.set_value(value);
  };
  add("location", llvm::sys::path::filename(getExternalPath(path)).str());
  add("offset", std::to_string(external->tell()));
  add("length", std::to_string(length));
}

void OnnxWriter::storeFloats(TensorProto &tensor,
                             llvm::ArrayRef<float> values) {
  const char *bytes = reinterpret_cast<const char *>(values.data());
  size_t length = values.size() * sizeof(float);
  if (!external) {
    tensor.set_raw_data(bytes, length);
    return;
  }
  referToExternal(tensor, length);
  external->write(bytes, length);
}

/// SplitMix64 (Steele, Lea, Flood 2014): a generator that is fast and the same
/// on every platform.
uint64_t OnnxWriter::drawBits() {
  uint64_t z = state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::string OnnxWriter::addRandomWeight(llvm::StringRef name,
                                        llvm::ArrayRef<int64_t> shape,
                                        float limit) {
  auto threshold = static_cast<uint64_t>(density * (uint64_t(1) << 32));
  std::vector<float> values(llvm::product_of(shape));
  for (float &value : values) {
    uint64_t bits = drawBits();
    if ((bits >> 32) < threshold)
      value = limit * static_cast<float>(static_cast<int32_t>(bits)) * 0x1p-31f;
  }
  return addWeight(name, shape, values);
}

std::string OnnxWriter::addWeight(llvm::StringRef name,
                                  llvm::ArrayRef<int64_t> shape,
                                  llvm::ArrayRef<float> values) {
  storeFloats(addInitializer(name, shape, TensorProto::FLOAT), values);
  return name.str();
}

std::string OnnxWriter::addIntegers(llvm::StringRef name,
                                    llvm::ArrayRef<int64_t> values) {
  TensorProto &tensor = addInitializer(
      name, static_cast<int64_t>(values.size()), TensorProto::INT64);
  tensor.mutable_int64_data()->Add(values.begin(), values.end());
  return name.str();
}

//===----------------------------------------------------------------------===//
// Nodes
//===----------------------------------------------------------------------===//

onnx::NodeProto &OnnxWriter::addNode(llvm::StringRef op, llvm::StringRef name,
                                     llvm::ArrayRef<std::string> inputs) {
  onnx::NodeProto &node = *model.mutable_graph()->add_node();
  node.set_op_type(op.str());
  node.set_name(name.str());
  for (const std::string &input : inputs)
    node.add_input(input);
  node.add_output(name.str());
  return node;
}

void OnnxWriter::setIntegers(onnx::NodeProto &node, llvm::StringRef attribute,
                             llvm::ArrayRef<int64_t> values) {
  addAttribute(node, attribute, onnx::AttributeProto::INTS)
      .mutable_ints()
      ->Add(values.begin(), values.end());
}

void OnnxWriter::setInteger(onnx::NodeProto &node, llvm::StringRef attribute,
                            int64_t value) {
  addAttribute(node, attribute, onnx::AttributeProto::INT).set_i(value);
}

llvm::Error OnnxWriter::finish() {
  if (external)
    if (llvm::Error error = closeFile(*external, getExternalPath(path)))
      return error;
  std::string bytes;
  if (!model.SerializeToString(&bytes))
    return llvm::createStringError("'" + path +
                                   "' is too large for one protobuf message: "
                                   "use external weights");
  auto stream = openFile(path);
  if (!stream)
    return stream.takeError();
  **stream << bytes;
  return closeFile(**stream, path);
}

} // namespace colonnade::test
