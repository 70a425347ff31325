//===- LoopChecks.h - Constraints that ops of loops share -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What nests of the vector unit and products of the array have in common. All
// emit an error at the op.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_DIALECT_SYSTOLIC_IR_LOOPCHECKS_H
#define LIB_DIALECT_SYSTOLIC_IR_LOOPCHECKS_H

#include "colonnade/Dialect/Systolic/IR/LinearMap.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"

namespace colonnade::systolic {

/// `what` has `expected` values.
mlir::LogicalResult checkCount(mlir::Operation *op, llvm::StringRef what,
                               size_t count, size_t expected);

/// All of `what` are at least 1.
mlir::LogicalResult checkSizes(mlir::Operation *op, llvm::StringRef what,
                               llvm::ArrayRef<int64_t> sizes);

/// The result has the extents of the parallel loops.
mlir::LogicalResult checkResultShape(mlir::Operation *op,
                                     mlir::RankedTensorType type,
                                     llvm::ArrayRef<int64_t> parallel);

/// Map `number` is from so many loops to the dimensions of its operand.
mlir::LogicalResult checkMapRanks(mlir::Operation *op, mlir::AffineMap map,
                                  unsigned number, size_t loops, int64_t rank);

/// The form of an index that is a sum of loops times constants.
mlir::FailureOr<LinearForm> getIndexForm(mlir::Operation *op,
                                         mlir::AffineMap map, unsigned number,
                                         unsigned dimension);

} // namespace colonnade::systolic

#endif // LIB_DIALECT_SYSTOLIC_IR_LOOPCHECKS_H
