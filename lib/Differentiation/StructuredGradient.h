//===- StructuredGradient.h - Gradients of structured ops -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A structured op gives each result element a combination (a sum, a product, a
// maximum, or just one) of terms, one for each iteration of the loops that do
// not index it. The cotangent of an operand element is the sum of what all
// iterations that read it pass back: a structured op over the same loops again,
// whose body is the derivative of the term.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIFFERENTIATION_STRUCTUREDGRADIENT_H
#define COLONNADE_LIB_DIFFERENTIATION_STRUCTUREDGRADIENT_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/SmallBitVector.h"

namespace colonnade {

/// How the terms of a result element come together.
enum class TermCombination { Single, Sum, Product, Maximum, Minimum };

/// One result of a structured op.
struct StructuredResult {
  TermCombination combination;
  /// The term, a value of the op's body or one from outside; of a sum with the
  /// accumulator that it is added to.
  mlir::Value term;
  /// The accumulator of a product, maximum or minimum, else null.
  mlir::BlockArgument accumulator;
};

/// What an index of an operand is of the loops: outerStep * outer + innerStep *
/// inner. `inner` is absent in an index by one loop, both in one that is
/// always 0.
struct OperandIndex {
  std::optional<unsigned> outer, inner;
  int64_t outerStep = 0, innerStep = 0;
  /// The operand's extent in this dimension.
  int64_t size = 1;
};

/// Loops and the tensors they read.
struct LoopNest {
  llvm::SmallVector<mlir::Value> inputs;
  llvm::SmallVector<mlir::AffineMap> maps;
};

/// Makes the cotangents of the operands of one op.
class StructuredGradient {
public:
  /// `cotangents` has one for each result.
  StructuredGradient(mlir::OpBuilder &builder, mlir::linalg::LinalgOp op,
                     mlir::ValueRange cotangents);

  /// Finds the terms and what their derivatives need to know of the others.
  /// Fails, with an error, for combinations that have no gradient here.
  mlir::LogicalResult analyze();

  /// The cotangent of an operand, or null if no term depends on it.
  mlir::FailureOr<mlir::Value> create(mlir::OpOperand &operand);

private:
  mlir::FailureOr<StructuredResult> analyzeResult(unsigned index);
  /// Clones the ops of the body, but not what combines terms with accumulators.
  void cloneTerms(mlir::OpBuilder &nested, mlir::IRMapping &mapping);
  /// A tensor of the result's shape that `combine`, of its own element, a term
  /// and the result, goes through the terms for.
  using Combine =
      llvm::function_ref<mlir::Value(mlir::OpBuilder &nested, mlir::Value own,
                                     mlir::Value term, mlir::Value result)>;
  mlir::Value createOverTerms(unsigned index, mlir::Value init,
                              Combine combine);
  /// Numbers, in the order of the reduced loops, of the first iterations whose
  /// term is the maximum or minimum: i64, of the result's shape.
  mlir::Value createPositions(unsigned index);
  /// The product of the terms that are not zero, and how many are: i64.
  llvm::SmallVector<mlir::Value, 2> createFactors(unsigned index);

  /// The operand's indices; fails, with an error, if they have another form.
  mlir::FailureOr<llvm::SmallVector<OperandIndex>>
  getIndices(mlir::OpOperand &operand);
  std::optional<OperandIndex> parseOperandIndex(mlir::AffineExpr index,
                                                int64_t size);
  /// Whether every element of the dimension is read by iterations of its own.
  bool isSimple(const OperandIndex &index) const;
  /// Turns loops that an operand is read backward along, in every map.
  mlir::LogicalResult turnReversedLoops(mlir::OpOperand &operand);

  /// What the iterations read: operands, cotangents, extras.
  LoopNest getNest();
  /// A structured op over the nest's loops that adds up what they pass back to
  /// `operand`, with results indexed by `loops`, in order; null if it is
  /// nothing.
  mlir::FailureOr<mlir::Value>
  createSumOverLoops(mlir::OpOperand &operand, LoopNest nest,
                     llvm::ArrayRef<unsigned> loops,
                     llvm::ArrayRef<int64_t> shape);
  /// The body: terms, and their derivative by the operand's element. Null if
  /// there is none.
  mlir::FailureOr<mlir::Value> createBody(mlir::OpBuilder &nested,
                                          mlir::OpOperand &operand,
                                          mlir::ValueRange args);
  /// The cotangent of a term in an iteration.
  mlir::Value createSeed(mlir::OpBuilder &nested, unsigned result,
                         mlir::Value term, mlir::ValueRange args);
  /// Number of the iteration, along the reduced loops.
  mlir::Value createPosition(mlir::OpBuilder &nested);

  /// Where windows overlap or leave elements out: a convolution of the spread
  /// cotangent, if the derivative does not depend on the window's place.
  mlir::FailureOr<bool> canSpread(mlir::OpOperand &operand,
                                  llvm::ArrayRef<OperandIndex> indices);
  mlir::FailureOr<mlir::Value>
  createSpread(mlir::OpOperand &operand, llvm::ArrayRef<OperandIndex> indices);
  mlir::Value spreadCotangent(mlir::Value cotangent, mlir::AffineMap map,
                              llvm::ArrayRef<OperandIndex> windows);
  /// The same for any derivative: what every window passes back, added up tap
  /// by tap.
  mlir::FailureOr<mlir::Value>
  createTapByTap(mlir::OpOperand &operand,
                 llvm::ArrayRef<OperandIndex> indices);
  mlir::Value addTap(mlir::Value sum, mlir::Value windows,
                     llvm::ArrayRef<OperandIndex> indices,
                     llvm::ArrayRef<int64_t> tap);
  /// What every window passes back to each of its taps: the windows' loops in
  /// the operand's order, then the taps'.
  mlir::FailureOr<mlir::Value>
  createWindows(mlir::OpOperand &operand, llvm::ArrayRef<OperandIndex> indices);
  /// The indices whose windows overlap or leave elements out.
  llvm::SmallVector<OperandIndex>
  getWindows(llvm::ArrayRef<OperandIndex> indices) const;

  bool readsIndex(unsigned loop);

  mlir::OpBuilder &builder;
  mlir::linalg::LinalgOp op;
  mlir::Location loc;
  llvm::SmallVector<mlir::Value> cotangents;
  llvm::SmallVector<StructuredResult> results;
  /// By result: positions of maxima and minima, factors of products; none for
  /// others.
  llvm::SmallVector<llvm::SmallVector<mlir::Value, 2>> extras;
  llvm::SmallVector<int64_t> extents;
  /// Of all operands, after reversed loops have been turned.
  llvm::SmallVector<mlir::AffineMap> maps;
};

} // namespace colonnade

#endif // COLONNADE_LIB_DIFFERENTIATION_STRUCTUREDGRADIENT_H
