//===- OnnxWriter.h - Building ONNX files node by node ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Networks too large to ship are written when they are needed. Weights go to
// disk as they are drawn, so that a file may be larger than memory would like,
// and are the same for the same seed everywhere.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_LIB_ONNXWRITER_H
#define COLONNADE_TEST_LIB_ONNXWRITER_H

#include "onnx/onnx_pb.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"
#include <memory>
#include <optional>

namespace colonnade::test {

/// Where weights are: in the model, which protobuf limits to 2 GB, or in a file
/// beside it, <model>.data.
enum class WeightStorage { Inside, External };

class OnnxWriter {
public:
  /// `density` is the share of nonzero elements of random weights.
  static llvm::Expected<std::unique_ptr<OnnxWriter>>
  create(llvm::StringRef path, WeightStorage storage, double density,
         uint64_t seed);

  /// An f32 input or output of the model.
  std::string addInput(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);
  void addOutput(llvm::StringRef name, llvm::ArrayRef<int64_t> shape);

  /// f32 weights, uniform within +-limit where they are not zero.
  std::string addRandomWeight(llvm::StringRef name,
                              llvm::ArrayRef<int64_t> shape, float limit);
  std::string addWeight(llvm::StringRef name, llvm::ArrayRef<int64_t> shape,
                        llvm::ArrayRef<float> values);
  /// Integers, as shapes and axes are.
  std::string addIntegers(llvm::StringRef name, llvm::ArrayRef<int64_t> values);

  /// A node of one output, which has the node's name. Attributes are added to
  /// the node returned.
  onnx::NodeProto &addNode(llvm::StringRef op, llvm::StringRef name,
                           llvm::ArrayRef<std::string> inputs);
  static void setIntegers(onnx::NodeProto &node, llvm::StringRef attribute,
                          llvm::ArrayRef<int64_t> values);
  static void setInteger(onnx::NodeProto &node, llvm::StringRef attribute,
                         int64_t value);

  /// Writes the model; the writer is of no use afterwards.
  llvm::Error finish();

private:
  OnnxWriter(llvm::StringRef path, double density, uint64_t seed);

  onnx::TensorProto &addInitializer(llvm::StringRef name,
                                    llvm::ArrayRef<int64_t> shape,
                                    int32_t elementType);
  void storeFloats(onnx::TensorProto &tensor, llvm::ArrayRef<float> values);
  void referToExternal(onnx::TensorProto &tensor, uint64_t length);
  uint64_t drawBits();

  std::string path;
  onnx::ModelProto model;
  std::unique_ptr<llvm::raw_fd_ostream> external;
  double density;
  uint64_t state;
};

} // namespace colonnade::test

#endif // COLONNADE_TEST_LIB_ONNXWRITER_H
