//===- NpyFileTest.cpp - Round trips and bad files ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arrays of every type and shape survive a round trip, NumPy's own files come
// out byte for byte, and generated bad files give errors that say what is
// wrong.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/NpyFile.h"
#include "Errors.h"
#include "RandomCases.h"
#include "TemporaryDirectory.h"
#include "gmock/gmock.h"
#include <limits>

using namespace colonnade;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// A .npy file with this dictionary and these elements.
static std::string makeFile(llvm::StringRef dictionary,
                            llvm::StringRef elements, char major = 1) {
  std::string file = "\x93NUMPY";
  file += major;
  file += '\0';
  for (int byte = 0; byte < (major == 1 ? 2 : 4); ++byte)
    file += static_cast<char>(dictionary.size() >> (8 * byte));
  return file + (dictionary + elements).str();
}

static std::string makeDictionary(llvm::StringRef type, llvm::StringRef shape) {
  return ("{'descr': '" + type +
          "', 'fortran_order': False, 'shape': " + shape + ", }\n")
      .str();
}

/// What reading a file of these bytes complains of.
static std::string getReadError(llvm::StringRef bytes) {
  TemporaryDirectory directory;
  return getMessage(readNpy(directory.write("bad.npy", bytes)));
}

static std::optional<NpyArray> readBytes(llvm::StringRef bytes) {
  TemporaryDirectory directory;
  return getValue(readNpy(directory.write("good.npy", bytes)));
}

//===----------------------------------------------------------------------===//
// Good files
//===----------------------------------------------------------------------===//

template <typename ElementT>
static void checkRoundTrip(llvm::ArrayRef<ElementT> values,
                           llvm::ArrayRef<int64_t> shape) {
  TemporaryDirectory directory;
  std::string path = directory.getPath("array.npy");
  EXPECT_EQ(getMessage(writeNpy(path, NpyArray::get(values, shape))), "");
  EXPECT_THAT(directory.list(), ElementsAre("array.npy"));
  std::optional<NpyArray> array = getValue(readNpy(path));
  ASSERT_TRUE(array);
  EXPECT_EQ(array->shape, shape.vec());
  EXPECT_EQ(array->getNumElements(), int64_t(values.size()));
  EXPECT_EQ(getValue(array->getValues<ElementT>()), values);
}

template <typename ElementT> static void checkRandomRoundTrips() {
  RandomCases random(12);
  for (int round = 0; round < 20; ++round) {
    std::vector<int64_t> shape(random.getInteger(0, 4));
    int64_t elements = 1;
    for (int64_t &extent : shape) {
      extent = random.getInteger(round < 5 ? 0 : 1, 6);
      elements *= extent;
    }
    std::vector<ElementT> values;
    while (int64_t(values.size()) < elements)
      values.push_back(static_cast<ElementT>(random.getInteger(-100, 1000)) /
                       ElementT(4));
    checkRoundTrip<ElementT>(values, shape);
  }
}

TEST(NpyFile, RoundTripsOfEveryType) {
  checkRandomRoundTrips<uint8_t>();
  checkRandomRoundTrips<int8_t>();
  checkRandomRoundTrips<int32_t>();
  checkRandomRoundTrips<int64_t>();
  checkRandomRoundTrips<float>();
  checkRandomRoundTrips<double>();
}

TEST(NpyFile, ExtremeValuesSurvive) {
  using Int = std::numeric_limits<int64_t>;
  using Float = std::numeric_limits<float>;
  checkRoundTrip<int64_t>({Int::min(), Int::max(), -1}, {3});
  checkRoundTrip<float>({-0.0f, Float::infinity(), Float::denorm_min()}, {3});
  checkRoundTrip<float>({}, {3, 0, 2});
  checkRoundTrip<double>({1.5}, {});
}

TEST(NpyFile, FilesOfNumPyAreWrittenByteForByte) {
  TemporaryDirectory directory;
  for (llvm::StringRef name :
       {"labels.npy", "calibration.npy", "logits/lenet5-fashion.logits.npy",
        "packing/random16_96x94.npy"}) {
    std::string original = (COLONNADE_TEST_DATA "/" + name).str();
    std::optional<NpyArray> array = getValue(readNpy(original));
    ASSERT_TRUE(array) << name.str();
    std::string copy = directory.getPath("copy.npy");
    EXPECT_EQ(getMessage(writeNpy(copy, *array)), "");
    EXPECT_TRUE(TemporaryDirectory::read(copy) ==
                TemporaryDirectory::read(original))
        << name.str();
  }
}

TEST(NpyFile, TestDataIsWhatItsReadmeSays) {
  std::optional<NpyArray> images =
      getValue(readNpy(COLONNADE_TEST_DATA "/images.npy"));
  ASSERT_TRUE(images);
  EXPECT_EQ(stringifyNpyType(images->type), "uint8");
  EXPECT_THAT(images->shape, ElementsAre(1000, 28, 28));
}

TEST(NpyFile, HeadersMayBeWrittenDifferently) {
  for (llvm::StringRef dictionary :
       {"{'descr':'<i4','fortran_order':False,'shape':(2,)}",
        "{\"shape\": (2, ), \"descr\": \"<i4\", \"fortran_order\": False}",
        " { 'fortran_order' : False , 'shape' : ( 2 , ) , 'descr' : '<i4' } \n",
        "{'descr': '<i4', 'fortran_order': False, 'shape': (2,1,), }"}) {
    std::string elements("\1\0\0\0\xff\xff\xff\xff", 8);
    for (char major : {1, 2}) {
      std::optional<NpyArray> array =
          readBytes(makeFile(dictionary, elements, major));
      ASSERT_TRUE(array) << dictionary.str();
      EXPECT_THAT(*getValue(array->getValues<int32_t>()), ElementsAre(1, -1));
    }
  }
}

//===----------------------------------------------------------------------===//
// Bad files
//===----------------------------------------------------------------------===//

TEST(NpyFile, MissingFilesAreErrors) {
  TemporaryDirectory directory;
  EXPECT_THAT(getMessage(readNpy(directory.getPath("missing.npy"))),
              HasSubstr("missing.npy"));
}

TEST(NpyFile, EveryTruncationIsAnError) {
  for (char major : {1, 2}) {
    std::string file =
        makeFile(makeDictionary("<f4", "(2, 2)"), std::string(16, 'x'), major);
    ASSERT_TRUE(readBytes(file));
    for (size_t size = 0; size < file.size(); ++size)
      EXPECT_THAT(
          getReadError(llvm::StringRef(file).take_front(size)),
          AllOf(HasSubstr("bad.npy"), HasSubstr("expected"),
                HasSubstr(std::to_string(size < file.size() - 16
                                             ? size
                                             : size - (file.size() - 16)))))
          << size;
  }
}

TEST(NpyFile, CorruptedBytesNeverCrash) {
  std::string file =
      makeFile(makeDictionary("<f4", "(2, 2)"), std::string(16, 'x'));
  RandomCases random(3);
  int failed = 0;
  for (int round = 0; round < 500; ++round) {
    std::string corrupted = file;
    corrupted[random.getInteger(0, int64_t(file.size()) - 17)] =
        static_cast<char>(random.getInteger(0, 255));
    failed += !getReadError(corrupted).empty();
  }
  EXPECT_GT(failed, 375);
}

TEST(NpyFile, ForeignFilesAreErrors) {
  EXPECT_THAT(getReadError("PK\3\4 an .npz archive"),
              HasSubstr("is no .npy file"));
  for (char major : {0, 3, 127})
    EXPECT_THAT(getReadError(makeFile(makeDictionary("|u1", "()"), "x", major)),
                HasSubstr("format version " + std::to_string(major) +
                          ".0, expected 1.0 or 2.0"));
}

TEST(NpyFile, SizesThatDisagreeAreErrors) {
  for (int size : {0, 23, 25, 48})
    EXPECT_THAT(getReadError(makeFile(makeDictionary("<f4", "(2, 3)"),
                                      std::string(size, 'x'))),
                HasSubstr("has " + std::to_string(size) +
                          " bytes of elements, expected 24 for float32 of "
                          "shape (2, 3)"));
}

TEST(NpyFile, FortranOrderIsAnError) {
  EXPECT_THAT(getReadError(makeFile("{'descr': '<f4', 'fortran_order': True, "
                                    "'shape': (1,), }\n",
                                    "xxxx")),
              HasSubstr("is in Fortran order, expected C order: save "
                        "numpy.ascontiguousarray"));
}

TEST(NpyFile, OtherElementTypesAreErrors) {
  auto getTypeError = [](llvm::StringRef type) {
    return getReadError(makeFile(makeDictionary(type, "(1,)"), "xxxx"));
  };
  EXPECT_THAT(getTypeError("|O"), HasSubstr("holds Python objects"));
  EXPECT_THAT(getTypeError(">f4"), HasSubstr("is big endian (type '>f4')"));
  for (llvm::StringRef type : {"<f2", "<c8", "|b1", "<u4", "<U3", "=i4", ""})
    EXPECT_THAT(
        getTypeError(type),
        HasSubstr(("has element type '" + type + "', expected uint8").str()));
  EXPECT_THAT(getReadError(makeFile("{'descr': [('a', '<f4')], "
                                    "'fortran_order': False, 'shape': (1,), }",
                                    "xxxx")),
              HasSubstr("holds records"));
}

TEST(NpyFile, ImpossibleShapesAreErrors) {
  auto getShapeError = [](llvm::StringRef shape) {
    return getReadError(makeFile(makeDictionary("<f8", shape), ""));
  };
  EXPECT_THAT(getShapeError("(4294967296, 4294967296)"),
              HasSubstr("exceeds the limit of 2^63 - 1 bytes"));
  EXPECT_THAT(getShapeError("(1152921504606846976,)"),
              HasSubstr("has shape (1152921504606846976,), whose size"));
  EXPECT_THAT(getShapeError("(-1, 3)"),
              HasSubstr("has shape (-1, 3), expected extents of at least 0"));
  EXPECT_THAT(getShapeError("(99999999999999999999,)"),
              HasSubstr("expected an extent of at most 2^63 - 1"));
}

TEST(NpyFile, LongHeadersAreErrors) {
  std::string dictionary = makeDictionary("|u1", "(1,)");
  dictionary.resize(10000, ' ');
  EXPECT_TRUE(readBytes(makeFile(dictionary, "x")));
  dictionary += ' ';
  for (char major : {1, 2})
    EXPECT_THAT(getReadError(makeFile(dictionary, "x", major)),
                HasSubstr("has a header of 10001 bytes, the limit is 10000"));
  // A length of 4 GiB must not be believed.
  EXPECT_THAT(getReadError(std::string("\x93NUMPY\2\0\xff\xff\xff\xff", 12)),
              HasSubstr("has a header of 4294967295 bytes"));
}

TEST(NpyFile, MalformedHeadersAreErrors) {
  for (llvm::StringRef dictionary : {
           "",
           "{",
           "{}",
           "[]",
           "{'descr'}",
           "{'descr': '<f4}",
           "{'descr': 4}",
           "{'descr': '<f4', 'fortran_order': False}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': 3}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (3)}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (3 4)}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
           "{'descr': '<f4', 'fortran_order': 0, 'shape': ()}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': ()} {}",
           "{'descr': '<f4' 'fortran_order': False, 'shape': ()}",
           "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, "
           "'shape': ()}",
           "{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}",
       })
    EXPECT_THAT(getReadError(makeFile(dictionary, "xxxx")),
                AllOf(HasSubstr("bad.npy"), HasSubstr("malformed header"),
                      HasSubstr("save the array again")))
        << dictionary.str();
}

TEST(NpyFile, WrongElementTypesAreErrors) {
  NpyArray array = NpyArray::get<int8_t>({1, 2}, {2});
  EXPECT_EQ(getMessage(array.getValues<float>()),
            "the array's elements are int8, expected float32: convert with "
            "array.astype()");
}

TEST(NpyFile, InconsistentArraysAreNotWritten) {
  TemporaryDirectory directory;
  std::string path = directory.getPath("array.npy");
  EXPECT_THAT(getMessage(writeNpy(path, NpyArray::get<float>({1, 2}, {3}))),
              HasSubstr("has 8 bytes of elements, expected 12 for float32 of "
                        "shape (3,)"));
  EXPECT_THAT(getMessage(writeNpy(path, NpyArray::get<float>({}, {-1}))),
              HasSubstr("expected extents of at least 0"));
  EXPECT_THAT(
      getMessage(writeNpy(
          path, NpyArray::get<int8_t>({1}, std::vector<int64_t>(5000, 1)))),
      HasSubstr("for rank 5000, the limit is 10000"));
  EXPECT_THAT(directory.list(), IsEmpty());
}

TEST(NpyFile, ImpossibleFilesAreNotWritten) {
  TemporaryDirectory directory;
  EXPECT_THAT(getMessage(writeNpy(directory.getPath("missing/array.npy"),
                                  NpyArray::get<float>({1}, {}))),
              HasSubstr("missing/array.npy"));
}
