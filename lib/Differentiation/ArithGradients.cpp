//===- ArithGradients.cpp - Gradients of arith ops ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Textbook derivatives. Of two equal operands of a maximum or minimum that both
// depend on the inputs the first has the cotangent; beside a constant an equal
// operand has none, as in PyTorch's relu.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace colonnade;

namespace {

using Cotangents = SmallVector<Value>;

/// A gradient from a function of (builder, op, cotangent) to the operands'
/// cotangents.
template <typename OpT, Cotangents (*rule)(ImplicitLocOpBuilder &, OpT, Value)>
struct Gradient
    : DifferentiableOpInterface::ExternalModel<Gradient<OpT, rule>, OpT> {
  FailureOr<SmallVector<Value>>
  createOperandCotangents(Operation *op, OpBuilder &builder,
                          ValueRange cotangents, ArrayRef<bool> needed) const {
    ImplicitLocOpBuilder b(op->getLoc(), builder);
    return rule(b, cast<OpT>(op), cotangents.front());
  }
};

/// A maximum or minimum; `beats` compares an operand that has the cotangent
/// with the other, `ties` too if they may be equal.
template <typename OpT, arith::CmpFPredicate beats, arith::CmpFPredicate ties>
struct ExtremeGradient : DifferentiableOpInterface::ExternalModel<
                             ExtremeGradient<OpT, beats, ties>, OpT> {
  FailureOr<SmallVector<Value>>
  createOperandCotangents(Operation *op, OpBuilder &builder,
                          ValueRange cotangents, ArrayRef<bool> needed) const {
    ImplicitLocOpBuilder b(op->getLoc(), builder);
    Value left = op->getOperand(0), right = op->getOperand(1);
    Value first =
        arith::CmpFOp::create(b, needed[1] ? ties : beats, left, right);
    Value second = arith::CmpFOp::create(b, beats, right, left);
    Value ct = cotangents.front();
    Value zero = createZero(b, b.getLoc(), ct.getType());
    return SmallVector<Value>{arith::SelectOp::create(b, first, ct, zero),
                              arith::SelectOp::create(b, second, ct, zero)};
  }
};

} // namespace

static Cotangents addRule(ImplicitLocOpBuilder &, arith::AddFOp, Value ct) {
  return {ct, ct};
}

static Cotangents subRule(ImplicitLocOpBuilder &b, arith::SubFOp, Value ct) {
  return {ct, arith::NegFOp::create(b, ct)};
}

static Cotangents negRule(ImplicitLocOpBuilder &b, arith::NegFOp, Value ct) {
  return {arith::NegFOp::create(b, ct)};
}

static Cotangents mulRule(ImplicitLocOpBuilder &b, arith::MulFOp op, Value ct) {
  return {arith::MulFOp::create(b, ct, op.getRhs()),
          arith::MulFOp::create(b, ct, op.getLhs())};
}

static Cotangents divRule(ImplicitLocOpBuilder &b, arith::DivFOp op, Value ct) {
  Value left = arith::DivFOp::create(b, ct, op.getRhs());
  Value share = arith::MulFOp::create(b, left, op.getResult());
  return {left, arith::NegFOp::create(b, share)};
}

static Cotangents selectRule(ImplicitLocOpBuilder &b, arith::SelectOp op,
                             Value ct) {
  Value zero = createZero(b, b.getLoc(), ct.getType());
  return {Value(), arith::SelectOp::create(b, op.getCondition(), ct, zero),
          arith::SelectOp::create(b, op.getCondition(), zero, ct)};
}

static Cotangents extendRule(ImplicitLocOpBuilder &b, arith::ExtFOp op,
                             Value ct) {
  return {arith::TruncFOp::create(b, op.getIn().getType(), ct)};
}

static Cotangents truncateRule(ImplicitLocOpBuilder &b, arith::TruncFOp op,
                               Value ct) {
  return {arith::ExtFOp::create(b, op.getIn().getType(), ct)};
}

template <typename OpT, Cotangents (*rule)(ImplicitLocOpBuilder &, OpT, Value)>
static void attach(MLIRContext *context) {
  OpT::template attachInterface<Gradient<OpT, rule>>(*context);
}

template <typename OpT, arith::CmpFPredicate beats, arith::CmpFPredicate ties>
static void attachExtreme(MLIRContext *context) {
  OpT::template attachInterface<ExtremeGradient<OpT, beats, ties>>(*context);
}

void colonnade::registerArithGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, arith::ArithDialect *) {
    using enum arith::CmpFPredicate;
    attach<arith::AddFOp, addRule>(context);
    attach<arith::SubFOp, subRule>(context);
    attach<arith::NegFOp, negRule>(context);
    attach<arith::MulFOp, mulRule>(context);
    attach<arith::DivFOp, divRule>(context);
    attachExtreme<arith::MaximumFOp, OGT, OGE>(context);
    attachExtreme<arith::MaxNumFOp, OGT, OGE>(context);
    attachExtreme<arith::MinimumFOp, OLT, OLE>(context);
    attachExtreme<arith::MinNumFOp, OLT, OLE>(context);
    attach<arith::SelectOp, selectRule>(context);
    attach<arith::ExtFOp, extendRule>(context);
    attach<arith::TruncFOp, truncateRule>(context);
  });
}
