//===- NormalizeInsertions.cpp - Insertions as padding -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A transposed convolution spreads its input: zeros come between the elements.
// Importers insert the input into a tensor of zeros with a stride, the machine
// pads: [n] becomes [n, 1], is padded to [n, stride] and read as [n * stride].
//
//===----------------------------------------------------------------------===//

#include "Normalize.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace colonnade {
namespace {

using Sizes = SmallVector<int64_t>;

SmallVector<OpFoldResult> getFoldResults(OpBuilder &builder,
                                         ArrayRef<int64_t> sizes) {
  return llvm::map_to_vector(sizes, [&](int64_t size) -> OpFoldResult {
    return builder.getIndexAttr(size);
  });
}

/// Pads and slices f32 tensors with one number.
class TensorMover {
public:
  TensorMover(OpBuilder &builder, Location loc, Value padding)
      : builder(builder), loc(loc), padding(padding) {}

  Value pad(Value source, ArrayRef<int64_t> low, ArrayRef<int64_t> high);
  Value takeFront(Value source, ArrayRef<int64_t> sizes);
  Value spread(Value source, ArrayRef<int64_t> strides);

private:
  static RankedTensorType withShape(Value source, ArrayRef<int64_t> shape) {
    return RankedTensorType::get(
        shape, cast<RankedTensorType>(source.getType()).getElementType());
  }

  OpBuilder &builder;
  Location loc;
  Value padding;
};

Value TensorMover::pad(Value source, ArrayRef<int64_t> low,
                       ArrayRef<int64_t> high) {
  Sizes shape(cast<RankedTensorType>(source.getType()).getShape());
  for (auto [extent, before, after] : llvm::zip_equal(shape, low, high))
    extent += before + after;
  return tensor::PadOp::create(builder, loc, withShape(source, shape), source,
                               getFoldResults(builder, low),
                               getFoldResults(builder, high), padding);
}

Value TensorMover::takeFront(Value source, ArrayRef<int64_t> sizes) {
  return tensor::ExtractSliceOp::create(
      builder, loc, withShape(source, sizes), source,
      getFoldResults(builder, Sizes(sizes.size(), 0)),
      getFoldResults(builder, sizes),
      getFoldResults(builder, Sizes(sizes.size(), 1)));
}

/// Follows each element by stride - 1 paddings along its dimension.
Value TensorMover::spread(Value source, ArrayRef<int64_t> strides) {
  auto shape = cast<RankedTensorType>(source.getType()).getShape();
  SmallVector<ReassociationIndices> groups;
  Sizes expanded, high, spread;
  for (auto [extent, stride] : llvm::zip_equal(shape, strides)) {
    groups.push_back({int64_t(expanded.size()), int64_t(expanded.size()) + 1});
    llvm::append_values(expanded, extent, int64_t(1));
    llvm::append_values(high, int64_t(0), stride - 1);
    spread.push_back(extent * stride);
  }
  Value single = tensor::ExpandShapeOp::create(
      builder, loc, withShape(source, expanded), source, groups);
  Value padded = pad(single, Sizes(high.size(), 0), high);
  return tensor::CollapseShapeOp::create(
      builder, loc, withShape(source, spread), padded, groups);
}

/// insert_slice of x into a filled tensor  ->  pad(spread(x))
struct PadInsteadOfInsert : OpRewritePattern<tensor::InsertSliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(tensor::InsertSliceOp op,
                                PatternRewriter &rewriter) const override {
    auto fill = op.getDest().getDefiningOp<linalg::FillOp>();
    RankedTensorType source = op.getSourceType();
    if (!fill || !isStatic(op) || source.getRank() != op.getType().getRank())
      return rewriter.notifyMatchFailure(op, "not static into a filled tensor");
    TensorMover mover(rewriter, op.getLoc(), fill.getInputs().front());
    Value moved = op.getSource();
    if (!llvm::all_of(op.getStaticStrides(),
                      [](int64_t stride) { return stride == 1; }))
      moved = mover.spread(moved, op.getStaticStrides());
    Sizes kept, high;
    for (auto [extent, stride, offset, dest] :
         llvm::zip_equal(source.getShape(), op.getStaticStrides(),
                         op.getStaticOffsets(), op.getType().getShape())) {
      kept.push_back(std::min(extent * stride, dest - offset));
      high.push_back(dest - offset - kept.back());
    }
    moved = mover.takeFront(moved, kept);
    rewriter.replaceOp(op, mover.pad(moved, op.getStaticOffsets(), high));
    return success();
  }

private:
  static bool isStatic(tensor::InsertSliceOp op) {
    auto isKnown = [](ArrayRef<int64_t> values) {
      return !llvm::is_contained(values, ShapedType::kDynamic);
    };
    return op.getSourceType().hasStaticShape() &&
           op.getType().hasStaticShape() && isKnown(op.getStaticOffsets()) &&
           isKnown(op.getStaticStrides()) &&
           llvm::all_of(op.getStaticStrides(),
                        [](int64_t stride) { return stride > 0; });
  }
};

} // namespace

void populateInsertionPatterns(RewritePatternSet &patterns) {
  patterns.add<PadInsteadOfInsert>(patterns.getContext());
}

} // namespace colonnade
