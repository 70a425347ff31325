//===- VectorBody.h - Checks shared by ops with vector bodies -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The mapped and the program level both hold scalar code for the vector unit in
// a region; these checks serve both.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_SYSTOLIC_IR_VECTORBODY_H
#define COLONNADE_LIB_DIALECT_SYSTOLIC_IR_VECTORBODY_H

#include "colonnade/Dialect/Systolic/IR/Systolic.h"

namespace colonnade::systolic {

/// Checks argument types, scalar ops and the yielded type of a vector body.
mlir::LogicalResult verifyVectorBody(mlir::Operation *op, mlir::Block &body,
                                     llvm::ArrayRef<mlir::Type> arguments,
                                     mlir::Type result);

} // namespace colonnade::systolic

#endif // COLONNADE_LIB_DIALECT_SYSTOLIC_IR_VECTORBODY_H
