//===- ImportedModel.h - Small ONNX models in tests ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Models written in ONNX's own text form, imported, with every diagnostic kept.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_LIB_IMPORTEDMODEL_H
#define COLONNADE_TEST_LIB_IMPORTEDMODEL_H

#include "colonnade/Target/ImportOnnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Matchers.h"
#include "onnx/onnx_pb.h"
#include "gtest/gtest.h"

namespace colonnade::test {

/// The model that the text says, e.g.
///   main (float[2,3] x) => (float[2,3] y) { y = Relu(x) }
onnx::ModelProto parseModel(const std::string &graph, int64_t opset);

/// What became of a model.
class ImportedModel {
public:
  explicit ImportedModel(const onnx::ModelProto &model,
                         const OnnxImportOptions &options = {},
                         const std::string &path = "test.onnx");
  explicit ImportedModel(const std::string &graph, int64_t opset = 13,
                         const OnnxImportOptions &options = {})
      : ImportedModel(parseModel(graph, opset), options) {}

  explicit operator bool() const { return bool(module); }
  /// All errors, one a line.
  const std::string &getErrors() const { return errors; }

  mlir::func::FuncOp getFunction() {
    return *module->getOps<mlir::func::FuncOp>().begin();
  }
  /// The function's type as text.
  std::string getType();
  /// What the function returns first.
  mlir::Value getResult() {
    return getFunction().getBody().front().getTerminator()->getOperand(0);
  }
  /// The elements of the first result if it is a constant, else null.
  mlir::DenseElementsAttr getConstantResult() {
    mlir::DenseElementsAttr elements;
    mlir::matchPattern(getResult(), mlir::m_Constant(&elements));
    return elements;
  }
  unsigned countOps(llvm::StringRef name);

private:
  mlir::MLIRContext context;
  std::string errors;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace colonnade::test

#endif // COLONNADE_TEST_LIB_IMPORTEDMODEL_H
