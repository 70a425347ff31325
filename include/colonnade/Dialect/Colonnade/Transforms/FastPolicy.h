//===- FastPolicy.h - Precision chosen by the program ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The precision policy of FAST as code in the training step, so that one
// compiled step serves every precision. What it computes, bit for bit, is
// defined in colonnade/Numerics/FastPolicy.h.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_FASTPOLICY_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_FASTPOLICY_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Numerics/FastPolicy.h"
#include "mlir/IR/Builders.h"

namespace colonnade {

/// r(X) as an f64. `tensor` is a static f32 tensor of rank 1 or more; `promise`
/// says how its blocks lie (its mantissa bits are not looked at). `rounding` is
/// not stochastic: the two roundings would differ in noise too.
mlir::Value buildRelativeImprovement(mlir::OpBuilder &builder,
                                     mlir::Location loc, mlir::Value tensor,
                                     BlockFloatAttr promise,
                                     BlockRounding rounding);

/// eps(l, i) as an f64, for `iteration`, an i64.
mlir::Value buildThreshold(mlir::OpBuilder &builder, mlir::Location loc,
                           const FastPolicy &policy, int64_t layer,
                           int64_t layers, mlir::Value iteration,
                           int64_t iterations);

/// The number of mantissa bits as an i32, the operand of block_quantize.
mlir::Value buildMantissaBits(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::Value improvement, mlir::Value threshold);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_FASTPOLICY_H
