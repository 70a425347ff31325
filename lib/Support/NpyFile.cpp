//===- NpyFile.cpp - Reading and writing .npy arrays ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The frame of a .npy file: magic, version, header length, header, elements.
// Files come from users, so every length is checked before it is used.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/NpyFile.h"
#include "NpyHeader.h"
#include "colonnade/Support/FileOutput.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <system_error>

using namespace colonnade;

static_assert(llvm::endianness::native == llvm::endianness::little,
              "elements are used as they stand in the file");

static constexpr llvm::StringLiteral magic("\x93NUMPY");
/// NumPy's own default (max_header_size).
static constexpr size_t longestHeader = 10000;
/// NumPy aligns the elements to this many bytes.
static constexpr size_t alignment = 64;

static llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(
      std::make_error_code(std::errc::invalid_argument), message);
}

static llvm::Error makeTruncatedError(size_t size, size_t expected,
                                      llvm::StringRef part) {
  return makeError("is cut short: it has " + llvm::Twine(size) +
                   " bytes, expected at least " + llvm::Twine(expected) +
                   " up to the end of the " + part + ": copy it again");
}

/// Length of the header and number of bytes before it.
static llvm::Expected<std::pair<size_t, size_t>>
parsePreamble(llvm::StringRef file) {
  if (!file.starts_with(magic.take_front(file.size())))
    return makeError("is no .npy file: it does not begin with the bytes \\x93 "
                     "N U M P Y: save the array with numpy.save");
  size_t versionEnd = magic.size() + 2;
  if (file.size() < versionEnd)
    return makeTruncatedError(file.size(), versionEnd, "version");
  unsigned major = static_cast<unsigned char>(file[magic.size()]);
  unsigned minor = static_cast<unsigned char>(file[magic.size() + 1]);
  if ((major != 1 && major != 2) || minor != 0)
    return makeError("has .npy format version " + llvm::Twine(major) + "." +
                     llvm::Twine(minor) +
                     ", expected 1.0 or 2.0: save the array with numpy.save");

  size_t lengthBytes = major == 1 ? 2 : 4;
  size_t headerBegin = versionEnd + lengthBytes;
  if (file.size() < headerBegin)
    return makeTruncatedError(file.size(), headerBegin, "header length");
  const char *length = file.data() + versionEnd;
  size_t headerLength = major == 1 ? llvm::support::endian::read16le(length)
                                   : llvm::support::endian::read32le(length);
  return std::make_pair(headerLength, headerBegin);
}

static llvm::Expected<NpyArray> parseArray(llvm::StringRef file) {
  auto preamble = parsePreamble(file);
  if (!preamble)
    return preamble.takeError();
  auto [headerLength, headerBegin] = *preamble;
  if (headerLength > longestHeader)
    return makeError("has a header of " + llvm::Twine(headerLength) +
                     " bytes, the limit is " + llvm::Twine(longestHeader) +
                     ": save the array with numpy.save");
  size_t headerEnd = headerBegin + headerLength;
  if (file.size() < headerEnd)
    return makeTruncatedError(file.size(), headerEnd, "header");

  llvm::Expected<NpyHeader> header =
      parseNpyHeader(file.slice(headerBegin, headerEnd));
  if (!header)
    return header.takeError();
  llvm::Expected<int64_t> size = getNpyByteSize(header->type, header->shape);
  if (!size)
    return size.takeError();
  llvm::StringRef elements = file.drop_front(headerEnd);
  if (elements.size() != static_cast<uint64_t>(*size))
    return makeError("has " + llvm::Twine(elements.size()) +
                     " bytes of elements, expected " + llvm::Twine(*size) +
                     " for " + stringifyNpyType(header->type) + " of shape " +
                     printNpyShape(header->shape) + ": copy or save it again");
  return NpyArray{header->type, std::move(header->shape),
                  std::vector<char>(elements.begin(), elements.end())};
}

llvm::Error NpyArray::checkType(NpyType expected) const {
  if (type == expected)
    return llvm::Error::success();
  return makeError("the array's elements are " + stringifyNpyType(type) +
                   ", expected " + stringifyNpyType(expected) +
                   ": convert with array.astype()");
}

llvm::Expected<NpyArray> colonnade::readNpy(llvm::StringRef path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> file =
      llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                  /*RequiresNullTerminator=*/false);
  if (!file)
    return llvm::createFileError(path, file.getError());
  llvm::Expected<NpyArray> array = parseArray((*file)->getBuffer());
  if (!array)
    return llvm::createFileError(path, array.takeError());
  return array;
}

llvm::Error colonnade::writeNpy(llvm::StringRef path, const NpyArray &array) {
  llvm::Expected<int64_t> size = getNpyByteSize(array.type, array.shape);
  if (!size)
    return llvm::createFileError(path, size.takeError());
  if (array.bytes.size() != static_cast<uint64_t>(*size))
    return llvm::createFileError(
        path, makeError("has " + llvm::Twine(array.bytes.size()) +
                        " bytes of elements, expected " + llvm::Twine(*size) +
                        " for " + stringifyNpyType(array.type) + " of shape " +
                        printNpyShape(array.shape)));

  std::string header = printNpyHeader(array.type, array.shape);
  size_t preamble = magic.size() + 2 + 2;
  size_t end = llvm::alignTo(preamble + header.size() + 1, alignment);
  header.resize(end - preamble - 1, ' ');
  header += '\n';
  if (header.size() > longestHeader)
    return llvm::createFileError(
        path, makeError("needs a header of " + llvm::Twine(header.size()) +
                        " bytes for rank " + llvm::Twine(array.shape.size()) +
                        ", the limit is " + llvm::Twine(longestHeader)));
  return writeFile(path, [&](llvm::raw_ostream &stream) {
    char length[2];
    llvm::support::endian::write16le(length, header.size());
    stream << magic << '\1' << '\0';
    stream.write(length, sizeof(length));
    stream << header;
    stream.write(array.bytes.data(), array.bytes.size());
  });
}
