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

#include "ElementwiseLayer.h"
#include "Normalize.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/Utils/Utils.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace colonnade {

bool isNormalContraction(linalg::LinalgOp op) {
  if (auto matmul = dyn_cast<linalg::MatmulOp>(op.getOperation()))
    return !matmul.hasUserDefinedMaps();
  return isa<linalg::Conv2DNchwFchwOp>(op);
}

unsigned getWeightChannelAxis(linalg::LinalgOp op) {
  return isa<linalg::MatmulOp>(op) ? 1 : 0;
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

/// A generic that is a convolution in NCHW and FCHW.
struct NameConvolution : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<int64_t> dilations, strides;
    if (!linalg::isaConvolutionOpOfType<linalg::Conv2DNchwFchwOp>(
            op, &dilations, &strides))
      return rewriter.notifyMatchFailure(op, "no conv_2d_nchw_fchw");
    return linalg::specializeGenericOp(rewriter, op);
  }
};

/// The position of each result of a map that only selects loops.
std::optional<SmallVector<unsigned>> getLoops(AffineMap map) {
  SmallVector<unsigned> loops;
  for (AffineExpr result : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(result);
    if (!dim)
      return std::nullopt;
    loops.push_back(dim.getPosition());
  }
  return loops;
}

enum class WeightOrder { Plain, Transposed };

/// Whether `op` is A x B with A [m, k] and B [k, n], or [n, k].
std::optional<WeightOrder> matchMatmul(linalg::LinalgOp op) {
  if (op.getNumLoops() != 3 || !isContraction(op))
    return std::nullopt;
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  auto first = getLoops(maps[0]), second = getLoops(maps[1]),
       out = getLoops(maps[2]);
  if (!first || !second || !out || first->size() != 2 || second->size() != 2 ||
      out->size() != 2)
    return std::nullopt;
  unsigned m = (*out)[0], n = (*out)[1], k = (*first)[1];
  if (m == n || k == m || k == n || (*first)[0] != m)
    return std::nullopt;
  if ((*second)[0] == k && (*second)[1] == n)
    return WeightOrder::Plain;
  if ((*second)[0] == n && (*second)[1] == k)
    return WeightOrder::Transposed;
  return std::nullopt;
}

/// The transpose of an f32 constant matrix.
std::optional<DenseElementsAttr> transposeConstant(Value matrix) {
  Attribute attribute;
  if (!matchPattern(matrix, m_Constant(&attribute)))
    return std::nullopt;
  std::optional<std::vector<float>> values = readFloatValues(attribute);
  auto type = cast<RankedTensorType>(matrix.getType());
  if (!values || type.getEncoding())
    return std::nullopt;
  int64_t rows = type.getDimSize(0), columns = type.getDimSize(1);
  std::vector<float> transposed(values->size());
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      transposed[column * rows + row] = (*values)[row * columns + column];
  return DenseElementsAttr::get(
      RankedTensorType::get({columns, rows}, type.getElementType()),
      ArrayRef<float>(transposed));
}

/// A matrix product, generic or with maps of its own, over f32: the plain named
/// op. Constant transposed weights are transposed.
struct NameMatmul : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics() || isNormalContraction(op))
      return rewriter.notifyMatchFailure(op, "nothing to do");
    std::optional<WeightOrder> order = matchMatmul(op);
    if (!order || !isStaticFloat(op->getResult(0)))
      return rewriter.notifyMatchFailure(op, "no static f32 matrix product");
    Value weights = op.getDpsInputOperand(1)->get();
    if (*order == WeightOrder::Transposed) {
      std::optional<DenseElementsAttr> transposed = transposeConstant(weights);
      if (!transposed)
        return rewriter.notifyMatchFailure(op, "weights are not constant");
      weights =
          arith::ConstantOp::create(rewriter, weights.getLoc(), *transposed);
    }
    rewriter.replaceOpWithNewOp<linalg::MatmulOp>(
        op, op->getResultTypes(),
        ValueRange{op.getDpsInputOperand(0)->get(), weights},
        ValueRange(op.getDpsInits()));
    return success();
  }
};

} // namespace

void populateContractionFormPatterns(RewritePatternSet &patterns) {
  patterns.add<ClearInit, NameConvolution, NameMatmul>(patterns.getContext());
}

} // namespace colonnade
