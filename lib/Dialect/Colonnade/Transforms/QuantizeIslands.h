//===- QuantizeIslands.h - The f32 ops of a quantized network --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Softmax, normalization and the like are computed in f32 between the integer
// layers. What quantization leaves of them is one op at a time; this makes them
// few loops of operations that the vector unit has. Private to the transforms
// library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEISLANDS_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEISLANDS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace colonnade {

/// Fuses all-parallel f32 ops with the only op that reads them, and writes math
/// functions as arithmetic. Emits an error at an operation for which there is
/// none, and at i1 tensors that are left.
mlir::LogicalResult finishFloatOps(mlir::func::FuncOp function);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEISLANDS_H
