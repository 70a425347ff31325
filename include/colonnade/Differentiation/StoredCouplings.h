//===- StoredCouplings.h - Couplings that keep their values -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a coupling's regions compute is seen by them only. To keep it for the
// backward pass, it is made a part of the function.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIFFERENTIATION_STOREDCOUPLINGS_H
#define COLONNADE_DIFFERENTIATION_STOREDCOUPLINGS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace colonnade {

/// Replaces the couplings of `function` whose `activations` are `store`, and
/// inverses, by what they compute: differentiation then treats them as any
/// other ops.
void lowerStoredCouplings(mlir::func::FuncOp function);

} // namespace colonnade

#endif // COLONNADE_DIFFERENTIATION_STOREDCOUPLINGS_H
