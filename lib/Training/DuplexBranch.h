//===- DuplexBranch.h - The trained part of a duplex network ----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes the reversible branch that reads the features of a frozen network;
// what it looks like stands in the description of --colonnade-make-duplex.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_DUPLEXBRANCH_H
#define COLONNADE_LIB_TRAINING_DUPLEXBRANCH_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace colonnade {

/// How large the branch is; `fraction` 0 is for streams of f32.
struct BranchShape {
  int64_t channels, couplings, fraction;
};

/// Writes the branch in front of the terminator, and its parameters at the
/// function's beginning. `maps` are f32 tensors [1, channels, height, width]
/// whose heights and widths are multiples of the last one's. Returns the logits
/// [1, classes].
mlir::Value writeDuplexBranch(mlir::func::FuncOp function,
                              llvm::ArrayRef<mlir::Value> maps, int64_t classes,
                              const BranchShape &shape);

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_DUPLEXBRANCH_H
