//===- BackwardPass.h - Cotangents on their way back ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an op's gradient may ask of the walk that it is part of. Most ops only
// turn cotangents of results into those of operands; one with regions passes
// cotangents to what these read, and one whose inputs can be computed from its
// results says what the ops before it may read instead of the forward pass's
// values.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIFFERENTIATION_BACKWARDPASS_H
#define COLONNADE_DIFFERENTIATION_BACKWARDPASS_H

#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/DenseSet.h"

namespace colonnade {

/// How the cotangents of one op are made. Another rule than this may change
/// what some ops read, to compute a gradient with other numbers than the
/// forward pass for example.
class GradientRule {
public:
  virtual ~GradientRule() = default;

  /// As DifferentiableOpInterface::createOperandCotangents, which this asks.
  virtual mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  createCotangents(DifferentiableOpInterface op, mlir::OpBuilder &builder,
                   mlir::ValueRange cotangents, llvm::ArrayRef<bool> needed);

  /// Ops of the forward pass have copies now, which gradients are made of in
  /// their place.
  virtual void notifyCloned(const mlir::IRMapping &) {}

  /// A value of the forward pass has been computed again from what came after
  /// it, as `again`.
  virtual void notifyReconstructed(mlir::Value primal, mlir::Value again) {}
};

/// The type of a value's cotangent: the value's without promises, f32 where the
/// value is fixed point. Null if the value has none.
mlir::Type getCotangentType(mlir::Value value);

class BackwardPass {
public:
  /// Emits code at the builder.
  BackwardPass(mlir::OpBuilder &builder, mlir::ValueRange inputs,
               GradientRule &rule)
      : builder(builder), rule(rule), active(inputs.begin(), inputs.end()) {}

  mlir::OpBuilder &getBuilder() { return builder; }
  GradientRule &getRule() { return rule; }

  /// Whether a value depends on an input of the pass and can have a cotangent.
  bool isActive(mlir::Value value) const { return active.contains(value); }
  void setActive(mlir::Value value) { active.insert(value); }

  /// The sum of the cotangents that have come back so far; null if none has.
  mlir::Value getCotangent(mlir::Value value) const {
    return cotangents.lookup(value);
  }
  void addCotangent(mlir::Value value, mlir::Value cotangent);
  /// Has another value stand for the same sum.
  void setCotangent(mlir::Value value, mlir::Value sum) {
    cotangents[value] = sum;
  }

  /// What to read for a value of the forward pass: what it was computed again
  /// as, or itself.
  mlir::Value getAvailable(mlir::Value value) const {
    mlir::Value again = available.lookup(value);
    return again ? again : value;
  }
  void setAvailable(mlir::Value value, mlir::Value again) {
    available[value] = again;
  }

  /// Adds up the cotangents of everything that `ops`, in their order, read,
  /// given those of `outputs`, which are added first. Fails, with an error that
  /// names the op and the way from it to the outputs, where an op has none.
  llvm::LogicalResult propagate(llvm::ArrayRef<mlir::Operation *> ops,
                                mlir::ValueRange outputs,
                                mlir::ValueRange outputCotangents);

private:
  llvm::SmallVector<mlir::Operation *>
  collectActive(llvm::ArrayRef<mlir::Operation *> ops,
                mlir::ValueRange outputs);
  llvm::LogicalResult visit(mlir::Operation *op, mlir::ValueRange outputs);
  llvm::LogicalResult rejectOp(mlir::Operation *op, mlir::ValueRange outputs,
                               const llvm::Twine &reason);

  mlir::OpBuilder &builder;
  GradientRule &rule;
  llvm::DenseSet<mlir::Value> active;
  llvm::DenseMap<mlir::Value, mlir::Value> cotangents, available;
};

} // namespace colonnade

#endif // COLONNADE_DIFFERENTIATION_BACKWARDPASS_H
