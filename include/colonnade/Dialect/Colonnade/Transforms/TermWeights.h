//===- TermWeights.h - Float weights as term cells hold them ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What --colonnade-quantize and --colonnade-term-quantize together make of f32
// weights, as a function of their values: training for a term budget computes
// with nothing else.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_TERMWEIGHTS_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_TERMWEIGHTS_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/Transforms/FilterMatrices.h"

namespace colonnade {

/// The budget of the pass's options.
struct TermBudget {
  int64_t group = 8;
  int64_t budget = 0;
  DigitSet digits = DigitSet::Naf;

  /// An error that names what is out of range, its value and the range.
  llvm::Error check() const;
};

/// The axis along which runs of a contraction's weights lie: the packed columns
/// where the weights promise columns, else the input channels.
int64_t getTermAxis(const WeightOperand &match);

/// Constant f32 weights with a term budget.
struct TermWeights {
  mlir::Value weights;
  /// The operands that read them.
  llvm::SmallVector<mlir::OpOperand *> uses;
  /// The type of their integers, with the promise of terms and, if the weights
  /// have it, that of columns.
  mlir::RankedTensorType promised;
  /// Dimension that counts the channels, each of which has a scale, in a shape
  /// where several such dimensions are one.
  llvm::SmallVector<int64_t> shape;
  unsigned channelAxis = 0;
  /// Of an integer before terms are selected.
  int64_t bits = 8;

  /// What the integers of `values` within the budget stand for. The compiler
  /// makes integers of the result that keep the budget.
  std::vector<float> round(llvm::ArrayRef<float> values) const;

  /// What is left of `rounded`, a result of round(), within `budget`, which is
  /// at most that of the promise: what the compiler makes of it with this
  /// budget.
  std::vector<float> select(llvm::ArrayRef<float> rounded,
                            int64_t budget) const;
};

/// The weights of `function`, which is in normal form, in program order;
/// `options` hold where the policy, a file or a name, says nothing, and a
/// budget of 0 leaves weights alone. `notQuantized` hears of other
/// contractions. Fails, after an error, if the policy cannot be read or does
/// not fit.
mlir::FailureOr<std::vector<TermWeights>>
collectTermWeights(mlir::func::FuncOp function, const TermBudget &options,
                   llvm::StringRef policy, NotCombinedFn notQuantized);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_TERMWEIGHTS_H
