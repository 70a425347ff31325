//===- SoftmaxGradient.cpp - Gradient of linalg.softmax -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the result y alone: x gets y (g - sum(g y)), the sum along the softmax's
// dimension. Taking the op apart would compute y again.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectRegistry.h"

using namespace mlir;
using namespace colonnade;

/// sum(g y) along the dimension, which the result does not have.
static Value createSums(OpBuilder &builder, Location loc, Value gradient,
                        Value result, int64_t dimension) {
  auto type = cast<RankedTensorType>(result.getType());
  unsigned rank = type.getRank();
  SmallVector<int64_t> shape(type.getShape());
  shape.erase(shape.begin() + dimension);
  AffineMap all = builder.getMultiDimIdentityMap(rank);
  AffineMap kept = all.dropResult(dimension);
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::parallel);
  iterators[dimension] = utils::IteratorType::reduction;
  Value zeros = createZero(builder, loc,
                           RankedTensorType::get(shape, type.getElementType()));
  return linalg::GenericOp::create(
             builder, loc, zeros.getType(), ValueRange{gradient, result}, zeros,
             ArrayRef{all, all, kept}, iterators,
             [](OpBuilder &nested, Location loc, ValueRange args) {
               Value product =
                   arith::MulFOp::create(nested, loc, args[0], args[1]);
               Value sum = arith::AddFOp::create(nested, loc, args[2], product);
               linalg::YieldOp::create(nested, loc, sum);
             })
      .getResult(0);
}

namespace {
struct SoftmaxGradient
    : DifferentiableOpInterface::ExternalModel<SoftmaxGradient,
                                               linalg::SoftmaxOp> {
  FailureOr<SmallVector<Value>> createOperandCotangents(Operation *op,
                                                        OpBuilder &builder,
                                                        ValueRange cotangents,
                                                        ArrayRef<bool>) const {
    auto softmax = cast<linalg::SoftmaxOp>(op);
    Location loc = op->getLoc();
    Value gradient = cotangents.front(), result = op->getResult(0);
    auto type = cast<RankedTensorType>(result.getType());
    int64_t dimension = softmax.getDimension();
    Value sums = createSums(builder, loc, gradient, result, dimension);
    AffineMap all = builder.getMultiDimIdentityMap(type.getRank());
    Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                          type.getElementType());
    SmallVector<utils::IteratorType> iterators(type.getRank(),
                                               utils::IteratorType::parallel);
    Value input =
        linalg::GenericOp::create(
            builder, loc, type, ValueRange{gradient, result, sums}, empty,
            ArrayRef{all, all, all.dropResult(dimension), all}, iterators,
            [](OpBuilder &nested, Location loc, ValueRange args) {
              Value rest = arith::SubFOp::create(nested, loc, args[0], args[2]);
              Value product = arith::MulFOp::create(nested, loc, args[1], rest);
              linalg::YieldOp::create(nested, loc, product);
            })
            .getResult(0);
    // The output operand is written only.
    return SmallVector<Value>{input, Value()};
  }
};
} // namespace

void colonnade::registerSoftmaxGradient(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, linalg::LinalgDialect *) {
    linalg::SoftmaxOp::attachInterface<SoftmaxGradient>(*context);
  });
}
