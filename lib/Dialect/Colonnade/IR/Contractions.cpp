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

/// A constant tensor of static shape.
static bool isConstantOf(Type elementType, OpOperand &operand) {
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  return type && type.getElementType() == elementType &&
         type.hasStaticShape() && matchPattern(operand.get(), m_Constant());
}

/// The loop that a result of an indexing map counts along, if it is one.
static std::optional<unsigned> getLoop(AffineExpr expression) {
  if (auto loop = dyn_cast<AffineDimExpr>(expression))
    return loop.getPosition();
  return std::nullopt;
}

namespace {

/// What the dimensions of weights count, the loops of a contraction being
/// known.
struct WeightDimensions {
  /// Parallel loops that the data does not follow, and that it follows.
  SmallVector<int64_t, 2> rows, blocks;
  /// Reduction loops.
  SmallVector<int64_t, 4> reduced;
  /// The first reduced one that indexes a dimension of the data by itself.
  std::optional<int64_t> inputChannels;
};

} // namespace

static std::optional<WeightDimensions> getDimensions(linalg::LinalgOp op,
                                                     AffineMap weightMap,
                                                     AffineMap dataMap,
                                                     std::string &whyNot) {
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  WeightDimensions result;
  for (auto [axis, expression] : llvm::enumerate(weightMap.getResults())) {
    std::optional<unsigned> loop = getLoop(expression);
    if (!loop) {
      whyNot = llvm::formatv("dimension {0} of the weights is not indexed by a "
                             "loop of its own",
                             axis);
      return std::nullopt;
    }
    if (iterators[*loop] == utils::IteratorType::parallel) {
      bool isFollowed = dataMap.isFunctionOfDim(*loop);
      (isFollowed ? result.blocks : result.rows).push_back(axis);
      continue;
    }
    result.reduced.push_back(axis);
    if (!result.inputChannels &&
        llvm::is_contained(dataMap.getResults(), expression))
      result.inputChannels = axis;
  }
  return result;
}

/// Why weights with these dimensions form no matrices; empty if they do. Rows
/// without an axis of their own are the blocks of a depthwise convolution.
static std::string whyNoMatrices(const WeightDimensions &dimensions) {
  auto refuseTwo = [](ArrayRef<int64_t> axes, StringRef what) {
    return llvm::formatv(
               "dimensions {0} and {1} of the weights both count {2}, "
               "one is supported",
               axes[0], axes[1], what)
        .str();
  };
  if (dimensions.rows.size() > 1)
    return refuseTwo(dimensions.rows, "output channels");
  if (dimensions.blocks.size() > 1)
    return refuseTwo(dimensions.blocks, "groups or a batch");
  if (dimensions.rows.empty() && dimensions.blocks.empty())
    return "the weights have no output channel dimension";
  if (dimensions.reduced.empty())
    return "the weights have no reduced dimension";
  return "";
}

static std::optional<WeightOperand> matchAxes(linalg::LinalgOp op,
                                              OpOperand &weights,
                                              OpOperand &data,
                                              std::string &whyNot) {
  std::optional<WeightDimensions> dimensions =
      getDimensions(op, op.getMatchingIndexingMap(&weights),
                    op.getMatchingIndexingMap(&data), whyNot);
  if (!dimensions)
    return std::nullopt;
  whyNot = whyNoMatrices(*dimensions);
  if (!whyNot.empty())
    return std::nullopt;
  WeightOperand match{&weights, &data};
  match.isDepthwise = dimensions->rows.empty();
  if (match.isDepthwise) {
    match.rowAxis = dimensions->blocks.front();
    match.inputChannelAxis = dimensions->reduced.back();
    return match;
  }
  match.rowAxis = dimensions->rows.front();
  if (!dimensions->blocks.empty())
    match.blockAxis = dimensions->blocks.front();
  match.inputChannelAxis =
      dimensions->inputChannels.value_or(dimensions->reduced.front());
  return match;
}

static std::optional<WeightOperand>
matchWeights(linalg::LinalgOp op, Type elementType, std::string &whyNot) {
  if (!isContraction(op)) {
    whyNot = "no multiply-accumulate of two inputs";
    return std::nullopt;
  }
  OpOperand &first = *op.getDpsInputOperand(0);
  OpOperand &second = *op.getDpsInputOperand(1);
  // Of two constants the second is the filter.
  if (isConstantOf(elementType, second))
    return matchAxes(op, second, first, whyNot);
  if (isConstantOf(elementType, first))
    return matchAxes(op, first, second, whyNot);
  llvm::raw_string_ostream(whyNot)
      << "no input is a static " << elementType << " constant, got "
      << first.get().getType() << " and " << second.get().getType();
  return std::nullopt;
}

std::optional<WeightOperand> getWeightOperand(linalg::LinalgOp op,
                                              std::string *whyNot) {
  return getWeightOperand(op, IntegerType::get(op.getContext(), 8), whyNot);
}

std::optional<WeightOperand>
getWeightOperand(linalg::LinalgOp op, Type elementType, std::string *whyNot) {
  std::string reason;
  std::optional<WeightOperand> match = matchWeights(op, elementType, reason);
  if (whyNot)
    *whyNot = std::move(reason);
  return match;
}

} // namespace colonnade
