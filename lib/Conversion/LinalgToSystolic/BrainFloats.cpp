//===- BrainFloats.cpp - Rounding to bf16 in integers ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine's memories hold no bf16, but what training in bf16 does is to
// round an f32 to bf16 and go on with it in f32. That is arithmetic on the bits
// of an f32: to nearest, ties to even, is adding less than half of the last
// place that stays, one more if this place is odd, and cutting off the rest.
//
//===----------------------------------------------------------------------===//

#include "NestForms.h"
#include "colonnade/Dialect/Colonnade/Transforms/ScalarBuilder.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade;

/// `number`, an f32, rounded to 8 bits of precision. Every NaN becomes one.
static Value roundToBrainFloat(ScalarBuilder &b, Value number) {
  constexpr uint32_t kSign = 0x80000000, kInfinity = 0x7f800000,
                     kNaN = 0x7fc00000, kKept = 0xffff0000;
  Value bits = b.bits(number);
  Value magnitude = b.apply<arith::AndIOp>(bits, ~kSign);
  Value isNaN = arith::CmpIOp::create(b, arith::CmpIPredicate::sgt, magnitude,
                                      b.integer(kInfinity));
  magnitude = arith::SelectOp::create(b, isNaN, b.integer(kNaN), magnitude);
  Value isOdd =
      b.apply<arith::AndIOp>(b.apply<arith::ShRUIOp>(magnitude, 16), 1);
  Value sum = arith::AddIOp::create(
      b, b.apply<arith::AddIOp>(magnitude, 0x7fff), isOdd);
  Value rounded = b.apply<arith::AndIOp>(sum, kKept);
  Value sign = b.apply<arith::AndIOp>(bits, kSign);
  return b.fromBits(arith::OrIOp::create(b, rounded, sign));
}

void colonnade::roundBrainFloats(func::FuncOp function) {
  for (auto extension : llvm::make_early_inc_range(
           function.getBody().front().getOps<arith::ExtFOp>())) {
    auto truncation = extension.getIn().getDefiningOp<arith::TruncFOp>();
    auto type = dyn_cast<RankedTensorType>(extension.getType());
    if (!truncation || !type || !type.hasStaticShape() ||
        truncation.getIn().getType() != type ||
        !type.getElementType().isF32() ||
        !getElementTypeOrSelf(truncation.getType()).isBF16() ||
        truncation.getRoundingmode())
      continue;
    OpBuilder builder(extension);
    Location loc = extension.getLoc();
    Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                          builder.getF32Type());
    AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
    SmallVector<utils::IteratorType> loops(type.getRank(),
                                           utils::IteratorType::parallel);
    auto generic = linalg::GenericOp::create(
        builder, loc, type, truncation.getIn(), empty,
        ArrayRef{identity, identity}, loops,
        [](OpBuilder &nested, Location loc, ValueRange arguments) {
          ScalarBuilder bits(loc, nested);
          linalg::YieldOp::create(bits,
                                  roundToBrainFloat(bits, arguments.front()));
        });
    extension.replaceAllUsesWith(generic.getResult(0));
    extension.erase();
    if (truncation.use_empty())
      truncation.erase();
  }
}
