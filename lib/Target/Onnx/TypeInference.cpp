//===- TypeInference.cpp - Result types of ONNX nodes ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. The node is put into a graph of its own, whose inputs are the
// operands and whose initializers the known ones.
//
//===----------------------------------------------------------------------===//

#include "TypeInference.h"
#include "InferencePreconditions.h"
#include "OnnxCalls.h"
#include "onnx/shape_inference/implementation.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace llvm;
using namespace colonnade::onnximport;

static onnx::GraphProto
makeGraph(const onnx::NodeProto &node,
          function_ref<KnownOperand(StringRef)> lookup) {
  onnx::GraphProto graph;
  *graph.add_node() = node;
  StringSet<> seen;
  for (const std::string &name : node.input()) {
    if (name.empty() || !seen.insert(name).second)
      continue;
    KnownOperand operand = lookup(name);
    onnx::ValueInfoProto &input = *graph.add_input();
    input.set_name(name);
    *input.mutable_type() = std::move(operand.type);
    if (!operand.elements)
      continue;
    onnx::TensorProto &tensor = *graph.add_initializer();
    tensor = std::move(*operand.elements);
    tensor.set_name(name);
  }
  return graph;
}

static Error runInference(onnx::GraphProto &graph, int64_t opset) {
  onnx::ShapeInferenceOptions options(/*check_type_val=*/true,
                                      /*strict_mode_val=*/1);
  return callOnnx("shape inference", [&] {
    onnx::shape_inference::InferShapes(&graph, {{"", static_cast<int>(opset)}},
                                       onnx::OpSchemaRegistry::Instance(),
                                       options);
  });
}

Expected<std::vector<onnx::TypeProto>> colonnade::onnximport::inferTypes(
    const onnx::NodeProto &node, int64_t opset,
    function_ref<KnownOperand(StringRef)> lookup) {
  onnx::GraphProto graph = makeGraph(node, lookup);
  if (Error error = checkPreconditions(graph))
    return std::move(error);
  if (Error error = runInference(graph, opset))
    return std::move(error);
  StringMap<onnx::TypeProto> found;
  for (const onnx::ValueInfoProto &info : graph.value_info())
    found[info.name()] = info.type();
  std::vector<onnx::TypeProto> types;
  for (const std::string &name : node.output())
    types.push_back(found.lookup(name));
  return types;
}

Error colonnade::onnximport::declareTypes(onnx::GraphProto &graph,
                                          int64_t opset) {
  StringMap<onnx::TypeProto> types;
  for (const onnx::ValueInfoProto &input : graph.input())
    types[input.name()] = input.type();
  graph.clear_value_info();
  for (const onnx::NodeProto &node : graph.node()) {
    auto inferred = inferTypes(node, opset, [&](StringRef name) {
      return KnownOperand{types.lookup(name), std::nullopt};
    });
    if (!inferred)
      return joinErrors(createStringError("node '" + node.name() + "' (" +
                                          node.op_type() + ")"),
                        inferred.takeError());
    for (auto [name, type] : zip_equal(node.output(), *inferred)) {
      if (name.empty() || !type.has_tensor_type())
        continue;
      types[name] = type;
      onnx::ValueInfoProto &info = *graph.add_value_info();
      info.set_name(name);
      *info.mutable_type() = type;
    }
  }
  return Error::success();
}
