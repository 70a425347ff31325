//===- SignedDigits.h - Signed power-of-two digit sets ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Term quantization (SC 2020, section 3) works on terms: the nonzero signed
// power-of-two digits of a value. This file encodes 8-bit values in each of
// the digit sets that the paper and its code use.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_NUMERICS_SIGNEDDIGITS_H
#define COLONNADE_NUMERICS_SIGNEDDIGITS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>

namespace colonnade {

enum class DigitSet : uint8_t { Binary, Naf, Booth4, HeseMsb };

/// Every digit set, for tools and property tests.
llvm::ArrayRef<DigitSet> getAllDigitSets();

/// "binary", "naf", "booth4", "hese-msb".
llvm::StringRef stringifyDigitSet(DigitSet digits);
std::optional<DigitSet> symbolizeDigitSet(llvm::StringRef name);
/// The same, or an error that lists the names there are.
llvm::Expected<DigitSet> findDigitSet(llvm::StringRef name);

/// Whether the set has negative digits: all but binary.
bool hasNegativeDigits(DigitSet digits);

/// One nonzero digit: +-2^exponent.
struct Term {
  uint8_t exponent = 0;
  bool negative = false;

  int32_t getValue() const {
    return negative ? -(int32_t(1) << exponent) : int32_t(1) << exponent;
  }
  bool operator==(const Term &other) const = default;
};

/// Terms by decreasing exponent; their values add up to the encoded value.
using TermList = llvm::SmallVector<Term, 8>;

/// Encodes `value` (magnitude at most 255) in `digits`. Negative values are the
/// digit-wise negation of their magnitude's encoding.
TermList encodeTerms(int32_t value, DigitSet digits);

/// Number of terms that `value` needs in `digits`.
unsigned countTerms(int32_t value, DigitSet digits);

} // namespace colonnade

#endif // COLONNADE_NUMERICS_SIGNEDDIGITS_H
