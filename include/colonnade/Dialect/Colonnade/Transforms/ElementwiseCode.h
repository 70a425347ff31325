//===- ElementwiseCode.h - Scalar code for every element --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A linalg.generic around scalar code, for the lowerings of elementwise ops.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_ELEMENTWISECODE_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_ELEMENTWISECODE_H

#include "colonnade/Dialect/Colonnade/Transforms/ScalarBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace colonnade {

/// A tensor of `type` (encoding included) whose elements `code` makes of those
/// of `operands`, at least one, which have its shape.
inline mlir::Value buildElementwise(
    mlir::OpBuilder &builder, mlir::Location loc, mlir::RankedTensorType type,
    mlir::ValueRange operands,
    llvm::function_ref<mlir::Value(ScalarBuilder &, mlir::ValueRange)> code) {
  mlir::Value empty = mlir::tensor::EmptyOp::create(
      builder, loc, mlir::tensor::getMixedSizes(builder, loc, operands.front()),
      type.getElementType(), type.getEncoding());
  llvm::SmallVector<mlir::AffineMap> maps(
      operands.size() + 1, builder.getMultiDimIdentityMap(type.getRank()));
  llvm::SmallVector<mlir::utils::IteratorType> iterators(
      type.getRank(), mlir::utils::IteratorType::parallel);
  return mlir::linalg::GenericOp::create(
             builder, loc, type, operands, empty, maps, iterators,
             [&](mlir::OpBuilder &body, mlir::Location bodyLoc,
                 mlir::ValueRange arguments) {
               ScalarBuilder b(bodyLoc, body);
               mlir::linalg::YieldOp::create(b, code(b, arguments.drop_back()));
             })
      .getResult(0);
}

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_ELEMENTWISECODE_H
