//===- LowerReversible.cpp - Reversible networks as plain code ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Couplings become their steps (Coupling.h), fixed-point numbers integers, and
// space_to_depth a transpose between two reshapes.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/LowerReversible.h"
#include "EraseEncodings.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/Coupling.h"
#include "colonnade/Dialect/Colonnade/Transforms/ElementwiseCode.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

namespace colonnade {
#define GEN_PASS_DEF_LOWERREVERSIBLE
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// Fixed point
//===----------------------------------------------------------------------===//

/// The nearest integer of a number in units, saturated. Only what an i32 holds
/// is converted: of anything else a conversion is undefined.
static Value saturate(ScalarBuilder &b, Value units) {
  Value limit = b.number(0x1p31f);
  Value isLarge =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, units, limit);
  Value isBelow =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, units, limit);
  // Not so for a NaN.
  Value isAbove = arith::CmpFOp::create(b, arith::CmpFPredicate::OGE, units,
                                        b.number(-0x1p31f));
  Value fits = b.apply<arith::AndIOp>(isBelow, isAbove);
  Value inside = arith::SelectOp::create(b, fits, units, b.number(0));
  Value nearest = arith::FPToSIOp::create(b, b.getI32Type(),
                                          math::RoundEvenOp::create(b, inside));
  Value outside = arith::SelectOp::create(b, isLarge, b.integer(INT32_MAX),
                                          b.integer(INT32_MIN));
  return arith::SelectOp::create(b, fits, nearest, outside);
}

static Value lower(OpBuilder &builder, ToFixedOp op) {
  int64_t fraction = getFixedPointPromise(op.getType()).getFraction();
  return buildElementwise(
      builder, op.getLoc(), op.getType(), op.getSource(),
      [&](ScalarBuilder &b, ValueRange arguments) {
        Value scale = b.number(std::ldexp(1.0f, int(fraction)));
        return saturate(b, b.apply<arith::MulFOp>(arguments[0], scale));
      });
}

static Value lower(OpBuilder &builder, FromFixedOp op) {
  int64_t fraction =
      getFixedPointPromise(op.getSource().getType()).getFraction();
  return buildElementwise(
      builder, op.getLoc(), op.getType(), op.getSource(),
      [&](ScalarBuilder &b, ValueRange arguments) {
        Value units = arith::SIToFPOp::create(b, b.getF32Type(), arguments[0]);
        Value scale = b.number(std::ldexp(1.0f, -int(fraction)));
        return b.apply<arith::MulFOp>(units, scale);
      });
}

static Value lower(OpBuilder &builder, AddFixedOp op) {
  return buildElementwise(builder, op.getLoc(), op.getType(), op.getOperands(),
                          [](ScalarBuilder &b, ValueRange arguments) {
                            return b.addWrapping(arguments[0], arguments[1]);
                          });
}

/// As ~(~a + b): sums that wrap are what there is an op for.
static Value lower(OpBuilder &builder, SubtractFixedOp op) {
  return buildElementwise(builder, op.getLoc(), op.getType(), op.getOperands(),
                          [](ScalarBuilder &b, ValueRange arguments) {
                            Value complement =
                                b.apply<arith::XOrIOp>(arguments[0], -1);
                            return b.apply<arith::XOrIOp>(
                                b.addWrapping(complement, arguments[1]), -1);
                          });
}

//===----------------------------------------------------------------------===//
// Space to depth
//===----------------------------------------------------------------------===//

namespace {

/// The dimensions of a tensor with each block of positions in two dimensions of
/// their own, in the order of the positions or of the channels.
class BlockedDimensions {
public:
  explicit BlockedDimensions(SpaceToDepthOp op);

  /// Moves the op's source between the orders.
  Value move(OpBuilder &builder, Location loc, Value source) const;

private:
  /// Either order: parts of dimensions, and which parts make up a dimension.
  struct Order {
    SmallVector<unsigned> parts;
    SmallVector<ReassociationIndices> dimensions;

    void addDimension(ArrayRef<unsigned> of) {
      auto first = static_cast<int64_t>(parts.size());
      llvm::append_range(parts, of);
      dimensions.push_back(llvm::to_vector<2>(
          llvm::seq<int64_t>(first, first + int64_t(of.size()))));
    }
    SmallVector<int64_t> getShape(ArrayRef<int64_t> extents) const {
      return llvm::map_to_vector(parts,
                                 [&](unsigned part) { return extents[part]; });
    }
  };

  SpaceToDepthOp op;
  /// Of every part: the dimensions, without the blocks, and a block's two.
  SmallVector<int64_t> extents;
  Order positions, channels;
};

} // namespace

BlockedDimensions::BlockedDimensions(SpaceToDepthOp op) : op(op) {
  RankedTensorType shape =
      op.getInverse() ? op.getType() : op.getSource().getType();
  extents = llvm::to_vector(shape.getShape());
  unsigned row = extents.size(), column = row + 1;
  extents.append(2, op.getBlock());
  for (unsigned dim = 0; dim < row; ++dim) {
    if (dim == op.getHeight() || dim == op.getWidth()) {
      extents[dim] /= static_cast<int64_t>(op.getBlock());
      positions.addDimension({dim, dim == op.getHeight() ? row : column});
    } else {
      positions.addDimension(dim);
    }
    if (dim == op.getChannel())
      channels.addDimension({row, column, dim});
    else
      channels.addDimension(dim);
  }
}

Value BlockedDimensions::move(OpBuilder &builder, Location loc,
                              Value source) const {
  SpaceToDepthOp moved = op;
  const Order &from = moved.getInverse() ? channels : positions;
  const Order &to = moved.getInverse() ? positions : channels;
  RankedTensorType type = moved.getType();
  Value expanded = tensor::ExpandShapeOp::create(
      builder, loc, type.clone(from.getShape(extents)), source,
      from.dimensions);
  SmallVector<int64_t> permutation;
  for (unsigned part : to.parts)
    permutation.push_back(llvm::find(from.parts, part) - from.parts.begin());
  Value empty =
      tensor::EmptyOp::create(builder, loc, to.getShape(extents),
                              type.getElementType(), type.getEncoding());
  Value transposed =
      linalg::TransposeOp::create(builder, loc, expanded, empty, permutation)
          ->getResult(0);
  return tensor::CollapseShapeOp::create(builder, loc, type, transposed,
                                         to.dimensions);
}

static Value lower(OpBuilder &builder, SpaceToDepthOp op) {
  return BlockedDimensions(op).move(builder, op.getLoc(), op.getSource());
}

//===----------------------------------------------------------------------===//
// All ops
//===----------------------------------------------------------------------===//

/// Null for ops of other kinds.
static Value lowerElements(OpBuilder &builder, Operation *op) {
  return llvm::TypeSwitch<Operation *, Value>(op)
      .Case<ToFixedOp, FromFixedOp, AddFixedOp, SubtractFixedOp,
            SpaceToDepthOp>([&](auto known) { return lower(builder, known); })
      .Default([](Operation *) { return Value(); });
}

static bool isFixedPointOp(Operation *op) {
  return isa<ToFixedOp, FromFixedOp, AddFixedOp, SubtractFixedOp>(op);
}

/// Inner couplings come first.
static void lowerCouplings(Operation *root) {
  IRRewriter rewriter(root->getContext());
  root->walk([&](ReversibleOp op) { lowerReversible(rewriter, op); });
}

/// Ops that `lower` gives no value for stay.
static void replaceOps(Operation *root,
                       function_ref<Value(OpBuilder &, Operation *)> lower) {
  IRRewriter rewriter(root->getContext());
  root->walk([&](Operation *op) {
    rewriter.setInsertionPoint(op);
    if (Value lowered = lower(rewriter, op))
      rewriter.replaceOp(op, lowered);
  });
}

static void lowerOps(Operation *root, bool keepFixedPoint) {
  replaceOps(root, [=](OpBuilder &builder, Operation *op) {
    return keepFixedPoint && isFixedPointOp(op) ? Value()
                                                : lowerElements(builder, op);
  });
}

void colonnade::lowerReversibleOps(Operation *root, bool keepFixedPoint) {
  lowerCouplings(root);
  lowerOps(root, keepFixedPoint);
}

void colonnade::dropBarriers(Operation *root) {
  root->walk([](BarrierOp op) {
    op.getResults().replaceAllUsesWith(op.getSources());
    op.erase();
  });
}

//===----------------------------------------------------------------------===//
// Floats in place of fixed point
//===----------------------------------------------------------------------===//

static LogicalResult rejectFixedConstants(Operation *root) {
  WalkResult result = root->walk([](arith::ConstantOp op) {
    if (!getFixedPointPromise(op.getType()))
      return WalkResult::advance();
    op.emitOpError("expected no constant of fixed point with float-streams, "
                   "got ")
        << op.getType() << ": write it as f32 behind colonnade.to_fixed";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

/// The types of values and functions alone.
static void replaceFixedTypes(Operation *root) {
  AttrTypeReplacer replacer;
  replacer.addReplacement([](RankedTensorType type) -> std::optional<Type> {
    if (!getFixedPointPromise(type))
      return std::nullopt;
    return RankedTensorType::get(type.getShape(),
                                 Float32Type::get(type.getContext()));
  });
  replacer.recursivelyReplaceElementsIn(root, /*replaceAttrs=*/true,
                                        /*replaceLocs=*/false,
                                        /*replaceTypes=*/true);
}

/// What an op of fixed point is on floats; null for other ops.
static Value computeInFloats(OpBuilder &builder, Operation *op) {
  if (isa<ToFixedOp, FromFixedOp>(op))
    return op->getOperand(0);
  if (!isa<AddFixedOp, SubtractFixedOp>(op))
    return {};
  return buildElementwise(
      builder, op->getLoc(),
      cast<RankedTensorType>(op->getOperand(0).getType()), op->getOperands(),
      [&](ScalarBuilder &b, ValueRange arguments) -> Value {
        if (isa<SubtractFixedOp>(op))
          return b.apply<arith::SubFOp>(arguments[0], arguments[1]);
        return b.apply<arith::AddFOp>(arguments[0], arguments[1]);
      });
}

/// Once couplings are lowered.
static LogicalResult useFloats(Operation *root) {
  if (failed(rejectFixedConstants(root)))
    return failure();
  replaceFixedTypes(root);
  replaceOps(root, computeInFloats);
  return success();
}

namespace {

struct LowerReversible
    : public colonnade::impl::LowerReversibleBase<LowerReversible> {
  using LowerReversibleBase::LowerReversibleBase;

  void runOnOperation() override {
    if (keepFixedPoint && floatStreams) {
      getOperation().emitError("expected one of keep-fixed-point and "
                               "float-streams, got both");
      return signalPassFailure();
    }
    lowerCouplings(getOperation());
    if (floatStreams && failed(useFloats(getOperation())))
      return signalPassFailure();
    lowerOps(getOperation(), keepFixedPoint);
    if (!keepFixedPoint)
      eraseEncodings(getOperation(), [](Type type) {
        return static_cast<bool>(getFixedPointPromise(type));
      });
    if (!keepBarriers)
      dropBarriers(getOperation());
  }
};

} // namespace
