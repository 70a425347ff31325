//===- BlockPromises.h - Promises on float tensors -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The meaning of `block_float` promises on constants. Beside Promises.h, whose
// promises are about int8 values, since these are about floats.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_BLOCKPROMISES_H
#define COLONNADE_DIALECT_COLONNADE_IR_BLOCKPROMISES_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <vector>

namespace colonnade {

/// The `block_float` promise of a tensor type; null when there is none.
BlockFloatAttr getBlockFloatPromise(mlir::Type type);

/// The same type with this promise in place of its encoding.
mlir::RankedTensorType withBlockFloat(mlir::RankedTensorType type,
                                      BlockFloatAttr promise);

/// The values of an f32 constant in row-major order: dense, splat or
/// dense_resource. None for other kinds and for resources without data.
std::optional<std::vector<float>> readFloatValues(mlir::ElementsAttr elements);

/// The row-major position of the first infinity or NaN.
std::optional<int64_t> findNonFinite(llvm::ArrayRef<float> values);

/// Establishes the `block_float` promise of `type`, which is static, with
/// `mantissaBits` at most; non-finite blocks become NaN.
void quantizeToBlocks(mlir::RankedTensorType type,
                      llvm::MutableArrayRef<float> values, int64_t mantissaBits,
                      const BlockRounder &rounder);

/// Whether a constant keeps the `block_float` promise of `type`. The first
/// value that does not is reported through `emitError`, and so is a constant
/// whose values cannot be read.
mlir::LogicalResult
checkBlockFloat(mlir::RankedTensorType type, mlir::ElementsAttr elements,
                llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_IR_BLOCKPROMISES_H
