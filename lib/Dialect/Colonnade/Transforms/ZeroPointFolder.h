//===- ZeroPointFolder.h - One contraction without zero points -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The arithmetic of --colonnade-fold-zero-points, apart from the ops it applies
// to: a contraction of values with zero points is a plain one and corrections,
//   sum (x - p)(w - q) = sum x w - p sum w - q sum x + p q count,
// which is exact in 32-bit arithmetic, wrapping included. Private to the
// transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ZEROPOINTFOLDER_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ZEROPOINTFOLDER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/PatternMatch.h"
#include <optional>
#include <string>
#include <vector>

namespace colonnade {

/// What is added to the plain products: a tensor indexed by some of the
/// result's dimensions.
struct Summand {
  mlir::Value tensor;
  mlir::AffineMap map;
};

/// A contraction with zero points, being rewritten.
class ZeroPointFolder {
public:
  ZeroPointFolder(mlir::linalg::LinalgOp op, mlir::RewriterBase &rewriter)
      : op(op), rewriter(rewriter), loc(op.getLoc()),
        resultType(
            mlir::cast<mlir::RankedTensorType>(op->getResult(0).getType())) {}

  /// Reads the zero points; fails with the reason in `whyNot`.
  mlir::LogicalResult match(std::string &whyNot);

  mlir::Value getData() { return op->getOperand(0); }
  /// The weights, their zero point subtracted if they are constant.
  mlir::Value getWeights();
  mlir::Value getZeros();
  /// `plain` with the corrections and what the contraction added to.
  mlir::Value correct(mlir::Value plain);

private:
  mlir::AffineMap getMap(unsigned operand) {
    return op.getMatchingIndexingMap(&op->getOpOperand(operand));
  }
  /// Loops that index operand `index` and the result.
  llvm::SmallVector<unsigned> getSharedLoops(unsigned index);
  /// From the result's dimensions to those of a sum over operand `index`.
  mlir::AffineMap getSumMap(unsigned index);
  int64_t countProducts();

  mlir::Value makeConstantCorrection();
  mlir::Value makeRunTimeSum(unsigned operand, int64_t factor);
  std::vector<int64_t> sumWeights(llvm::ArrayRef<int64_t> shape);
  std::optional<Summand> getInitialValue();
  void addConstant(llvm::SmallVector<Summand> &summands, Summand summand);
  mlir::Value add(mlir::Value plain, llvm::ArrayRef<Summand> summands);

  mlir::linalg::LinalgOp op;
  mlir::RewriterBase &rewriter;
  mlir::Location loc;
  mlir::RankedTensorType resultType;
  int64_t dataZero = 0, weightZero = 0;
  /// Constant weights less their zero point.
  std::optional<std::vector<int8_t>> weights;
};

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ZEROPOINTFOLDER_H
