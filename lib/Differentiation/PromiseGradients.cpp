//===- PromiseGradients.cpp - Gradients of promises -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rounding has derivative zero wherever it has one; trained is with the
// straight-through gradient (Bengio et al., arXiv 1308.3432), that of the
// identity, saturated values included but for fake_quantize, whose scale does
// not follow its values. Promises are about values, not about derivatives: the
// cotangent of a promised tensor is a plain one.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace colonnade;

namespace {

/// Passes the cotangent on to the first operand; the others are integers.
template <typename OpT>
struct StraightThroughGradient
    : DifferentiableOpInterface::ExternalModel<StraightThroughGradient<OpT>,
                                               OpT> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    SmallVector<Value> result(op->getNumOperands());
    result.front() = cotangents.front();
    return result;
  }
};

/// Passes the cotangent on where the quotient is not clamped.
struct ClippedGradient
    : DifferentiableOpInterface::ExternalModel<ClippedGradient,
                                               FakeQuantizeOp> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &builder,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const;
};

} // namespace

FailureOr<SmallVector<Value>>
ClippedGradient::createOperandCotangents(Operation *op, OpBuilder &builder,
                                         ValueRange cotangents,
                                         ArrayRef<bool>) const {
  auto quantize = cast<FakeQuantizeOp>(op);
  // From here on rounding to the nearest integer ends beyond 127.
  double range = 127.5 * quantize.getScale().convertToDouble();
  ImplicitLocOpBuilder b(op->getLoc(), builder);
  Value source = quantize.getSource();
  Value empty = tensor::EmptyOp::create(
      b, tensor::getMixedSizes(b, op->getLoc(), source), b.getF32Type());
  int64_t rank = quantize.getType().getRank();
  SmallVector<AffineMap> maps(3, b.getMultiDimIdentityMap(rank));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      b, empty.getType(), ValueRange{source, cotangents.front()}, empty, maps,
      iterators, [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder body(loc, nested);
        auto number = [&](double value) {
          return arith::ConstantOp::create(
              body, body.getF32FloatAttr(static_cast<float>(value)));
        };
        Value isBelow = arith::CmpFOp::create(body, arith::CmpFPredicate::OLT,
                                              arguments[0], number(range));
        Value isAbove = arith::CmpFOp::create(body, arith::CmpFPredicate::OGT,
                                              arguments[0], number(-range));
        Value isInside = arith::AndIOp::create(body, isBelow, isAbove);
        Value passed = arith::SelectOp::create(body, isInside, arguments[1],
                                               number(0));
        linalg::YieldOp::create(body, passed);
      });
  SmallVector<Value> result(op->getNumOperands());
  result.front() = generic.getResult(0);
  return result;
}

void colonnade::registerPromiseGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ColonnadeDialect *) {
    BlockQuantizeOp::attachInterface<StraightThroughGradient<BlockQuantizeOp>>(
        *context);
    DropEncodingOp::attachInterface<StraightThroughGradient<DropEncodingOp>>(
        *context);
    FakeQuantizeOp::attachInterface<ClippedGradient>(*context);
  });
}
