//===- LowerBlockQuantize.h - Block rounding in plain arith -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `colonnade.block_quantize` is once its promise is erased.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_LOWERBLOCKQUANTIZE_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_LOWERBLOCKQUANTIZE_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/IR/Builders.h"

namespace colonnade {

/// Builds the rounding of the op's source, without encodings, at the builder's
/// insertion point; it gives the bits that the numerics library does. Null,
/// after an error, for a dynamic type and for a constant that is not finite.
mlir::Value lowerBlockQuantize(mlir::OpBuilder &builder, BlockQuantizeOp op);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_LOWERBLOCKQUANTIZE_H
