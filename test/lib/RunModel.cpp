//===- RunModel.cpp - Small ONNX models, run in tests ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "RunModel.h"
#include "colonnade/ExecutionEngine/JitFunction.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

std::vector<std::vector<char>>
colonnade::test::runModel(const onnx::ModelProto &model,
                          const std::vector<std::vector<char>> &arguments) {
  ImportedModel imported(model);
  EXPECT_TRUE(imported) << imported.getErrors();
  if (!imported)
    return {};
  auto jit =
      JitFunction::compile(imported.getFunction()->getParentOfType<ModuleOp>(),
                           "main", JitOptimization::CompileTime);
  EXPECT_TRUE(bool(jit));
  if (!jit) {
    ADD_FAILURE() << llvm::toString(jit.takeError());
    return {};
  }
  SmallVector<const void *> inputs;
  for (auto [index, bytes] : llvm::enumerate(arguments)) {
    const JitFunction::Buffer &buffer = (*jit)->getInputs()[index];
    EXPECT_EQ(buffer.getNumElements() * buffer.elementBytes,
              static_cast<int64_t>(bytes.size()));
    inputs.push_back(bytes.data());
  }
  std::vector<std::vector<char>> results;
  SmallVector<void *> outputs;
  for (const JitFunction::Buffer &buffer : (*jit)->getOutputs())
    outputs.push_back(
        results.emplace_back(buffer.getNumElements() * buffer.elementBytes)
            .data());
  if (llvm::Error error = (*jit)->run(inputs, outputs))
    ADD_FAILURE() << llvm::toString(std::move(error));
  return results;
}

onnx::ModelProto colonnade::test::bindInput(onnx::ModelProto model,
                                            const std::string &name,
                                            const std::vector<char> &bytes) {
  auto &inputs = *model.mutable_graph()->mutable_input();
  for (int index = 0; index < inputs.size(); ++index) {
    if (inputs[index].name() != name)
      continue;
    const onnx::TypeProto::Tensor &type = inputs[index].type().tensor_type();
    onnx::TensorProto &tensor = *model.mutable_graph()->add_initializer();
    tensor.set_name(name);
    tensor.set_data_type(type.elem_type());
    for (const auto &dimension : type.shape().dim())
      tensor.add_dims(dimension.dim_value());
    tensor.set_raw_data(bytes.data(), bytes.size());
    inputs.erase(inputs.begin() + index);
    return model;
  }
  ADD_FAILURE() << "no input '" << name << "'";
  return model;
}

std::vector<float> colonnade::test::makeFloats(std::mt19937 &random,
                                               size_t count) {
  std::vector<float> values(count);
  for (float &value : values)
    value = (static_cast<int>(random() % 257) - 128) / 64.0f;
  return values;
}

std::vector<uint8_t> colonnade::test::makeBytes(std::mt19937 &random,
                                                size_t count) {
  std::vector<uint8_t> values(count);
  for (uint8_t &value : values)
    value = random();
  return values;
}
