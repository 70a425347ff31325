//===- EraseEncodings.h - Types without promises ----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For the passes that leave no op which an encoding would mean something to.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ERASEENCODINGS_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ERASEENCODINGS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include <functional>

namespace colonnade {

/// Drops the encodings of all types in `root`, of values, constants and
/// functions, that have a Colonnade encoding and that `isErased` says.
void eraseEncodings(mlir::Operation *root,
                    const std::function<bool(mlir::Type)> &isErased);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ERASEENCODINGS_H
