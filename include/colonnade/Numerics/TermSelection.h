//===- TermSelection.h - Keeping a budget of the largest terms -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Term selection of term quantization (SC 2020, section 4): keep the `budget`
// largest terms of a group of values. A group of one is the per-value limit
// used for run-time data.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_NUMERICS_TERMSELECTION_H
#define COLONNADE_NUMERICS_TERMSELECTION_H

#include "colonnade/Numerics/SignedDigits.h"
#include <array>

namespace colonnade {

/// Most terms of an 8-bit value, and most values that share a budget.
inline constexpr int64_t kMostTerms = 8, kLargestTermGroup = 65535;

/// Keeps the `budget` largest terms of `group` (any length, magnitudes at most
/// 255): repeatedly the largest remaining term, ties to the lowest index. A
/// group within its budget is unchanged. This is the paper's rule; +128 may
/// come out of values from 86 up.
void selectTerms(llvm::MutableArrayRef<int32_t> group, unsigned budget,
                 DigitSet digits);

/// The same rule on int8 values, kept inside int8: +2^7 does not fit, so when
/// it would be a value's only kept term it is taken together with the value's
/// next (negative) term, as a pair that costs two; where only one term is left
/// in the budget the value takes +2^6 in its place. (Booth's -128 = -2^8 + 2^7
/// is treated alike: the pair, or -2^7.) Groups that the paper's rule leaves
/// inside int8 come out the same.
void selectTerms(llvm::MutableArrayRef<int8_t> group, unsigned budget,
                 DigitSet digits);

/// Terms the hardware needs for `value` under a promise in `digits`: the
/// shorter of its encoding in `digits` and, for the signed sets, in NAF. (What
/// is left of a truncated Booth or HESE-MSB encoding is not always the
/// encoding of the value it stands for; NAF is never longer.)
unsigned countPromisedTerms(int8_t value, DigitSet digits);

/// Whether all of `group` together needs at most `budget` terms.
bool keepsBudget(llvm::ArrayRef<int8_t> group, unsigned budget,
                 DigitSet digits);

/// Per-value selection of every int8 value, indexed by value + 128.
using TermLookupTable = std::array<int8_t, 256>;
TermLookupTable makeTermLookupTable(unsigned terms, DigitSet digits);

} // namespace colonnade

#endif // COLONNADE_NUMERICS_TERMSELECTION_H
