//===- GraphImporter.h - An ONNX graph as a function -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks a checked model node by node. Every value of the graph is known by name
// with its type and, where shape arithmetic or an initializer gives them, its
// elements; constants become ops only when a node uses them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_GRAPHIMPORTER_H
#define COLONNADE_LIB_TARGET_ONNX_GRAPHIMPORTER_H

#include "NodeImporter.h"
#include "OnnxModel.h"
#include "TensorData.h"
#include "TypeInference.h"
#include "colonnade/Target/ImportOnnx.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace colonnade::onnximport {

/// A value of the ONNX graph.
struct GraphValue {
  OnnxType type;
  /// The SSA value; null for a constant that no node has used yet.
  mlir::Value value;
  /// The elements, if known at import time.
  mlir::ElementsAttr constant;
};

class GraphImporter {
public:
  /// `path` is the model's: it names the model in errors, and external data is
  /// looked for next to it.
  GraphImporter(OnnxModel &model, llvm::StringRef path,
                mlir::MLIRContext *context, const OnnxImportOptions &options);

  /// Null after an error, which has been emitted.
  mlir::OwningOpRef<mlir::ModuleOp> import();

  /// For NodeImporter.
  /// The value called `name`, defined before the node that asks.
  const GraphValue &getValue(llvm::StringRef name) const {
    return values.find(name)->second;
  }
  /// Its SSA value; constants are materialized on first use.
  mlir::Value materialize(llvm::StringRef name);
  void setValue(llvm::StringRef name, mlir::Value value);
  /// For results that the importer computes: no op is created unless used.
  void setConstant(llvm::StringRef name, OnnxType type,
                   mlir::ElementsAttr constant);
  int64_t getOpset() const { return model.getOpset(); }
  int64_t getOriginalOpset() const { return model.getOriginalOpset(); }
  llvm::StringRef getDirectory() const { return directory; }
  const OnnxImportOptions &getOptions() const { return options; }
  /// At the model, naming the node: binary models have no lines.
  mlir::InFlightDiagnostic emitError(const onnx::NodeProto &node,
                                     const llvm::Twine &message);

private:
  mlir::InFlightDiagnostic emitError(const llvm::Twine &message);

  ImportFunction lookupImporter(const onnx::NodeProto &node) const;
  mlir::LogicalResult checkOps();
  mlir::LogicalResult checkModel();
  mlir::LogicalResult importInitializers();
  mlir::FailureOr<OnnxType> getInputType(const onnx::ValueInfoProto &input);
  mlir::LogicalResult importInputs();
  mlir::LogicalResult importNode(const onnx::NodeProto &node);
  mlir::LogicalResult inferResults(const onnx::NodeProto &node);
  mlir::LogicalResult declareResult(const onnx::NodeProto &node,
                                    const std::string &name,
                                    const onnx::TypeProto &inferred);
  mlir::LogicalResult checkOperands(const onnx::NodeProto &node);
  mlir::LogicalResult checkResults(const onnx::NodeProto &node);
  void foldNode(const onnx::NodeProto &node, mlir::Operation *before);
  void eraseAfter(mlir::Operation *before);
  mlir::LogicalResult importOutputs();
  void eraseUnusedConstants();
  mlir::Block &getBody() { return function.getBody().front(); }

  OnnxModel &model;
  std::string path, directory;
  mlir::FileLineColLoc modelLocation;
  mlir::MLIRContext *context;
  const OnnxImportOptions &options;
  ImportTable importers;
  llvm::StringMap<GraphValue> values;
  /// Types that the model itself gives for values between nodes and outputs.
  llvm::StringMap<const onnx::TypeProto *> declaredTypes;
  mlir::func::FuncOp function;
  mlir::OpBuilder builder;
  /// Constants stand at the function's top; this is the last of them.
  mlir::Operation *lastConstant = nullptr;
};

/// "conv1", or for nodes without a name what they are and what they compute.
std::string getNodeName(const onnx::NodeProto &node);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_GRAPHIMPORTER_H
