//===- OnnxModel.h - A checked ONNX model ----------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model file between protobuf and the importer. ONNX's checker and version
// converter copy and inspect every weight they see, so initializers and the
// values of Constant nodes are taken out of the graph first and stand in it as
// typed inputs only.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_ONNXMODEL_H
#define COLONNADE_LIB_TARGET_ONNX_ONNXMODEL_H

#include "onnx/onnx_pb.h"
#include "llvm/Support/Error.h"

namespace colonnade::onnximport {

/// Operator sets that the importers of the nodes read as they are. Older models
/// are converted to the first of them.
constexpr int64_t firstOpset = 7, lastOpset = 17;

class OnnxModel {
public:
  /// Parses a model of `bytes` bytes and takes out the initializers.
  static llvm::Expected<OnnxModel>
  parse(google::protobuf::io::ZeroCopyInputStream &stream, uint64_t bytes);

  /// Runs ONNX's checker: known operators with the right attributes, nodes in
  /// order, every name defined once.
  llvm::Error check() const;
  /// Brings a model before `firstOpset` up to it.
  llvm::Error convert();

  const onnx::GraphProto &getGraph() const { return model.graph(); }
  int64_t getOpset() const { return opset; }
  /// The version that the model was written for.
  int64_t getOriginalOpset() const { return originalOpset; }
  /// The initializers and the values of Constant nodes, which are no longer in
  /// the graph, for their data to be taken.
  google::protobuf::RepeatedPtrField<onnx::TensorProto> &getInitializers() {
    return initializers;
  }

private:
  llvm::Error readOpset();
  llvm::Error takeInitializers();
  llvm::Error takeConstants();
  llvm::Error checkOutputs() const;
  void declareInitializers();

  onnx::ModelProto model;
  google::protobuf::RepeatedPtrField<onnx::TensorProto> initializers;
  int64_t opset = 0, originalOpset = 0;
};

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_ONNXMODEL_H
