//===- IdxFile.cpp - Reading IDX arrays -----------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// zlib's gzread() passes files through that are not gzipped, so both kinds are
// read alike. Files come from users: every length is checked before it is used,
// and memory is taken as bytes arrive, not as the header promises.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/IdxFile.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include <cerrno>
#include <memory>
#include <zlib.h>

using namespace colonnade;

namespace {
/// A file that is decompressed if it is gzipped.
class DecompressedFile {
public:
  static llvm::Expected<DecompressedFile> open(llvm::StringRef path) {
    errno = 0;
    gzFile file = gzopen(path.str().c_str(), "rb");
    if (!file)
      return llvm::errorCodeToError(
          errno ? std::error_code(errno, std::generic_category())
                : std::make_error_code(std::errc::not_enough_memory));
    return DecompressedFile(file);
  }

  /// At most `limit` bytes, fewer only at the end of the file.
  llvm::Expected<std::vector<char>> read(uint64_t limit) {
    constexpr uint64_t chunk = 1 << 20;
    std::vector<char> bytes;
    while (bytes.size() < limit) {
      size_t begin = bytes.size();
      bytes.resize(begin + std::min(chunk, limit - begin));
      int count = gzread(file.get(), bytes.data() + begin,
                         static_cast<unsigned>(bytes.size() - begin));
      bytes.resize(begin + std::max(count, 0));
      if (llvm::Error error = checkStream(count))
        return error;
      if (count == 0)
        break;
    }
    return bytes;
  }

private:
  explicit DecompressedFile(gzFile file) : file(file, gzclose) {}

  /// A file cut inside its compressed data is no error to gzread() until the
  /// bytes before the cut have been read.
  llvm::Error checkStream(int count) const {
    int code = Z_OK;
    const char *message = gzerror(file.get(), &code);
    if (count >= 0 && code == Z_OK)
      return llvm::Error::success();
    return llvm::createStringError(llvm::Twine("cannot be decompressed (") +
                                   message + "): download or copy it again");
  }

  std::unique_ptr<gzFile_s, int (*)(gzFile)> file;
};
} // namespace

static constexpr unsigned char kUnsignedByte = 0x08;

/// The rank of an array of unsigned bytes.
static llvm::Expected<size_t> parseMagic(llvm::ArrayRef<char> magic) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(magic[i]); };
  if (magic.size() < 4 || byte(0) != 0 || byte(1) != 0)
    return llvm::createStringError(
        "is neither an IDX nor a .npy file: it begins with neither two zero "
        "bytes nor the bytes \\x93 N U M P Y");
  if (byte(2) != kUnsignedByte)
    return llvm::createStringError(
        "has IDX elements of type 0x%02x, expected unsigned bytes (0x08)",
        unsigned(byte(2)));
  return byte(3);
}

static llvm::Error makeTruncatedError(uint64_t size, llvm::StringRef part,
                                      const llvm::Twine &expected) {
  return llvm::createStringError("is cut short: it has " + llvm::Twine(size) +
                                 " bytes of " + part + ", expected " +
                                 expected + ": download or copy it again");
}

/// The extents, and how many elements they make.
static llvm::Expected<std::pair<std::vector<int64_t>, uint64_t>>
readShape(DecompressedFile &file, size_t rank) {
  llvm::Expected<std::vector<char>> bytes = file.read(4 * rank);
  if (!bytes)
    return bytes.takeError();
  if (bytes->size() < 4 * rank)
    return makeTruncatedError(bytes->size(), "extents", llvm::Twine(4 * rank));
  std::vector<int64_t> shape;
  uint64_t elements = 1;
  for (size_t i = 0; i < rank; ++i) {
    shape.push_back(llvm::support::endian::read32be(bytes->data() + 4 * i));
    bool overflow = false;
    elements =
        llvm::SaturatingMultiply(elements, uint64_t(shape.back()), &overflow);
    if (overflow)
      return llvm::createStringError(
          "has extents whose product 64 bits cannot count");
  }
  return std::make_pair(std::move(shape), elements);
}

static llvm::Expected<NpyArray> readIdxArray(llvm::StringRef path) {
  llvm::Expected<DecompressedFile> file = DecompressedFile::open(path);
  if (!file)
    return file.takeError();
  llvm::Expected<std::vector<char>> magic = file->read(4);
  if (!magic)
    return magic.takeError();
  llvm::Expected<size_t> rank = parseMagic(*magic);
  if (!rank)
    return rank.takeError();
  auto shape = readShape(*file, *rank);
  if (!shape)
    return shape.takeError();
  auto &[extents, count] = *shape;
  llvm::Expected<std::vector<char>> elements = file->read(count);
  if (!elements)
    return elements.takeError();
  if (elements->size() < count)
    return makeTruncatedError(elements->size(), "elements", llvm::Twine(count));
  llvm::Expected<std::vector<char>> rest = file->read(1);
  if (!rest)
    return rest.takeError();
  if (!rest->empty())
    return llvm::createStringError(
        "goes on after its %llu elements: download or copy it again",
        static_cast<unsigned long long>(count));
  return NpyArray{NpyType::UInt8, std::move(extents), std::move(*elements)};
}

llvm::Expected<NpyArray> colonnade::readIdx(llvm::StringRef path) {
  llvm::Expected<NpyArray> array = readIdxArray(path);
  if (!array)
    return llvm::createFileError(path, array.takeError());
  return array;
}

llvm::Expected<NpyArray> colonnade::readArray(llvm::StringRef path) {
  llvm::Expected<DecompressedFile> file = DecompressedFile::open(path);
  if (!file)
    return llvm::createFileError(path, file.takeError());
  llvm::Expected<std::vector<char>> begin = file->read(1);
  if (!begin)
    return llvm::createFileError(path, begin.takeError());
  bool isIdx = !begin->empty() && begin->front() == 0;
  return isIdx ? readIdx(path) : readNpy(path);
}
