//===- ActivationBodies.cpp - Activations of single elements --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See ActivationBodies.h.
//
//===----------------------------------------------------------------------===//

#include "ActivationBodies.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace colonnade::onnximport {

Value createLike(ImplicitLocOpBuilder &builder, Value element, double number) {
  return createNumber(builder, element.getType(), number);
}

Value createSelectSign(ImplicitLocOpBuilder &builder, Value x, Value positive,
                       Value otherwise) {
  Value isNegative = arith::CmpFOp::create(builder, arith::CmpFPredicate::OLT,
                                           x, createLike(builder, x, 0));
  return arith::SelectOp::create(builder, isNegative, otherwise, positive);
}

Value createLeakyRelu(ImplicitLocOpBuilder &builder, Value x, double slope) {
  Value scaled =
      arith::MulFOp::create(builder, x, createLike(builder, x, slope));
  return createSelectSign(builder, x, x, scaled);
}

Value createSigmoid(ImplicitLocOpBuilder &builder, Value x) {
  Value one = createLike(builder, x, 1);
  Value exponential =
      math::ExpOp::create(builder, arith::NegFOp::create(builder, x));
  return arith::DivFOp::create(
      builder, one, arith::AddFOp::create(builder, one, exponential));
}

Value createHardSigmoid(ImplicitLocOpBuilder &builder, Value x, double alpha,
                        double beta) {
  Value scaled =
      arith::MulFOp::create(builder, x, createLike(builder, x, alpha));
  Value line =
      arith::AddFOp::create(builder, scaled, createLike(builder, x, beta));
  Value below =
      arith::MinimumFOp::create(builder, line, createLike(builder, x, 1));
  return arith::MaximumFOp::create(builder, below, createLike(builder, x, 0));
}

Value createElu(ImplicitLocOpBuilder &builder, Value x, double alpha) {
  Value difference = arith::SubFOp::create(
      builder, math::ExpOp::create(builder, x), createLike(builder, x, 1));
  Value scaled =
      arith::MulFOp::create(builder, createLike(builder, x, alpha), difference);
  return createSelectSign(builder, x, x, scaled);
}

Value createSoftplus(ImplicitLocOpBuilder &builder, Value x) {
  Value exponential = math::ExpOp::create(builder, x);
  return math::LogOp::create(
      builder,
      arith::AddFOp::create(builder, exponential, createLike(builder, x, 1)));
}

Value createSoftsign(ImplicitLocOpBuilder &builder, Value x) {
  Value magnitude = math::AbsFOp::create(builder, x);
  return arith::DivFOp::create(
      builder, x,
      arith::AddFOp::create(builder, createLike(builder, x, 1), magnitude));
}

} // namespace colonnade::onnximport
