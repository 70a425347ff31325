//===- NormalizeConstants.cpp - Moving constants -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Importers transpose and reshape weights that they got in another order.
// Upstream folds that for small dense constants; weights are large ones, and
// resources.
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "Normalize.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace colonnade {
namespace {

/// Elements between neighbours along each dimension of a row-major tensor.
SmallVector<int64_t> getStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (size_t dim = shape.size(); dim-- > 1;)
    strides[dim - 1] = strides[dim] * shape[dim];
  return strides;
}

/// The elements in the order of the transposed tensor.
std::vector<float> transpose(const FloatConstant &source,
                             ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> sourceStrides = getStrides(source.getShape());
  SmallVector<int64_t> shape, strides;
  for (int64_t dim : permutation) {
    shape.push_back(source.getShape()[dim]);
    strides.push_back(sourceStrides[dim]);
  }
  ArrayRef<float> values = source.getValues();
  std::vector<float> result;
  result.reserve(values.size());
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t position = 0;
  while (result.size() < values.size()) {
    result.push_back(values[position]);
    // To the next index, in row-major order.
    for (size_t dim = shape.size(); dim-- > 0;) {
      position += strides[dim];
      if (++index[dim] < shape[dim])
        break;
      position -= strides[dim] * shape[dim];
      index[dim] = 0;
    }
  }
  return result;
}

/// transpose(constant)  ->  constant
struct TransposeConstant : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getInput().getType());
    std::optional<FloatConstant> source = FloatConstant::get(op.getInput());
    if (!source || type.getEncoding() || !op.hasPureTensorSemantics())
      return rewriter.notifyMatchFailure(op, "no readable f32 constant");
    auto result = cast<RankedTensorType>(op->getResult(0).getType());
    rewriter.replaceOp(
        op, createConstantLike(rewriter, op.getInput(), result.getShape(),
                               transpose(*source, op.getPermutation())));
    return success();
  }
};

/// A reshape of a resource is the same resource of another type.
template <typename OpT> struct ReshapeResource : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op,
                                PatternRewriter &rewriter) const override {
    DenseResourceElementsAttr resource;
    if (!matchPattern(op.getSrc(), m_Constant(&resource)))
      return rewriter.notifyMatchFailure(op, "not of a resource");
    auto reshaped = DenseResourceElementsAttr::get(op.getResultType(),
                                                   resource.getRawHandle());
    rewriter.replaceOpWithNewOp<arith::ConstantOp>(op, op.getResultType(),
                                                   reshaped);
    return success();
  }
};

} // namespace

void populateConstantMovementPatterns(RewritePatternSet &patterns) {
  patterns.add<TransposeConstant, ReshapeResource<tensor::CollapseShapeOp>,
               ReshapeResource<tensor::ExpandShapeOp>>(patterns.getContext());
}

} // namespace colonnade
