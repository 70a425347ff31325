//===- ChannelsFirst.cpp - Images with channels before pixels -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// TOSA and TensorFlow keep channels last; this compiler's convolutions and
// pooling have them first. Windows are rewritten between transposes, and
// TransposeMotion.cpp lets the transposes meet and cancel.
//
//===----------------------------------------------------------------------===//

#include "TransposeMotion.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace colonnade {
#define GEN_PASS_DEF_CHANNELSFIRST
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

/// Dimension i of the result is dimension kToNchw[i] of the source.
static constexpr int64_t kToNchw[] = {0, 3, 1, 2};
static constexpr int64_t kToNhwc[] = {0, 2, 3, 1};

namespace {

/// Rewrites a convolution or pooling whose operands only change their layout.
/// `SecondOperand` holds the permutation of weights; windows of pooling stay.
template <typename From, typename To>
struct MoveChannels : OpRewritePattern<From> {
  MoveChannels(MLIRContext *context, ArrayRef<int64_t> weightPermutation = {})
      : OpRewritePattern<From>(context), weightPermutation(weightPermutation) {}

  LogicalResult matchAndRewrite(From op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "not on tensors");
    Location loc = op.getLoc();
    Value data = transpose(rewriter, loc, op->getOperand(0), kToNchw);
    Value window = op->getOperand(1);
    if (!weightPermutation.empty())
      window = transpose(rewriter, loc, window, weightPermutation);
    Value init = transpose(rewriter, loc, op->getOperand(2), kToNchw);
    auto moved = To::create(rewriter, loc, TypeRange{init.getType()},
                            ValueRange{data, window}, ValueRange{init},
                            op.getStridesAttr(), op.getDilationsAttr());
    rewriter.replaceOp(op,
                       transpose(rewriter, loc, moved->getResult(0), kToNhwc));
    return success();
  }

private:
  SmallVector<int64_t> weightPermutation;
};

/// Depthwise convolutions with several results per channel are grouped ones.
struct MoveMultiplierChannels
    : OpRewritePattern<linalg::DepthwiseConv2DNhwcHwcmOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::DepthwiseConv2DNhwcHwcmOp op,
                                PatternRewriter &rewriter) const override;
};

} // namespace

/// `value` with an extent of 1 inserted as dimension `axis`, which is not 0.
static Value insertOne(OpBuilder &builder, Location loc, Value value,
                       int64_t axis) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.insert(shape.begin() + axis, 1);
  SmallVector<ReassociationIndices> groups;
  for (int64_t place = 0; place <= type.getRank(); ++place)
    if (place != axis)
      groups.push_back({place});
    else
      groups.back().push_back(place);
  return tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), value,
      groups);
}

/// [h, w, c, m] weights become [c, m, 1, h, w].
LogicalResult
MoveMultiplierChannels::matchAndRewrite(linalg::DepthwiseConv2DNhwcHwcmOp op,
                                        PatternRewriter &rewriter) const {
  if (!op.hasPureTensorSemantics() || op.hasDynamicShape())
    return rewriter.notifyMatchFailure(op, "not on static tensors");
  Location loc = op.getLoc();
  Value data = insertOne(
      rewriter, loc, transpose(rewriter, loc, op->getOperand(0), kToNchw), 2);
  Value weights =
      insertOne(rewriter, loc,
                transpose(rewriter, loc, op->getOperand(1), {2, 3, 0, 1}), 2);
  Value init = transpose(rewriter, loc, op->getOperand(2), {0, 3, 4, 1, 2});
  auto moved = linalg::Conv2DNgchwGfchwOp::create(
      rewriter, loc, TypeRange{init.getType()}, ValueRange{data, weights},
      ValueRange{init}, op.getStridesAttr(), op.getDilationsAttr());
  rewriter.replaceOp(
      op, transpose(rewriter, loc, moved->getResult(0), {0, 3, 4, 1, 2}));
  return success();
}

namespace {
struct ChannelsFirst
    : public colonnade::impl::ChannelsFirstBase<ChannelsFirst> {
  void runOnOperation() override;
};
} // namespace

static void populatePatterns(RewritePatternSet &patterns) {
  using namespace linalg;
  MLIRContext *context = patterns.getContext();
  patterns.add<MoveChannels<Conv2DNhwcFhwcOp, Conv2DNchwFchwOp>>(
      context, ArrayRef<int64_t>(kToNchw));
  patterns.add<MoveChannels<Conv2DNhwcHwcfOp, Conv2DNchwFchwOp>>(
      context, ArrayRef<int64_t>{3, 2, 0, 1});
  patterns
      .add<MoveChannels<DepthwiseConv2DNhwcHwcOp, DepthwiseConv2DNchwChwOp>>(
          context, ArrayRef<int64_t>{2, 0, 1});
  patterns.add<MoveChannels<PoolingNhwcMaxOp, PoolingNchwMaxOp>,
               MoveChannels<PoolingNhwcSumOp, PoolingNchwSumOp>>(context);
  patterns.add<MoveMultiplierChannels>(context);
}

/// A transpose passes one elementwise op behind a window more easily than a
/// chain of them.
static LogicalResult fuseElementwiseChains(func::FuncOp function) {
  RewritePatternSet patterns(function.getContext());
  linalg::populateElementwiseOpsFusionPatterns(patterns, [](OpOperand *use) {
    Operation *producer = use->get().getDefiningOp();
    return producer && producer->hasOneUse();
  });
  return applyPatternsGreedily(function, std::move(patterns));
}

void ChannelsFirst::runOnOperation() {
  if (failed(fuseElementwiseChains(getOperation())))
    return signalPassFailure();
  RewritePatternSet patterns(&getContext());
  populatePatterns(patterns);
  populateTransposeMotionPatterns(patterns);
  linalg::populateConstantFoldLinalgOperations(
      patterns, [](OpOperand *) { return true; });
  linalg::FillOp::getCanonicalizationPatterns(patterns, &getContext());
  linalg::TransposeOp::getCanonicalizationPatterns(patterns, &getContext());
  tensor::CollapseShapeOp::getCanonicalizationPatterns(patterns, &getContext());
  tensor::ExpandShapeOp::getCanonicalizationPatterns(patterns, &getContext());
  if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
    return signalPassFailure();
}
