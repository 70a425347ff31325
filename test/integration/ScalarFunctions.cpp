//===- ScalarFunctions.cpp - Functions of one number ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ScalarFunctions.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace colonnade;

using LocBuilder = ImplicitLocOpBuilder;

static Value number(LocBuilder &b, double value) {
  return arith::ConstantOp::create(b, b.getF64FloatAttr(value));
}

static Value square(LocBuilder &b, Value x) {
  return arith::MulFOp::create(b, x, x);
}

/// x^2 + 1.
static Value positive(LocBuilder &b, Value x) {
  return arith::AddFOp::create(b, square(b, x), number(b, 1));
}

/// Between -0.5 and 0.5.
static Value small(LocBuilder &b, Value x) {
  return arith::DivFOp::create(b, x, positive(b, x));
}

template <typename OpT, Value (*argument)(LocBuilder &, Value)>
static Value apply(LocBuilder &b, Value x) {
  return OpT::create(b, argument(b, x));
}

static Value plain(LocBuilder &, Value x) { return x; }

static Value sigmoid(LocBuilder &b, Value x) {
  Value exponential = math::ExpOp::create(b, arith::NegFOp::create(b, x));
  Value one = number(b, 1);
  return arith::DivFOp::create(b, one,
                               arith::AddFOp::create(b, one, exponential));
}

/// (x^2 + 1)^(x / (x^2 + 1)): base and exponent change.
static Value power(LocBuilder &b, Value x) {
  return math::PowFOp::create(b, positive(b, x), small(b, x));
}

static Value fma(LocBuilder &b, Value x) {
  return math::FmaOp::create(b, x, small(b, x), square(b, x));
}

static Value difference(LocBuilder &b, Value x) {
  return arith::SubFOp::create(b, number(b, 0.3), square(b, x));
}

ArrayRef<test::ScalarFunction> test::getScalarFunctions() {
  static constexpr ScalarFunction functions[] = {
      {"tanh", apply<math::TanhOp, plain>},
      {"erf", apply<math::ErfOp, plain>},
      {"exp", apply<math::ExpOp, small>},
      {"exp2", apply<math::Exp2Op, small>},
      {"expm1", apply<math::ExpM1Op, small>},
      {"log", apply<math::LogOp, positive>},
      {"log2", apply<math::Log2Op, positive>},
      {"log10", apply<math::Log10Op, positive>},
      {"log1p", apply<math::Log1pOp, square>},
      {"sqrt", apply<math::SqrtOp, positive>},
      {"rsqrt", apply<math::RsqrtOp, positive>},
      {"sin", apply<math::SinOp, plain>},
      {"cos", apply<math::CosOp, plain>},
      {"tan", apply<math::TanOp, small>},
      {"asin", apply<math::AsinOp, small>},
      {"acos", apply<math::AcosOp, small>},
      {"atan", apply<math::AtanOp, plain>},
      {"sinh", apply<math::SinhOp, small>},
      {"cosh", apply<math::CoshOp, small>},
      {"sigmoid", sigmoid},
      {"division", small},
      {"subtraction", difference},
      {"powf", power},
      {"fma", fma},
  };
  return functions;
}
