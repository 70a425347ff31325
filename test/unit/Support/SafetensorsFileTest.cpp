//===- SafetensorsFileTest.cpp - Round trips and bad files ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Generated sets of arrays survive a round trip byte for byte; cut files and
// headers that do not fit their data are noticed.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/SafetensorsFile.h"
#include "Errors.h"
#include "RandomCases.h"
#include "TemporaryDirectory.h"
#include "gmock/gmock.h"

using namespace colonnade;
using testing::AllOf;
using testing::HasSubstr;

static NpyArray makeArray(RandomCases &random) {
  NpyArray array;
  array.type = static_cast<NpyType>(random.getInteger(0, 5));
  array.shape.resize(random.getInteger(0, 3));
  int64_t bytes = getNpyTypeSize(array.type);
  for (int64_t &extent : array.shape)
    bytes *= extent = random.getInteger(0, 5);
  for (int64_t i = 0; i < bytes; ++i)
    array.bytes.push_back(char(random.getInteger(0, 255)));
  return array;
}

static NamedArrays makeContent(RandomCases &random) {
  NamedArrays content;
  int64_t count = random.getInteger(0, 6);
  for (int64_t i = 0; i < count; ++i)
    content
        .arrays["layer" + std::to_string(random.getInteger(0, 99)) + ".\"w\""] =
        makeArray(random);
  if (random.getInteger(0, 1))
    content.metadata = {{"step", "17"}, {"a key", "a \"value\""}};
  return content;
}

static std::string makeFile(const std::string &header, llvm::StringRef data) {
  std::string file;
  for (int byte = 0; byte < 8; ++byte)
    file += char(uint64_t(header.size()) >> (8 * byte));
  return file + header + data.str();
}

static std::string getReadError(llvm::StringRef bytes) {
  TemporaryDirectory directory;
  return getMessage(readSafetensors(directory.write("bad.safetensors", bytes)));
}

TEST(SafetensorsFileTest, RoundTrip) {
  RandomCases random(1);
  for (int i = 0; i < 50; ++i) {
    NamedArrays content = makeContent(random);
    TemporaryDirectory directory;
    std::string path = directory.getPath("a.safetensors");
    ASSERT_FALSE(bool(writeSafetensors(path, content)));
    auto read = getValue(readSafetensors(path));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->metadata, content.metadata);
    ASSERT_EQ(read->arrays.size(), content.arrays.size());
    for (const auto &[name, array] : content.arrays) {
      const NpyArray &other = read->arrays[name];
      EXPECT_EQ(other.type, array.type);
      EXPECT_EQ(other.shape, array.shape);
      EXPECT_EQ(other.bytes, array.bytes);
    }
  }
}

TEST(SafetensorsFileTest, HasTheFormatOfTheReferenceImplementation) {
  NamedArrays content;
  content.arrays["b"] = NpyArray::get<float>({1.0f, 2.0f}, {2});
  content.arrays["a"] = NpyArray::get<int8_t>({3}, {1, 1});
  content.metadata["step"] = "4";
  TemporaryDirectory directory;
  std::string path = directory.getPath("a.safetensors");
  ASSERT_FALSE(bool(writeSafetensors(path, content)));
  std::string header =
      R"({"__metadata__":{"step":"4"},)"
      R"("b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
      R"("a":{"dtype":"I8","shape":[1,1],"data_offsets":[8,9]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  std::string data("\0\0\x80\x3f\0\0\0\x40\3", 9);
  EXPECT_EQ(TemporaryDirectory::read(path), makeFile(header, data));
}

TEST(SafetensorsFileTest, EveryCutIsNoticed) {
  std::string file = makeFile(
      R"({"a":{"dtype":"I8","shape":[3],"data_offsets":[0,3]}})", "abc");
  EXPECT_EQ(getReadError(file), "");
  for (size_t size = 0; size < file.size(); ++size)
    EXPECT_NE(getReadError(llvm::StringRef(file).take_front(size)), "") << size;
}

TEST(SafetensorsFileTest, ErrorsNameValueLimitAndFix) {
  EXPECT_THAT(getReadError("abc"),
              AllOf(HasSubstr("bad.safetensors"), HasSubstr("3 bytes")));
  EXPECT_THAT(getReadError(std::string(8, '\x7f') + "{}"),
              HasSubstr("the limit is 2"));
  EXPECT_THAT(getReadError(makeFile("[]", "")), HasSubstr("no JSON object"));
  EXPECT_THAT(
      getReadError(makeFile(
          R"({"a":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}})", "ab")),
      AllOf(HasSubstr("array 'a'"), HasSubstr("'F16', expected U8")));
  EXPECT_THAT(
      getReadError(makeFile(
          R"({"a":{"dtype":"I8","shape":[2],"data_offsets":[0,1]}})", "a")),
      HasSubstr("has 1 bytes, expected 2 for I8 of shape (2,)"));
  EXPECT_THAT(
      getReadError(makeFile(
          R"({"a":{"dtype":"I8","shape":[1],"data_offsets":[1,2]}})", "ab")),
      HasSubstr("byte 0 of 2"));
  EXPECT_THAT(getReadError(makeFile(
                  R"({"a":{"dtype":"I8","shape":[2],"data_offsets":[0,2]},)"
                  R"("b":{"dtype":"I8","shape":[2],"data_offsets":[1,3]}})",
                  "abc")),
              HasSubstr("overlap"));
  EXPECT_THAT(getReadError(makeFile(R"({"__metadata__":{"a":1}})", "")),
              HasSubstr("__metadata__"));
}

TEST(SafetensorsFileTest, ShapesAndBytesMustAgree) {
  NamedArrays content;
  content.arrays["a"] = NpyArray{NpyType::Float32, {2}, {0, 0, 0, 0}};
  TemporaryDirectory directory;
  std::string path = directory.getPath("a.safetensors");
  EXPECT_THAT(getMessage(writeSafetensors(path, content)),
              HasSubstr("array 'a' has 4 bytes, expected 8"));
  EXPECT_TRUE(directory.list().empty());
}
