//===- Coupling.h - Forward and inverse of a coupling -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `colonnade.reversible` computes, said once, as a list of steps that
// change one stream by a function of the other. Its forward form does the
// steps, its inverse undoes them from the last to the first, and so does its
// gradient.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_COUPLING_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_COUPLING_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/SmallVector.h"

namespace colonnade {

/// An f32 tensor as a stream: of fixed point with `fraction` bits, or itself if
/// that is 0.
mlir::Value toStream(mlir::OpBuilder &builder, mlir::Location loc,
                     mlir::Value tensor, int64_t fraction);

/// The numbers of a stream: itself if it is no fixed point.
mlir::Value fromStream(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Value stream);

/// The steps of an op, and code for them. Code of fixed-point streams is ops of
/// fixed point; --colonnade-lower-reversible makes arith of those.
class Coupling {
public:
  /// Stream `changed` (0 or 1) is changed by `region` of stream `read`.
  struct Step {
    mlir::Region *region;
    unsigned changed, read;
  };

  explicit Coupling(ReversibleOp op);

  /// In forward order; one without `g`.
  llvm::ArrayRef<Step> getSteps() const { return steps; }

  /// Clones the step's region with `argument` (see `fromStream`) for its own. Returns
  /// what it yields. `mapping` may map captured values to others, and gets what
  /// is cloned.
  llvm::SmallVector<mlir::Value> evaluate(mlir::OpBuilder &builder,
                                          const Step &step,
                                          mlir::Value argument,
                                          mlir::IRMapping &mapping) const;

  /// The stream after a step whose region yields `change`.
  mlir::Value apply(mlir::OpBuilder &builder, mlir::Location loc,
                    mlir::Value stream, mlir::ValueRange change) const;

  /// The stream before this step. Of fixed-point streams every bit is that of
  /// the stream `apply` was given; others differ by rounding.
  mlir::Value undo(mlir::OpBuilder &builder, mlir::Location loc,
                   mlir::Value stream, mlir::ValueRange change) const;

private:
  mlir::Value combine(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value stream, mlir::ValueRange change,
                      bool isUndone) const;

  ReversibleOp op;
  llvm::SmallVector<Step, 2> steps;
};

/// Builds what the op computes, both streams, without the op; `mapping` gets
/// what is cloned of its regions.
llvm::SmallVector<mlir::Value> buildReversible(mlir::OpBuilder &builder,
                                               ReversibleOp op,
                                               mlir::IRMapping &mapping);

/// Replaces the op by what it computes.
void lowerReversible(mlir::RewriterBase &rewriter, ReversibleOp op);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_COUPLING_H
