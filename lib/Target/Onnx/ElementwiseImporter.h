//===- ElementwiseImporter.h - Nodes that become one generic ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What arithmetic and activations share: operands broadcast to the result, and
// one generic over it. Operands are read through projected permutations, so
// that a per-channel constant stays a rank-1 operand for the passes behind.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_ELEMENTWISEIMPORTER_H
#define COLONNADE_LIB_TARGET_ONNX_ELEMENTWISEIMPORTER_H

#include "NodeImporter.h"
#include "TensorBuilders.h"

namespace colonnade::onnximport {

/// Whether numpy's rules broadcast `shape` to `resultShape`.
bool isBroadcastable(llvm::ArrayRef<int64_t> shape,
                     llvm::ArrayRef<int64_t> resultShape);

/// Result 0 as a generic over all operands. The body's arguments are the
/// operands' elements in order and, last, the result's, which it ignores.
mlir::LogicalResult importElementwise(NodeImporter &node, ElementFunction body);

/// Result 0 as a generic over the operands `indices` alone.
mlir::LogicalResult importElementwise(NodeImporter &node,
                                      llvm::ArrayRef<unsigned> indices,
                                      ElementFunction body);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_ELEMENTWISEIMPORTER_H
