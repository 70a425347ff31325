//===- TransposeMotion.cpp - Bringing transposes together -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Only one direction moves up, and only that of channels last to first:
// otherwise an op with readers in both layouts would be turned back and forth.
//
//===----------------------------------------------------------------------===//

#include "TransposeMotion.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace colonnade {

Value transpose(OpBuilder &builder, Location loc, Value value,
                ArrayRef<int64_t> permutation) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape = applyPermutation(type.getShape(), permutation);
  Value empty =
      tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
  return linalg::TransposeOp::create(builder, loc, value, empty, permutation)
      ->getResult(0);
}

/// Whether the last dimension comes second and the others keep their order.
static bool movesChannelsFirst(ArrayRef<int64_t> permutation) {
  int64_t rank = permutation.size();
  if (rank < 3 || permutation[0] != 0 || permutation[1] != rank - 1)
    return false;
  return llvm::all_of(llvm::seq<int64_t>(2, rank), [&](int64_t place) {
    return permutation[place] == place - 1;
  });
}

/// Replaces `transposed`, a transpose of the result of `original`, by `moved`,
/// and whatever else reads that result by a transpose back.
static void replaceBoth(PatternRewriter &rewriter,
                        linalg::TransposeOp transposed, Operation *original,
                        Value moved) {
  SmallVector<int64_t> inverse =
      invertPermutationVector(transposed.getPermutation());
  rewriter.replaceOp(transposed, moved);
  if (original->use_empty())
    return rewriter.eraseOp(original);
  rewriter.replaceOp(original,
                     transpose(rewriter, original->getLoc(), moved, inverse));
}

/// The defining op of type OpT of a transpose that moves channels first.
template <typename OpT> static OpT getMovable(linalg::TransposeOp op) {
  return movesChannelsFirst(op.getPermutation())
             ? op.getInput().getDefiningOp<OpT>()
             : OpT();
}

namespace {

/// generic(transpose(x)) reads x through another map.
struct ReadThroughTranspose : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    auto isTransposed = [](OpOperand *operand) {
      return operand->get().getDefiningOp<linalg::TransposeOp>() != nullptr;
    };
    SmallVector<OpOperand *> operands = op.getDpsInputOperands();
    if (llvm::none_of(operands, isTransposed))
      return rewriter.notifyMatchFailure(op, "reads nothing transposed");
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    rewriter.modifyOpInPlace(op, [&] {
      for (OpOperand *operand : llvm::make_filter_range(operands, isTransposed))
        readSource(*operand, maps[operand->getOperandNumber()]);
      op.setIndexingMapsAttr(rewriter.getAffineMapArrayAttr(maps));
    });
    return success();
  }

private:
  static void readSource(OpOperand &operand, AffineMap &map) {
    auto source = operand.get().getDefiningOp<linalg::TransposeOp>();
    map = map.getSubMap(llvm::to_vector_of<unsigned>(
        invertPermutationVector(source.getPermutation())));
    operand.set(source.getInput());
  }
};

/// transpose(generic) computes its result in the other order.
struct MoveAboveGeneric : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto generic = getMovable<linalg::GenericOp>(op);
    if (!generic || !isElementwise(generic))
      return rewriter.notifyMatchFailure(op, "not of an elementwise op");
    rewriter.setInsertionPoint(generic);
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Value empty = tensor::EmptyOp::create(
        rewriter, generic.getLoc(), type.getShape(), type.getElementType());
    auto moved = linalg::GenericOp::create(
        rewriter, generic.getLoc(), type, generic.getInputs(), empty,
        permuteMaps(generic, op.getPermutation()),
        generic.getIteratorTypesArray());
    IRMapping mapping;
    generic.getRegion().cloneInto(&moved.getRegion(), mapping);
    replaceBoth(rewriter, op, generic, moved.getResult(0));
    return success();
  }

private:
  static bool isElementwise(linalg::GenericOp op) {
    return op->getNumResults() == 1 && op.hasPureTensorSemantics() &&
           op.getNumParallelLoops() == op.getNumLoops() &&
           op.getIndexingMapsArray().back().isPermutation() &&
           !op.hasIndexSemantics() &&
           !op.payloadUsesValueFromOperand(op.getDpsInitOperand(0));
  }

  /// Loops in the order of the transposed result, whose map is the identity.
  static SmallVector<AffineMap> permuteMaps(linalg::GenericOp op,
                                            ArrayRef<int64_t> permutation) {
    SmallVector<AffineMap> maps = op.getIndexingMapsArray();
    maps.back() =
        maps.back().getSubMap(llvm::to_vector_of<unsigned>(permutation));
    AffineMap toLoops = inversePermutation(maps.back());
    for (AffineMap &map : maps)
      map = map.compose(toLoops);
    return maps;
  }
};

/// transpose(pad(x)) pads transpose(x).
struct MoveAbovePad : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto pad = getMovable<tensor::PadOp>(op);
    if (!pad || !pad.getConstantPaddingValue() ||
        !pad.getResultType().hasStaticShape())
      return rewriter.notifyMatchFailure(op, "not of a constant, static pad");
    ArrayRef<int64_t> permutation = op.getPermutation();
    rewriter.setInsertionPoint(pad);
    Value source =
        transpose(rewriter, pad.getLoc(), pad.getSource(), permutation);
    auto permute = [&](SmallVector<OpFoldResult> amounts) {
      return applyPermutation(amounts, permutation);
    };
    Value moved = tensor::PadOp::create(
        rewriter, pad.getLoc(), op->getResult(0).getType(), source,
        permute(pad.getMixedLowPad()), permute(pad.getMixedHighPad()),
        pad.getConstantPaddingValue(), pad.getNofold());
    replaceBoth(rewriter, op, pad, moved);
    return success();
  }
};

/// transpose(concat(x, y)) concatenates transposes.
struct MoveAboveConcat : OpRewritePattern<linalg::TransposeOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::TransposeOp op,
                                PatternRewriter &rewriter) const override {
    auto concat = getMovable<tensor::ConcatOp>(op);
    if (!concat)
      return rewriter.notifyMatchFailure(op, "not of a concatenation");
    ArrayRef<int64_t> permutation = op.getPermutation();
    rewriter.setInsertionPoint(concat);
    SmallVector<Value> inputs;
    for (Value input : concat.getInputs())
      inputs.push_back(
          transpose(rewriter, concat.getLoc(), input, permutation));
    uint64_t axis = invertPermutationVector(permutation)[concat.getDim()];
    replaceBoth(
        rewriter, op, concat,
        tensor::ConcatOp::create(rewriter, concat.getLoc(), axis, inputs));
    return success();
  }
};

} // namespace

void populateTransposeMotionPatterns(RewritePatternSet &patterns) {
  patterns.add<ReadThroughTranspose, MoveAboveGeneric, MoveAbovePad,
               MoveAboveConcat>(patterns.getContext());
}

} // namespace colonnade
