//===- LinearMap.h - Indices as weighted sums of loops ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A nest's operands are read and written with one pitch per loop, so their
// indices must be linear in the loops. Verifier, legality and scheduling read
// the coefficients off affine expressions here.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_IR_LINEARMAP_H
#define COLONNADE_DIALECT_SYSTOLIC_IR_LINEARMAP_H

#include "mlir/IR/AffineExpr.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace colonnade::systolic {

/// offset + the sum over loops d of index[d] * coefficients[d].
struct LinearForm {
  int64_t offset = 0;
  llvm::SmallVector<int64_t, 6> coefficients;

  /// The smallest value, at the last index of the loops that run backward.
  int64_t getFirst(llvm::ArrayRef<int64_t> extents) const;
  /// The largest value.
  int64_t getLast(llvm::ArrayRef<int64_t> extents) const;
};

/// The linear form of `expr`; none if it is not linear.
std::optional<LinearForm> getLinearForm(mlir::AffineExpr expr, unsigned loops);

} // namespace colonnade::systolic

#endif // COLONNADE_DIALECT_SYSTOLIC_IR_LINEARMAP_H
