//===- QuantizeIslands.cpp - The f32 ops of a quantized network ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reductions stay loops of their own, and so does what several ops read;
// conditions are computed again for everybody who needs them, since memory
// holds no i1.
//
//===----------------------------------------------------------------------===//

#include "QuantizeIslands.h"
#include "ExpandMath.h"
#include "colonnade/VectorUnit/ScalarOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace colonnade {
namespace {

Type getElementType(Value value) {
  return cast<ShapedType>(value.getType()).getElementType();
}

bool isParallel(linalg::GenericOp op) {
  return op.getNumParallelLoops() == op.getNumLoops();
}

/// A condition that several ops read: one copy for each.
struct DuplicateConditions : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getNumResults() != 1 || op.getResult(0).use_empty() ||
        op.getResult(0).hasOneUse() ||
        !getElementType(op.getResult(0)).isInteger(1))
      return rewriter.notifyMatchFailure(op, "no condition with several uses");
    Operation *copy = rewriter.clone(*op);
    OpOperand &use = *op.getResult(0).getUses().begin();
    rewriter.modifyOpInPlace(use.getOwner(),
                             [&] { use.set(copy->getResult(0)); });
    return success();
  }
};

/// An all-parallel op of f32 or i1 moves into the only op that reads it.
struct FuseFloatOps : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp consumer,
                                PatternRewriter &rewriter) const override {
    if (!isParallel(consumer))
      return rewriter.notifyMatchFailure(consumer, "reduces");
    for (OpOperand &operand : consumer->getOpOperands()) {
      if (!shouldFuse(operand))
        continue;
      Operation *producer = operand.get().getDefiningOp();
      auto fused = linalg::fuseElementwiseOps(rewriter, &operand);
      if (failed(fused))
        continue;
      fused->fusedOp->setLoc(
          rewriter.getFusedLoc({producer->getLoc(), consumer.getLoc()}));
      for (auto [old, replacement] : fused->replacements)
        rewriter.replaceUsesWithIf(old, replacement, [&](OpOperand &use) {
          return use.getOwner() != producer;
        });
      rewriter.eraseOp(consumer);
      return success();
    }
    return rewriter.notifyMatchFailure(consumer, "reads no op to fuse");
  }

private:
  static bool shouldFuse(OpOperand &operand) {
    auto producer = operand.get().getDefiningOp<linalg::GenericOp>();
    if (!producer || !isParallel(producer) || !operand.get().hasOneUse() ||
        !linalg::areElementwiseOpsFusable(&operand))
      return false;
    Type element = getElementType(operand.get());
    return element.isF32() || element.isInteger(1);
  }
};

/// quantize(reshape(x))  ->  reshape(quantize(x)), so that quantization meets
/// the op that computed x.
template <typename ReshapeOpT>
struct QuantizeBeforeReshape : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    auto reshape = op.getNumDpsInputs() == 1
                       ? op.getDpsInputs()[0].getDefiningOp<ReshapeOpT>()
                       : ReshapeOpT();
    if (!reshape || !reshape->hasOneUse() || !quantizesInPlace(op))
      return rewriter.notifyMatchFailure(op, "no quantization of a reshape");
    Type element = getElementType(op.getResult(0));
    ArrayRef<int64_t> shape = reshape.getSrcType().getShape();
    AffineMap identity = rewriter.getMultiDimIdentityMap(shape.size());
    SmallVector<utils::IteratorType> parallel(shape.size(),
                                              utils::IteratorType::parallel);
    Value empty =
        tensor::EmptyOp::create(rewriter, op.getLoc(), shape, element);
    auto before = linalg::GenericOp::create(
        rewriter, op.getLoc(), empty.getType(), reshape.getSrc(), empty,
        ArrayRef<AffineMap>{identity, identity}, parallel);
    rewriter.cloneRegionBefore(op.getRegion(), before.getRegion(),
                               before.getRegion().begin());
    rewriter.replaceOpWithNewOp<ReshapeOpT>(
        op, cast<RankedTensorType>(op.getResult(0).getType()),
        before.getResult(0), reshape.getReassociationIndices());
    return success();
  }

private:
  static bool quantizesInPlace(linalg::GenericOp op) {
    return isParallel(op) && op.getNumResults() == 1 &&
           isa<IntegerType>(getElementType(op.getResult(0))) &&
           llvm::all_of(op.getIndexingMapsArray(),
                        [](AffineMap map) { return map.isIdentity(); });
  }
};

LogicalResult fuse(func::FuncOp function) {
  RewritePatternSet patterns(function.getContext());
  patterns.add<DuplicateConditions, FuseFloatOps,
               QuantizeBeforeReshape<tensor::CollapseShapeOp>,
               QuantizeBeforeReshape<tensor::ExpandShapeOp>>(
      patterns.getContext());
  // An operand that is read twice becomes one.
  linalg::populateEraseUnusedOperandsAndResultsPatterns(patterns);
  return applyPatternsGreedily(function, std::move(patterns));
}

LogicalResult check(func::FuncOp function) {
  WalkResult result = function.walk([](linalg::GenericOp op) {
    for (Value tensor : op->getResults())
      if (getElementType(tensor).isInteger(1)) {
        emitError(op.getLoc(), "cannot quantize 'linalg.generic': a tensor of "
                               "i1 is left that no elementwise op reads");
        return WalkResult::interrupt();
      }
    for (Operation &scalar : op.getBody()->without_terminator())
      if (auto objection = getScalarOpObjection(scalar)) {
        emitError(scalar.getLoc(), "cannot quantize 'linalg.generic': ")
            << *objection;
        return WalkResult::interrupt();
      }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

bool hasFloatOps(func::FuncOp function) {
  return function
      .walk([](linalg::GenericOp op) {
        bool isFloat = llvm::any_of(op->getOperandTypes(), [](Type type) {
          return cast<ShapedType>(type).getElementType().isF32();
        });
        return isFloat ? WalkResult::interrupt() : WalkResult::advance();
      })
      .wasInterrupted();
}

} // namespace

LogicalResult finishFloatOps(func::FuncOp function) {
  if (!hasFloatOps(function))
    return success();
  if (failed(fuse(function)))
    return emitError(function.getLoc(), "cannot fuse the f32 ops of '@")
           << function.getName() << "'";
  expandMath(function);
  return check(function);
}

} // namespace colonnade
