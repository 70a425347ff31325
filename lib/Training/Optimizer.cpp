//===- Optimizer.cpp - Updates of parameters as IR ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One elementwise op per parameter; what is the same for all elements (rate,
// bias corrections) is computed once, outside of it.
//
//===----------------------------------------------------------------------===//

#include "Optimizer.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace colonnade;

ArrayRef<llvm::StringLiteral> colonnade::getStateNames(OptimizerKind kind) {
  static constexpr llvm::StringLiteral kMomentum[] = {"momentum"};
  static constexpr llvm::StringLiteral kMoments[] = {"first_moment",
                                                     "second_moment"};
  return kind == OptimizerKind::Sgd ? ArrayRef(kMomentum) : ArrayRef(kMoments);
}

static Value createNumber(ImplicitLocOpBuilder &builder, double number) {
  return arith::ConstantOp::create(
      builder, builder.getF32FloatAttr(static_cast<float>(number)));
}

/// The number of a step as f32.
static Value createFloat(ImplicitLocOpBuilder &builder, Value step) {
  return arith::SIToFPOp::create(builder, builder.getF32Type(), step);
}

//===----------------------------------------------------------------------===//
// Learning rate
//===----------------------------------------------------------------------===//

/// factor^(step / stepsBetweenDrops).
static Value createDrops(ImplicitLocOpBuilder &builder, Value step,
                         const ScheduleSettings &settings) {
  Value between = arith::ConstantOp::create(
      builder, builder.getI64IntegerAttr(settings.stepsBetweenDrops));
  Value drops = arith::DivSIOp::create(builder, step, between);
  return math::PowFOp::create(builder,
                              createNumber(builder, settings.dropFactor),
                              createFloat(builder, drops));
}

/// (1 + cos(pi step / total)) / 2, zero behind the last step.
static Value createCosine(ImplicitLocOpBuilder &builder, Value step,
                          const ScheduleSettings &settings) {
  Value total = arith::ConstantOp::create(
      builder, builder.getI64IntegerAttr(settings.totalSteps));
  Value bounded = arith::MinSIOp::create(builder, step, total);
  double scale = llvm::numbers::pi / static_cast<double>(settings.totalSteps);
  Value angle = arith::MulFOp::create(builder, createFloat(builder, bounded),
                                      createNumber(builder, scale));
  Value half = createNumber(builder, 0.5);
  Value swing =
      arith::MulFOp::create(builder, math::CosOp::create(builder, angle), half);
  return arith::AddFOp::create(builder, swing, half);
}

static Value createWarmup(ImplicitLocOpBuilder &builder, Value step,
                          const ScheduleSettings &settings) {
  double rise = 1.0 / static_cast<double>(settings.warmupSteps);
  Value share = arith::MulFOp::create(builder, createFloat(builder, step),
                                      createNumber(builder, rise));
  Value next =
      arith::AddFOp::create(builder, share, createNumber(builder, rise));
  return arith::MinimumFOp::create(builder, next, createNumber(builder, 1));
}

Value colonnade::createLearningRate(ImplicitLocOpBuilder &builder, Value step,
                                    const ScheduleSettings &settings) {
  Value rate = createNumber(builder, settings.learningRate);
  if (settings.kind == LearningRateSchedule::Step)
    rate = arith::MulFOp::create(builder, rate,
                                 createDrops(builder, step, settings));
  if (settings.kind == LearningRateSchedule::Cosine)
    rate = arith::MulFOp::create(builder, rate,
                                 createCosine(builder, step, settings));
  if (settings.warmupSteps > 0)
    rate = arith::MulFOp::create(builder, rate,
                                 createWarmup(builder, step, settings));
  return rate;
}

//===----------------------------------------------------------------------===//
// Updates
//===----------------------------------------------------------------------===//

namespace {
using Body =
    llvm::function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange)>;
} // namespace

/// One op over all elements, with as many results as `body` returns.
static SmallVector<Value> createElementwise(ImplicitLocOpBuilder &builder,
                                            ValueRange operands,
                                            unsigned results, Body body) {
  auto type = cast<RankedTensorType>(operands.front().getType());
  SmallVector<Value> inits;
  for (unsigned i = 0; i < results; ++i)
    inits.push_back(tensor::EmptyOp::create(builder, type.getShape(),
                                            type.getElementType()));
  SmallVector<AffineMap> maps(operands.size() + results,
                              builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  auto op = linalg::GenericOp::create(
      builder, TypeRange(inits), operands, inits, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange args) {
        ImplicitLocOpBuilder inner(loc, nested);
        linalg::YieldOp::create(inner, body(inner, args));
      });
  return llvm::to_vector_of<Value>(op.getResults());
}

/// a x + c y for numbers a and c.
static Value createMix(ImplicitLocOpBuilder &b, double a, Value x, double c,
                       Value y) {
  return arith::AddFOp::create(b,
                               arith::MulFOp::create(b, createNumber(b, a), x),
                               arith::MulFOp::create(b, createNumber(b, c), y));
}

/// gradient + decay parameter.
static Value createDecayed(ImplicitLocOpBuilder &b, Value gradient,
                           Value parameter, double decay) {
  if (decay == 0)
    return gradient;
  return createMix(b, 1, gradient, decay, parameter);
}

static SmallVector<Value> createSgd(ImplicitLocOpBuilder &builder,
                                    Value parameter, Value velocity,
                                    Value gradient, Value rate,
                                    const OptimizerSettings &settings) {
  return createElementwise(
      builder, {parameter, velocity, gradient}, 2,
      [&](ImplicitLocOpBuilder &b, ValueRange args) -> SmallVector<Value> {
        Value g = createDecayed(b, args[2], args[0], settings.weightDecay);
        Value v = createMix(b, settings.momentum, args[1], 1, g);
        Value change = arith::MulFOp::create(b, rate, v);
        return {arith::SubFOp::create(b, args[0], change), v};
      });
}

/// 1 - beta^(step + 1).
static Value createCorrection(ImplicitLocOpBuilder &builder, Value step,
                              double beta) {
  Value one = createNumber(builder, 1);
  Value count = arith::AddFOp::create(builder, createFloat(builder, step), one);
  Value power =
      math::PowFOp::create(builder, createNumber(builder, beta), count);
  return arith::SubFOp::create(builder, one, power);
}

static SmallVector<Value> createAdam(ImplicitLocOpBuilder &builder,
                                     Value parameter, ValueRange moments,
                                     Value gradient, Value rate, Value step,
                                     const OptimizerSettings &settings) {
  Value first = createCorrection(builder, step, settings.beta1);
  Value second = createCorrection(builder, step, settings.beta2);
  return createElementwise(
      builder, {parameter, moments[0], moments[1], gradient}, 3,
      [&](ImplicitLocOpBuilder &b, ValueRange args) -> SmallVector<Value> {
        Value g = createDecayed(b, args[3], args[0], settings.weightDecay);
        Value m = createMix(b, settings.beta1, args[1], 1 - settings.beta1, g);
        Value square = arith::MulFOp::create(b, g, g);
        Value v =
            createMix(b, settings.beta2, args[2], 1 - settings.beta2, square);
        Value root =
            math::SqrtOp::create(b, arith::DivFOp::create(b, v, second));
        Value below =
            arith::AddFOp::create(b, root, createNumber(b, settings.epsilon));
        Value direction =
            arith::DivFOp::create(b, arith::DivFOp::create(b, m, first), below);
        Value change = arith::MulFOp::create(b, rate, direction);
        return {arith::SubFOp::create(b, args[0], change), m, v};
      });
}

SmallVector<Value> colonnade::createUpdate(ImplicitLocOpBuilder &builder,
                                           Value parameter, ValueRange state,
                                           Value gradient, Value rate,
                                           Value step,
                                           const OptimizerSettings &settings) {
  if (settings.kind == OptimizerKind::Sgd)
    return createSgd(builder, parameter, state.front(), gradient, rate,
                     settings);
  return createAdam(builder, parameter, state, gradient, rate, step, settings);
}
