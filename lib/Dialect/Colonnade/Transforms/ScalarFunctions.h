//===- ScalarFunctions.h - Math functions as arithmetic --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Writes math functions on f32 scalars as IEEE additions, multiplications,
// divisions, selections and integer operations on the bits, so that whoever
// runs them in order gets the same bits. Private to the transforms library.
//
// All functions are defined for every float. NaN gives NaN, and no conversion
// to an integer is out of range, whatever the argument.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_SCALARFUNCTIONS_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_SCALARFUNCTIONS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade {

/// Shorthand for the operations that the functions are made of.
class ScalarBuilder {
public:
  ScalarBuilder(mlir::OpBuilder &builder, mlir::Location loc)
      : builder(loc, builder) {}

  mlir::Value real(float value);
  mlir::Value integer(int32_t value);

  mlir::Value add(mlir::Value left, mlir::Value right);
  mlir::Value subtract(mlir::Value left, mlir::Value right);
  mlir::Value multiply(mlir::Value left, mlir::Value right);
  mlir::Value divide(mlir::Value left, mlir::Value right);
  mlir::Value negate(mlir::Value value);
  mlir::Value absolute(mlir::Value value);
  mlir::Value squareRoot(mlir::Value value);
  mlir::Value floor(mlir::Value value);
  mlir::Value roundToEven(mlir::Value value);

  mlir::Value isLess(mlir::Value left, mlir::Value right);
  mlir::Value isEqual(mlir::Value left, mlir::Value right);
  /// An i1 with the other value.
  mlir::Value invert(mlir::Value condition);
  mlir::Value select(mlir::Value condition, mlir::Value yes, mlir::Value no);

  /// `value` in [low, high]; `low` for NaN.
  mlir::Value clamp(mlir::Value value, float low, float high);
  /// coefficients[0] * x^(n-1) + ... + coefficients[n-1], by Horner's rule.
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<float> coefficients);

  mlir::Value toInteger(mlir::Value value);
  mlir::Value toReal(mlir::Value value);
  mlir::Value toBits(mlir::Value value);
  mlir::Value fromBits(mlir::Value bits);

  /// An op of any other kind at the builder's location.
  template <typename OpT, typename... Arguments>
  mlir::Value create(Arguments &&...arguments) {
    return OpT::create(builder, std::forward<Arguments>(arguments)...);
  }

private:
  mlir::ImplicitLocOpBuilder builder;
};

/// The magnitude of `value` with the sign of `source`.
mlir::Value createCopySign(ScalarBuilder &b, mlir::Value value,
                           mlir::Value source);

/// e^x: relative error below 2^-22, also for subnormal results to their
/// precision.
mlir::Value createExp(ScalarBuilder &b, mlir::Value x);

/// Natural logarithm: -inf for 0, NaN below.
mlir::Value createLog(ScalarBuilder &b, mlir::Value x);

mlir::Value createTanh(ScalarBuilder &b, mlir::Value x);

mlir::Value createErf(ScalarBuilder &b, mlir::Value x);

/// Largest argument of sine and cosine; larger ones give NaN.
inline constexpr float kLargestAngle = 8192;

mlir::Value createSin(ScalarBuilder &b, mlir::Value x);
mlir::Value createCos(ScalarBuilder &b, mlir::Value x);

/// x^exponent, an integer of magnitude up to kLargestPower, by repeated
/// squaring.
mlir::Value createPower(ScalarBuilder &b, mlir::Value x, int exponent);

inline constexpr int kLargestPower = 64;

/// exp(exponent * log(x)): NaN for negative x.
mlir::Value createPower(ScalarBuilder &b, mlir::Value x, mlir::Value exponent);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_SCALARFUNCTIONS_H
