//===- LowerReversible.h - Reversible networks as plain code ----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the ops of reversible networks are once nobody needs to know of them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_LOWERREVERSIBLE_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_LOWERREVERSIBLE_H

#include "mlir/IR/Operation.h"

namespace colonnade {

/// Replaces couplings, fixed-point ops and space_to_depth in `root` by linalg,
/// tensor and arith, which compute the same bits. Types keep their encodings.
/// Fixed-point ops may stay as they are.
void lowerReversibleOps(mlir::Operation *root, bool keepFixedPoint = false);

/// Replaces the results of barriers in `root` by the operands. Only for where
/// no common subexpressions are eliminated any more, or to save no memory.
void dropBarriers(mlir::Operation *root);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_LOWERREVERSIBLE_H
