//===- ResidualBlocks.h - Sums of a stream and a branch --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What may become a region of colonnade.reversible, decided once for the pass
// that finds couplings and the one that makes them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_RESIDUALBLOCKS_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_RESIDUALBLOCKS_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SetVector.h"
#include <optional>
#include <string>

namespace colonnade {

/// The elementwise sum of two activations of one type.
struct ActivationSum {
  mlir::Operation *op = nullptr;
  mlir::Value left, right;

  mlir::Value getResult() const { return op->getResult(0); }
  mlir::RankedTensorType getType() const {
    return mlir::cast<mlir::RankedTensorType>(getResult().getType());
  }
};

/// The computation of one activation from another one and from values that
/// depend on no activation.
struct Branch {
  mlir::Value input, output;
  /// In the block's order. Constants are none of them, they are captured.
  llvm::SmallVector<mlir::Operation *> ops;

  /// Elements of the weights that are read: constant tensors of rank 1 and more
  /// and arguments that are parameters, but no running statistics.
  int64_t countParameters() const;
  /// Whether a constant that is read is marked `colonnade.frozen`.
  bool readsFrozenWeights() const;

private:
  llvm::SetVector<mlir::Value> getCapturedValues() const;
};

/// Which values of a function of one block are activations: those that depend
/// on an argument that is neither parameter nor state.
class ActivationGraph {
public:
  explicit ActivationGraph(mlir::func::FuncOp function);

  bool isActivation(mlir::Value value) const {
    return activations.contains(value);
  }

  /// The sums of the function, in its order.
  llvm::SmallVector<ActivationSum> collectSums() const;

  /// How `output` comes of `input`; `reader` alone, or anybody if it is null,
  /// reads `output`. None, with the reason, if there are other activations or
  /// effects on the way, or if something else reads an activation of it.
  std::optional<Branch> findBranch(mlir::Value input, mlir::Value output,
                                   mlir::Operation *reader,
                                   std::string &whyNot) const;

  /// Whether `value` is computed from `origin`.
  bool dependsOn(mlir::Value value, mlir::Value origin) const;

private:
  /// The ops up to `last` that read `origin`, directly or not.
  llvm::DenseSet<mlir::Operation *>
  collectDependents(mlir::Value origin, mlir::Operation *last) const;
  std::string checkReaders(const Branch &branch, mlir::Operation *reader) const;

  mlir::Block *block;
  llvm::DenseSet<mlir::Value> activations;
};

/// Why the sum can have no streams for summands; empty if it can.
std::string checkStreamType(const ActivationSum &sum);

/// "the result of linalg.matmul (49x64)".
std::string describeValue(mlir::Value value);

/// Makes the region's block: a copy of the branches, one behind the other.
void fillRegion(ReversibleOp op, mlir::Region &region,
                llvm::ArrayRef<Branch> branches);

/// Erases those of the ops, which stand in the block's order, that nobody
/// reads.
void eraseUnused(llvm::ArrayRef<mlir::Operation *> ops);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_RESIDUALBLOCKS_H
