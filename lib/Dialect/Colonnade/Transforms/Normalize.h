//===- Normalize.h - Patterns that normalize contractions ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pattern sets of --colonnade-normalize. Private to the transforms
// library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_NORMALIZE_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_NORMALIZE_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace colonnade {

/// Whether quantization and lowering know the op: a convolution in NCHW,
/// grouped or depthwise ones too, or a matrix product without indexing maps of
/// its own.
bool isNormalContraction(mlir::linalg::LinalgOp op);

/// Generic contractions become named, operands are transposed to the way the
/// named op reads them, and what a contraction adds to is zero.
void populateContractionFormPatterns(mlir::RewritePatternSet &patterns);

/// Multiplications by constants per channel move into the weights before them,
/// past additions, and additions of constants are merged.
void populateScaleFoldingPatterns(mlir::RewritePatternSet &patterns);

/// Transposes and reshapes of constants are constants, also of resources.
void populateConstantMovementPatterns(mlir::RewritePatternSet &patterns);

/// Insertions into tensors of one number become padding.
void populateInsertionPatterns(mlir::RewritePatternSet &patterns);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_NORMALIZE_H
