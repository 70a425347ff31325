//===- IntegerLanes.h - Integer operations of the vector unit ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Integer operations on lanes of 32 or 64 bits, without branches, and whether
// they failed.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_INTEGERLANES_H
#define LIB_SIMULATOR_INTEGERLANES_H

#include <cstdint>
#include <limits>
#include <type_traits>

namespace colonnade::sim {

/// A scalar result; `failed` is nonzero where the computation itself failed. A
/// word, not a flag, so that loops over it vectorise.
template <typename Value> struct Scalar {
  Value value;
  Value failed = 0;
};

/// Nonzero where `value` does not fit `bits`.
template <typename Value> Value getExcess(Value value, int64_t bits) {
  using Unsigned = std::make_unsigned_t<Value>;
  int64_t unused = 8 * static_cast<int64_t>(sizeof(Value)) - bits;
  Value kept = static_cast<Value>(static_cast<Unsigned>(value) << unused);
  return (kept >> unused) ^ value;
}

template <typename Value> Scalar<Value> add(Value a, Value b) {
  using Unsigned = std::make_unsigned_t<Value>;
  Value sum = static_cast<Value>(static_cast<Unsigned>(a) + Unsigned(b));
  return {sum, static_cast<Value>(((a ^ sum) & (b ^ sum)) < 0)};
}

template <typename Value> Scalar<Value> subtract(Value a, Value b) {
  using Unsigned = std::make_unsigned_t<Value>;
  Value sum = static_cast<Value>(static_cast<Unsigned>(a) - Unsigned(b));
  return {sum, static_cast<Value>(((a ^ b) & (a ^ sum)) < 0)};
}

template <typename Value> Scalar<Value> multiply(Value a, Value b) {
  Value product = 0;
  bool overflows = __builtin_mul_overflow(a, b, &product);
  return {product, overflows};
}

/// The lowest `bits` bits of a value, sign-extended.
template <typename Value>
Value wrap(std::make_unsigned_t<Value> value, int64_t bits) {
  int64_t unused = 8 * sizeof(Value) - bits;
  return static_cast<Value>(value << unused) >> unused;
}

template <typename Value>
Scalar<Value> addWrapping(Value a, Value b, int64_t bits) {
  using Unsigned = std::make_unsigned_t<Value>;
  return {wrap<Value>(Unsigned(a) + Unsigned(b), bits)};
}

template <typename Value>
Scalar<Value> multiplyWrapping(Value a, Value b, int64_t bits) {
  using Unsigned = std::make_unsigned_t<Value>;
  return {wrap<Value>(Unsigned(a) * Unsigned(b), bits)};
}

template <typename Value> Scalar<Value> divide(Value a, Value b) {
  bool isLegal = b != 0 && !(b == -1 && a == std::numeric_limits<Value>::min());
  return {static_cast<Value>(a / (isLegal ? b : 1)), !isLegal};
}

/// Of a division by -1, 0 also where the quotient does not fit.
template <typename Value> Scalar<Value> remainder(Value a, Value b) {
  bool isUnit = b == 0 || b == -1;
  return {static_cast<Value>(a % (isUnit ? 1 : b)), b == 0};
}

template <typename Value>
Scalar<Value> shiftLeft(Value a, Value b, int64_t bits) {
  using Unsigned = std::make_unsigned_t<Value>;
  bool isLegal = b >= 0 && b < bits;
  Value amount = isLegal ? b : 0;
  Value shifted = static_cast<Value>(static_cast<Unsigned>(a) << amount);
  return {shifted, static_cast<Value>(((shifted >> amount) ^ a) | !isLegal)};
}

template <typename Value>
Scalar<Value> shiftRight(Value a, Value b, int64_t bits) {
  bool isLegal = b >= 0 && b < bits;
  return {static_cast<Value>(a >> (isLegal ? b : 0)), !isLegal};
}

/// Of the 32-bit pattern.
template <typename Value> Scalar<Value> shiftRightLogical(Value a, Value b) {
  bool isLegal = b >= 0 && b < 32;
  uint32_t shifted = static_cast<uint32_t>(a) >> (isLegal ? b : 0);
  return {static_cast<int32_t>(shifted), !isLegal};
}

/// TOSA apply_scale_32 with single rounding.
inline Scalar<int64_t> applyScale(int64_t value, int64_t multiplier,
                                  int64_t shift) {
  bool isLegal = shift >= 2 && shift <= 62 && int32_t(value) == value &&
                 int32_t(multiplier) == multiplier;
  shift = isLegal ? shift : 2;
  int64_t product = int64_t(int32_t(value)) * int32_t(multiplier);
  int64_t scaled = (product + (int64_t(1) << (shift - 1))) >> shift;
  return {scaled, !isLegal || int32_t(scaled) != scaled};
}

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_INTEGERLANES_H
