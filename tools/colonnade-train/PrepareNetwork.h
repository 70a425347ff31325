//===- PrepareNetwork.h - A network before it is trained --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the options of colonnade-train make of a network before its training step
// is made.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TOOLS_COLONNADE_TRAIN_PREPARENETWORK_H
#define COLONNADE_TOOLS_COLONNADE_TRAIN_PREPARENETWORK_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"

namespace colonnade {

/// Does what --batch-norm, --reversible, --freeze and --initialize ask for, in
/// this order. With `normalizes`, brings contractions to their normal form first.
/// `seed` is of the fresh weights.
llvm::Error prepareNetwork(mlir::ModuleOp module, bool normalizes,
                           uint64_t seed);

} // namespace colonnade

#endif // COLONNADE_TOOLS_COLONNADE_TRAIN_PREPARENETWORK_H
