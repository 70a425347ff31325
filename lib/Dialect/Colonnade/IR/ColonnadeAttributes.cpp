//===- ColonnadeAttributes.cpp - Encodings --------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses, prints and verifies the encoding attributes. Comments cite the
// constraints that ColonnadeAttributes.td numbers.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Numerics/TermSelection.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// Parsing and printing of parameters
//===----------------------------------------------------------------------===//

static ParseResult parseAssignment(AsmParser &parser,
                                   SmallVectorImpl<int32_t> &assignment) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&] {
    return parser.parseInteger(assignment.emplace_back());
  });
}

static void printAssignment(AsmPrinter &printer, ArrayRef<int32_t> assignment) {
  printer << '[';
  llvm::interleaveComma(assignment, printer);
  printer << ']';
}

static ParseResult parseTermAxis(AsmParser &parser, int64_t &axis) {
  if (succeeded(parser.parseOptionalKeyword("packed"))) {
    axis = TermsAttr::kPackedAxis;
    return success();
  }
  SMLoc loc = parser.getCurrentLocation();
  OptionalParseResult parsed = parser.parseOptionalInteger(axis);
  if (!parsed.has_value())
    return parser.emitError(loc, "expected an axis: a dimension or 'packed'");
  // T1. Checked here too because -1 stands for 'packed' from here on.
  if (succeeded(*parsed) && axis < 0)
    return parser.emitError(loc, "expected axis of at least 0, got ") << axis;
  return *parsed;
}

static void printTermAxis(AsmPrinter &printer, int64_t axis) {
  if (axis == TermsAttr::kPackedAxis)
    printer << "packed";
  else
    printer << axis;
}

/// By name, one of the enumeration's `all`.
template <typename EnumT>
static ParseResult parseNamed(AsmParser &parser, StringRef what, EnumT &value,
                              ArrayRef<EnumT> all,
                              std::optional<EnumT> (*symbolize)(StringRef),
                              StringRef (*stringify)(EnumT)) {
  SMLoc loc = parser.getCurrentLocation();
  std::string name;
  if (parser.parseKeywordOrString(&name))
    return failure();
  if (std::optional<EnumT> known = symbolize(name)) {
    value = *known;
    return success();
  }
  InFlightDiagnostic diagnostic = parser.emitError(loc, "expected ")
                                  << what << " to be one of ";
  llvm::interleaveComma(all, diagnostic,
                        [&](EnumT known) { diagnostic << stringify(known); });
  return diagnostic << ", got '" << name << "'";
}

static ParseResult parseDigits(AsmParser &parser, DigitSet &digits) {
  return parseNamed<DigitSet>(parser, "digits", digits, getAllDigitSets(),
                              symbolizeDigitSet, stringifyDigitSet);
}

static void printDigits(AsmPrinter &printer, DigitSet digits) {
  // Quotes for names that are no bare identifiers.
  printer.printKeywordOrString(stringifyDigitSet(digits));
}

#include "colonnade/Dialect/Colonnade/IR/ColonnadeEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "colonnade/Dialect/Colonnade/IR/ColonnadeAttributes.cpp.inc"

void ColonnadeDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "colonnade/Dialect/Colonnade/IR/ColonnadeAttributes.cpp.inc"
      >();
}

//===----------------------------------------------------------------------===//
// ColumnsAttr
//===----------------------------------------------------------------------===//

static int64_t countGroups(ArrayRef<int32_t> assignment) {
  return assignment.empty() ? 0 : *llvm::max_element(assignment) + 1;
}

int64_t ColumnsAttr::getNumGroups() const {
  return countGroups(getAssignment());
}

/// C4 and C5.
static LogicalResult verifyGroups(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t fanIn, ArrayRef<int32_t> assignment) {
  // A group number past the last column leaves a hole, whatever it is.
  int64_t groups = std::min<int64_t>(countGroups(assignment),
                                     static_cast<int64_t>(assignment.size()));
  std::vector<int64_t> members(groups, 0);
  for (int32_t group : assignment)
    if (group >= 0 && group < groups)
      ++members[group];
  for (auto [group, count] : llvm::enumerate(members))
    if (count == 0)
      return emitError() << "expected groups numbered without holes, got no "
                            "column in group "
                         << group << " and " << *llvm::max_element(assignment)
                         << " as the largest group";
  for (auto [group, count] : llvm::enumerate(members))
    if (count > fanIn)
      return emitError() << "expected at most fan_in = " << fanIn
                         << " columns in group " << group << ", got " << count;
  return success();
}

LogicalResult ColumnsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                  int64_t rowAxis,
                                  std::optional<int64_t> blockAxis,
                                  int64_t fanIn, ArrayRef<int32_t> assignment) {
  if (rowAxis < 0) // C1
    return emitError() << "expected row_axis of at least 0, got " << rowAxis;
  if (blockAxis && (*blockAxis < 0 || *blockAxis == rowAxis)) // C6
    return emitError() << "expected block_axis of at least 0 and other than "
                          "row_axis = "
                       << rowAxis << ", got " << *blockAxis;
  if (fanIn < 1 || fanIn > 255) // C2
    return emitError() << "expected fan_in in [1, 255], got " << fanIn;
  for (auto [column, group] : llvm::enumerate(assignment))
    if (group < -1) // C3
      return emitError() << "expected a group number or -1 for column "
                         << column << ", got " << group;
  return verifyGroups(emitError, fanIn, assignment);
}

//===----------------------------------------------------------------------===//
// TermsAttr
//===----------------------------------------------------------------------===//

LogicalResult TermsAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                int64_t axis, int64_t group, int64_t budget,
                                DigitSet digits) {
  if (axis < 0 && axis != kPackedAxis) // T1
    return emitError() << "expected axis of at least 0, got " << axis;
  if (group < 1 || group > kLargestTermGroup) // T2
    return emitError() << "expected group in [1, " << kLargestTermGroup
                       << "], got " << group;
  if (budget < 1 || budget > kMostTerms * group) // T3
    return emitError() << "expected budget in [1, " << kMostTerms * group
                       << "] for groups of " << group << ", got " << budget;
  return success();
}

//===----------------------------------------------------------------------===//
// BlockFloatAttr
//===----------------------------------------------------------------------===//

/// Reports a parameter that the numerics library refuses.
static LogicalResult reportError(function_ref<InFlightDiagnostic()> emitError,
                                 llvm::Error error) {
  if (!error)
    return success();
  return emitError() << llvm::toString(std::move(error));
}

LogicalResult
BlockFloatAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       int64_t axis, int64_t group, int64_t exponent,
                       int64_t mantissa) {
  if (axis < 0) // B1
    return emitError() << "expected axis of at least 0, got " << axis;
  BlockFormat format{group, exponent, mantissa};
  return reportError(emitError, format.check()); // B2 to B4
}

//===----------------------------------------------------------------------===//
// RoundingAttr
//===----------------------------------------------------------------------===//

static ParseResult parseNoise(AsmParser &parser, int64_t &seed,
                              int64_t &noiseBits) {
  while (succeeded(parser.parseOptionalComma())) {
    SMLoc loc = parser.getCurrentLocation();
    StringRef name;
    if (parser.parseKeyword(&name))
      return failure();
    if (name != "seed" && name != "noise_bits")
      return parser.emitError(loc, "expected seed or noise_bits, got '")
             << name << "'";
    if (parser.parseEqual() ||
        parser.parseInteger(name == "seed" ? seed : noiseBits))
      return failure();
  }
  return success();
}

Attribute RoundingAttr::parse(AsmParser &parser, Type) {
  SMLoc start = parser.getCurrentLocation();
  BlockRounding mode;
  int64_t seed = 0, noiseBits = BlockNoise::kMaxBits;
  if (parser.parseLess() ||
      parseNamed<BlockRounding>(parser, "rounding", mode,
                                getAllBlockRoundings(), symbolizeBlockRounding,
                                stringifyBlockRounding))
    return nullptr;
  if (::colonnade::isStochastic(mode) && parseNoise(parser, seed, noiseBits))
    return nullptr;
  if (parser.parseGreater())
    return nullptr;
  return parser.getChecked<RoundingAttr>(start, parser.getContext(), mode, seed,
                                         noiseBits);
}

void RoundingAttr::print(AsmPrinter &printer) const {
  printer << '<' << stringifyBlockRounding(getMode());
  if (isStochastic())
    printer << ", seed = " << getSeed() << ", noise_bits = " << getNoiseBits();
  printer << '>';
}

LogicalResult RoundingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   BlockRounding mode, int64_t seed,
                                   int64_t noiseBits) {
  BlockNoise noise{static_cast<uint64_t>(seed), 0, noiseBits};
  return reportError(emitError, noise.check()); // R1
}

//===----------------------------------------------------------------------===//
// FixedPointAttr
//===----------------------------------------------------------------------===//

LogicalResult
FixedPointAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                       int64_t fraction) {
  if (fraction < 0 || fraction > kMostFraction) // FP1
    return emitError() << "expected fraction in [0, " << kMostFraction
                       << "], got " << fraction;
  return success();
}
