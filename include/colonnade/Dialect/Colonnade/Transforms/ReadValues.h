//===- ReadValues.h - What an op reads --------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_READVALUES_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_READVALUES_H

#include "mlir/IR/Operation.h"
#include "mlir/Transforms/RegionUtils.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"

namespace colonnade {

/// Everything that an op reads, in its regions too.
inline llvm::SetVector<mlir::Value> getReadValues(mlir::Operation *op) {
  llvm::SetVector<mlir::Value> values(op->operand_begin(), op->operand_end());
  mlir::getUsedValuesDefinedAbove(op->getRegions(), values);
  return values;
}

/// Whether an op reads one of the values, in its regions too.
inline bool readsAny(mlir::Operation *op,
                     const llvm::DenseSet<mlir::Value> &values) {
  return llvm::any_of(getReadValues(op), [&](mlir::Value value) {
    return values.contains(value);
  });
}

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_READVALUES_H
