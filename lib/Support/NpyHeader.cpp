//===- NpyHeader.cpp - The dictionary of a .npy file ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A small parser for the one kind of dictionary that .npy headers hold, and the
// checks of what it says: element types, order, shapes.
//
//===----------------------------------------------------------------------===//

#include "NpyHeader.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include <optional>
#include <system_error>

using namespace colonnade;

namespace {
struct TypeInfo {
  NpyType type;
  llvm::StringRef name;
  /// NumPy's name, with byte order.
  llvm::StringRef description;
  int64_t size;
};
} // namespace

/// Rows in the order of the enum.
static const TypeInfo typeInfos[] = {
    {NpyType::UInt8, "uint8", "|u1", 1},
    {NpyType::Int8, "int8", "|i1", 1},
    {NpyType::Int32, "int32", "<i4", 4},
    {NpyType::Int64, "int64", "<i8", 8},
    {NpyType::Float32, "float32", "<f4", 4},
    {NpyType::Float64, "float64", "<f8", 8},
};

static const TypeInfo &getInfo(NpyType type) {
  return typeInfos[static_cast<size_t>(type)];
}

llvm::StringRef colonnade::stringifyNpyType(NpyType type) {
  return getInfo(type).name;
}

int64_t colonnade::getNpyTypeSize(NpyType type) { return getInfo(type).size; }

static llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(
      std::make_error_code(std::errc::invalid_argument), message);
}

static llvm::Expected<NpyType> parseType(llvm::StringRef description) {
  for (const TypeInfo &info : typeInfos)
    if (info.description == description)
      return info.type;
  if (description.contains('O'))
    return makeError("holds Python objects (type '" + description +
                     "'), which cannot be read: save an array of numbers");
  if (description.starts_with(">"))
    return makeError("is big endian (type '" + description +
                     "'), expected little endian: save with "
                     "array.astype(array.dtype.newbyteorder('<'))");
  return makeError("has element type '" + description +
                   "', expected uint8, int8, int32, int64, float32 or float64: "
                   "convert with array.astype()");
}

namespace {
/// Parses {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } with keys
/// in any order and any blanks.
class HeaderParser {
public:
  explicit HeaderParser(llvm::StringRef text) : all(text), rest(text) {}

  llvm::Expected<NpyHeader> parse();

private:
  /// Skips blanks, then `token` if it is next.
  bool consume(llvm::StringRef token) {
    rest = rest.ltrim(" \t\r\n");
    return rest.consume_front(token);
  }
  llvm::Error expect(llvm::StringRef token);
  llvm::Error malformed(const llvm::Twine &expected) const;
  llvm::Expected<llvm::StringRef> parseString();
  llvm::Error parseEntry();
  llvm::Error parseDescription();
  llvm::Error parseOrder();
  llvm::Error parseShape();

  llvm::StringRef all, rest;
  std::optional<NpyType> type;
  std::optional<bool> fortranOrder;
  std::optional<std::vector<int64_t>> shape;
};
} // namespace

llvm::Error HeaderParser::malformed(const llvm::Twine &expected) const {
  return makeError("has a malformed header: expected " + expected +
                   " at byte " + llvm::Twine(all.size() - rest.size()) +
                   " of the dictionary: save the array again with numpy.save");
}

llvm::Error HeaderParser::expect(llvm::StringRef token) {
  if (consume(token))
    return llvm::Error::success();
  return malformed("'" + token + "'");
}

llvm::Expected<llvm::StringRef> HeaderParser::parseString() {
  llvm::StringRef quote = consume("\"") ? "\"" : "'";
  if (quote == "'" && !consume("'"))
    return malformed("a string");
  size_t end = rest.find(quote);
  if (end == llvm::StringRef::npos)
    return malformed("a string that ends");
  llvm::StringRef value = rest.take_front(end);
  rest = rest.drop_front(end + 1);
  return value;
}

llvm::Error HeaderParser::parseDescription() {
  if (consume("["))
    return makeError("holds records (a structured element type), expected a "
                     "plain number type: save each field on its own");
  llvm::Expected<llvm::StringRef> description = parseString();
  if (!description)
    return description.takeError();
  llvm::Expected<NpyType> parsed = parseType(*description);
  if (!parsed)
    return parsed.takeError();
  type = *parsed;
  return llvm::Error::success();
}

llvm::Error HeaderParser::parseOrder() {
  if (consume("True"))
    return makeError("is in Fortran order, expected C order: save "
                     "numpy.ascontiguousarray(array)");
  fortranOrder = false;
  return expect("False");
}

llvm::Error HeaderParser::parseShape() {
  shape.emplace();
  if (llvm::Error error = expect("("))
    return error;
  while (!consume(")")) {
    int64_t extent;
    llvm::StringRef before = rest;
    if (rest.consumeInteger(10, extent)) {
      rest = before;
      return malformed("an extent of at most 2^63 - 1");
    }
    shape->push_back(extent);
    if (!consume(",")) {
      // A tuple of one element needs its comma, or it is no tuple.
      if (shape->size() == 1)
        return malformed("','");
      return expect(")");
    }
  }
  return llvm::Error::success();
}

llvm::Error HeaderParser::parseEntry() {
  llvm::Expected<llvm::StringRef> key = parseString();
  if (!key)
    return key.takeError();
  if (llvm::Error error = expect(":"))
    return error;
  if (*key == "descr" && !type)
    return parseDescription();
  if (*key == "fortran_order" && !fortranOrder)
    return parseOrder();
  if (*key == "shape" && !shape)
    return parseShape();
  return malformed("each of the keys 'descr', 'fortran_order' and 'shape' "
                   "once, got '" +
                   *key + "'");
}

llvm::Expected<NpyHeader> HeaderParser::parse() {
  if (llvm::Error error = expect("{"))
    return error;
  while (!consume("}")) {
    if (llvm::Error error = parseEntry())
      return error;
    if (consume(","))
      continue;
    if (llvm::Error error = expect("}"))
      return error;
    break;
  }
  consume("");
  if (!rest.empty())
    return malformed("nothing");
  if (!type || !fortranOrder || !shape)
    return malformed("all of the keys 'descr', 'fortran_order' and 'shape'");
  return NpyHeader{*type, std::move(*shape)};
}

llvm::Expected<NpyHeader> colonnade::parseNpyHeader(llvm::StringRef text) {
  return HeaderParser(text).parse();
}

std::string colonnade::printNpyShape(llvm::ArrayRef<int64_t> shape) {
  std::string extents = llvm::join(
      llvm::map_range(shape,
                      [](int64_t extent) { return std::to_string(extent); }),
      ", ");
  return "(" + extents + (shape.size() == 1 ? ",)" : ")");
}

std::string colonnade::printNpyHeader(NpyType type,
                                      llvm::ArrayRef<int64_t> shape) {
  return llvm::formatv(
      "{{'descr': '{0}', 'fortran_order': False, 'shape': {1}, }",
      getInfo(type).description, printNpyShape(shape));
}

llvm::Expected<int64_t>
colonnade::getNpyByteSize(NpyType type, llvm::ArrayRef<int64_t> shape) {
  int64_t bytes = getNpyTypeSize(type);
  for (int64_t extent : shape) {
    if (extent < 0)
      return makeError("has shape " + printNpyShape(shape) +
                       ", expected extents of at least 0");
    if (llvm::MulOverflow(bytes, extent, bytes))
      return makeError("has shape " + printNpyShape(shape) +
                       ", whose size exceeds the limit of 2^63 - 1 bytes: "
                       "split the array");
  }
  return bytes;
}
