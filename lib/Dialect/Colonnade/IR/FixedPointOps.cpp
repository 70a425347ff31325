//===- FixedPointOps.cpp - Numbers in units of a power of two -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifies and folds the ops of fixed-point numbers. Comments cite the
// constraints that ReversibleOps.td numbers.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// ToFixedOp, FromFixedOp
//===----------------------------------------------------------------------===//

/// TF1 and TF2, FF1 and FF2: `real` is f32, `fixed` i32.
static LogicalResult verifyFixedCast(Operation *op, RankedTensorType real,
                                     RankedTensorType fixed) {
  if (real.getEncoding()) // TF1, FF1
    return op->emitOpError("expected no encoding of the f32 tensor, got ")
           << real;
  if (real.getShape() != fixed.getShape()) // TF1, FF1
    return op->emitOpError("expected one shape of source and result, got ")
           << real << " and " << fixed;
  if (!getFixedPointPromise(fixed)) // TF2, FF2
    return op->emitOpError("expected a fixed_point promise of the i32 tensor, "
                           "got ")
           << fixed;
  return success();
}

LogicalResult ToFixedOp::verify() {
  return verifyFixedCast(*this, getSource().getType(), getType());
}

LogicalResult FromFixedOp::verify() {
  return verifyFixedCast(*this, getType(), getSource().getType());
}

//===----------------------------------------------------------------------===//
// AddFixedOp, SubtractFixedOp
//===----------------------------------------------------------------------===//

/// AF1 and SF1.
static LogicalResult verifyFixed(Operation *op) {
  Type type = op->getResult(0).getType();
  if (getFixedPointPromise(type))
    return success();
  return op->emitOpError("expected a fixed_point promise, got ") << type;
}

LogicalResult AddFixedOp::verify() { return verifyFixed(*this); }

LogicalResult SubtractFixedOp::verify() { return verifyFixed(*this); }

/// (a - b) + b is a.
OpFoldResult AddFixedOp::fold(FoldAdaptor) {
  auto foldInto = [](Value difference, Value added) -> Value {
    auto op = difference.getDefiningOp<SubtractFixedOp>();
    return op && op.getRight() == added ? op.getLeft() : Value();
  };
  if (Value left = foldInto(getLeft(), getRight()))
    return left;
  return foldInto(getRight(), getLeft());
}

/// (a + b) - b and (b + a) - b are a.
OpFoldResult SubtractFixedOp::fold(FoldAdaptor) {
  auto sum = getLeft().getDefiningOp<AddFixedOp>();
  if (sum && sum.getRight() == getRight())
    return sum.getLeft();
  if (sum && sum.getLeft() == getRight())
    return sum.getRight();
  return nullptr;
}
