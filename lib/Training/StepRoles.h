//===- StepRoles.h - What the ops of a step are there for -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gradients have the locations of the ops that they are gradients of. So that
// reports and messages can tell a forward product from its backward ones, the
// step's locations also say which part of it they belong to.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_STEPROLES_H
#define COLONNADE_LIB_TRAINING_STEPROLES_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace colonnade {

/// Names the ops of a step in the order in which they are built.
class StepRoles {
public:
  explicit StepRoles(mlir::func::FuncOp step) : step(step) {}

  /// Gives all ops that have none yet the role `role`. Of a backward pass,
  /// products with a parameter get "dA" and those without "dW".
  void name(llvm::StringRef role);
  /// Gives one op of the step the role; those in its regions are a part of it.
  void name(mlir::Operation *op, llvm::StringRef role);

  /// Fuses the location of each op with its role. To be called once, when
  /// all ops are there: gradients inherit locations.
  void finish();

private:
  mlir::func::FuncOp step;
};

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_STEPROLES_H
