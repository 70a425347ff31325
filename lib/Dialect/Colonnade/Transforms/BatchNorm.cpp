//===- BatchNorm.cpp - Batch normalization in linalg ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/BatchNorm.h"
#include "Constants.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace colonnade {
#define GEN_PASS_DEF_LOWERBATCHNORM
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

Value ChannelBuilder::createNumber(double number) {
  return arith::ConstantOp::create(
      builder, builder.getFloatAttr(getType().getElementType(), number));
}

int64_t ChannelBuilder::getElementsPerChannel() const {
  RankedTensorType type = getType();
  return type.getNumElements() / type.getDimSize(axis);
}

Value ChannelBuilder::createZeros(ArrayRef<int64_t> shape) {
  Value empty =
      tensor::EmptyOp::create(builder, shape, getType().getElementType());
  return linalg::FillOp::create(builder, createNumber(0), empty).getResult(0);
}

/// Operands of rank 1 are indexed by `channelLoop`, others by all loops.
Value ChannelBuilder::createGeneric(ValueRange operands, unsigned loops,
                                    ArrayRef<unsigned> resultLoops,
                                    unsigned channelLoop, Value init,
                                    Body body) {
  MLIRContext *context = builder.getContext();
  SmallVector<AffineMap> maps;
  for (Value operand : operands)
    maps.push_back(
        cast<RankedTensorType>(operand.getType()).getRank() == 1
            ? AffineMap::getMultiDimMapWithTargets(loops, channelLoop, context)
            : builder.getMultiDimIdentityMap(loops));
  maps.push_back(
      AffineMap::getMultiDimMapWithTargets(loops, resultLoops, context));
  SmallVector<utils::IteratorType> iterators(loops,
                                             utils::IteratorType::reduction);
  for (unsigned loop : resultLoops)
    iterators[loop] = utils::IteratorType::parallel;
  return linalg::GenericOp::create(
             builder, init.getType(), operands, init, maps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange args) {
               ImplicitLocOpBuilder inner(loc, nested);
               linalg::YieldOp::create(inner, body(inner, args));
             })
      .getResult(0);
}

Value ChannelBuilder::mapElements(ValueRange operands, Body body) {
  unsigned rank = getType().getRank();
  Value empty = tensor::EmptyOp::create(
      builder, tensor::getMixedSizes(builder, builder.getLoc(), tensor),
      getType().getElementType());
  return createGeneric(operands, rank,
                       llvm::to_vector(llvm::seq<unsigned>(0, rank)), axis,
                       empty, body);
}

Value ChannelBuilder::mapChannels(ValueRange operands, Body body) {
  SmallVector<OpFoldResult> sizes =
      tensor::getMixedSizes(builder, builder.getLoc(), tensor);
  Value empty =
      tensor::EmptyOp::create(builder, sizes[axis], getType().getElementType());
  return createGeneric(operands, 1, {0}, 0, empty, body);
}

Value ChannelBuilder::sum(ValueRange operands, Body term) {
  auto add = [&](ImplicitLocOpBuilder &nested, ValueRange args) -> Value {
    return arith::AddFOp::create(nested, args.back(),
                                 term(nested, args.drop_back()));
  };
  unsigned rank = getType().getRank();
  int64_t channels = getType().getDimSize(axis);
  if (axis == 0 || rank < 3)
    return createGeneric(operands, rank, axis, axis, createZeros(channels),
                         add);
  int64_t leading = getType().getDimSize(0);
  Value sums = createGeneric(operands, rank, {0, axis}, axis,
                             createZeros({leading, channels}), add);
  return createGeneric(
      sums, 2, {1}, 1, createZeros(channels),
      [](ImplicitLocOpBuilder &nested, ValueRange args) -> Value {
        return arith::AddFOp::create(nested, args[1], args[0]);
      });
}

//===----------------------------------------------------------------------===//
// Inference
//===----------------------------------------------------------------------===//

Value colonnade::buildInverseDeviation(ChannelBuilder &channels, Value variance,
                                       double epsilon) {
  Value least = channels.createNumber(epsilon);
  Value one = channels.createNumber(1);
  return channels.mapChannels(
      variance, [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Value sum = arith::AddFOp::create(b, args[0], least);
        return arith::DivFOp::create(b, one, math::SqrtOp::create(b, sum));
      });
}

/// scale / sqrt(variance + epsilon), of inference or training.
template <typename OpT>
static Value buildFactor(ChannelBuilder &channels, OpT op, Value variance) {
  Value inverse = buildInverseDeviation(channels, variance,
                                        op.getEpsilon().convertToDouble());
  return channels.mapChannels(
      {op.getScale(), inverse},
      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return arith::MulFOp::create(b, args[0], args[1]);
      });
}

namespace {
/// value * factor + offset, per channel.
struct ChannelAffine {
  Value factor, offset;
};
} // namespace

/// Of constants; none if one of the parameters is not one of f32.
static std::optional<ChannelAffine> foldParameters(OpBuilder &builder,
                                                   BatchNormInferenceOp op) {
  auto scale = FloatConstant::get(op.getScale());
  auto offset = FloatConstant::get(op.getOffset());
  auto mean = FloatConstant::get(op.getMean());
  auto variance = FloatConstant::get(op.getVariance());
  if (!scale || !offset || !mean || !variance)
    return std::nullopt;
  double epsilon = op.getEpsilon().convertToDouble();
  std::vector<float> factors, offsets;
  for (auto [s, o, m, v] :
       llvm::zip_equal(scale->getValues(), offset->getValues(),
                       mean->getValues(), variance->getValues())) {
    double factor = double(s) / std::sqrt(double(v) + epsilon);
    factors.push_back(static_cast<float>(factor));
    offsets.push_back(static_cast<float>(double(o) - double(m) * factor));
  }
  return ChannelAffine{
      createConstantLike(builder, op.getScale(), scale->getShape(),
                         std::move(factors)),
      createConstantLike(builder, op.getOffset(), offset->getShape(),
                         std::move(offsets))};
}

static ChannelAffine buildParameters(ChannelBuilder &channels,
                                     BatchNormInferenceOp op) {
  Value factor = buildFactor(channels, op, op.getVariance());
  Value offset = channels.mapChannels(
      {op.getOffset(), op.getMean(), factor},
      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return arith::SubFOp::create(
            b, args[0], arith::MulFOp::create(b, args[1], args[2]));
      });
  return {factor, offset};
}

Value colonnade::buildBatchNorm(OpBuilder &builder, BatchNormInferenceOp op) {
  ChannelBuilder channels(builder, op.getLoc(), op.getSource(), op.getAxis());
  std::optional<ChannelAffine> affine = foldParameters(builder, op);
  if (!affine)
    affine = buildParameters(channels, op);
  return channels.mapElements(
      {op.getSource(), affine->factor, affine->offset},
      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Value scaled = arith::MulFOp::create(b, args[0], args[1]);
        return arith::AddFOp::create(b, scaled, args[2]);
      });
}

//===----------------------------------------------------------------------===//
// Training
//===----------------------------------------------------------------------===//

/// Of these sums over the elements of a channel.
static Value buildMean(ChannelBuilder &channels, Value sums) {
  Value share = channels.createNumber(1.0 / channels.getElementsPerChannel());
  return channels.mapChannels(
      sums, [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return arith::MulFOp::create(b, args[0], share);
      });
}

SmallVector<Value> colonnade::buildBatchNorm(OpBuilder &builder,
                                             BatchNormTrainingOp op) {
  Value source = op.getSource();
  ChannelBuilder channels(builder, op.getLoc(), source, op.getAxis());
  Value mean = buildMean(
      channels, channels.sum(source, [](ImplicitLocOpBuilder &,
                                        ValueRange args) { return args[0]; }));
  Value variance = buildMean(
      channels,
      channels.sum({source, mean},
                   [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
                     Value distance =
                         arith::SubFOp::create(b, args[0], args[1]);
                     return arith::MulFOp::create(b, distance, distance);
                   }));
  Value factor = buildFactor(channels, op, variance);
  Value result = channels.mapElements(
      {source, mean, factor, op.getOffset()},
      [](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        Value distance = arith::SubFOp::create(b, args[0], args[1]);
        Value scaled = arith::MulFOp::create(b, distance, args[2]);
        return arith::AddFOp::create(b, scaled, args[3]);
      });
  return {result, mean, variance};
}

/// keep * running + share * current
static Value buildRunning(ChannelBuilder &channels, Value running,
                          Value current, double keep, double share) {
  Value kept = channels.createNumber(keep),
        added = channels.createNumber(share);
  return channels.mapChannels(
      {running, current},
      [&](ImplicitLocOpBuilder &b, ValueRange args) -> Value {
        return arith::AddFOp::create(b, arith::MulFOp::create(b, args[0], kept),
                                     arith::MulFOp::create(b, args[1], added));
      });
}

FailureOr<BatchNormStep>
colonnade::buildBatchNormStep(OpBuilder &builder, BatchNormInferenceOp op) {
  ChannelBuilder channels(builder, op.getLoc(), op.getSource(), op.getAxis());
  RankedTensorType type = op.getSource().getType();
  if (!type.hasStaticShape() || type.getNumElements() == 0 ||
      channels.getElementsPerChannel() < 2)
    return op.emitOpError("expected a static shape with two elements or more "
                          "in every channel to train with, got ")
           << type << ": give it a larger batch";
  Type statistics = op.getMean().getType();
  auto training = BatchNormTrainingOp::create(
      builder, op.getLoc(), type, statistics, statistics, op.getSource(),
      op.getScale(), op.getOffset(), op.getAxisAttr(), op.getEpsilonAttr());
  double momentum = op.getMomentum().convertToDouble();
  double count = channels.getElementsPerChannel();
  Value mean = buildRunning(channels, op.getMean(), training.getMean(),
                            1 - momentum, momentum);
  Value variance =
      buildRunning(channels, op.getVariance(), training.getVariance(),
                   1 - momentum, momentum * count / (count - 1));
  return BatchNormStep{training.getResult(), mean, variance};
}

//===----------------------------------------------------------------------===//
// Replacement
//===----------------------------------------------------------------------===//

void colonnade::lowerBatchNorms(Operation *root) {
  root->walk([](BatchNormInferenceOp op) {
    OpBuilder builder(op);
    op.replaceAllUsesWith(buildBatchNorm(builder, op));
    op.erase();
  });
  root->walk([](BatchNormTrainingOp op) {
    OpBuilder builder(op);
    op->replaceAllUsesWith(buildBatchNorm(builder, op));
    op->erase();
  });
}

SmallVector<BatchNormInferenceOp>
colonnade::collectTrainedBatchNorms(Operation *root) {
  SmallVector<BatchNormInferenceOp> ops;
  root->walk([&](BatchNormInferenceOp op) {
    if (!ColonnadeDialect::isFrozen(op.getMean()) ||
        !ColonnadeDialect::isFrozen(op.getVariance()))
      ops.push_back(op);
  });
  return ops;
}

namespace {
struct LowerBatchNorm : colonnade::impl::LowerBatchNormBase<LowerBatchNorm> {
  void runOnOperation() override { lowerBatchNorms(getOperation()); }
};
} // namespace
