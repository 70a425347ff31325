//===- MathGradients.cpp - Gradients of math ops --------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Textbook derivatives, by the result where it is known already.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace colonnade;

namespace {

/// A function of one operand, by its derivative at the operand `x`, where its
/// value is `y`.
template <typename OpT,
          Value (*derivative)(ImplicitLocOpBuilder &, Value x, Value y)>
struct UnaryGradient
    : DifferentiableOpInterface::ExternalModel<UnaryGradient<OpT, derivative>,
                                               OpT> {
  FailureOr<SmallVector<Value>>
  createOperandCotangents(Operation *op, OpBuilder &builder,
                          ValueRange cotangents, ArrayRef<bool> needed) const {
    ImplicitLocOpBuilder b(op->getLoc(), builder);
    Value slope = derivative(b, op->getOperand(0), op->getResult(0));
    return SmallVector<Value>{
        arith::MulFOp::create(b, cotangents.front(), slope)};
  }
};

/// x^y. The exponent's derivative, x^y log x, is not defined for a negative
/// base, so it is made only where it is asked for.
struct PowerGradient
    : DifferentiableOpInterface::ExternalModel<PowerGradient, math::PowFOp> {
  FailureOr<SmallVector<Value>>
  createOperandCotangents(Operation *op, OpBuilder &builder,
                          ValueRange cotangents, ArrayRef<bool> needed) const {
    ImplicitLocOpBuilder b(op->getLoc(), builder);
    auto power = cast<math::PowFOp>(op);
    SmallVector<Value> result(2);
    if (needed[0]) {
      Value one = createNumber(b, b.getLoc(), power.getType(), 1);
      Value less = arith::SubFOp::create(b, power.getRhs(), one);
      Value slope = arith::MulFOp::create(
          b, power.getRhs(), math::PowFOp::create(b, power.getLhs(), less));
      result[0] = arith::MulFOp::create(b, cotangents.front(), slope);
    }
    if (needed[1]) {
      Value slope = arith::MulFOp::create(
          b, power.getResult(), math::LogOp::create(b, power.getLhs()));
      result[1] = arith::MulFOp::create(b, cotangents.front(), slope);
    }
    return result;
  }
};

/// A step function: its derivative is 0 wherever it has one.
template <typename OpT>
struct StepGradient
    : DifferentiableOpInterface::ExternalModel<StepGradient<OpT>, OpT> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *,
                                                        OpBuilder &, ValueRange,
                                                        ArrayRef<bool>) const {
    return SmallVector<Value>{Value()};
  }
};

/// a b + c.
struct FmaGradient
    : DifferentiableOpInterface::ExternalModel<FmaGradient, math::FmaOp> {
  FailureOr<SmallVector<Value>>
  createOperandCotangents(Operation *op, OpBuilder &builder,
                          ValueRange cotangents, ArrayRef<bool> needed) const {
    ImplicitLocOpBuilder b(op->getLoc(), builder);
    Value ct = cotangents.front();
    return SmallVector<Value>{arith::MulFOp::create(b, ct, op->getOperand(1)),
                              arith::MulFOp::create(b, ct, op->getOperand(0)),
                              ct};
  }
};

} // namespace

static Value createNumberLike(ImplicitLocOpBuilder &b, Value like,
                              double number) {
  return createNumber(b, b.getLoc(), like.getType(), number);
}

/// number / value.
static Value createQuotient(ImplicitLocOpBuilder &b, double number,
                            Value value) {
  return arith::DivFOp::create(b, createNumberLike(b, value, number), value);
}

static Value createSquare(ImplicitLocOpBuilder &b, Value value) {
  return arith::MulFOp::create(b, value, value);
}

static Value expSlope(ImplicitLocOpBuilder &, Value, Value y) { return y; }

static Value exp2Slope(ImplicitLocOpBuilder &b, Value, Value y) {
  return arith::MulFOp::create(b, y,
                               createNumberLike(b, y, llvm::numbers::ln2));
}

static Value expM1Slope(ImplicitLocOpBuilder &b, Value, Value y) {
  return arith::AddFOp::create(b, y, createNumberLike(b, y, 1));
}

static Value logSlope(ImplicitLocOpBuilder &b, Value x, Value) {
  return createQuotient(b, 1, x);
}

static Value log1pSlope(ImplicitLocOpBuilder &b, Value x, Value) {
  return createQuotient(b, 1,
                        arith::AddFOp::create(b, x, createNumberLike(b, x, 1)));
}

static Value log2Slope(ImplicitLocOpBuilder &b, Value x, Value) {
  return createQuotient(b, 1 / llvm::numbers::ln2, x);
}

static Value log10Slope(ImplicitLocOpBuilder &b, Value x, Value) {
  return createQuotient(b, 1 / llvm::numbers::ln10, x);
}

static Value sqrtSlope(ImplicitLocOpBuilder &b, Value, Value y) {
  return createQuotient(b, 0.5, y);
}

/// -1/2 x^(-3/2) = -y / (2 x).
static Value rsqrtSlope(ImplicitLocOpBuilder &b, Value x, Value y) {
  Value half = createQuotient(b, -0.5, x);
  return arith::MulFOp::create(b, half, y);
}

static Value tanhSlope(ImplicitLocOpBuilder &b, Value, Value y) {
  return arith::SubFOp::create(b, createNumberLike(b, y, 1),
                               createSquare(b, y));
}

static Value sinhSlope(ImplicitLocOpBuilder &b, Value x, Value) {
  return math::CoshOp::create(b, x);
}

static Value coshSlope(ImplicitLocOpBuilder &b, Value x, Value) {
  return math::SinhOp::create(b, x);
}

/// 2 / sqrt(pi) exp(-x^2).
static Value erfSlope(ImplicitLocOpBuilder &b, Value x, Value) {
  Value power =
      math::ExpOp::create(b, arith::NegFOp::create(b, createSquare(b, x)));
  Value scale = createNumberLike(b, x, 2 * llvm::numbers::inv_sqrtpi);
  return arith::MulFOp::create(b, scale, power);
}

static Value sinSlope(ImplicitLocOpBuilder &b, Value x, Value) {
  return math::CosOp::create(b, x);
}

static Value cosSlope(ImplicitLocOpBuilder &b, Value x, Value) {
  return arith::NegFOp::create(b, math::SinOp::create(b, x));
}

static Value tanSlope(ImplicitLocOpBuilder &b, Value, Value y) {
  return arith::AddFOp::create(b, createNumberLike(b, y, 1),
                               createSquare(b, y));
}

/// 1 / sqrt(1 - x^2).
static Value asinSlope(ImplicitLocOpBuilder &b, Value x, Value) {
  Value rest =
      arith::SubFOp::create(b, createNumberLike(b, x, 1), createSquare(b, x));
  return createQuotient(b, 1, math::SqrtOp::create(b, rest));
}

static Value acosSlope(ImplicitLocOpBuilder &b, Value x, Value y) {
  return arith::NegFOp::create(b, asinSlope(b, x, y));
}

static Value atanSlope(ImplicitLocOpBuilder &b, Value x, Value) {
  Value sum =
      arith::AddFOp::create(b, createNumberLike(b, x, 1), createSquare(b, x));
  return createQuotient(b, 1, sum);
}

/// 0 at 0.
static Value absSlope(ImplicitLocOpBuilder &b, Value x, Value) {
  Value zero = createNumberLike(b, x, 0);
  Value isPositive =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OGT, x, zero);
  Value isNegative =
      arith::CmpFOp::create(b, arith::CmpFPredicate::OLT, x, zero);
  Value notPositive =
      arith::SelectOp::create(b, isNegative, createNumberLike(b, x, -1), zero);
  return arith::SelectOp::create(b, isPositive, createNumberLike(b, x, 1),
                                 notPositive);
}

template <typename OpT,
          Value (*derivative)(ImplicitLocOpBuilder &, Value, Value)>
static void attach(MLIRContext *context) {
  OpT::template attachInterface<UnaryGradient<OpT, derivative>>(*context);
}

template <typename... Ops> static void attachSteps(MLIRContext *context) {
  (Ops::template attachInterface<StepGradient<Ops>>(*context), ...);
}

void colonnade::registerMathGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, math::MathDialect *) {
    attach<math::ExpOp, expSlope>(context);
    attach<math::Exp2Op, exp2Slope>(context);
    attach<math::ExpM1Op, expM1Slope>(context);
    attach<math::LogOp, logSlope>(context);
    attach<math::Log1pOp, log1pSlope>(context);
    attach<math::Log2Op, log2Slope>(context);
    attach<math::Log10Op, log10Slope>(context);
    attach<math::SqrtOp, sqrtSlope>(context);
    attach<math::RsqrtOp, rsqrtSlope>(context);
    attach<math::TanhOp, tanhSlope>(context);
    attach<math::SinhOp, sinhSlope>(context);
    attach<math::CoshOp, coshSlope>(context);
    attach<math::ErfOp, erfSlope>(context);
    attach<math::SinOp, sinSlope>(context);
    attach<math::CosOp, cosSlope>(context);
    attach<math::TanOp, tanSlope>(context);
    attach<math::AsinOp, asinSlope>(context);
    attach<math::AcosOp, acosSlope>(context);
    attach<math::AtanOp, atanSlope>(context);
    attach<math::AbsFOp, absSlope>(context);
    attachSteps<math::CeilOp, math::FloorOp, math::RoundOp, math::RoundEvenOp,
                math::TruncOp>(context);
    math::PowFOp::attachInterface<PowerGradient>(*context);
    math::FmaOp::attachInterface<FmaGradient>(*context);
  });
}
