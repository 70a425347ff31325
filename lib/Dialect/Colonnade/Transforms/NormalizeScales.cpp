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

#include "Constants.h"
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

/// data OP values, as a generic in the form that quantization reads. `dims` are
/// those that the values vary along.
template <typename OpT>
Value createChannelOp(PatternRewriter &rewriter, Location loc, Value data,
                      ArrayRef<unsigned> dims, ArrayRef<float> values) {
  auto type = cast<RankedTensorType>(data.getType());
  unsigned rank = type.getRank();
  SmallVector<int64_t> shape;
  SmallVector<AffineExpr> channel;
  for (unsigned dim : dims) {
    shape.push_back(type.getDimSize(dim));
    channel.push_back(rewriter.getAffineDimExpr(dim));
  }
  auto constantType = RankedTensorType::get(shape, type.getElementType());
  Value constant = arith::ConstantOp::create(
      rewriter, loc, DenseElementsAttr::get(constantType, values));
  Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(),
                                        type.getElementType());
  AffineMap identity = rewriter.getMultiDimIdentityMap(rank);
  AffineMap channelMap =
      AffineMap::get(rank, 0, channel, rewriter.getContext());
  SmallVector<utils::IteratorType> parallel(rank,
                                            utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             rewriter, loc, empty.getType(), ValueRange{data, constant}, empty,
             ArrayRef<AffineMap>{identity, channelMap, identity}, parallel,
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
  return matchElementwiseLayer(op);
}

/// The factors of a multiplication or division by constants.
std::optional<ChannelValues> getFactors(const ElementwiseLayer &layer) {
  if (!layer.scales())
    return std::nullopt;
  ChannelValues factors = layer.values;
  if (layer.kind == Kind::DivideConstant)
    for (double &value : factors.values)
      value = 1 / value;
  return factors;
}

/// Brings two constants for a tensor of `shape` to the dimensions of the one
/// that varies along more; false if neither does.
bool alignDims(ChannelValues &first, ChannelValues &second,
               ArrayRef<int64_t> shape) {
  bool firstVaries = first.dims.size() >= second.dims.size();
  ChannelValues &more = firstVaries ? first : second;
  ChannelValues &fewer = firstVaries ? second : first;
  auto values = fewer.getAlong(shape, more.dims);
  if (!values)
    return false;
  fewer = {more.dims, std::move(*values)};
  return true;
}

ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
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
    ChannelValues added = outer->values, before = inner->values;
    if (!alignDims(added, before, getShape(op.getResult(0))))
      return rewriter.notifyMatchFailure(op, "along different dimensions");
    for (auto [sum, value] : llvm::zip_equal(added.values, before.values))
      sum += value;
    auto sums = toFloats(added.values);
    if (!sums)
      return rewriter.notifyMatchFailure(op, "a sum is not finite");
    Location loc = rewriter.getFusedLoc({outer->data.getLoc(), op.getLoc()});
    rewriter.replaceOp(op, createChannelOp<arith::AddFOp>(
                               rewriter, loc, inner->data, added.dims, *sums));
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
    ChannelValues scaledBias = inner->values, aligned = *factors;
    if (!alignDims(scaledBias, aligned, getShape(op.getResult(0))))
      return rewriter.notifyMatchFailure(op, "along different dimensions");
    for (auto [bias, factor] :
         llvm::zip_equal(scaledBias.values, aligned.values))
      bias *= factor;
    auto biases = toFloats(scaledBias.values),
         scales = toFloats(factors->values);
    if (!biases || !scales)
      return rewriter.notifyMatchFailure(op, "a product is not finite");
    Value scaled = createChannelOp<arith::MulFOp>(
        rewriter, op.getLoc(), inner->data, factors->dims, *scales);
    rewriter.replaceOp(
        op, createChannelOp<arith::AddFOp>(rewriter, outer->data.getLoc(),
                                           scaled, scaledBias.dims, *biases));
    return success();
  }
};

/// The weights with each output channel multiplied by its factor.
std::optional<std::vector<float>> scaleWeights(linalg::LinalgOp contraction,
                                               const ChannelValues &factors) {
  std::optional<ContractionChannels> channels =
      getContractionChannels(contraction);
  auto weights = FloatConstant::get(contraction.getDpsInputOperand(1)->get());
  auto perChannel = factors.getPerChannel(getShape(contraction->getResult(0)),
                                          channels->result);
  if (!weights || !perChannel)
    return std::nullopt;
  ArrayRef<int64_t> shape = weights->getShape();
  int64_t inner = llvm::product_of(shape.drop_front(channels->weights.end));
  std::vector<float> scaled(weights->getValues());
  for (size_t begin = 0, channel = 0; begin < scaled.size();
       begin += inner, channel = (channel + 1) % perChannel->size())
    for (int64_t offset = 0; offset < inner; ++offset) {
      float &value = scaled[begin + offset];
      value = float(value * (*perChannel)[channel]);
      if (!std::isfinite(value))
        return std::nullopt;
    }
  return scaled;
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
    Value scaled = createConstantLike(
        rewriter, weights.get(), getShape(weights.get()), std::move(*values));
    keepColumnsPromise(scaled, weights.get());
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
