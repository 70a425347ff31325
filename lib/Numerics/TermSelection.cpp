//===- TermSelection.cpp - Keeping a budget of the largest terms ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Term selection, shared by weights (offline, in groups) and data (at run time,
// one value at a time). Terms are visited by decreasing exponent and, at equal
// exponents, by increasing index, which is the order in which repeatedly taking
// the largest remaining term meets them.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/TermSelection.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include <limits>

using namespace colonnade;

/// Exponent of the largest term of any magnitude up to 255.
static constexpr int largestExponent = 8;

static constexpr int32_t largestMagnitude = 255;

/// The terms of every value, indexed by value + largestMagnitude.
using EncodingTable = std::array<TermList, 2 * largestMagnitude + 1>;

/// Encodes every value once; matrices have millions of them.
static EncodingTable makeEncodingTable(DigitSet digits) {
  EncodingTable table;
  for (auto [index, terms] : llvm::enumerate(table))
    terms = encodeTerms(static_cast<int32_t>(index) - largestMagnitude, digits);
  return table;
}

static const EncodingTable &getEncodingTable(DigitSet digits) {
  static const auto tables =
      llvm::map_to_vector<0>(getAllDigitSets(), makeEncodingTable);
  return tables[static_cast<size_t>(digits)];
}

static bool fitsInt8(int32_t value) {
  return value >= std::numeric_limits<int8_t>::min() &&
         value <= std::numeric_limits<int8_t>::max();
}

namespace {
/// A value under selection: its terms, and the sum of those kept so far. Only
/// a prefix of the terms is ever kept.
class PartialValue {
public:
  explicit PartialValue(llvm::ArrayRef<Term> terms) : terms(terms) {}

  int32_t getSum() const { return sum; }

  bool isNextExponent(int exponent) const {
    return next < terms.size() && terms[next].exponent == exponent;
  }

  /// Keeps the next term; returns its cost.
  unsigned takeTerm() {
    sum += terms[next++].getValue();
    return 1;
  }

  /// Keeps the next term and whatever must be done so that the sum stays
  /// inside int8; returns the cost, at most `budget`. Only the first term can
  /// lie outside, and the second one then always brings the sum back.
  unsigned takeTermInInt8(unsigned budget) {
    int32_t first = terms[next].getValue();
    if (fitsInt8(sum + first))
      return takeTerm();
    if (budget >= 2)
      return takeTerm() + takeTerm();
    // The budget ends here, so the value's remaining terms are never asked for.
    sum = first / 2;
    return 1;
  }

private:
  llvm::ArrayRef<Term> terms;
  size_t next = 0;
  int32_t sum = 0;
};
} // namespace

/// Replaces each value of `group` by the sum of its kept terms. `takeTerm`
/// keeps a value's next term within the remaining budget and returns the cost.
template <typename ValueT, typename TakeTermFn>
static void selectWith(llvm::MutableArrayRef<ValueT> group, unsigned budget,
                       DigitSet digits, TakeTermFn takeTerm) {
  const EncodingTable &encodings = getEncodingTable(digits);
  llvm::SmallVector<PartialValue, 16> values;
  for (ValueT value : group)
    values.emplace_back(encodings[value + largestMagnitude]);
  for (int exponent = largestExponent; exponent >= 0; --exponent)
    for (PartialValue &value : values)
      if (budget > 0 && value.isNextExponent(exponent))
        budget -= takeTerm(value, budget);
  for (auto [result, value] : llvm::zip_equal(group, values))
    result = static_cast<ValueT>(value.getSum());
}

void colonnade::selectTerms(llvm::MutableArrayRef<int32_t> group,
                            unsigned budget, DigitSet digits) {
  selectWith(group, budget, digits,
             [](PartialValue &value, unsigned) { return value.takeTerm(); });
}

void colonnade::selectTerms(llvm::MutableArrayRef<int8_t> group,
                            unsigned budget, DigitSet digits) {
  selectWith(group, budget, digits, [](PartialValue &value, unsigned budget) {
    return value.takeTermInInt8(budget);
  });
}

/// The encodings by which a promise in `digits` is counted.
static const EncodingTable &getPromisedEncodings(DigitSet digits) {
  // NAF is the shortest signed encoding, so it is the shorter of the two.
  return getEncodingTable(hasNegativeDigits(digits) ? DigitSet::Naf : digits);
}

unsigned colonnade::countPromisedTerms(int8_t value, DigitSet digits) {
  return getPromisedEncodings(digits)[value + largestMagnitude].size();
}

bool colonnade::keepsBudget(llvm::ArrayRef<int8_t> group, unsigned budget,
                            DigitSet digits) {
  const EncodingTable &encodings = getPromisedEncodings(digits);
  size_t terms = 0;
  for (int8_t value : group)
    terms += encodings[value + largestMagnitude].size();
  return terms <= budget;
}

TermLookupTable colonnade::makeTermLookupTable(unsigned terms,
                                               DigitSet digits) {
  TermLookupTable table;
  for (auto [index, entry] : llvm::enumerate(table)) {
    entry = static_cast<int8_t>(static_cast<int>(index) - 128);
    selectTerms(llvm::MutableArrayRef<int8_t>(entry), terms, digits);
  }
  return table;
}
