//===- Schedule.h - Scheduling one function ---------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scheduler as a function: the pass turns networks into programs with it,
// the mapping asks it what a layer costs in one place or another.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_TRANSFORMS_SCHEDULE_H
#define COLONNADE_DIALECT_SYSTOLIC_TRANSFORMS_SCHEDULE_H

#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace colonnade::systolic {

/// Builds the program of a function of mapped layers before the function.
/// Emits an error and fails where `target` is too small for a layer.
mlir::FailureOr<ProgramOp> scheduleFunction(mlir::func::FuncOp function,
                                            TargetAttr target);

} // namespace colonnade::systolic

#endif // COLONNADE_DIALECT_SYSTOLIC_TRANSFORMS_SCHEDULE_H
