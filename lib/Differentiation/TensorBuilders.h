//===- TensorBuilders.h - Tensors that gradients are made of ----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Zeros, sums and slices.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIFFERENTIATION_TENSORBUILDERS_H
#define COLONNADE_LIB_DIFFERENTIATION_TENSORBUILDERS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace colonnade {

/// A float, or a tensor of it: a constant if it is a scalar, else filled.
mlir::Value createNumber(mlir::OpBuilder &builder, mlir::Location loc,
                         mlir::Type type, double number);
mlir::Value createSplat(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::RankedTensorType type, double number);
mlir::Value createZero(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Type type);

/// left + right, of scalars or of tensors.
mlir::Value createSum(mlir::OpBuilder &builder, mlir::Value left,
                      mlir::Value right);

/// Part of a tensor, and a tensor with a part replaced, by extents known at
/// compile time.
mlir::Value createSlice(mlir::OpBuilder &builder, mlir::Location loc,
                        mlir::Value source, llvm::ArrayRef<int64_t> offsets,
                        llvm::ArrayRef<int64_t> sizes,
                        llvm::ArrayRef<int64_t> strides);
mlir::Value createInsertion(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value part, mlir::Value target,
                            llvm::ArrayRef<int64_t> offsets,
                            llvm::ArrayRef<int64_t> sizes,
                            llvm::ArrayRef<int64_t> strides);

} // namespace colonnade

#endif // COLONNADE_LIB_DIFFERENTIATION_TENSORBUILDERS_H
