//===- OrderReductions.cpp - Fast loop orders without reassociation ------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM vectorises a loop over output positions, but may not reassociate one
// over terms. Two rewrites make the former the innermost one: the loops of
// every reduction are interchanged, and the patches of an NCHW convolution are
// laid out first (im2col), so that even small images with strides give long,
// contiguous loops. Interchange alone runs ResNet-8 in 5 ms, both in 1.3 ms.
//
//===----------------------------------------------------------------------===//

#include "LowerToLLVM.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace colonnade {

//===----------------------------------------------------------------------===//
// Patches
//===----------------------------------------------------------------------===//

static SmallVector<utils::IteratorType> getParallelIterators(size_t count) {
  return SmallVector<utils::IteratorType>(count, utils::IteratorType::parallel);
}

/// [n, c, kh, kw, oh, ow]: input element (n, c, y * s + i * d, z * s + j * d)
/// for tap (i, j) and output position (y, z).
static Value createPatches(OpBuilder &builder, linalg::Conv2DNchwFchwOp conv) {
  auto input = cast<RankedTensorType>(conv.getInputs()[0].getType());
  auto filter = cast<RankedTensorType>(conv.getInputs()[1].getType());
  auto output = cast<RankedTensorType>(conv.getResult(0).getType());
  SmallVector<int64_t> shape = {input.getDimSize(0),  input.getDimSize(1),
                                filter.getDimSize(2), filter.getDimSize(3),
                                output.getDimSize(2), output.getDimSize(3)};
  auto strides = conv.getStrides().getValues<int64_t>();
  auto dilations = conv.getDilations().getValues<int64_t>();
  AffineExpr n, c, i, j, y, z;
  bindDims(builder.getContext(), n, c, i, j, y, z);
  AffineMap window = AffineMap::get(6, 0,
                                    {n, c, y * strides[0] + i * dilations[0],
                                     z * strides[1] + j * dilations[1]},
                                    builder.getContext());
  Value empty = tensor::EmptyOp::create(builder, conv.getLoc(), shape,
                                        input.getElementType());
  return linalg::GenericOp::create(
             builder, conv.getLoc(), empty.getType(), conv.getInputs()[0],
             empty, {window, builder.getMultiDimIdentityMap(6)},
             getParallelIterators(6),
             [](OpBuilder &body, Location loc, ValueRange arguments) {
               linalg::YieldOp::create(body, loc, arguments[0]);
             })
      .getResult(0);
}

static Value createCollapse(OpBuilder &builder, Value value,
                            ArrayRef<ReassociationIndices> dimensions) {
  return tensor::CollapseShapeOp::create(builder, value.getLoc(), value,
                                         dimensions);
}

/// The multiply-accumulate of the convolution's own body on other operands:
/// [n, k, p] patches and [f, k] weights into [n, f, p].
static Value createProduct(IRRewriter &rewriter, linalg::Conv2DNchwFchwOp conv,
                           Value patches, Value weights, Value init) {
  AffineExpr n, f, k, p;
  bindDims(rewriter.getContext(), n, f, k, p);
  SmallVector<AffineMap> maps = AffineMap::inferFromExprList(
      ArrayRef<ArrayRef<AffineExpr>>{{n, k, p}, {f, k}, {n, f, p}},
      rewriter.getContext());
  SmallVector<utils::IteratorType> iterators = getParallelIterators(4);
  iterators[2] = utils::IteratorType::reduction;
  auto product = linalg::GenericOp::create(
      rewriter, conv.getLoc(), init.getType(), ValueRange{patches, weights},
      init, maps, iterators);
  rewriter.cloneRegionBefore(conv.getRegion(), product.getRegion(),
                             product.getRegion().end());
  return product.getResult(0);
}

static void rewriteConvolution(IRRewriter &rewriter,
                               linalg::Conv2DNchwFchwOp conv) {
  rewriter.setInsertionPoint(conv);
  Value patches = createCollapse(rewriter, createPatches(rewriter, conv),
                                 {{0}, {1, 2, 3}, {4, 5}});
  Value weights =
      createCollapse(rewriter, conv.getInputs()[1], {{0}, {1, 2, 3}});
  SmallVector<ReassociationIndices> positions = {{0}, {1}, {2, 3}};
  Value init = createCollapse(rewriter, conv.getOutputs()[0], positions);
  Value product = createProduct(rewriter, conv, patches, weights, init);
  rewriter.replaceOpWithNewOp<tensor::ExpandShapeOp>(
      conv, conv.getResult(0).getType(), product, positions);
}

//===----------------------------------------------------------------------===//
// Loop order
//===----------------------------------------------------------------------===//

/// The loop over the output's last dimension, if there is one.
static std::optional<unsigned> getOutputLoop(linalg::GenericOp op) {
  AffineMap output = op.getIndexingMapsArray().back();
  if (output.getNumResults() != 0)
    if (auto dim = dyn_cast<AffineDimExpr>(output.getResults().back()))
      return dim.getPosition();
  return std::nullopt;
}

/// Outer parallel loops, reductions in their own order, and innermost the loop
/// `inner`, if one is given.
static SmallVector<unsigned> getLoopOrder(linalg::GenericOp op,
                                          std::optional<unsigned> inner) {
  SmallVector<unsigned> order, reductions;
  for (auto [index, type] : llvm::enumerate(op.getIteratorTypesArray()))
    if (type == utils::IteratorType::reduction)
      reductions.push_back(index);
    else if (inner != index)
      order.push_back(index);
  llvm::append_range(order, reductions);
  if (inner)
    order.push_back(*inner);
  return order;
}

/// The op as a generic one; null for ops that have no such form, which lower in
/// the order they have.
static linalg::GenericOp generalize(IRRewriter &rewriter, linalg::LinalgOp op) {
  rewriter.setInsertionPoint(op);
  if (auto generic = dyn_cast<linalg::GenericOp>(op.getOperation()))
    return generic;
  FailureOr<linalg::GenericOp> general =
      linalg::generalizeNamedOp(rewriter, op);
  return succeeded(general) ? *general : linalg::GenericOp();
}

static LogicalResult interchange(IRRewriter &rewriter, linalg::GenericOp op,
                                 std::optional<unsigned> inner) {
  rewriter.setInsertionPoint(op);
  if (succeeded(
          linalg::interchangeGenericOp(rewriter, op, getLoopOrder(op, inner))))
    return success();
  return emitError(op.getLoc(), "cannot interchange the loops of this op");
}

static SmallVector<linalg::LinalgOp> getReductions(ModuleOp module) {
  SmallVector<linalg::LinalgOp> reductions;
  module.walk([&](linalg::LinalgOp op) {
    if (op.getNumReductionLoops() != 0 && op.getNumDpsInits() == 1)
      reductions.push_back(op);
  });
  return reductions;
}

LogicalResult orderReductions(ModuleOp module) {
  IRRewriter rewriter(module.getContext());
  SmallVector<linalg::Conv2DNchwFchwOp> convolutions;
  module.walk([&](linalg::Conv2DNchwFchwOp op) { convolutions.push_back(op); });
  for (linalg::Conv2DNchwFchwOp convolution : convolutions)
    rewriteConvolution(rewriter, convolution);
  for (linalg::LinalgOp op : getReductions(module))
    if (linalg::GenericOp generic = generalize(rewriter, op))
      if (failed(interchange(rewriter, generic, getOutputLoop(generic))))
        return failure();
  return success();
}

//===----------------------------------------------------------------------===//
// Reassociation
//===----------------------------------------------------------------------===//

/// Whether the last dimension of the first input is summed up: then its loop is
/// the contiguous one.
static bool sumsAlongMemory(linalg::GenericOp op) {
  AffineMap input = op.getIndexingMapsArray().front();
  if (op.getNumDpsInputs() == 0 || input.getNumResults() == 0)
    return false;
  SmallVector<utils::IteratorType> kinds = op.getIteratorTypesArray();
  AffineExpr last = input.getResults().back();
  for (auto [loop, kind] : llvm::enumerate(kinds))
    if (last.isFunctionOfDim(loop) && kind == utils::IteratorType::reduction)
      return true;
  return false;
}

/// Lets LLVM add up the terms of the op's sum in another order.
static void permitReassociation(linalg::GenericOp op) {
  Value sum = op.getBody()->getTerminator()->getOperand(0);
  auto add = sum.getDefiningOp<arith::AddFOp>();
  if (add)
    add.setFastmath(arith::FastMathFlags::reassoc);
}

LogicalResult
reassociateReductions(ModuleOp module,
                      llvm::function_ref<bool(linalg::LinalgOp)> isExcluded) {
  IRRewriter rewriter(module.getContext());
  for (linalg::LinalgOp op : getReductions(module)) {
    if (isExcluded(op))
      continue;
    linalg::GenericOp generic = generalize(rewriter, op);
    if (!generic)
      continue;
    bool alongMemory = sumsAlongMemory(generic);
    if (alongMemory)
      permitReassociation(generic);
    if (failed(
            interchange(rewriter, generic,
                        alongMemory ? std::nullopt : getOutputLoop(generic))))
      return failure();
  }
  return success();
}

} // namespace colonnade
