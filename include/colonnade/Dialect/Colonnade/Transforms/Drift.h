//===- Drift.h - How far reconstructed streams are off ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Float streams come back up to rounding, more so the deeper the network. This is
// how much, as a number that a program computes with its other results.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_DRIFT_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_DRIFT_H

#include "mlir/IR/Builders.h"

namespace colonnade {

/// A stream of the forward pass and what the backward pass has for it, of one
/// static type: f32 or fixed point.
struct ReconstructedStream {
  mlir::Value original, again;
};

/// The largest max |x - x'| / max |x| of these streams, a tensor<f32>. NaN if a
/// stream has a NaN; 0 of no streams, and of fixed point in any case.
mlir::Value buildDrift(mlir::OpBuilder &builder, mlir::Location loc,
                       llvm::ArrayRef<ReconstructedStream> streams);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_DRIFT_H
