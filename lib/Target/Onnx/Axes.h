//===- Axes.h - Axis attributes of ONNX nodes ------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Axes count from the back when negative, and moved from attributes to operands
// over the years. Both end here.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_AXES_H
#define COLONNADE_LIB_TARGET_ONNX_AXES_H

#include "NodeImporter.h"

namespace colonnade::onnximport {

/// `axis` as a dimension of a tensor of `rank`, or a reject.
mlir::FailureOr<int64_t> normalizeAxis(NodeImporter &node, int64_t axis,
                                       int64_t rank);
/// Attribute "axis".
mlir::FailureOr<int64_t> getAxis(NodeImporter &node, int64_t otherwise,
                                 int64_t rank);
/// A list of integers that is an attribute before `firstOpset` and operand
/// `index` since; nothing where the node has neither.
mlir::FailureOr<std::optional<llvm::SmallVector<int64_t>>>
getIntegerList(NodeImporter &node, int64_t firstOpset, unsigned index,
               llvm::StringRef name);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_AXES_H
