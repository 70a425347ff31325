//===- QuantizeOps.h - The ops of a network, on integers -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Creates, for an op of the float network, the same op of int8 tensors. Private
// to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEOPS_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEOPS_H

#include "mlir/IR/Builders.h"

namespace colonnade {

/// A contraction like `op`, of int8 into int32.
mlir::Value createContraction(mlir::OpBuilder &builder, mlir::Operation *op,
                              mlir::Value data, mlir::Value weights);

/// A pooling like `op`: int8 maxima or int32 sums.
mlir::Value createPool(mlir::OpBuilder &builder, mlir::Operation *op,
                       mlir::Value data);

/// A reshape, transpose, slice or padding like `op`, of integers of any type;
/// what pads is `zero` or, before maxima, the lowest int8.
mlir::Value createMoved(mlir::OpBuilder &builder, mlir::Operation *op,
                        mlir::Value source, int64_t zero);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEOPS_H
