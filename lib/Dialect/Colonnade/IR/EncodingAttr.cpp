//===- EncodingAttr.cpp - All promises of a tensor ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses, prints and verifies the encoding, alone and on a tensor type.
// Comments cite the constraints that ColonnadeAttributes.td numbers.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;
using namespace colonnade;

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
