//===- Normalize.h - Patterns that normalize contractions ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The two pattern sets of --colonnade-normalize. Private to the transforms
// library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_NORMALIZE_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_NORMALIZE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace colonnade {

/// Whether quantization and lowering know the op: linalg.conv_2d_nchw_fchw, or
/// linalg.matmul without indexing maps of its own.
bool isNormalContraction(mlir::linalg::LinalgOp op);

/// The dimension of the second operand of a normal contraction that counts the
/// output channels.
unsigned getWeightChannelAxis(mlir::linalg::LinalgOp op);

/// Generic contractions become named, constant weights are stored the way the
/// named op reads them, and what a contraction adds to is zero.
void populateContractionFormPatterns(mlir::RewritePatternSet &patterns);

/// Multiplications by constants per channel move into the weights before them,
/// past additions, and additions of constants are merged.
void populateScaleFoldingPatterns(mlir::RewritePatternSet &patterns);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_NORMALIZE_H
