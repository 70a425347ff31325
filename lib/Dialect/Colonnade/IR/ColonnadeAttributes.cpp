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
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
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
  if (fraction < 0 || fraction > 31) // FP1
    return emitError() << "expected fraction in [0, 31], got " << fraction;
  return success();
}

//===----------------------------------------------------------------------===//
// EncodingAttr
//===----------------------------------------------------------------------===//

template <typename PromiseAttr>
static ParseResult parsePromise(AsmParser &parser, SMLoc loc, StringRef name,
                                PromiseAttr &promise) {
  if (promise)
    return parser.emitError(loc, "expected one ")
           << name << " promise, got another";
  return failure(parser.parseEqual() ||
                 parser.parseCustomAttributeWithFallback(promise));
}

Attribute EncodingAttr::parse(AsmParser &parser, Type) {
  SMLoc start = parser.getCurrentLocation();
  ColumnsAttr columns;
  TermsAttr terms;
  BlockFloatAttr blockFloat;
  FixedPointAttr fixedPoint;
  auto parseEither = [&]() -> ParseResult {
    SMLoc loc = parser.getCurrentLocation();
    StringRef name;
    if (parser.parseKeyword(&name))
      return failure();
    if (name == "columns")
      return parsePromise(parser, loc, name, columns);
    if (name == "terms")
      return parsePromise(parser, loc, name, terms);
    if (name == "block_float")
      return parsePromise(parser, loc, name, blockFloat);
    if (name == "fixed_point")
      return parsePromise(parser, loc, name, fixedPoint);
    return parser.emitError(loc, "expected a promise, columns, terms, "
                                 "block_float or fixed_point, got '")
           << name << "'";
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::LessGreater,
                                     parseEither))
    return nullptr;
  return parser.getChecked<EncodingAttr>(start, parser.getContext(), columns,
                                         terms, blockFloat, fixedPoint);
}

void EncodingAttr::print(AsmPrinter &printer) const {
  StringRef separator = "";
  auto print = [&](StringRef name, auto promise) {
    if (!promise)
      return;
    printer << separator << name << " = ";
    printer.printStrippedAttrOrType(promise);
    separator = ", ";
  };
  printer << '<';
  print("columns", getColumns());
  print("terms", getTerms());
  print("block_float", getBlockFloat());
  print("fixed_point", getFixedPoint());
  printer << '>';
}

LogicalResult EncodingAttr::verify(function_ref<InFlightDiagnostic()> emitError,
                                   ColumnsAttr columns, TermsAttr terms,
                                   BlockFloatAttr blockFloat,
                                   FixedPointAttr fixedPoint) {
  if (!columns && !terms && !blockFloat && !fixedPoint) // E1
    return emitError() << "expected a promise (columns, terms, block_float or "
                          "fixed_point), got none";
  if (terms && terms.isPacked() && !columns) // E2
    return emitError() << "expected a columns promise for 'axis = packed', "
                          "got none";
  return success();
}

/// E9.
static LogicalResult
verifyBlocks(ColumnsAttr columns, ArrayRef<int64_t> shape,
             function_ref<InFlightDiagnostic()> emitError) {
  SmallVector<int64_t> blocks(columns.getNumGroups(), -1);
  MatrixView view(shape, columns.getRowAxis(), columns.getBlockAxis());
  for (auto [column, group] : llvm::enumerate(columns.getAssignment())) {
    if (group < 0)
      continue;
    int64_t block = view.getBlock(column);
    if (blocks[group] >= 0 && blocks[group] != block)
      return emitError() << "expected the columns of group " << group
                         << " in one block, got blocks " << blocks[group]
                         << " and " << block;
    blocks[group] = block;
  }
  for (size_t group = 1; group < blocks.size(); ++group)
    if (blocks[group] < blocks[group - 1])
      return emitError()
             << "expected groups numbered block by block, got group " << group
             << " in block " << blocks[group] << " after one in block "
             << blocks[group - 1];
  return success();
}

/// E4 to E7, and E9.
static LogicalResult
verifyColumnsOnShape(ColumnsAttr columns, ArrayRef<int64_t> shape,
                     function_ref<InFlightDiagnostic()> emitError) {
  int64_t rank = shape.size(), rowAxis = columns.getRowAxis();
  if (rank < 2) // E4
    return emitError() << "expected at least 2 dimensions for a columns "
                          "promise, got "
                       << rank;
  if (rowAxis >= rank) // E5
    return emitError() << "expected row_axis less than the rank " << rank
                       << ", got " << rowAxis;
  std::optional<int64_t> blockAxis = columns.getBlockAxis();
  if (blockAxis && *blockAxis >= rank) // E5
    return emitError() << "expected block_axis less than the rank " << rank
                       << ", got " << *blockAxis;
  int64_t expected = 1;
  for (auto [axis, size] : llvm::enumerate(shape)) {
    if (static_cast<int64_t>(axis) == rowAxis)
      continue;
    if (ShapedType::isDynamic(size)) // E6
      return emitError() << "expected a static size in every dimension but "
                            "row_axis = "
                         << rowAxis << ", got '?' in dimension " << axis;
    expected *= size;
  }
  int64_t entries = columns.getAssignment().size();
  if (entries != expected) // E7
    return emitError() << "expected " << expected
                       << " entries in assignment, one per matrix column, got "
                       << entries;
  return blockAxis ? verifyBlocks(columns, shape, emitError) : success();
}

/// E10 and E11.
static LogicalResult
verifyBlockFloatOnShape(BlockFloatAttr blockFloat, int64_t rank,
                        Type elementType,
                        function_ref<InFlightDiagnostic()> emitError) {
  if (!elementType.isF32()) // E10
    return emitError()
           << "expected element type f32 with a block_float promise, got "
           << elementType;
  if (blockFloat.getAxis() >= rank) // E11
    return emitError() << "expected block_float axis less than the rank "
                       << rank << ", got " << blockFloat.getAxis();
  return success();
}

LogicalResult EncodingAttr::verifyEncoding(
    ArrayRef<int64_t> shape, Type elementType,
    function_ref<InFlightDiagnostic()> emitError) const {
  if (getTerms() && !elementType.isSignlessInteger(8)) // E3
    return emitError() << "expected element type i8 with a terms promise, got "
                       << elementType;
  if (getColumns() && !elementType.isSignlessInteger(8) &&
      !elementType.isF32()) // E3
    return emitError()
           << "expected element type i8 or f32 with a columns promise, got "
           << elementType;
  if (getFixedPoint() && !elementType.isSignlessInteger(32)) // E12
    return emitError()
           << "expected element type i32 with a fixed_point promise, got "
           << elementType;
  if (ColumnsAttr columns = getColumns())
    if (failed(verifyColumnsOnShape(columns, shape, emitError)))
      return failure();
  int64_t rank = shape.size();
  if (TermsAttr terms = getTerms())
    if (terms.getAxis() >= rank) // E8
      return emitError() << "expected terms axis less than the rank " << rank
                         << ", got " << terms.getAxis();
  if (BlockFloatAttr blockFloat = getBlockFloat())
    return verifyBlockFloatOnShape(blockFloat, rank, elementType, emitError);
  return success();
}
