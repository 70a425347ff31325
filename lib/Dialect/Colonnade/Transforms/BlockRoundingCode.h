//===- BlockRoundingCode.h - Rounding one value of a block ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scalar code that block_quantize becomes: what loops over blocks have in
// their bodies. Its operations are those of lib/Numerics/BlockFloat.cpp, one
// for one, so that both give the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_BLOCKROUNDINGCODE_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_BLOCKROUNDINGCODE_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade {

/// Scalar code, in f32 and i32 unless said otherwise.
class ScalarBuilder : public mlir::ImplicitLocOpBuilder {
public:
  using ImplicitLocOpBuilder::ImplicitLocOpBuilder;

  /// All bits of a float but its sign.
  static constexpr int32_t kMagnitudeMask = 0x7fffffff;

  mlir::Value integer(int64_t value) {
    return mlir::arith::ConstantOp::create(
        *this, getI32IntegerAttr(static_cast<int32_t>(value)));
  }
  mlir::Value longInteger(uint64_t value) {
    return mlir::arith::ConstantOp::create(
        *this, getI64IntegerAttr(static_cast<int64_t>(value)));
  }
  mlir::Value number(float value) {
    return mlir::arith::ConstantOp::create(*this, getF32FloatAttr(value));
  }
  mlir::Value bits(mlir::Value number) {
    return mlir::arith::BitcastOp::create(*this, getI32Type(), number);
  }
  mlir::Value fromBits(mlir::Value bits) {
    return mlir::arith::BitcastOp::create(*this, getF32Type(), bits);
  }
  template <typename OpTy>
  mlir::Value apply(mlir::Value left, mlir::Value right) {
    return OpTy::create(*this, left, right);
  }
  template <typename OpTy> mlir::Value apply(mlir::Value left, int64_t right) {
    return OpTy::create(*this, left, integer(right));
  }
  /// Sum and product modulo 2^bits. Ops that cannot overflow say so: a vector
  /// unit may trap where others do.
  mlir::Value addWrapping(mlir::Value left, mlir::Value right) {
    return mlir::arith::AddUIExtendedOp::create(*this, left, right).getSum();
  }
  mlir::Value multiplyWrapping(mlir::Value left, mlir::Value right) {
    return mlir::arith::MulUIExtendedOp::create(*this, left, right).getLow();
  }
  mlir::Value magnitudeBits(mlir::Value number) {
    return apply<mlir::arith::AndIOp>(bits(number), kMagnitudeMask);
  }
  mlir::Value oneIf(mlir::arith::CmpFPredicate predicate, mlir::Value left,
                    mlir::Value right) {
    mlir::Value condition =
        mlir::arith::CmpFOp::create(*this, predicate, left, right);
    return mlir::arith::SelectOp::create(*this, condition, number(1),
                                         number(0));
  }
};

/// What one op makes of its values: run-time parameters, computed before the
/// loops, and the bodies of the loops.
class BlockRoundingCode {
public:
  BlockRoundingCode(ScalarBuilder &builder, BlockQuantizeOp op);

  /// The rounded value of `value`, whose block has the largest magnitude of
  /// `largestBits`. `position` is its row-major position, for the noise.
  mlir::Value
  round(ScalarBuilder &builder, mlir::Value value, mlir::Value largestBits,
        llvm::function_ref<mlir::Value(ScalarBuilder &)> position) const;

private:
  void buildMantissa(ScalarBuilder &builder, mlir::Value operand);
  void buildCarry(ScalarBuilder &builder);
  void buildKey(ScalarBuilder &builder, mlir::Value counter);
  mlir::Value buildUnitField(ScalarBuilder &builder,
                             mlir::Value largestBits) const;
  mlir::Value buildThreshold(ScalarBuilder &builder,
                             mlir::Value position) const;
  mlir::Value roundMagnitude(
      ScalarBuilder &builder, mlir::Value magnitude,
      llvm::function_ref<mlir::Value(ScalarBuilder &)> position) const;

  BlockFormat format;
  RoundingAttr rounding;
  /// What rounding the largest magnitude up to the mantissa adds to its bits.
  mlir::Value carry;
  /// m, m - 1 and 2^m - 1.
  mlir::Value mantissa, mantissaLessOne, largestMantissa;
  mlir::Value keyLow, keyHigh;
};

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_BLOCKROUNDINGCODE_H
