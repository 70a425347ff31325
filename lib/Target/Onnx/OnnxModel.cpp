//===- OnnxModel.cpp - A checked ONNX model -------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "OnnxModel.h"
#include "OnnxCalls.h"
#include "TypeInference.h"
#include "onnx/checker.h"
#include "onnx/version_converter/convert.h"
#include "llvm/ADT/StringSet.h"
#include <limits>
#include <optional>

using namespace llvm;
using namespace colonnade::onnximport;

Expected<OnnxModel>
OnnxModel::parse(google::protobuf::io::ZeroCopyInputStream &stream,
                 uint64_t bytes) {
  if (bytes > std::numeric_limits<int>::max())
    return createStringError(
        "the file has " + Twine(bytes) +
        " bytes; protobuf reads at most 2147483647: keep the weights in an "
        "external data file");
  OnnxModel result;
  if (!result.model.ParseFromZeroCopyStream(&stream))
    return createStringError("not an ONNX model, or cut short: protobuf cannot "
                             "parse it");
  if (!result.model.has_graph())
    return createStringError("the model has no graph");
  if (Error error = result.readOpset())
    return std::move(error);
  if (Error error = result.takeInitializers())
    return std::move(error);
  result.declareInitializers();
  return result;
}

Error OnnxModel::readOpset() {
  for (const onnx::OperatorSetIdProto &set : model.opset_import())
    if (set.domain().empty() || set.domain() == "ai.onnx")
      opset = set.version();
  originalOpset = opset;
  if (opset >= 1 && opset <= lastOpset)
    return Error::success();
  return createStringError(
      "expected an operator set from 1 to " + Twine(lastOpset) + ", got " +
      Twine(opset) +
      ": export the model with opset_version=" + Twine(lastOpset));
}

Error OnnxModel::takeInitializers() {
  onnx::GraphProto &graph = *model.mutable_graph();
  if (graph.sparse_initializer_size() > 0)
    return createStringError("sparse initializer '" +
                             graph.sparse_initializer(0).values().name() +
                             "' is not imported: store it dense");
  // Moves pointers: the tensors can be as large as the file.
  for (onnx::TensorProto &tensor : *graph.mutable_initializer())
    initializers.Add(std::move(tensor));
  graph.clear_initializer();
  if (Error error = takeConstants())
    return error;
  StringSet<> names;
  for (const onnx::TensorProto &tensor : initializers)
    if (!names.insert(tensor.name()).second)
      return createStringError("initializer '" + tensor.name() +
                               "' is defined twice");
  return Error::success();
}

/// What a Constant node holds, moved into a tensor; nothing for sparse tensors
/// and strings.
static std::optional<onnx::TensorProto>
takeValue(onnx::AttributeProto &attribute) {
  onnx::TensorProto tensor;
  if (attribute.name() == "value" && attribute.has_t()) {
    tensor = std::move(*attribute.mutable_t());
  } else if (attribute.name() == "value_float") {
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_float_data(attribute.f());
  } else if (attribute.name() == "value_floats") {
    tensor.set_data_type(onnx::TensorProto::FLOAT);
    tensor.add_dims(attribute.floats_size());
    *tensor.mutable_float_data() = std::move(*attribute.mutable_floats());
  } else if (attribute.name() == "value_int") {
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_int64_data(attribute.i());
  } else if (attribute.name() == "value_ints") {
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(attribute.ints_size());
    *tensor.mutable_int64_data() = std::move(*attribute.mutable_ints());
  } else {
    return std::nullopt;
  }
  return tensor;
}

static bool isConstant(const onnx::NodeProto &node) {
  return node.op_type() == "Constant" && node.domain().empty();
}

Error OnnxModel::takeConstants() {
  google::protobuf::RepeatedPtrField<onnx::NodeProto> others;
  for (onnx::NodeProto &node : *model.mutable_graph()->mutable_node()) {
    if (!isConstant(node)) {
      others.Add(std::move(node));
      continue;
    }
    std::optional<onnx::TensorProto> tensor;
    if (node.attribute_size() == 1 && node.output_size() == 1)
      tensor = takeValue(*node.mutable_attribute(0));
    if (!tensor)
      return createStringError("node '" + node.name() +
                               "' (Constant): expected one attribute that is a "
                               "dense tensor or numbers");
    tensor->set_name(node.output(0));
    initializers.Add(std::move(*tensor));
  }
  model.mutable_graph()->mutable_node()->Swap(&others);
  return Error::success();
}

void OnnxModel::declareInitializers() {
  onnx::GraphProto &graph = *model.mutable_graph();
  StringSet<> inputs;
  for (const onnx::ValueInfoProto &input : graph.input())
    inputs.insert(input.name());
  for (const onnx::TensorProto &tensor : initializers) {
    if (inputs.contains(tensor.name()))
      continue;
    onnx::ValueInfoProto &input = *graph.add_input();
    input.set_name(tensor.name());
    onnx::TypeProto_Tensor &type = *input.mutable_type()->mutable_tensor_type();
    type.set_elem_type(tensor.data_type());
    onnx::TensorShapeProto &shape = *type.mutable_shape();
    for (int64_t size : tensor.dims())
      shape.add_dim()->set_dim_value(size);
  }
}

Error OnnxModel::check() const {
  if (Error error =
          callOnnx("invalid model", [&] { onnx::checker::check_model(model); }))
    return error;
  return checkOutputs();
}

/// The checker does not, and the converter takes it for granted.
Error OnnxModel::checkOutputs() const {
  StringSet<> defined;
  for (const onnx::ValueInfoProto &input : getGraph().input())
    defined.insert(input.name());
  for (const onnx::NodeProto &node : getGraph().node())
    for (const std::string &name : node.output())
      defined.insert(name);
  for (const onnx::ValueInfoProto &output : getGraph().output())
    if (!defined.contains(output.name()))
      return createStringError("output '" + output.name() +
                               "' is not computed by any node");
  return Error::success();
}

Error OnnxModel::convert() {
  if (opset >= firstOpset)
    return Error::success();
  // The converter asks for the shapes of what it has to broadcast.
  if (Error error = declareTypes(*model.mutable_graph(), opset))
    return error;
  if (Error error = callOnnx(
          "the model has operator set " + Twine(opset) +
              ", which ONNX's converter cannot bring to " + Twine(firstOpset),
          [&] {
            model = onnx::version_conversion::ConvertVersion(model, firstOpset);
          }))
    return error;
  opset = firstOpset;
  // The converter turns attributes into operands.
  return takeInitializers();
}
