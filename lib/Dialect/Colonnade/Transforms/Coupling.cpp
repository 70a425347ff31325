//===- Coupling.cpp - Forward and inverse of a coupling -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One loop over the steps serves both directions, so that an inverse cannot
// drift away from its forward form.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/Coupling.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/ElementwiseCode.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;
using namespace colonnade;

Value colonnade::toStream(OpBuilder &builder, Location loc, Value tensor,
                          int64_t fraction) {
  if (fraction == 0)
    return tensor;
  auto type = cast<RankedTensorType>(tensor.getType());
  return ToFixedOp::create(builder, loc, getFixedPointType(type, fraction),
                           tensor);
}

Value colonnade::fromStream(OpBuilder &builder, Location loc, Value stream) {
  auto type = cast<RankedTensorType>(stream.getType());
  if (!getFixedPointPromise(type))
    return stream;
  return FromFixedOp::create(
      builder, loc,
      RankedTensorType::get(type.getShape(), builder.getF32Type()), stream);
}

Coupling::Coupling(ReversibleOp op) : op(op) {
  steps.push_back({&op.getF(), /*changed=*/0, /*read=*/1});
  if (op.hasG())
    steps.push_back({&op.getG(), /*changed=*/1, /*read=*/0});
}

SmallVector<Value> Coupling::evaluate(OpBuilder &builder, const Step &step,
                                      Value argument,
                                      IRMapping &mapping) const {
  Block &block = step.region->front();
  mapping.map(block.getArgument(0), argument);
  for (Operation &nested : block.without_terminator())
    builder.clone(nested, mapping);
  return llvm::map_to_vector(
      block.getTerminator()->getOperands(),
      [&](Value value) { return mapping.lookupOrDefault(value); });
}

/// x + f, or y - f.
static Value combineNumbers(ScalarBuilder &b, Value stream, Value change,
                            bool isUndone) {
  if (isUndone)
    return b.apply<arith::SubFOp>(stream, change);
  return b.apply<arith::AddFOp>(stream, change);
}

/// x * exp(s) + t, or (y - t) * exp(-s).
static Value combineAffine(ScalarBuilder &b, ValueRange arguments,
                           bool isUndone) {
  Value stream = arguments[0], scale = arguments[1], shift = arguments[2];
  if (isUndone) {
    Value factor =
        math::ExpOp::create(b, arith::NegFOp::create(b, scale).getResult());
    return b.apply<arith::MulFOp>(b.apply<arith::SubFOp>(stream, shift),
                                  factor);
  }
  Value factor = math::ExpOp::create(b, scale);
  return b.apply<arith::AddFOp>(b.apply<arith::MulFOp>(stream, factor), shift);
}

Value Coupling::combine(OpBuilder &builder, Location loc, Value stream,
                        ValueRange change, bool isUndone) const {
  ReversibleOp coupling = op;
  if (coupling.isExact()) {
    Value fixed =
        ToFixedOp::create(builder, loc, stream.getType(), change.front());
    if (isUndone)
      return SubtractFixedOp::create(builder, loc, stream, fixed);
    return AddFixedOp::create(builder, loc, stream, fixed);
  }
  SmallVector<Value> operands{stream};
  llvm::append_range(operands, change);
  return buildElementwise(
      builder, loc, cast<RankedTensorType>(stream.getType()), operands,
      [&](ScalarBuilder &b, ValueRange arguments) {
        return coupling.getKind() == CouplingKind::Affine
                   ? combineAffine(b, arguments, isUndone)
                   : combineNumbers(b, arguments[0], arguments[1], isUndone);
      });
}

Value Coupling::apply(OpBuilder &builder, Location loc, Value stream,
                      ValueRange change) const {
  return combine(builder, loc, stream, change, /*isUndone=*/false);
}

Value Coupling::undo(OpBuilder &builder, Location loc, Value stream,
                     ValueRange change) const {
  return combine(builder, loc, stream, change, /*isUndone=*/true);
}

SmallVector<Value> colonnade::buildReversible(OpBuilder &builder,
                                              ReversibleOp op,
                                              IRMapping &mapping) {
  Coupling coupling(op);
  Location loc = op.getLoc();
  SmallVector<Value> streams{op.getStream1(), op.getStream2()};
  SmallVector<Coupling::Step> steps(coupling.getSteps());
  if (op.getInverse())
    std::reverse(steps.begin(), steps.end());
  for (const Coupling::Step &step : steps) {
    Value argument = fromStream(builder, loc, streams[step.read]);
    SmallVector<Value> change =
        coupling.evaluate(builder, step, argument, mapping);
    Value &changed = streams[step.changed];
    changed = op.getInverse() ? coupling.undo(builder, loc, changed, change)
                              : coupling.apply(builder, loc, changed, change);
  }
  return streams;
}

void colonnade::lowerReversible(RewriterBase &rewriter, ReversibleOp op) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  IRMapping mapping;
  rewriter.replaceOp(op, buildReversible(rewriter, op, mapping));
}
