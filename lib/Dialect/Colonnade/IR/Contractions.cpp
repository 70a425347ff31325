//===- Contractions.cpp - Weights of linalg contractions ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds the filter matrix of a contraction from its indexing maps alone, so
// that every layout, named or generic, is treated alike.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace colonnade {

static bool isMultiplyAccumulate(Operation *multiply, Operation *accumulate) {
  return (isa<arith::MulIOp>(multiply) && isa<arith::AddIOp>(accumulate)) ||
         (isa<arith::MulFOp>(multiply) && isa<arith::AddFOp>(accumulate));
}

bool isContraction(linalg::LinalgOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 ||
      op.getNumReductionLoops() == 0)
    return false;
  return linalg::detail::isContractionBody(*op.getBlock(),
                                           isMultiplyAccumulate);
}

/// A constant i8 tensor of static shape.
static bool isConstantInt8(OpOperand &operand) {
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  return type && type.getElementType().isSignlessInteger(8) &&
         type.hasStaticShape() && matchPattern(operand.get(), m_Constant());
}

/// The loop that a result of an indexing map counts along, if it is one.
static std::optional<unsigned> getLoop(AffineExpr expression) {
  if (auto loop = dyn_cast<AffineDimExpr>(expression))
    return loop.getPosition();
  return std::nullopt;
}

/// The axes of `weights`, whose every dimension is one of:
/// - the one row axis: a parallel loop that the data does not follow;
/// - a reduction loop; the input channels are the first one that indexes a
///   dimension of the data by itself.
static std::optional<WeightOperand> matchAxes(linalg::LinalgOp op,
                                              OpOperand &weights,
                                              OpOperand &data,
                                              std::string &whyNot) {
  AffineMap weightMap = op.getMatchingIndexingMap(&weights);
  AffineMap dataMap = op.getMatchingIndexingMap(&data);
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  std::optional<int64_t> rowAxis, inputChannelAxis, reductionAxis;
  for (auto [axis, expression] : llvm::enumerate(weightMap.getResults())) {
    std::optional<unsigned> loop = getLoop(expression);
    bool parallel = loop && iterators[*loop] == utils::IteratorType::parallel;
    if (!loop || (parallel && dataMap.isFunctionOfDim(*loop))) {
      whyNot = llvm::formatv("dimension {0} of the weights is neither output "
                             "channel nor reduced (depthwise, grouped or "
                             "batched)",
                             axis);
      return std::nullopt;
    }
    if (parallel) {
      if (rowAxis) {
        whyNot = llvm::formatv("dimensions {0} and {1} of the weights both "
                               "count output channels, one is supported",
                               *rowAxis, axis);
        return std::nullopt;
      }
      rowAxis = axis;
      continue;
    }
    if (!reductionAxis)
      reductionAxis = axis;
    if (!inputChannelAxis &&
        llvm::is_contained(dataMap.getResults(), expression))
      inputChannelAxis = axis;
  }
  if (!rowAxis || !reductionAxis) {
    whyNot = llvm::formatv("the weights have no {0} dimension",
                           rowAxis ? "reduced" : "output channel");
    return std::nullopt;
  }
  return WeightOperand{&weights, &data, *rowAxis,
                       inputChannelAxis.value_or(*reductionAxis)};
}

static std::optional<WeightOperand> matchWeights(linalg::LinalgOp op,
                                                 std::string &whyNot) {
  if (!isContraction(op)) {
    whyNot = "no multiply-accumulate of two inputs";
    return std::nullopt;
  }
  OpOperand &first = *op.getDpsInputOperand(0);
  OpOperand &second = *op.getDpsInputOperand(1);
  // Of two constants the second is the filter.
  if (isConstantInt8(second))
    return matchAxes(op, second, first, whyNot);
  if (isConstantInt8(first))
    return matchAxes(op, first, second, whyNot);
  llvm::raw_string_ostream(whyNot)
      << "no input is a static i8 constant, got " << first.get().getType()
      << " and " << second.get().getType();
  return std::nullopt;
}

std::optional<WeightOperand> getWeightOperand(linalg::LinalgOp op,
                                              std::string *whyNot) {
  std::string reason;
  std::optional<WeightOperand> match = matchWeights(op, reason);
  if (whyNot)
    *whyNot = std::move(reason);
  return match;
}

} // namespace colonnade
