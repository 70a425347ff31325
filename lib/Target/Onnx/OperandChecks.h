//===- OperandChecks.h - What importers ask of operands ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX's checker looks at counts of operands, not at their shapes, and a
// corrupt model has any. An importer that indexes into a shape asks here first.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_OPERANDCHECKS_H
#define COLONNADE_LIB_TARGET_ONNX_OPERANDCHECKS_H

#include "NodeImporter.h"

namespace colonnade::onnximport {

/// Rejects the node unless operand `index` is there and has at least `rank`
/// dimensions.
mlir::LogicalResult requireRank(NodeImporter &node, unsigned index,
                                int64_t rank);
/// Rejects the node unless operand `index` is there and has this shape.
mlir::LogicalResult requireShape(NodeImporter &node, unsigned index,
                                 llvm::ArrayRef<int64_t> shape);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_OPERANDCHECKS_H
