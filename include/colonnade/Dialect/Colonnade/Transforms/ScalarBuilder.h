//===- ScalarBuilder.h - Code on bits and numbers ---------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bodies of ops that round floats by their bits.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_SCALARBUILDER_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_SCALARBUILDER_H

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

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_SCALARBUILDER_H
