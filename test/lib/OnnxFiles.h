//===- OnnxFiles.h - ONNX's test data --------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Models and tensors as ONNX's own test suites store them. Tensors are decoded
// here once more, not by the importer's code, which is under test.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_LIB_ONNXFILES_H
#define COLONNADE_TEST_LIB_ONNXFILES_H

#include "onnx/onnx_pb.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace colonnade::test {

/// A tensor's elements, dense and row-major; a bool is a byte.
struct OnnxTensor {
  int32_t elementType = onnx::TensorProto::UNDEFINED;
  std::vector<int64_t> shape;
  std::vector<char> bytes;
};

/// Bytes of an element, 0 for strings, complex numbers and unknown types.
size_t getElementBytes(int32_t elementType);

/// Reads a serialized message.
llvm::Expected<onnx::ModelProto> readOnnxModel(llvm::StringRef path);
llvm::Expected<onnx::TensorProto> readOnnxTensor(llvm::StringRef path);

/// Fails for elements without a fixed size, or not as many as the shape says.
llvm::Expected<OnnxTensor> decodeOnnxTensor(const onnx::TensorProto &proto);

} // namespace colonnade::test

#endif // COLONNADE_TEST_LIB_ONNXFILES_H
