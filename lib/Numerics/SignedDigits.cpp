//===- SignedDigits.cpp - Signed power-of-two digit sets ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One encoder per digit set and the table that names them. To add a digit set,
// write its encoder, add its enum case and its row of the table; names, pass
// options and property tests follow the table.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/SignedDigits.h"
#include "llvm/ADT/STLExtras.h"
#include <cstdlib>

using namespace colonnade;

/// Bits looked at by the encoders: magnitudes of up to 8 bits, and two zero
/// bits above them for carries.
static constexpr int digitPositions = 10;

static bool hasBit(uint32_t magnitude, int position) {
  return position >= 0 && ((magnitude >> position) & 1);
}

static void addTerm(TermList &terms, int exponent, bool negative) {
  terms.push_back({static_cast<uint8_t>(exponent), negative});
}

static TermList encodeBinary(uint32_t magnitude) {
  TermList terms;
  for (int position = digitPositions - 1; position >= 0; --position)
    if (hasBit(magnitude, position))
      addTerm(terms, position, /*negative=*/false);
  return terms;
}

/// Non-adjacent form (Reitwieser, 1960). The digits of m are the bits of 3m
/// minus the bits of m, shifted right by one.
static TermList encodeNaf(uint32_t magnitude) {
  uint32_t tripled = 3 * magnitude;
  TermList terms;
  for (int position = digitPositions - 1; position >= 0; --position) {
    bool plus = hasBit(tripled, position + 1);
    bool minus = hasBit(magnitude, position + 1);
    if (plus != minus)
      addTerm(terms, position, minus);
  }
  return terms;
}

/// Radix-4 Booth recoding (MacSorley, 1961): digit i is
/// b[2i-1] + b[2i] - 2 b[2i+1], at weight 4^i.
static TermList encodeBooth4(uint32_t magnitude) {
  TermList terms;
  for (int low = digitPositions - 2; low >= 0; low -= 2) {
    int digit = hasBit(magnitude, low - 1) + hasBit(magnitude, low) -
                2 * hasBit(magnitude, low + 1);
    if (digit != 0)
      addTerm(terms, low + (std::abs(digit) == 2), digit < 0);
  }
  return terms;
}

/// The encoder of the authors' CUDA code, which scans from the most significant
/// bit: a run of two or more ones from bit k down to bit j becomes
/// +2^(k+1) - 2^j, a lone one stays. Runs that a single zero separates are not
/// joined, so 27 = 11011b needs four terms where NAF needs three.
static TermList encodeHeseMsb(uint32_t magnitude) {
  TermList terms;
  for (int position = digitPositions - 1; position >= 0; --position) {
    if (!hasBit(magnitude, position))
      continue;
    bool startsRun = !hasBit(magnitude, position + 1);
    bool endsRun = !hasBit(magnitude, position - 1);
    if (startsRun)
      addTerm(terms, endsRun ? position : position + 1, /*negative=*/false);
    else if (endsRun)
      addTerm(terms, position, /*negative=*/true);
  }
  return terms;
}

namespace {
struct DigitSetInfo {
  DigitSet digits;
  llvm::StringRef name;
  bool hasNegativeDigits;
  TermList (*encode)(uint32_t magnitude);
};
} // namespace

/// Rows in the order of the enum.
static const DigitSetInfo digitSetInfos[] = {
    {DigitSet::Binary, "binary", false, encodeBinary},
    {DigitSet::Naf, "naf", true, encodeNaf},
    {DigitSet::Booth4, "booth4", true, encodeBooth4},
    {DigitSet::HeseMsb, "hese-msb", true, encodeHeseMsb},
};

static const DigitSetInfo &getInfo(DigitSet digits) {
  return digitSetInfos[static_cast<size_t>(digits)];
}

llvm::ArrayRef<DigitSet> colonnade::getAllDigitSets() {
  static constexpr DigitSet all[] = {DigitSet::Binary, DigitSet::Naf,
                                     DigitSet::Booth4, DigitSet::HeseMsb};
  static_assert(std::size(all) == std::size(digitSetInfos));
  return all;
}

llvm::StringRef colonnade::stringifyDigitSet(DigitSet digits) {
  return getInfo(digits).name;
}

std::optional<DigitSet> colonnade::symbolizeDigitSet(llvm::StringRef name) {
  for (const DigitSetInfo &info : digitSetInfos)
    if (info.name == name)
      return info.digits;
  return std::nullopt;
}

llvm::Expected<DigitSet> colonnade::findDigitSet(llvm::StringRef name) {
  if (std::optional<DigitSet> known = symbolizeDigitSet(name))
    return *known;
  std::string message = "expected digits to be one of ";
  llvm::raw_string_ostream stream(message);
  llvm::interleaveComma(digitSetInfos, stream, [&](const DigitSetInfo &info) {
    stream << info.name;
  });
  stream << ", got '" << name << "'";
  return llvm::createStringError(message);
}

bool colonnade::hasNegativeDigits(DigitSet digits) {
  return getInfo(digits).hasNegativeDigits;
}

TermList colonnade::encodeTerms(int32_t value, DigitSet digits) {
  TermList terms = getInfo(digits).encode(std::abs(value));
  if (value < 0)
    for (Term &term : terms)
      term.negative = !term.negative;
  return terms;
}

unsigned colonnade::countTerms(int32_t value, DigitSet digits) {
  return encodeTerms(value, digits).size();
}
