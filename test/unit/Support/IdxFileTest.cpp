//===- IdxFileTest.cpp - IDX files, gzipped or not, good and bad ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generated arrays are read back from plain and gzipped files; every cut of
// both is noticed.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/IdxFile.h"
#include "Errors.h"
#include "RandomCases.h"
#include "TemporaryDirectory.h"
#include "gmock/gmock.h"
#include <zlib.h>

using namespace colonnade;
using testing::AllOf;
using testing::HasSubstr;

static std::string makeIdx(llvm::ArrayRef<int64_t> shape,
                           llvm::StringRef elements, char type = 8) {
  std::string file{0, 0, type, char(shape.size())};
  for (int64_t extent : shape)
    for (int shift : {24, 16, 8, 0})
      file += char(extent >> shift);
  return file + elements.str();
}

static std::string gzip(llvm::StringRef bytes) {
  TemporaryDirectory directory;
  std::string path = directory.getPath("packed.gz");
  gzFile file = gzopen(path.c_str(), "wb");
  EXPECT_EQ(gzwrite(file, bytes.data(), bytes.size()), int(bytes.size()));
  EXPECT_EQ(gzclose(file), Z_OK);
  return TemporaryDirectory::read(path);
}

static std::string getReadError(llvm::StringRef bytes) {
  TemporaryDirectory directory;
  return getMessage(readIdx(directory.write("bad.idx", bytes)));
}

TEST(IdxFileTest, PlainAndGzippedFilesAreRead) {
  RandomCases random(1);
  for (int i = 0; i < 50; ++i) {
    std::vector<int64_t> shape(random.getInteger(0, 4));
    int64_t elements = 1;
    for (int64_t &value : shape)
      elements *= value = random.getInteger(0, 9);
    std::string bytes;
    for (int64_t i = 0; i < elements; ++i)
      bytes += char(random.getInteger(0, 255));
    TemporaryDirectory directory;
    std::string idx = makeIdx(shape, bytes);
    for (const std::string &file : {idx, gzip(idx)}) {
      std::string path = directory.write("a.idx", file);
      for (auto array : {getValue(readIdx(path)), getValue(readArray(path))}) {
        ASSERT_TRUE(array);
        EXPECT_EQ(array->type, NpyType::UInt8);
        EXPECT_EQ(array->shape, shape);
        EXPECT_EQ(std::string(array->bytes.begin(), array->bytes.end()), bytes);
      }
    }
  }
}

TEST(IdxFileTest, EveryCutIsNoticed) {
  std::string idx = makeIdx({2, 3}, "abcdef");
  std::string packed = gzip(idx);
  for (size_t size = 0; size < idx.size(); ++size)
    EXPECT_NE(getReadError(llvm::StringRef(idx).take_front(size)), "") << size;
  for (size_t size = 0; size < packed.size(); ++size)
    EXPECT_NE(getReadError(llvm::StringRef(packed).take_front(size)), "")
        << size;
}

TEST(IdxFileTest, ErrorsNameValueLimitAndFix) {
  EXPECT_THAT(getReadError(makeIdx({2, 3}, "abcd")),
              AllOf(HasSubstr("bad.idx"),
                    HasSubstr("4 bytes of elements, expected 6"),
                    HasSubstr("again")));
  EXPECT_THAT(getReadError(makeIdx({2}, "abc")),
              HasSubstr("goes on after its 2 elements"));
  EXPECT_THAT(getReadError(makeIdx({2}, "abcdefgh", 0x0D)),
              HasSubstr("type 0x0d, expected unsigned bytes (0x08)"));
  EXPECT_THAT(getReadError("PNG"), HasSubstr("neither an IDX nor a .npy file"));
  int64_t huge = 0xffffffff;
  EXPECT_THAT(getReadError(makeIdx({huge, huge, huge}, "")),
              HasSubstr("64 bits cannot count"));
  EXPECT_THAT(getReadError(makeIdx({huge, 2}, "abc")),
              HasSubstr("3 bytes of elements, expected 8589934590"));
  std::string flipped = gzip(makeIdx({2}, "ab"));
  flipped[flipped.size() - 6] ^= 1;
  EXPECT_THAT(getReadError(flipped), HasSubstr("cannot be decompressed"));
  EXPECT_THAT(getMessage(readIdx("/nowhere/images")),
              HasSubstr("No such file"));
}

TEST(IdxFileTest, NpyFilesAreToldApart) {
  TemporaryDirectory directory;
  std::string path = directory.getPath("a.npy");
  auto written = NpyArray::get<float>({1.0f, 2.0f}, {2});
  ASSERT_FALSE(bool(writeNpy(path, written)));
  auto array = getValue(readArray(path));
  ASSERT_TRUE(array);
  EXPECT_EQ(array->type, NpyType::Float32);
  EXPECT_EQ(array->bytes, written.bytes);
}
