//===- FastPolicy.cpp - Precision chosen by the program -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Builds the policy from two block_quantize ops and two reductions: over all
// dimensions but the last, where LLVM vectorises, then over that one.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/FastPolicy.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace colonnade;

static Value buildConstant(ImplicitLocOpBuilder &builder, double value) {
  return arith::ConstantOp::create(builder, builder.getF64FloatAttr(value));
}

/// The tensor in blocks with that many mantissa bits, as a plain tensor.
static Value quantizeTo(ImplicitLocOpBuilder &builder, Value tensor,
                        BlockFloatAttr promise, BlockRounding rounding,
                        int64_t mantissaBits) {
  MLIRContext *context = builder.getContext();
  auto blocks =
      BlockFloatAttr::get(context, promise.getAxis(), promise.getGroup(),
                          promise.getExponent(), mantissaBits);
  auto type = dropEncoding(cast<RankedTensorType>(tensor.getType()));
  auto mode =
      RoundingAttr::get(context, rounding, /*seed=*/0, BlockNoise::kMaxBits);
  Value quantized = BlockQuantizeOp::create(
      builder, withBlockFloat(type, blocks), tensor, mode, /*mantissa=*/Value(),
      /*counter=*/Value());
  return DropEncodingOp::create(builder, type, quantized);
}

/// Zeros of f64 to add up in.
static Value buildZeros(ImplicitLocOpBuilder &builder,
                        ArrayRef<int64_t> shape) {
  Value empty = tensor::EmptyOp::create(builder, shape, builder.getF64Type());
  return linalg::FillOp::create(builder, buildConstant(builder, 0), empty)
      .getResult(0);
}

/// Adds the f64 of `getTerm(inputs)` up into `kept` dimensions: the last one
/// (1) or none (0).
static Value
buildSum(ImplicitLocOpBuilder &builder, ValueRange inputs, unsigned kept,
         function_ref<Value(OpBuilder &, Location, ValueRange)> getTerm) {
  auto type = cast<RankedTensorType>(inputs.front().getType());
  unsigned rank = type.getRank();
  AffineMap identity = builder.getMultiDimIdentityMap(rank);
  SmallVector<AffineMap> maps(inputs.size(), identity);
  maps.push_back(identity.getSliceMap(rank - kept, kept));
  SmallVector<utils::IteratorType> iterators(rank,
                                             utils::IteratorType::reduction);
  std::fill_n(iterators.rbegin(), kept, utils::IteratorType::parallel);
  Value zeros = buildZeros(builder, type.getShape().take_back(kept));
  return linalg::GenericOp::create(
             builder, zeros.getType(), inputs, zeros, maps, iterators,
             [&](OpBuilder &body, Location loc, ValueRange arguments) {
               Value term = getTerm(body, loc, arguments.drop_back());
               Value sum =
                   arith::AddFOp::create(body, loc, arguments.back(), term);
               linalg::YieldOp::create(body, loc, sum);
             })
      .getResult(0);
}

/// The sum of all terms, in the order that the header states.
static Value
buildTotal(ImplicitLocOpBuilder &builder, ValueRange inputs,
           function_ref<Value(OpBuilder &, Location, ValueRange)> getTerm) {
  Value lanes = buildSum(builder, inputs, /*kept=*/1, getTerm);
  Value total = buildSum(
      builder, lanes, /*kept=*/0,
      [](OpBuilder &, Location, ValueRange arguments) { return arguments[0]; });
  return tensor::ExtractOp::create(builder, total, ValueRange());
}

static Value buildWideMagnitude(OpBuilder &builder, Location loc, Value value) {
  Value magnitude = math::AbsFOp::create(builder, loc, value);
  return arith::ExtFOp::create(builder, loc, builder.getF64Type(), magnitude);
}

Value colonnade::buildRelativeImprovement(OpBuilder &builder, Location loc,
                                          Value tensor, BlockFloatAttr promise,
                                          BlockRounding rounding) {
  ImplicitLocOpBuilder located(loc, builder);
  Value fine =
      quantizeTo(located, tensor, promise, rounding, FastPolicy::kFineBits);
  Value coarse =
      quantizeTo(located, tensor, promise, rounding, FastPolicy::kCoarseBits);
  Value change =
      buildTotal(located, {fine, coarse},
                 [](OpBuilder &body, Location bodyLoc, ValueRange arguments) {
                   Value difference = arith::SubFOp::create(
                       body, bodyLoc, arguments[0], arguments[1]);
                   return buildWideMagnitude(body, bodyLoc, difference);
                 });
  Value magnitude =
      buildTotal(located, coarse,
                 [](OpBuilder &body, Location bodyLoc, ValueRange arguments) {
                   return buildWideMagnitude(body, bodyLoc, arguments[0]);
                 });
  Value zero = buildConstant(located, 0);
  Value isSame =
      arith::CmpFOp::create(located, arith::CmpFPredicate::OEQ, change, zero);
  Value quotient = arith::DivFOp::create(located, change, magnitude);
  return arith::SelectOp::create(located, isSame, zero, quotient);
}

Value colonnade::buildThreshold(OpBuilder &builder, Location loc,
                                const FastPolicy &policy, int64_t layer,
                                int64_t layers, Value iteration,
                                int64_t iterations) {
  ImplicitLocOpBuilder located(loc, builder);
  Value time =
      arith::SIToFPOp::create(located, located.getF64Type(), iteration);
  Value part = arith::DivFOp::create(
      located, time, buildConstant(located, double(iterations)));
  Value fall = arith::MulFOp::create(
      located, buildConstant(located, policy.slope), part);
  return arith::SubFOp::create(
      located, buildConstant(located, policy.getLayerThreshold(layer, layers)),
      fall);
}

Value colonnade::buildMantissaBits(OpBuilder &builder, Location loc,
                                   Value improvement, Value threshold) {
  ImplicitLocOpBuilder located(loc, builder);
  auto bits = [&](int64_t count) {
    return arith::ConstantOp::create(
        located, located.getI32IntegerAttr(static_cast<int32_t>(count)));
  };
  Value isEnough = arith::CmpFOp::create(located, arith::CmpFPredicate::OLT,
                                         improvement, threshold);
  return arith::SelectOp::create(located, isEnough,
                                 bits(FastPolicy::kCoarseBits),
                                 bits(FastPolicy::kFineBits));
}
