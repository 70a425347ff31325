//===- FoldZeroPoints.cpp - Contractions without zero points --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The array multiplies int8 values as they are. Each named op of values with
// zero points becomes its plain twin and the corrections of ZeroPointFolder;
// what keeps its zero points is remarked on with the reason.
//
//===----------------------------------------------------------------------===//

#include "ZeroPointFolder.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace colonnade {
#define GEN_PASS_DEF_FOLDZEROPOINTS
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr StringLiteral kRule = "fold-zero-points";

//===----------------------------------------------------------------------===//
// The ops
//===----------------------------------------------------------------------===//

namespace {

template <typename QuantizedOp, typename PlainOp>
struct FoldZeroPointsOf : OpRewritePattern<QuantizedOp> {
  using OpRewritePattern<QuantizedOp>::OpRewritePattern;

  LogicalResult matchAndRewrite(QuantizedOp op,
                                PatternRewriter &rewriter) const override {
    auto linalgOp = cast<linalg::LinalgOp>(op.getOperation());
    ZeroPointFolder folder(linalgOp, rewriter);
    std::string whyNot;
    if (!linalgOp.hasPureTensorSemantics() || linalgOp.hasDynamicShape() ||
        failed(folder.match(whyNot)))
      return rewriter.notifyMatchFailure(op, whyNot);
    SmallVector<Value> inputs = {folder.getData(), folder.getWeights()};
    Value plain = createPlain(rewriter, op, inputs, folder.getZeros());
    rewriter.replaceOp(op, folder.correct(plain));
    return success();
  }

private:
  static Value createPlain(RewriterBase &rewriter, QuantizedOp op,
                           ValueRange inputs, Value zeros) {
    SmallVector<Type> types = {zeros.getType()};
    if constexpr (requires { op.getStrides(); })
      return PlainOp::create(rewriter, op.getLoc(), types, inputs, zeros,
                             op.getStridesAttr(), op.getDilationsAttr())
          .getResult(0);
    else
      return PlainOp::create(rewriter, op.getLoc(), types, inputs, zeros)
          .getResult(0);
  }
};

struct FoldZeroPoints
    : public colonnade::impl::FoldZeroPointsBase<FoldZeroPoints> {
  void runOnOperation() override;
};

} // namespace

static void populatePatterns(RewritePatternSet &patterns) {
  using namespace linalg;
  patterns.add<
      FoldZeroPointsOf<Conv2DNhwcFhwcQOp, Conv2DNhwcFhwcOp>,
      FoldZeroPointsOf<Conv2DNhwcHwcfQOp, Conv2DNhwcHwcfOp>,
      FoldZeroPointsOf<Conv2DNchwFchwQOp, Conv2DNchwFchwOp>,
      FoldZeroPointsOf<Conv2DNgchwGfchwQOp, Conv2DNgchwGfchwOp>,
      FoldZeroPointsOf<DepthwiseConv2DNhwcHwcQOp, DepthwiseConv2DNhwcHwcOp>,
      FoldZeroPointsOf<DepthwiseConv2DNhwcHwcmQOp, DepthwiseConv2DNhwcHwcmOp>,
      FoldZeroPointsOf<QuantizedMatmulOp, MatmulOp>,
      FoldZeroPointsOf<QuantizedBatchMatmulOp, BatchMatmulOp>>(
      patterns.getContext());
}

/// Says of every contraction that kept its zero points why.
static void remarkKept(func::FuncOp function) {
  IRRewriter rewriter(function.getContext());
  function.walk([&](linalg::LinalgOp op) {
    bool hasZeroPoints = op.getNumDpsInputs() == 4 &&
                         op->getOperand(2).getType().isInteger() &&
                         op->getOperand(3).getType().isInteger();
    if (!hasZeroPoints)
      return;
    std::string whyNot = "it is of a kind that is not known";
    if (op.hasDynamicShape())
      whyNot = "it is of dynamic shape";
    else
      (void)ZeroPointFolder(op, rewriter).match(whyNot);
    remarkMissed(kRule, op, whyNot);
  });
}

void FoldZeroPoints::runOnOperation() {
  RewritePatternSet patterns(&getContext());
  populatePatterns(patterns);
  if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
    return signalPassFailure();
  remarkKept(getOperation());
}
