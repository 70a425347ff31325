//===- ExpandMath.cpp - Math operations as arithmetic --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass behind --colonnade-expand-math: libm differs from machine to
// machine, and the vector unit has none. What is left afterwards is arithmetic
// that IEEE 754 defines to the bit.
//
//===----------------------------------------------------------------------===//

#include "ExpandMath.h"
#include "ScalarFunctions.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include <cmath>
#include <limits>

namespace colonnade {

#define GEN_PASS_DEF_EXPANDMATH
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"

namespace {

using namespace mlir;

constexpr float kLn2 = 0.693147180559945309f;
constexpr float kLog2e = 1.442695040888963407f;
constexpr float kLog10e = 0.434294481903251828f;

//===----------------------------------------------------------------------===//
// Functions of one argument
//===----------------------------------------------------------------------===//

Value createExp2(ScalarBuilder &b, Value x) {
  return createExp(b, b.multiply(x, b.real(kLn2)));
}

Value createLog2(ScalarBuilder &b, Value x) {
  return b.multiply(createLog(b, x), b.real(kLog2e));
}

Value createLog10(ScalarBuilder &b, Value x) {
  return b.multiply(createLog(b, x), b.real(kLog10e));
}

/// log(1 + x), where the second factor undoes the rounding of the sum (W.
/// Kahan; N. Higham, "Accuracy and Stability of Numerical Algorithms", 1.14.1).
Value createLog1p(ScalarBuilder &b, Value x) {
  Value one = b.real(1), sum = b.add(one, x);
  Value logarithm = createLog(b, sum);
  Value corrected = b.multiply(logarithm, b.divide(x, b.subtract(sum, one)));
  Value infinity = b.real(std::numeric_limits<float>::infinity());
  Value result = b.select(b.isLess(sum, infinity), corrected, logarithm);
  return b.select(b.isEqual(sum, one), x, result);
}

Value createRsqrt(ScalarBuilder &b, Value x) {
  return b.divide(b.real(1), b.squareRoot(x));
}

Value createCeil(ScalarBuilder &b, Value x) {
  return b.negate(b.floor(b.negate(x)));
}

Value createTrunc(ScalarBuilder &b, Value x) {
  return createCopySign(b, b.floor(b.absolute(x)), x);
}

template <typename OpT, Value (*Create)(ScalarBuilder &, Value)>
struct ExpandFunction : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op,
                                PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not an f32 scalar");
    ScalarBuilder builder(rewriter, op.getLoc());
    rewriter.replaceOp(op, Create(builder, op.getOperand()));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Functions of two arguments
//===----------------------------------------------------------------------===//

/// x^exponent in the cheapest way for the constant.
Value createConstantPower(ScalarBuilder &b, Value x, float exponent) {
  if (exponent == 0.5f)
    return b.squareRoot(x);
  if (exponent == -0.5f)
    return createRsqrt(b, x);
  if (std::fabs(exponent) <= kLargestPower && exponent == std::rint(exponent))
    return createPower(b, x, int(exponent));
  return createPower(b, x, b.real(exponent));
}

struct ExpandPower : OpRewritePattern<math::PowFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::PowFOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not an f32 scalar");
    ScalarBuilder builder(rewriter, op.getLoc());
    FloatAttr exponent;
    bool isConstant = matchPattern(op.getRhs(), m_Constant(&exponent));
    rewriter.replaceOp(
        op, isConstant
                ? createConstantPower(builder, op.getLhs(),
                                      exponent.getValue().convertToFloat())
                : createPower(builder, op.getLhs(), op.getRhs()));
    return success();
  }
};

struct ExpandCopySign : OpRewritePattern<math::CopySignOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::CopySignOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not an f32 scalar");
    ScalarBuilder builder(rewriter, op.getLoc());
    rewriter.replaceOp(op, createCopySign(builder, op.getLhs(), op.getRhs()));
    return success();
  }
};

/// maxnumf and minnumf: the other operand where one is NaN.
template <typename OpT, typename PropagatingOpT>
struct ExpandNumberExtremum : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op,
                                PatternRewriter &rewriter) const override {
    if (!op.getType().isF32())
      return rewriter.notifyMatchFailure(op, "not an f32 scalar");
    ScalarBuilder b(rewriter, op.getLoc());
    Value left = op.getLhs(), right = op.getRhs();
    Value extremum = b.create<PropagatingOpT>(left, right);
    Value known = b.select(b.isEqual(right, right), extremum, left);
    rewriter.replaceOp(op, b.select(b.isEqual(left, left), known, right));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Comparisons and conversions
//===----------------------------------------------------------------------===//

/// The ordered predicate that holds exactly where an unordered one does not.
std::optional<arith::CmpFPredicate>
getOrderedOpposite(arith::CmpFPredicate predicate) {
  using Predicate = arith::CmpFPredicate;
  switch (predicate) {
  case Predicate::UEQ:
    return Predicate::ONE;
  case Predicate::UNE:
    return Predicate::OEQ;
  case Predicate::UGT:
    return Predicate::OLE;
  case Predicate::UGE:
    return Predicate::OLT;
  case Predicate::ULT:
    return Predicate::OGE;
  case Predicate::ULE:
    return Predicate::OGT;
  default:
    return std::nullopt;
  }
}

struct ExpandComparison : OpRewritePattern<arith::CmpFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::CmpFOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getLhs().getType().isF32())
      return rewriter.notifyMatchFailure(op, "not of f32 scalars");
    ScalarBuilder b(rewriter, op.getLoc());
    Value left = op.getLhs(), right = op.getRhs();
    arith::CmpFPredicate predicate = op.getPredicate();
    if (auto opposite = getOrderedOpposite(predicate)) {
      Value holds = b.create<arith::CmpFOp>(*opposite, left, right);
      rewriter.replaceOp(op, b.invert(holds));
      return success();
    }
    bool areOrdered = predicate == arith::CmpFPredicate::ORD;
    if (!areOrdered && predicate != arith::CmpFPredicate::UNO)
      return rewriter.notifyMatchFailure(op, "ordered");
    Value ordered =
        b.create<arith::AndIOp>(b.isEqual(left, left), b.isEqual(right, right));
    rewriter.replaceOp(op, areOrdered ? ordered : b.invert(ordered));
    return success();
  }
};

/// An i1 as a number: 0 or 1.
template <typename OpT> struct ExpandFlag : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op,
                                PatternRewriter &rewriter) const override {
    if (!op.getIn().getType().isInteger(1))
      return rewriter.notifyMatchFailure(op, "not of an i1 scalar");
    ScalarBuilder b(rewriter, op.getLoc());
    auto getNumber = [&](int64_t value) -> Value {
      Type type = op.getType();
      TypedAttr attribute =
          isa<FloatType>(type)
              ? TypedAttr(rewriter.getFloatAttr(type, double(value)))
              : TypedAttr(rewriter.getIntegerAttr(type, value));
      return b.create<arith::ConstantOp>(attribute);
    };
    rewriter.replaceOp(op, b.select(op.getIn(), getNumber(1), getNumber(0)));
    return success();
  }
};

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

class ExpandMath : public impl::ExpandMathBase<ExpandMath> {
public:
  using ExpandMathBase::ExpandMathBase;
  void runOnOperation() override;
};

void ExpandMath::runOnOperation() { expandMath(getOperation()); }

} // namespace

void expandMath(mlir::Operation *root) {
  MLIRContext *context = root->getContext();
  RewritePatternSet patterns(context);
  patterns.add<ExpandFunction<math::ExpOp, createExp>,
               ExpandFunction<math::Exp2Op, createExp2>,
               ExpandFunction<math::LogOp, createLog>,
               ExpandFunction<math::Log2Op, createLog2>,
               ExpandFunction<math::Log10Op, createLog10>,
               ExpandFunction<math::Log1pOp, createLog1p>,
               ExpandFunction<math::TanhOp, createTanh>,
               ExpandFunction<math::ErfOp, createErf>,
               ExpandFunction<math::SinOp, createSin>,
               ExpandFunction<math::CosOp, createCos>,
               ExpandFunction<math::RsqrtOp, createRsqrt>,
               ExpandFunction<math::CeilOp, createCeil>,
               ExpandFunction<math::TruncOp, createTrunc>>(context);
  patterns.add<ExpandPower, ExpandCopySign,
               ExpandNumberExtremum<arith::MaxNumFOp, arith::MaximumFOp>,
               ExpandNumberExtremum<arith::MinNumFOp, arith::MinimumFOp>,
               ExpandComparison, ExpandFlag<arith::UIToFPOp>,
               ExpandFlag<arith::ExtUIOp>>(context);
  walkAndApplyPatterns(root, std::move(patterns));
}

} // namespace colonnade
