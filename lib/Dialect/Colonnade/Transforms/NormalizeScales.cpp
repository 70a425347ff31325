//===- NormalizeScales.cpp - Folding per-channel constants ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batch normalization behind a contraction is a chain of additions and
// multiplications by constants per channel. Multiplications move up, past
// additions, until they meet the weights; additions merge. At the end one bias
// is left.
//
//===----------------------------------------------------------------------===//

#include "ElementwiseLayer.h"
#include "Normalize.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/STLExtras.h"
#include <cmath>

using namespace mlir;

namespace colonnade {
namespace {

using Kind = ElementwiseLayer::Kind;

/// Values as f32; none when one is not finite, which folding would spread.
std::optional<std::vector<float>> toFloats(ArrayRef<double> values) {
  std::vector<float> floats(values.begin(), values.end());
  if (!llvm::all_of(floats, [](float value) { return std::isfinite(value); }))
    return std::nullopt;
  return floats;
}

/// data OP values[channel], as a generic in the form that quantization reads.
template <typename OpT>
Value createChannelOp(PatternRewriter &rewriter, Location loc, Value data,
                      ArrayRef<float> values) {
  auto type = cast<RankedTensorType>(data.getType());
  unsigned rank = type.getRank();
  auto vectorType =
      RankedTensorType::get({int64_t(values.size())}, type.getElementType());
  Value constant = arith::ConstantOp::create(
      rewriter, loc, DenseElementsAttr::get(vectorType, values));
  Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(),
                                        type.getElementType());
  AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
  AffineMap channel =
      AffineMap::get(rank, 0, rewriter.getAffineDimExpr(kChannelDim));
  SmallVector<utils::IteratorType> parallel(rank,
                                            utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             rewriter, loc, empty.getType(), ValueRange{data, constant}, empty,
             ArrayRef<AffineMap>{identity, channel, identity}, parallel,
             [](OpBuilder &body, Location bodyLoc, ValueRange arguments) {
               Value result =
                   OpT::create(body, bodyLoc, arguments[0], arguments[1]);
               linalg::YieldOp::create(body, bodyLoc, result);
             })
      .getResult(0);
}

/// A layer on a static f32 tensor.
std::optional<ElementwiseLayer> matchStaticLayer(linalg::GenericOp op) {
  auto type = op.getNumResults() == 1
                  ? dyn_cast<RankedTensorType>(op.getResult(0).getType())
                  : RankedTensorType();
  if (!type || !type.hasStaticShape() || !type.getElementType().isF32())
    return std::nullopt;
  std::string whyNot;
  return matchElementwiseLayer(op, whyNot);
}

/// The factor per channel of a multiplication or division by constants.
std::optional<std::vector<double>> getFactors(const ElementwiseLayer &layer) {
  if (layer.kind == Kind::MultiplyConstant)
    return layer.values;
  if (layer.kind != Kind::DivideConstant)
    return std::nullopt;
  std::vector<double> factors;
  for (double value : layer.values)
    factors.push_back(1 / value);
  return factors;
}

/// The addition of constants that alone feeds `data`.
std::optional<ElementwiseLayer> matchAddition(Value data) {
  auto producer = data.getDefiningOp<linalg::GenericOp>();
  if (!producer || !data.hasOneUse())
    return std::nullopt;
  std::optional<ElementwiseLayer> layer = matchStaticLayer(producer);
  if (!layer || layer->kind != Kind::AddConstant)
    return std::nullopt;
  return layer;
}

/// (x + a) + b  ->  x + (a + b)
struct MergeAdditions : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<ElementwiseLayer> outer = matchStaticLayer(op);
    if (!outer || outer->kind != Kind::AddConstant)
      return rewriter.notifyMatchFailure(op, "no addition of constants");
    std::optional<ElementwiseLayer> inner = matchAddition(outer->data);
    if (!inner)
      return rewriter.notifyMatchFailure(op, "not of such an addition only");
    for (auto [sum, value] : llvm::zip_equal(outer->values, inner->values))
      sum += value;
    auto sums = toFloats(outer->values);
    if (!sums)
      return rewriter.notifyMatchFailure(op, "a sum is not finite");
    Location loc = rewriter.getFusedLoc({outer->data.getLoc(), op.getLoc()});
    rewriter.replaceOp(
        op, createChannelOp<arith::AddFOp>(rewriter, loc, inner->data, *sums));
    return success();
  }
};

/// (x + a) * k  ->  x * k + (a * k)
struct MoveFactorsUp : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<ElementwiseLayer> outer = matchStaticLayer(op);
    auto factors = outer ? getFactors(*outer) : std::nullopt;
    if (!factors)
      return rewriter.notifyMatchFailure(op, "no factor per channel");
    std::optional<ElementwiseLayer> inner = matchAddition(outer->data);
    if (!inner)
      return rewriter.notifyMatchFailure(op, "not of one addition only");
    for (auto [bias, factor] : llvm::zip_equal(inner->values, *factors))
      bias *= factor;
    auto biases = toFloats(inner->values), scales = toFloats(*factors);
    if (!biases || !scales)
      return rewriter.notifyMatchFailure(op, "a product is not finite");
    Value scaled = createChannelOp<arith::MulFOp>(rewriter, op.getLoc(),
                                                  inner->data, *scales);
    rewriter.replaceOp(op, createChannelOp<arith::AddFOp>(rewriter,
                                                          outer->data.getLoc(),
                                                          scaled, *biases));
    return success();
  }
};

/// The weights with each output channel multiplied by its factor.
std::optional<std::vector<float>> scaleWeights(linalg::LinalgOp contraction,
                                               ArrayRef<double> factors) {
  Value weights = contraction.getDpsInputOperand(1)->get();
  Attribute attribute;
  if (!matchPattern(weights, m_Constant(&attribute)))
    return std::nullopt;
  std::optional<std::vector<float>> values = readFloatValues(attribute);
  if (!values)
    return std::nullopt;
  ArrayRef<int64_t> shape = cast<ShapedType>(weights.getType()).getShape();
  unsigned axis = getWeightChannelAxis(contraction);
  int64_t inner = llvm::product_of(shape.drop_front(axis + 1));
  std::vector<double> scaled(values->begin(), values->end());
  for (auto [position, value] : llvm::enumerate(scaled))
    value *= factors[int64_t(position) / inner % shape[axis]];
  return toFloats(scaled);
}

/// contraction(x, w) * k  ->  contraction(x, w * k)
struct FoldFactors : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    std::optional<ElementwiseLayer> layer = matchStaticLayer(op);
    auto factors = layer ? getFactors(*layer) : std::nullopt;
    if (!factors)
      return rewriter.notifyMatchFailure(op, "no factor per channel");
    auto contraction = layer->data.getDefiningOp<linalg::LinalgOp>();
    if (!contraction || !isNormalContraction(contraction) ||
        !layer->data.hasOneUse())
      return rewriter.notifyMatchFailure(op, "not of one contraction only");
    auto fill =
        contraction.getDpsInits().front().getDefiningOp<linalg::FillOp>();
    if (!fill || !matchPattern(fill.getInputs().front(), m_AnyZeroFloat()))
      return rewriter.notifyMatchFailure(op, "outs are not zero");
    auto values = scaleWeights(contraction, *factors);
    if (!values)
      return rewriter.notifyMatchFailure(op, "no finite constant weights");
    OpOperand &weights = *contraction.getDpsInputOperand(1);
    rewriter.setInsertionPoint(contraction);
    auto type = RankedTensorType::get(
        cast<ShapedType>(weights.get().getType()).getShape(),
        rewriter.getF32Type());
    Value scaled = arith::ConstantOp::create(
        rewriter, weights.get().getLoc(),
        DenseElementsAttr::get(type, ArrayRef<float>(*values)));
    rewriter.modifyOpInPlace(contraction, [&] {
      weights.set(scaled);
      contraction->setLoc(
          rewriter.getFusedLoc({contraction.getLoc(), op.getLoc()}));
    });
    rewriter.replaceOp(op, contraction->getResult(0));
    return success();
  }
};

} // namespace

void populateScaleFoldingPatterns(RewritePatternSet &patterns) {
  patterns.add<FoldFactors, MergeAdditions, MoveFactorsUp>(
      patterns.getContext());
}

} // namespace colonnade
