//===- ErasePromises.h - A step as the trainer compiles it ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_ERASEPROMISES_H
#define COLONNADE_LIB_TRAINING_ERASEPROMISES_H

#include "mlir/IR/BuiltinOps.h"

namespace colonnade {

/// Makes plain code of what rounds to blocks and of couplings; barriers stay.
llvm::LogicalResult erasePromises(mlir::ModuleOp step);

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_ERASEPROMISES_H
