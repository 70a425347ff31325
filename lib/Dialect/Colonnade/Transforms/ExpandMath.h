//===- ExpandMath.h - Math operations as arithmetic ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What --colonnade-expand-math does, for the passes that need it done. Private
// to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_EXPANDMATH_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_EXPANDMATH_H

#include "mlir/IR/Operation.h"

namespace colonnade {

/// Replaces the math functions on f32 scalars inside of `root` by arithmetic.
void expandMath(mlir::Operation *root);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_EXPANDMATH_H
