//===- ExternalData.cpp - Weights beside the model file -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. The keys are those of ONNX's ExternalData.md: location,
// offset, length; a checksum is ignored, as ONNX's own library does.
//
//===----------------------------------------------------------------------===//

#include "ExternalData.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include <optional>

using namespace llvm;
using namespace colonnade::onnximport;

namespace {
struct Entry {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};
} // namespace

static Expected<uint64_t> parseNumber(StringRef key, StringRef text) {
  uint64_t value;
  if (!to_integer(text, value, 10))
    return createStringError("external data: expected a number as " + key +
                             ", got '" + text + "'");
  return value;
}

static Expected<Entry> parseEntry(const onnx::TensorProto &tensor) {
  Entry entry;
  for (const onnx::StringStringEntryProto &pair : tensor.external_data()) {
    if (pair.key() == "location")
      entry.location = pair.value();
    if (pair.key() != "offset" && pair.key() != "length")
      continue;
    Expected<uint64_t> number = parseNumber(pair.key(), pair.value());
    if (!number)
      return number.takeError();
    if (pair.key() == "offset")
      entry.offset = *number;
    else
      entry.length = *number;
  }
  return entry;
}

/// Refuses every path that could leave the model's directory.
static Error checkLocation(StringRef location) {
  if (location.empty())
    return createStringError("external data: no location is given");
  bool leaves = sys::path::is_absolute(location) || location.contains('\0');
  for (StringRef part :
       make_range(sys::path::begin(location), sys::path::end(location)))
    leaves |= part == "..";
  if (leaves)
    return createStringError("external data: '" + location +
                             "' is outside the model's directory");
  return Error::success();
}

static Error checkRange(const Entry &entry, uint64_t fileSize, uint64_t size) {
  uint64_t length = entry.length.value_or(size);
  if (length != size)
    return createStringError("external data: the tensor has " + Twine(size) +
                             " bytes, but its length is given as " +
                             Twine(length));
  if (entry.offset > fileSize || size > fileSize - entry.offset)
    return createStringError("external data: '" + entry.location + "' has " +
                             Twine(fileSize) + " bytes, but " + Twine(size) +
                             " are wanted from offset " + Twine(entry.offset));
  return Error::success();
}

Expected<std::unique_ptr<MemoryBuffer>>
colonnade::onnximport::readExternalData(const onnx::TensorProto &tensor,
                                        StringRef directory, uint64_t size) {
  Expected<Entry> entry = parseEntry(tensor);
  if (!entry)
    return entry.takeError();
  if (Error error = checkLocation(entry->location))
    return std::move(error);
  SmallString<256> path(directory);
  sys::path::append(path, entry->location);
  uint64_t fileSize;
  if (std::error_code code = sys::fs::file_size(path, fileSize))
    return createStringError(code, "external data: cannot read '" + path +
                                       "': " + code.message());
  if (Error error = checkRange(*entry, fileSize, size))
    return std::move(error);
  // Volatile: a copy, not a mapping that another process could cut short.
  auto buffer = MemoryBuffer::getFileSlice(path, size, entry->offset,
                                           /*IsVolatile=*/true);
  if (!buffer)
    return createStringError(buffer.getError(),
                             "external data: cannot read '" + path + "'");
  return std::move(*buffer);
}
