//===- ImportedModel.cpp - Small ONNX models in tests ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ImportedModel.h"
#include "onnx/defs/parser.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

onnx::ModelProto colonnade::test::parseModel(const std::string &graph,
                                             int64_t opset) {
  onnx::ModelProto model;
  std::string text =
      "<ir_version: 8, opset_import: [\"\" : " + std::to_string(opset) +
      "]>\n" + graph;
  onnx::OnnxParser parser(text.c_str());
  auto status = parser.Parse(model);
  EXPECT_TRUE(status.IsOK()) << status.ErrorMessage() << "\n" << text;
  return model;
}

ImportedModel::ImportedModel(const onnx::ModelProto &model,
                             const OnnxImportOptions &options,
                             const std::string &path) {
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    errors += diagnostic.str() + "\n";
    return success();
  });
  module = importOnnx(
      llvm::MemoryBuffer::getMemBufferCopy(model.SerializeAsString(), path),
      &context, options);
  EXPECT_EQ(bool(module), errors.empty()) << errors;
}

std::string ImportedModel::getType() {
  std::string text;
  llvm::raw_string_ostream(text) << getFunction().getFunctionType();
  return text;
}

unsigned ImportedModel::countOps(StringRef name) {
  unsigned count = 0;
  getFunction().walk(
      [&](Operation *op) { count += op->getName().getStringRef() == name; });
  return count;
}
