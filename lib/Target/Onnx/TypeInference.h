//===- TypeInference.h - Result types of ONNX nodes ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX's shape inference, run on one node at a time, as the importer reaches
// it. By then the importer knows its operands' types and the values that shape
// arithmetic computed, more of them than ONNX's own data propagation finds.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_TYPEINFERENCE_H
#define COLONNADE_LIB_TARGET_ONNX_TYPEINFERENCE_H

#include "onnx/onnx_pb.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <optional>
#include <vector>

namespace colonnade::onnximport {

struct KnownOperand {
  onnx::TypeProto type;
  /// Nothing when the elements are not known or too many to matter.
  std::optional<onnx::TensorProto> elements;
};

/// The types of the node's outputs, in order, by ONNX's rules; one that they
/// leave open is empty. `lookup` finds the operands by name.
llvm::Expected<std::vector<onnx::TypeProto>>
inferTypes(const onnx::NodeProto &node, int64_t opset,
           llvm::function_ref<KnownOperand(llvm::StringRef)> lookup);

/// Writes the types of all values between nodes into the graph, as far as ONNX
/// finds them without knowing any elements.
llvm::Error declareTypes(onnx::GraphProto &graph, int64_t opset);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_TYPEINFERENCE_H
