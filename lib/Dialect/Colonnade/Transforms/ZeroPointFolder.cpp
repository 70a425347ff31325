//===- ZeroPointFolder.cpp - One contraction without zero points ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Corrections by constants are summed up here; those by
// run-time operands are sums that the network computes.
//
//===----------------------------------------------------------------------===//

#include "ZeroPointFolder.h"
#include "Weights.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace colonnade {

//===----------------------------------------------------------------------===//
// Matching
//===----------------------------------------------------------------------===//

LogicalResult ZeroPointFolder::match(std::string &whyNot) {
  APInt data, weight;
  if (!matchPattern(op->getOperand(2), m_ConstantInt(&data)) ||
      !matchPattern(op->getOperand(3), m_ConstantInt(&weight))) {
    whyNot = "its zero points are computed, expected constants";
    return failure();
  }
  dataZero = data.getSExtValue();
  weightZero = weight.getSExtValue();
  weights = readWeights(op->getOperand(1));
  if (!weights) {
    if (getMap(0).isProjectedPermutation() || weightZero == 0)
      return success();
    whyNot = "the zero point of run-time weights folds into matrix products "
             "only";
    return failure();
  }
  for (int8_t &value : *weights) {
    int64_t difference = value - weightZero;
    if (!llvm::isInt<8>(difference)) {
      whyNot = llvm::formatv("a weight less its zero point is {0} - {1} = {2}, "
                             "which is no int8: quantize weights "
                             "symmetrically",
                             int(value), weightZero, difference);
      return failure();
    }
    value = int8_t(difference);
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Sums
//===----------------------------------------------------------------------===//

SmallVector<unsigned> ZeroPointFolder::getSharedLoops(unsigned index) {
  SmallVector<unsigned> loops;
  AffineMap map = getMap(index);
  for (AffineExpr result : getMap(4).getResults()) {
    unsigned loop = cast<AffineDimExpr>(result).getPosition();
    if (map.isFunctionOfDim(loop))
      loops.push_back(loop);
  }
  return loops;
}

AffineMap ZeroPointFolder::getSumMap(unsigned index) {
  AffineMap results = getMap(4);
  SmallVector<AffineExpr> dimensions;
  for (unsigned loop : getSharedLoops(index))
    dimensions.push_back(rewriter.getAffineDimExpr(
        *results.getResultPosition(rewriter.getAffineDimExpr(loop))));
  return AffineMap::get(results.getNumResults(), 0, dimensions,
                        op->getContext());
}

int64_t ZeroPointFolder::countProducts() {
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  int64_t count = 1;
  for (auto [range, iterator] :
       llvm::zip_equal(ranges, op.getIteratorTypesArray()))
    if (iterator == utils::IteratorType::reduction)
      count *= range;
  return count;
}

/// The sum of the weights for each index of the loops they share with the
/// result, in row-major order.
std::vector<int64_t> ZeroPointFolder::sumWeights(ArrayRef<int64_t> shape) {
  SmallVector<unsigned> loops = getSharedLoops(1);
  AffineMap map = getMap(1);
  auto weightShape = cast<ShapedType>(op->getOperand(1).getType()).getShape();
  SmallVector<int64_t> strides = computeStrides(weightShape);
  std::vector<int64_t> sums(llvm::product_of(shape), 0);
  for (auto [position, weight] : llvm::enumerate(*weights)) {
    int64_t target = 0;
    for (auto [loop, extent] : llvm::zip_equal(loops, shape)) {
      unsigned axis =
          *map.getResultPosition(getAffineDimExpr(loop, op->getContext()));
      target = target * extent +
               int64_t(position) / strides[axis] % weightShape[axis];
    }
    sums[target] += weight;
  }
  return sums;
}

Value ZeroPointFolder::makeConstantCorrection() {
  SmallVector<int64_t> shape;
  SmallVector<int64_t> ranges = op.getStaticLoopRanges();
  for (unsigned loop : getSharedLoops(1))
    shape.push_back(ranges[loop]);
  SmallVector<int32_t> values;
  for (int64_t sum : sumWeights(shape))
    values.push_back(static_cast<int32_t>(-dataZero * sum));
  auto type = RankedTensorType::get(shape, rewriter.getI32Type());
  return arith::ConstantOp::create(
      rewriter, loc, DenseElementsAttr::get(type, ArrayRef<int32_t>(values)));
}

/// `factor` times the sum of an operand over the loops that are reduced.
Value ZeroPointFolder::makeRunTimeSum(unsigned operand, int64_t factor) {
  AffineMap map = getMap(operand);
  SmallVector<AffineExpr> kept;
  SmallVector<utils::IteratorType> iterators;
  SmallVector<int64_t> shape;
  auto type = cast<RankedTensorType>(op->getOperand(operand).getType());
  for (auto [axis, result] : llvm::enumerate(map.getResults())) {
    unsigned loop = cast<AffineDimExpr>(result).getPosition();
    iterators.push_back(op.getIteratorTypesArray()[loop]);
    if (iterators.back() == utils::IteratorType::reduction)
      continue;
    kept.push_back(rewriter.getAffineDimExpr(axis));
    shape.push_back(type.getDimSize(axis));
  }
  Value zero =
      arith::ConstantOp::create(rewriter, loc, rewriter.getI32IntegerAttr(0));
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, shape, rewriter.getI32Type());
  Value init = linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
  SmallVector<AffineMap> maps = {
      rewriter.getMultiDimIdentityMap(type.getRank()),
      AffineMap::get(type.getRank(), 0, kept, op->getContext())};
  auto body = [&](OpBuilder &builder, Location loc, ValueRange arguments) {
    Value wide = arith::ExtSIOp::create(builder, loc, builder.getI32Type(),
                                        arguments[0]);
    Value scale = arith::ConstantOp::create(
        builder, loc, builder.getI32IntegerAttr(static_cast<int32_t>(factor)));
    Value scaled = arith::MulIOp::create(builder, loc, wide, scale);
    Value sum = arith::AddIOp::create(builder, loc, arguments[1], scaled);
    linalg::YieldOp::create(builder, loc, sum);
  };
  return linalg::GenericOp::create(rewriter, loc, init.getType(),
                                   op->getOperand(operand), init, maps,
                                   iterators, body)
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Adding up
//===----------------------------------------------------------------------===//

Value ZeroPointFolder::getWeights() {
  Value original = op->getOperand(1);
  if (!weights || weightZero == 0)
    return original;
  auto type = cast<RankedTensorType>(original.getType());
  return arith::ConstantOp::create(
      rewriter, original.getLoc(),
      DenseElementsAttr::get(type, ArrayRef<int8_t>(*weights)));
}

Value ZeroPointFolder::getZeros() {
  Value zero = arith::ConstantOp::create(
      rewriter, loc, rewriter.getZeroAttr(resultType.getElementType()));
  Value empty = tensor::EmptyOp::create(rewriter, loc, resultType.getShape(),
                                        resultType.getElementType());
  return linalg::FillOp::create(rewriter, loc, zero, empty).getResult(0);
}

/// What the contraction adds to; none if that is zero. A broadcast is read
/// through.
std::optional<Summand> ZeroPointFolder::getInitialValue() {
  Value init = op->getOperand(4);
  if (auto fill = init.getDefiningOp<linalg::FillOp>())
    if (matchPattern(fill.getInputs().front(), m_Zero()))
      return std::nullopt;
  auto broadcast = init.getDefiningOp<linalg::GenericOp>();
  if (broadcast && broadcast.getNumDpsInputs() == 1 &&
      llvm::hasSingleElement(*broadcast.getBlock()) &&
      broadcast.getBlock()->getTerminator()->getOperand(0) ==
          broadcast.getBlock()->getArgument(0) &&
      broadcast.getIndexingMapsArray().back().isIdentity())
    return Summand{broadcast.getInputs().front(),
                   broadcast.getIndexingMapsArray().front()};
  return Summand{init, rewriter.getMultiDimIdentityMap(resultType.getRank())};
}

/// Adds a constant to `summands`, into one that is constant and indexed alike
/// if there is one.
void ZeroPointFolder::addConstant(SmallVector<Summand> &summands,
                                  Summand summand) {
  DenseIntElementsAttr added, present;
  for (Summand &other : summands) {
    if (other.map != summand.map ||
        !matchPattern(other.tensor, m_Constant(&present)) ||
        !matchPattern(summand.tensor, m_Constant(&added)) ||
        added.getType() != present.getType())
      continue;
    SmallVector<int32_t> values;
    for (auto [left, right] : llvm::zip_equal(added.getValues<int32_t>(),
                                              present.getValues<int32_t>()))
      values.push_back(static_cast<int32_t>(uint32_t(left) + uint32_t(right)));
    other.tensor = arith::ConstantOp::create(
        rewriter, loc,
        DenseElementsAttr::get(added.getType(), ArrayRef<int32_t>(values)));
    return;
  }
  summands.push_back(summand);
}

Value ZeroPointFolder::add(Value plain, ArrayRef<Summand> summands) {
  AffineMap identity = rewriter.getMultiDimIdentityMap(resultType.getRank());
  SmallVector<Value> inputs = {plain};
  SmallVector<AffineMap> maps = {identity};
  for (const Summand &summand : summands) {
    inputs.push_back(summand.tensor);
    maps.push_back(summand.map);
  }
  maps.push_back(identity);
  SmallVector<utils::IteratorType> iterators(resultType.getRank(),
                                             utils::IteratorType::parallel);
  Value empty = tensor::EmptyOp::create(rewriter, loc, resultType.getShape(),
                                        resultType.getElementType());
  auto body = [&](OpBuilder &builder, Location loc, ValueRange arguments) {
    Value sum = arguments.front();
    for (Value argument : arguments.slice(1, summands.size()))
      sum = arith::AddIOp::create(builder, loc, sum, argument);
    linalg::YieldOp::create(builder, loc, sum);
  };
  return linalg::GenericOp::create(rewriter, loc, resultType, inputs, empty,
                                   maps, iterators, body)
      .getResult(0);
}

Value ZeroPointFolder::correct(Value plain) {
  SmallVector<Summand> summands;
  if (std::optional<Summand> initial = getInitialValue())
    summands.push_back(*initial);
  if (weights) {
    if (dataZero != 0)
      addConstant(summands, {makeConstantCorrection(), getSumMap(1)});
    return summands.empty() ? plain : add(plain, summands);
  }
  if (dataZero != 0)
    summands.push_back({makeRunTimeSum(1, -dataZero), getSumMap(1)});
  if (weightZero != 0)
    summands.push_back({makeRunTimeSum(0, -weightZero), getSumMap(0)});
  if (int64_t product = dataZero * weightZero * countProducts()) {
    Value constant = arith::ConstantOp::create(
        rewriter, loc,
        DenseElementsAttr::get(RankedTensorType::get({}, rewriter.getI32Type()),
                               static_cast<int32_t>(product)));
    summands.push_back({constant, AffineMap::get(resultType.getRank(), 0, {},
                                                 op->getContext())});
  }
  return summands.empty() ? plain : add(plain, summands);
}

} // namespace colonnade
