//===- MatrixProducts.h - Matrix products as linalg ops ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// numpy's matmul is behind MatMul, MatMulInteger and QLinearMatMul; recurrent
// layers multiply by transposed weights as Gemm does.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_MATRIXPRODUCTS_H
#define COLONNADE_LIB_TARGET_ONNX_MATRIXPRODUCTS_H

#include "NodeImporter.h"

namespace colonnade::onnximport {

/// Rejects the node unless operands `left` and `right` and the result have the
/// shapes of a numpy matmul.
mlir::LogicalResult checkMatMul(NodeImporter &node, unsigned left,
                                unsigned right);

/// numpy's matmul of any ranks; `type` is that of the result. A right operand
/// that is one matrix gives one linalg.matmul over all rows of the left one.
mlir::Value createMatMul(mlir::ImplicitLocOpBuilder &builder, mlir::Value left,
                         mlir::Value right, mlir::RankedTensorType type);

/// [m, k] x [k, n].
mlir::Value createMatrixProduct(mlir::ImplicitLocOpBuilder &builder,
                                mlir::Value left, mlir::Value right,
                                mlir::Type elementType);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_MATRIXPRODUCTS_H
