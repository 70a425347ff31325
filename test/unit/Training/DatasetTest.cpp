//===- DatasetTest.cpp - Labeled images in shuffled batches ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batches hold the images asked for, bad data is refused, and an epoch's order
// is a permutation that depends on seed and epoch.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/Dataset.h"
#include "Errors.h"
#include "TemporaryDirectory.h"
#include "gmock/gmock.h"
#include <numeric>

using namespace colonnade;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
/// Three images of 1x2 pixels with labels 4, 0, 2.
class DatasetTest : public testing::Test {
protected:
  void SetUp() override {
    llvm::cantFail(
        writeNpy(images, NpyArray::get<uint8_t>({0, 255, 51, 102, 153, 204},
                                                {3, 1, 2})));
    llvm::cantFail(writeNpy(labels, NpyArray::get<uint8_t>({4, 0, 2}, {3})));
  }

  llvm::Expected<Dataset> read(int64_t classes, int64_t limit = 0) {
    return Dataset::read(images, labels, {}, {1, 1, 2}, classes, limit);
  }

  TemporaryDirectory directory;
  std::string images = directory.getPath("images.npy");
  std::string labels = directory.getPath("labels.npy");
};
} // namespace

TEST_F(DatasetTest, BatchesHoldTheImagesAskedFor) {
  auto dataset = getValue(read(5));
  ASSERT_TRUE(dataset);
  EXPECT_EQ(dataset->getCount(), 3);
  float inputs[4];
  int32_t batchLabels[2];
  dataset->getBatch({2, 0}, inputs, batchLabels);
  EXPECT_THAT(inputs, ElementsAre(0.6f, 0.8f, 0.0f, 1.0f));
  EXPECT_THAT(batchLabels, ElementsAre(2, 4));
}

TEST_F(DatasetTest, ALimitTakesTheFirst) {
  auto dataset = getValue(read(5, 2));
  ASSERT_TRUE(dataset);
  EXPECT_THAT(dataset->getLabels(), ElementsAre(4, 0));
}

TEST_F(DatasetTest, BadDataIsRefused) {
  EXPECT_THAT(getMessage(read(4)),
              HasSubstr("expected labels below 4, the number of logits, got 4 "
                        "for image 0"));
  llvm::cantFail(writeNpy(labels, NpyArray::get<uint8_t>({4, 0}, {2})));
  EXPECT_THAT(getMessage(read(5)), HasSubstr("expected 3 labels"));
  EXPECT_THAT(getMessage(Dataset::read(images, labels, {}, {1, 3}, 5)),
              HasSubstr("the network's shape [1, 3], got inputs of [1, 2]"));
}

TEST(ShuffledOrderTest, IsAPermutationOfSeedAndEpoch) {
  for (int64_t count : {0, 1, 2, 1000}) {
    std::vector<uint32_t> sorted = getShuffledOrder(7, 3, count);
    llvm::sort(sorted);
    std::vector<uint32_t> all(count);
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(sorted, all);
  }
  EXPECT_EQ(getShuffledOrder(7, 3, 1000), getShuffledOrder(7, 3, 1000));
  EXPECT_NE(getShuffledOrder(7, 3, 1000), getShuffledOrder(7, 4, 1000));
  EXPECT_NE(getShuffledOrder(7, 3, 1000), getShuffledOrder(8, 3, 1000));
  // The standard fixes what the engine gives, so this holds on every machine.
  EXPECT_THAT(getShuffledOrder(1, 0, 8), ElementsAre(7, 6, 0, 5, 2, 3, 1, 4));
}
