//===- SignedDigitsTest.cpp - Laws and check numbers of digit sets --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Exhaustive over all 8-bit magnitudes: every digit set keeps the value, and
// each has the properties and mean lengths that the papers and their code give
// it.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/SignedDigits.h"
#include "llvm/ADT/STLExtras.h"
#include "gmock/gmock.h"

using namespace colonnade;
using testing::ElementsAre;

static std::vector<int32_t> getDigits(int32_t value, DigitSet digits) {
  std::vector<int32_t> result;
  for (Term term : encodeTerms(value, digits))
    result.push_back(term.getValue());
  return result;
}

static double getMeanTerms(DigitSet digits) {
  unsigned terms = 0;
  for (int32_t value = 0; value < 128; ++value)
    terms += countTerms(value, digits);
  return terms / 128.0;
}

/// The paper's two-state machine (HESE, SC 2020), least significant bit
/// first, as it is printed there.
static TermList encodeHeseLsb(uint32_t magnitude) {
  TermList terms;
  bool inRun = false;
  for (uint8_t position = 0; position < 10; ++position) {
    bool bit = (magnitude >> position) & 1;
    bool nextBit = (magnitude >> (position + 1)) & 1;
    if (!inRun) {
      inRun = bit && nextBit;
      if (bit)
        terms.push_back({position, /*negative=*/inRun});
    } else if (!bit) {
      inRun = nextBit;
      terms.push_back({position, /*negative=*/inRun});
    }
  }
  std::reverse(terms.begin(), terms.end());
  return terms;
}

TEST(SignedDigits, NamesAreSymbolizedBack) {
  for (DigitSet digits : getAllDigitSets())
    EXPECT_EQ(symbolizeDigitSet(stringifyDigitSet(digits)), digits);
  EXPECT_EQ(symbolizeDigitSet("canonical"), std::nullopt);
  EXPECT_EQ(stringifyDigitSet(DigitSet::HeseMsb), "hese-msb");
}

TEST(SignedDigits, TermsAddUpToTheValue) {
  for (DigitSet digits : getAllDigitSets())
    for (int32_t value = -255; value <= 255; ++value) {
      int32_t sum = 0;
      for (Term term : encodeTerms(value, digits))
        sum += term.getValue();
      EXPECT_EQ(sum, value) << stringifyDigitSet(digits).str();
    }
}

TEST(SignedDigits, ExponentsDecrease) {
  for (DigitSet digits : getAllDigitSets())
    for (int32_t value = 0; value <= 255; ++value) {
      TermList terms = encodeTerms(value, digits);
      for (size_t index = 1; index < terms.size(); ++index)
        EXPECT_GT(terms[index - 1].exponent, terms[index].exponent)
            << stringifyDigitSet(digits).str() << " " << value;
    }
}

TEST(SignedDigits, NegationNegatesEveryDigit) {
  for (DigitSet digits : getAllDigitSets())
    for (int32_t value = 0; value <= 255; ++value) {
      std::vector<int32_t> negated = getDigits(value, digits);
      for (int32_t &digit : negated)
        digit = -digit;
      EXPECT_EQ(getDigits(-value, digits), negated);
    }
}

TEST(SignedDigits, OnlyBinaryHasNoNegativeDigits) {
  for (DigitSet digits : getAllDigitSets()) {
    bool anyNegative = false;
    for (int32_t value = 0; value <= 255; ++value)
      for (Term term : encodeTerms(value, digits))
        anyNegative |= term.negative;
    EXPECT_EQ(hasNegativeDigits(digits), anyNegative);
  }
}

TEST(SignedDigits, NafIsNonAdjacentAndNeverLonger) {
  for (int32_t value = 0; value <= 255; ++value) {
    TermList naf = encodeTerms(value, DigitSet::Naf);
    for (size_t index = 1; index < naf.size(); ++index)
      EXPECT_GE(naf[index - 1].exponent, naf[index].exponent + 2) << value;
    for (DigitSet digits : getAllDigitSets())
      EXPECT_LE(naf.size(), countTerms(value, digits)) << value;
  }
}

TEST(SignedDigits, PaperStateMachineGivesNafDigitForDigit) {
  for (int32_t value = 0; value <= 255; ++value)
    EXPECT_EQ(encodeTerms(value, DigitSet::Naf), encodeHeseLsb(value)) << value;
}

TEST(SignedDigits, CudaEncoderIsLongerThanNafOn35Values) {
  std::vector<int32_t> longer;
  for (int32_t value = 0; value <= 255; ++value)
    if (countTerms(value, DigitSet::HeseMsb) > countTerms(value, DigitSet::Naf))
      longer.push_back(value);
  ASSERT_EQ(longer.size(), 35u);
  EXPECT_EQ(longer.front(), 27);
}

TEST(SignedDigits, Booth4HasOneTermPerBitPair) {
  for (int32_t value = 0; value <= 255; ++value) {
    unsigned pairs = 0;
    for (Term term : encodeTerms(value, DigitSet::Booth4)) {
      EXPECT_EQ(pairs & (1u << (term.exponent / 2)), 0u) << value;
      pairs |= 1u << (term.exponent / 2);
    }
  }
}

TEST(SignedDigits, PaperExamples) {
  EXPECT_THAT(getDigits(31, DigitSet::Naf), ElementsAre(32, -1));
  EXPECT_THAT(getDigits(27, DigitSet::Naf), ElementsAre(32, -4, -1));
  EXPECT_THAT(getDigits(27, DigitSet::HeseMsb), ElementsAre(32, -8, 4, -1));
  EXPECT_THAT(getDigits(27, DigitSet::Binary), ElementsAre(16, 8, 2, 1));
  EXPECT_THAT(getDigits(2, DigitSet::Booth4), ElementsAre(4, -2));
  EXPECT_TRUE(getDigits(0, DigitSet::Naf).empty());
}

TEST(SignedDigits, MeanTermsOfSevenBitValues) {
  EXPECT_EQ(getMeanTerms(DigitSet::Binary), 3.5);
  EXPECT_EQ(getMeanTerms(DigitSet::Booth4), 3.0);
  EXPECT_EQ(getMeanTerms(DigitSet::HeseMsb), 2.875);
  EXPECT_NEAR(getMeanTerms(DigitSet::Naf), 2.773, 0.0005);
}
