//===- ExternalData.h - Weights beside the model file ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Models past protobuf's 2 GB limit keep their weights in files of their own.
// What a model says about them is not trusted: no path leaves the model's
// directory, and offsets and lengths are checked against the file.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_EXTERNALDATA_H
#define COLONNADE_LIB_TARGET_ONNX_EXTERNALDATA_H

#include "onnx/onnx_pb.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace colonnade::onnximport {

/// Reads the `size` bytes of a tensor that keeps its data outside the model.
llvm::Expected<std::unique_ptr<llvm::MemoryBuffer>>
readExternalData(const onnx::TensorProto &tensor, llvm::StringRef directory,
                 uint64_t size);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_EXTERNALDATA_H
