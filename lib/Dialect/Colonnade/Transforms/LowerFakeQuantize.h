//===- LowerFakeQuantize.h - Rounding to int8 in plain arith ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `colonnade.fake_quantize` is to a compiler that does not know it.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_LOWERFAKEQUANTIZE_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_LOWERFAKEQUANTIZE_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/IR/Builders.h"

namespace colonnade {

/// Builds the rounding of the op's source at the builder's insertion point: one
/// all-parallel linalg.generic.
mlir::Value lowerFakeQuantize(mlir::OpBuilder &builder, FakeQuantizeOp op);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_LOWERFAKEQUANTIZE_H
