//===- NormalizeForms.cpp - The form of contractions ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One contraction can be written in many ways. These patterns choose one:
// named, weights as they are read, outs filled with zero.
//
//===----------------------------------------------------------------------===//

#include "Channels.h"
#include "Normalize.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace colonnade {

bool isNormalContraction(linalg::LinalgOp op) {
  return getContractionChannels(op).has_value();
}

namespace {

bool isZeroFill(Value value) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs().front(), m_AnyZeroFloat());
}

Value createZeroFill(OpBuilder &builder, Location loc, RankedTensorType type) {
  Value zero = arith::ConstantOp::create(
      builder, loc, builder.getZeroAttr(type.getElementType()));
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  return linalg::FillOp::create(builder, loc, zero, empty).getResult(0);
}

bool isStaticFloat(Value value) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  return type && type.hasStaticShape() && type.getElementType().isF32();
}

/// conv outs(%b)  ->  conv outs(0) + %b.
struct ClearInit : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!isNormalContraction(op) || !op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "no normal contraction");
    Value init = op.getDpsInits().front();
    if (!isStaticFloat(init) || isZeroFill(init))
      return rewriter.notifyMatchFailure(op, "outs are zero or not static f32");
    Location loc = op.getLoc();
    auto type = cast<RankedTensorType>(init.getType());
    Operation *cleared = rewriter.clone(*op);
    cast<linalg::LinalgOp>(cleared).setDpsInitOperand(
        0, createZeroFillBefore(rewriter, cleared, type));
    Value empty = tensor::EmptyOp::create(rewriter, loc, type.getShape(),
                                          type.getElementType());
    AffineMap identity = rewriter.getMultiDimIdentityMap(type.getRank());
    SmallVector<utils::IteratorType> parallel(type.getRank(),
                                              utils::IteratorType::parallel);
    rewriter.replaceOpWithNewOp<linalg::GenericOp>(
        op, type, ValueRange{cleared->getResult(0), init}, empty,
        ArrayRef<AffineMap>{identity, identity, identity}, parallel,
        [](OpBuilder &body, Location bodyLoc, ValueRange arguments) {
          Value sum =
              arith::AddFOp::create(body, bodyLoc, arguments[0], arguments[1]);
          linalg::YieldOp::create(body, bodyLoc, sum);
        });
    return success();
  }

private:
  static Value createZeroFillBefore(PatternRewriter &rewriter, Operation *op,
                                    RankedTensorType type) {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    return createZeroFill(rewriter, op->getLoc(), type);
  }
};

template <typename OpT> bool isConvolution(linalg::LinalgOp op) {
  SmallVector<int64_t> dilations, strides;
  return linalg::isaConvolutionOpOfType<OpT>(op, &dilations, &strides);
}

/// A generic that is a convolution in NCHW.
struct NameConvolution : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!isConvolution<linalg::Conv2DNchwFchwOp>(op) &&
        !isConvolution<linalg::DepthwiseConv2DNchwChwOp>(op) &&
        !isConvolution<linalg::Conv2DNgchwGfchwOp>(op))
      return rewriter.notifyMatchFailure(op, "no convolution in NCHW");
    return linalg::specializeGenericOp(rewriter, op);
  }
};

using Loops = SmallVector<unsigned>;

/// The position of each result of a map that only selects loops.
std::optional<Loops> getLoops(AffineMap map) {
  Loops loops;
  for (AffineExpr result : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim || llvm::is_contained(loops, dim.getPosition()))
      return std::nullopt;
    loops.push_back(dim.getPosition());
  }
  return loops;
}

/// A matrix product out[batch..., m, n] = left * right, and the loops that the
/// dimensions of each operand count along.
struct MatrixProduct {
  Value left, right;
  Loops leftLoops, rightLoops, outLoops;
  unsigned reduction;

  Loops getBatch() const {
    return Loops(outLoops.begin(), std::prev(outLoops.end(), 2));
  }
  /// The order that linalg.matmul and batch_matmul read.
  Loops getOrder(std::initializer_list<unsigned> lastTwo) const {
    Loops order = getBatch();
    llvm::append_range(order, lastTwo);
    return order;
  }
  Loops getLeftOrder() const {
    return getOrder({outLoops.rbegin()[1], reduction});
  }
  Loops getRightOrder() const { return getOrder({reduction, outLoops.back()}); }
};

bool isPermutationOf(const Loops &first, const Loops &second) {
  return first.size() == second.size() &&
         llvm::all_of(first, [&](unsigned loop) {
           return llvm::is_contained(second, loop);
         });
}

/// The product that `op` is, with up to one batch dimension.
std::optional<MatrixProduct> matchMatrixProduct(linalg::LinalgOp op) {
  if (!isContraction(op) || op.getNumReductionLoops() != 1 ||
      op.getNumLoops() < 3 || op.getNumLoops() > 4)
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto left = getLoops(maps[0]), right = getLoops(maps[1]),
       out = getLoops(maps[2]);
  if (!left || !right || !out || out->size() + 1 != op.getNumLoops())
    return std::nullopt;
  SmallVector<unsigned> reductions;
  op.getReductionDims(reductions);
  MatrixProduct product{op.getDpsInputOperand(0)->get(),
                        op.getDpsInputOperand(1)->get(),
                        *left,
                        *right,
                        *out,
                        reductions.front()};
  // What the rows of the result follow is the left operand.
  if (llvm::is_contained(product.rightLoops, out->rbegin()[1])) {
    std::swap(product.left, product.right);
    std::swap(product.leftLoops, product.rightLoops);
  }
  if (!isPermutationOf(product.leftLoops, product.getLeftOrder()) ||
      !isPermutationOf(product.rightLoops, product.getRightOrder()))
    return std::nullopt;
  return product;
}

/// `operand`, whose dimensions count along `loops`, with those of `order`.
Value transposeTo(PatternRewriter &rewriter, Location loc, Value operand,
                  const Loops &loops, const Loops &order) {
  if (loops == order)
    return operand;
  auto type = cast<RankedTensorType>(operand.getType());
  SmallVector<int64_t> permutation, shape;
  for (unsigned loop : order) {
    permutation.push_back(llvm::find(loops, loop) - loops.begin());
    shape.push_back(type.getDimSize(permutation.back()));
  }
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, shape, type.getElementType());
  return linalg::TransposeOp::create(rewriter, loc, operand, empty, permutation)
      ->getResult(0);
}

/// A matrix product, generic or with maps of its own, over f32: the plain named
/// op, of transposed operands where they are stored otherwise.
struct NameMatmul : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || isNormalContraction(op))
      return rewriter.notifyMatchFailure(op, "nothing to do");
    std::optional<MatrixProduct> product = matchMatrixProduct(op);
    if (!product || !isStaticFloat(op->getResult(0)) ||
        !isStaticFloat(product->left) || !isStaticFloat(product->right))
      return rewriter.notifyMatchFailure(op, "no static f32 matrix product");
    Value left = transposeTo(rewriter, op.getLoc(), product->left,
                             product->leftLoops, product->getLeftOrder());
    Value right = transposeTo(rewriter, op.getLoc(), product->right,
                              product->rightLoops, product->getRightOrder());
    ValueRange inits = op.getDpsInits();
    if (product->getBatch().empty())
      rewriter.replaceOpWithNewOp<linalg::MatmulOp>(
          op, op->getResultTypes(), ValueRange{left, right}, inits);
    else
      rewriter.replaceOpWithNewOp<linalg::BatchMatmulOp>(
          op, op->getResultTypes(), ValueRange{left, right}, inits);
    return success();
  }
};

} // namespace

void populateContractionFormPatterns(RewritePatternSet &patterns) {
  patterns.add<ClearInit, NameConvolution, NameMatmul>(patterns.getContext());
}

} // namespace colonnade
