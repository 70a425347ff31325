//===- SafetensorsFile.cpp - Named arrays in one file ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading checks what the format's own library checks: every byte after the
// header belongs to exactly one array.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/SafetensorsFile.h"
#include "NpyHeader.h"
#include "colonnade/Support/FileOutput.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <optional>

using namespace colonnade;

static constexpr llvm::StringLiteral kMetadata("__metadata__");
static constexpr uint64_t kLengthBytes = 8;
/// The format's own limit.
static constexpr uint64_t kLongestHeader = 100'000'000;

static constexpr std::pair<NpyType, llvm::StringLiteral> kTypeNames[] = {
    {NpyType::UInt8, "U8"},    {NpyType::Int8, "I8"},
    {NpyType::Int32, "I32"},   {NpyType::Int64, "I64"},
    {NpyType::Float32, "F32"}, {NpyType::Float64, "F64"},
};

static llvm::StringRef stringifyType(NpyType type) {
  for (const auto &[known, name] : kTypeNames)
    if (known == type)
      return name;
  llvm_unreachable("every type has a name");
}

static std::optional<NpyType> parseType(llvm::StringRef text) {
  for (const auto &[type, name] : kTypeNames)
    if (name == text)
      return type;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
/// What the header says of an array.
struct ArrayEntry {
  NpyType type;
  std::vector<int64_t> shape;
  uint64_t begin, end;
};
} // namespace

static llvm::Expected<ArrayEntry> parseEntry(const llvm::json::Value &value,
                                             uint64_t dataBytes) {
  llvm::json::Path::Root root;
  llvm::json::ObjectMapper mapper(value, root);
  std::string typeName;
  std::vector<int64_t> shape, offsets;
  if (!mapper || !mapper.map("dtype", typeName) ||
      !mapper.map("shape", shape) || !mapper.map("data_offsets", offsets))
    return root.getError();
  std::optional<NpyType> type = parseType(typeName);
  if (!type)
    return llvm::createStringError("has elements of type '" + typeName +
                                   "', expected U8, I8, I32, I64, F32 or F64");
  llvm::Expected<int64_t> size = getNpyByteSize(*type, shape);
  if (!size)
    return size.takeError();
  if (offsets.size() != 2 || offsets[0] < 0 || offsets[1] < offsets[0] ||
      static_cast<uint64_t>(offsets[1]) > dataBytes)
    return llvm::createStringError(
        "has data_offsets that are no range of the " + llvm::Twine(dataBytes) +
        " bytes after the header: copy the file again");
  if (offsets[1] - offsets[0] != *size)
    return llvm::createStringError(
        "has " + llvm::Twine(offsets[1] - offsets[0]) + " bytes, expected " +
        llvm::Twine(*size) + " for " + typeName + " of shape " +
        printNpyShape(shape));
  return ArrayEntry{*type, std::move(shape), uint64_t(offsets[0]),
                    uint64_t(offsets[1])};
}

static llvm::Error parseMetadata(const llvm::json::Value &value,
                                 NamedArrays &content) {
  llvm::json::Path::Root root(kMetadata);
  if (!llvm::json::fromJSON(value, content.metadata, root))
    return root.getError();
  return llvm::Error::success();
}

/// Fails unless the arrays cover the data, each byte once.
static llvm::Error
checkCoverage(std::vector<std::pair<uint64_t, uint64_t>> ranges,
              uint64_t dataBytes) {
  llvm::sort(ranges);
  uint64_t covered = 0;
  for (auto [begin, end] : ranges) {
    if (begin != covered)
      break;
    covered = end;
  }
  bool allReached =
      llvm::all_of(ranges, [&](auto range) { return range.second <= covered; });
  if (covered == dataBytes && allReached)
    return llvm::Error::success();
  return llvm::createStringError(
      "has arrays that overlap or leave bytes unused: byte " +
      llvm::Twine(covered) + " of " + llvm::Twine(dataBytes) +
      " after the header does not belong to exactly one: copy the file again");
}

static llvm::Error parseArrays(const llvm::json::Object &header,
                               llvm::StringRef data, NamedArrays &content) {
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
  llvm::SmallVector<std::pair<llvm::StringRef, ArrayEntry>> entries;
  for (const auto &[name, value] : header) {
    if (llvm::StringRef(name) == kMetadata) {
      if (llvm::Error error = parseMetadata(value, content))
        return error;
      continue;
    }
    llvm::Expected<ArrayEntry> entry = parseEntry(value, data.size());
    if (!entry)
      return llvm::createStringError("array '" + llvm::StringRef(name) + "' " +
                                     llvm::toString(entry.takeError()));
    ranges.emplace_back(entry->begin, entry->end);
    entries.emplace_back(name, std::move(*entry));
  }
  if (llvm::Error error = checkCoverage(std::move(ranges), data.size()))
    return error;
  // LLVM's JSON objects have no order; the data has one.
  llvm::sort(entries, [](const auto &a, const auto &b) {
    return std::tie(a.second.begin, a.second.end, a.first) <
           std::tie(b.second.begin, b.second.end, b.first);
  });
  for (auto &[name, entry] : entries) {
    llvm::StringRef bytes = data.slice(entry.begin, entry.end);
    content.arrays[name.str()] =
        NpyArray{entry.type, std::move(entry.shape),
                 std::vector<char>(bytes.begin(), bytes.end())};
  }
  return llvm::Error::success();
}

static llvm::Expected<NamedArrays> parseFile(llvm::StringRef file) {
  if (file.size() < kLengthBytes)
    return llvm::createStringError(
        "is no safetensors file: it has " + llvm::Twine(file.size()) +
        " bytes, expected at least " + llvm::Twine(kLengthBytes));
  uint64_t length = llvm::support::endian::read64le(file.data());
  uint64_t available = file.size() - kLengthBytes;
  if (length > std::min(available, kLongestHeader))
    return llvm::createStringError(
        "is no safetensors file or cut short: its header has " +
        llvm::Twine(length) + " bytes, the limit is " +
        llvm::Twine(std::min(available, kLongestHeader)));
  llvm::Expected<llvm::json::Value> header =
      llvm::json::parse(file.substr(kLengthBytes, length));
  if (!header)
    return header.takeError();
  const llvm::json::Object *object = header->getAsObject();
  if (!object)
    return llvm::createStringError("has a header that is no JSON object");
  NamedArrays content;
  if (llvm::Error error =
          parseArrays(*object, file.drop_front(kLengthBytes + length), content))
    return std::move(error);
  return content;
}

llvm::Expected<NamedArrays> colonnade::readSafetensors(llvm::StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return llvm::createFileError(path, file.getError());
  llvm::Expected<NamedArrays> content = parseFile((*file)->getBuffer());
  if (!content)
    return llvm::createFileError(path, content.takeError());
  return content;
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static void printHeader(llvm::raw_ostream &stream, const NamedArrays &content) {
  llvm::json::OStream json(stream);
  json.object([&] {
    if (!content.metadata.empty())
      json.attributeObject(kMetadata, [&] {
        for (const auto &[key, value] : content.metadata)
          json.attribute(key, value);
      });
    int64_t offset = 0;
    for (const auto &[name, array] : content.arrays) {
      int64_t end = offset + static_cast<int64_t>(array.bytes.size());
      json.attributeObject(name, [&] {
        json.attribute("dtype", stringifyType(array.type));
        json.attribute("shape", llvm::json::Array(array.shape));
        json.attribute("data_offsets", llvm::json::Array{offset, end});
      });
      offset = end;
    }
  });
}

static llvm::Error checkSizes(const NamedArrays &content) {
  for (const auto &[name, array] : content.arrays) {
    llvm::Expected<int64_t> size = getNpyByteSize(array.type, array.shape);
    if (!size)
      return size.takeError();
    if (array.bytes.size() != static_cast<uint64_t>(*size))
      return llvm::createStringError(
          "array '" + name + "' has " + llvm::Twine(array.bytes.size()) +
          " bytes, expected " + llvm::Twine(*size) + " for shape " +
          printNpyShape(array.shape));
  }
  return llvm::Error::success();
}

llvm::Error colonnade::writeSafetensors(llvm::StringRef path,
                                        const NamedArrays &content) {
  if (llvm::Error error = checkSizes(content))
    return llvm::createFileError(path, std::move(error));
  std::string header;
  llvm::raw_string_ostream headerStream(header);
  printHeader(headerStream, content);
  // Arrays begin at multiples of eight, so that a reader may map them.
  header.resize(llvm::alignTo<8>(header.size()), ' ');
  return writeFile(path, [&](llvm::raw_ostream &stream) {
    char length[kLengthBytes];
    llvm::support::endian::write64le(length, header.size());
    stream.write(length, sizeof(length));
    stream << header;
    for (const auto &[name, array] : content.arrays)
      stream.write(array.bytes.data(), array.bytes.size());
  });
}

llvm::Expected<const NpyArray *>
NamedArrays::find(const std::string &name) const {
  auto found = arrays.find(name);
  if (found == arrays.end())
    return llvm::createStringError("has no array '" + name + "'");
  return &found->second;
}

llvm::Error NamedArrays::getCountError(const std::string &name, size_t expected,
                                       size_t count) {
  return llvm::createStringError("expected " + llvm::Twine(expected) +
                                 " elements in array '" + name + "', got " +
                                 llvm::Twine(count));
}
