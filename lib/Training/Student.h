//===- Student.h - The student inside a training step ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A step with distillation runs the network a second time, at a lower
// resolution. What it needs for that is state of the step, which whoever runs
// the step sets. Private to the training library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_STUDENT_H
#define COLONNADE_LIB_TRAINING_STUDENT_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade {

/// The name, after the parameter's, of the state that holds the student's
/// weights.
inline constexpr llvm::StringLiteral kStudentState("student");
/// The name of the state that limits the terms of its activations, a
/// tensor<1xi32>.
inline constexpr llvm::StringLiteral kStudentTerms("student.terms");

/// The arguments of a network, which are its parameters, that are the weights
/// of a product or a convolution as they stand.
llvm::SmallVector<unsigned> findStudentWeights(mlir::func::FuncOp network);

/// Clones the network's body with the arguments that `mapping` has for its own,
/// every colonnade.fake_quantize that has terms with `limit`; its result.
mlir::Value cloneStudent(mlir::ImplicitLocOpBuilder &builder,
                         mlir::func::FuncOp network, mlir::IRMapping &mapping,
                         mlir::Value limit);

/// Adds a function `@student` behind the network: the network with a limit, a
/// tensor<1xi32>, in front of its last argument.
void createStudentFunction(mlir::func::FuncOp network);

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_STUDENT_H
