//===- BindOperands.cpp - Shapes a case passes in at run time ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX tests operators such as Reshape with the shape as an input of the model.
// A compiler for static shapes needs it as a constant, which is also how
// networks give it, and how such a case becomes a test of the operator.
//
//===----------------------------------------------------------------------===//

#include "ConformanceCase.h"
#include "llvm/ADT/StringMap.h"

namespace colonnade::test {
namespace {

/// Operands that give shapes, positions or modes, by operator.
const llvm::StringMap<std::vector<int>> &getShapeOperands() {
  static const llvm::StringMap<std::vector<int>> operands = {
      {"ConstantOfShape", {0}},
      {"Dropout", {1, 2}},
      {"Expand", {1}},
      {"Pad", {1}},
      {"ReduceSum", {1}},
      {"Reshape", {1}},
      {"Resize", {1, 2, 3}},
      {"Slice", {1, 2, 3, 4}},
      {"Split", {1}},
      {"Squeeze", {1}},
      {"Tile", {1}},
      {"Unsqueeze", {1}},
      {"Upsample", {1}}};
  return operands;
}

std::set<std::string> getShapeOperandNames(const onnx::GraphProto &graph) {
  std::set<std::string> names;
  for (const onnx::NodeProto &node : graph.node()) {
    auto operands = getShapeOperands().find(node.op_type());
    if (operands == getShapeOperands().end())
      continue;
    for (int index : operands->second)
      if (index < node.input_size())
        names.insert(node.input(index));
  }
  return names;
}

} // namespace

bool bindShapeOperands(onnx::ModelProto &model,
                       llvm::ArrayRef<onnx::TensorProto> inputs) {
  onnx::GraphProto &graph = *model.mutable_graph();
  std::set<std::string> names = getShapeOperandNames(graph);
  bool found = false;
  for (const onnx::TensorProto &input : inputs) {
    if (names.count(input.name()) == 0)
      continue;
    *graph.add_initializer() = input;
    found = true;
  }
  return found;
}

} // namespace colonnade::test
