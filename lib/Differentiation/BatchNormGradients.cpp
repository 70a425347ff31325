//===- BatchNormGradients.cpp - Gradient of batch normalization -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Differentiating the sums one by one would read the batch four times more: the
// mean's own part of the variance's gradient is zero, and the others are
// multiples of two sums (Ioffe and Szegedy, ICML 2015, section 3).
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/BatchNorm.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace colonnade;

/// Whether nothing has come back for a result.
static bool isZero(Value cotangent) {
  auto fill = cotangent.getDefiningOp<linalg::FillOp>();
  return fill && matchPattern(fill.getInputs().front(), m_AnyZeroFloat());
}

namespace {

/// Of both ops. With elements x of a channel, distances d = x - mean and
/// cotangents g of the result: the offset's cotangent is sum(g), the scale's
/// sum(g d) / deviation.
class BatchNormCotangents {
public:
  template <typename OpTy>
  BatchNormCotangents(OpBuilder &builder, OpTy op, Value gradient)
      : channels(builder, op.getLoc(), op.getSource(), op.getAxis()),
        gradient(gradient), source(op.getSource()), scale(op.getScale()),
        mean(op.getMean()),
        inverse(buildInverseDeviation(channels, op.getVariance(),
                                      op.getEpsilon().convertToDouble())),
        sum(channels.sum(gradient, [](ImplicitLocOpBuilder &,
                                      ValueRange args) { return args[0]; })),
        product(channels.sum(
            {gradient, source, mean},
            [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
              Value distance = arith::SubFOp::create(b, args[1], args[2]);
              return arith::MulFOp::create(b, args[0], distance);
            })) {}

  Value getOffset() const { return sum; }
  Value createScale() { return multiply(product, inverse); }

protected:
  Value multiply(Value left, Value right) {
    return channels.mapChannels(
        {left, right}, [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
          return arith::MulFOp::create(b, args[0], args[1]);
        });
  }
  Value multiply(Value value, double number) {
    Value factor = channels.createNumber(number);
    return channels.mapChannels(
        value, [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
          return arith::MulFOp::create(b, args[0], factor);
        });
  }
  /// What the result changes by with x, mean and variance where they are.
  Value createFactor() { return multiply(scale, inverse); }

  ChannelBuilder channels;
  Value gradient, source, scale, mean, inverse, sum, product;
};

/// Mean and variance come from outside.
struct InferenceCotangents : BatchNormCotangents {
  using BatchNormCotangents::BatchNormCotangents;

  Value createSource() {
    return channels.mapElements(
        {gradient, createFactor()},
        [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
          return arith::MulFOp::create(b, args[0], args[1]);
        });
  }
  Value createMean() { return multiply(multiply(sum, createFactor()), -1); }
  /// -1/2 factor sum(g d) / (variance + epsilon)
  Value createVariance() {
    Value slope = multiply(createFactor(), multiply(inverse, inverse));
    return multiply(multiply(product, slope), -0.5);
  }
};

/// Mean and variance depend on all n elements.
struct TrainingCotangents : BatchNormCotangents {
  using BatchNormCotangents::BatchNormCotangents;

  /// factor (g - sum(g) / n - d sum(g d) / (n (variance + epsilon))), and what
  /// comes back from mean and variance as results: 1 / n and 2 d / n of their
  /// cotangents.
  Value createSource(Value meanGradient, Value varianceGradient) {
    double share = 1.0 / channels.getElementsPerChannel();
    Value factor = createFactor();
    Value shift = multiply(multiply(factor, sum), share);
    Value slope = multiply(multiply(factor, multiply(inverse, inverse)),
                           multiply(product, share));
    shift = subtract(shift, meanGradient, share);
    slope = subtract(slope, varianceGradient, 2 * share);
    return channels.mapElements(
        {gradient, source, mean, factor, shift, slope},
        [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
          Value distance = arith::SubFOp::create(b, args[1], args[2]);
          Value direct = arith::MulFOp::create(b, args[0], args[3]);
          Value centered = arith::SubFOp::create(b, direct, args[4]);
          Value along = arith::MulFOp::create(b, distance, args[5]);
          return arith::SubFOp::create(b, centered, along);
        });
  }

private:
  /// value - number * cotangent, or the value where nothing has come back.
  Value subtract(Value value, Value cotangent, double number) {
    if (isZero(cotangent))
      return value;
    return channels.mapChannels(
        {value, multiply(cotangent, number)},
        [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
          return arith::SubFOp::create(b, args[0], args[1]);
        });
  }
};

struct InferenceGradient
    : DifferentiableOpInterface::ExternalModel<InferenceGradient,
                                               BatchNormInferenceOp> {
  FailureOr<SmallVector<Value>>
  createOperandCotangents(Operation *op, OpBuilder &builder,
                          ValueRange cotangents, ArrayRef<bool> needed) const {
    InferenceCotangents gradient(builder, cast<BatchNormInferenceOp>(op),
                                 cotangents.front());
    SmallVector<Value> result(op->getNumOperands());
    if (needed[0])
      result[0] = gradient.createSource();
    if (needed[1])
      result[1] = gradient.createScale();
    if (needed[2])
      result[2] = gradient.getOffset();
    if (needed[3])
      result[3] = gradient.createMean();
    if (needed[4])
      result[4] = gradient.createVariance();
    return result;
  }
};

struct TrainingGradient
    : DifferentiableOpInterface::ExternalModel<TrainingGradient,
                                               BatchNormTrainingOp> {
  FailureOr<SmallVector<Value>>
  createOperandCotangents(Operation *op, OpBuilder &builder,
                          ValueRange cotangents, ArrayRef<bool> needed) const {
    TrainingCotangents gradient(builder, cast<BatchNormTrainingOp>(op),
                                cotangents.front());
    SmallVector<Value> result(op->getNumOperands());
    if (needed[0])
      result[0] = gradient.createSource(cotangents[1], cotangents[2]);
    if (needed[1])
      result[1] = gradient.createScale();
    if (needed[2])
      result[2] = gradient.getOffset();
    return result;
  }
};

} // namespace

void colonnade::registerBatchNormGradients(DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, ColonnadeDialect *) {
    BatchNormInferenceOp::attachInterface<InferenceGradient>(*context);
    BatchNormTrainingOp::attachInterface<TrainingGradient>(*context);
  });
}
