//===- LabelsTest.cpp - The classes of images -----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Labels are read from both kinds of files, and too few of them are noticed;
// the largest logit decides, of equal ones the first.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/Labels.h"
#include "Errors.h"
#include "TemporaryDirectory.h"
#include "colonnade/Support/NpyFile.h"
#include "gmock/gmock.h"

using namespace colonnade;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

TEST(LabelsTest, AreReadFromNpyAndIdx) {
  TemporaryDirectory directory;
  std::string npy = directory.getPath("labels.npy");
  ASSERT_FALSE(bool(writeNpy(npy, NpyArray::get<uint8_t>({3, 1, 2}, {3}))));
  std::string idx = directory.write(
      "labels.idx", llvm::StringRef("\0\0\x08\1\0\0\0\3\3\1\2", 11));
  for (const std::string &path : {npy, idx}) {
    EXPECT_THAT(getValue(readLabels(path, 3)), Optional(ElementsAre(3, 1, 2)));
    EXPECT_THAT(getValue(readLabels(path, 2)), Optional(ElementsAre(3, 1)));
    EXPECT_THAT(getMessage(readLabels(path, 4)),
                HasSubstr("expected 4 labels, one for each image, got 3"));
  }
}

TEST(LabelsTest, OtherElementsAreRefused) {
  TemporaryDirectory directory;
  std::string path = directory.getPath("labels.npy");
  ASSERT_FALSE(bool(writeNpy(path, NpyArray::get<int64_t>({3}, {1}))));
  EXPECT_THAT(getMessage(readLabels(path, 1)),
              HasSubstr("labels.npy': the array's elements are int64"));
}

TEST(LabelsTest, TheFirstLargestLogitDecides) {
  EXPECT_EQ(countCorrect({}, {}), 0);
  EXPECT_EQ(countCorrect({1.0f, 2.0f, 2.0f, 3.0f, 3.0f, -1.0f}, {1, 1}), 1);
  EXPECT_EQ(countCorrect({1.0f, 2.0f, 0.0f, 3.0f, 3.0f, -1.0f}, {1, 0}), 2);
}
