//===- TransposeMotion.h - Bringing transposes together --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A change of layout puts transposes around every window. Between windows lie
// ops that work in any layout; transposes move through them until they cancel.
// Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_TRANSPOSEMOTION_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_TRANSPOSEMOTION_H

#include "mlir/IR/PatternMatch.h"

namespace colonnade {

/// `value` with its dimensions permuted: dimension i of the result is dimension
/// permutation[i] of the value.
mlir::Value transpose(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value value, llvm::ArrayRef<int64_t> permutation);

/// Generic ops read transposed values in place. Transposes that move the last
/// dimension to place 1 move up through all-parallel generic ops, padding and
/// concatenations; other readers of those get the inverse transpose.
void populateTransposeMotionPatterns(mlir::RewritePatternSet &patterns);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_TRANSPOSEMOTION_H
