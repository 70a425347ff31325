//===- ImageInputTest.cpp - Network inputs from image files --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pixels are normalised in double precision, rounded once and cut into patches;
// floats pass through; files that hold no images are refused.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/ImageInput.h"
#include "Errors.h"
#include "TemporaryDirectory.h"
#include "gmock/gmock.h"
#include <cmath>
#include <limits>

using namespace colonnade;
using testing::HasSubstr;

namespace {

template <typename ElementT>
std::string write(const TemporaryDirectory &directory,
                  llvm::ArrayRef<ElementT> values,
                  llvm::ArrayRef<int64_t> shape) {
  std::string path = directory.getPath("images.npy");
  EXPECT_EQ(getMessage(writeNpy(path, NpyArray::get(values, shape))), "");
  return path;
}

TEST(ImageInputTest, NormalizesPixelsInDoublePrecision) {
  std::vector<uint8_t> pixels(256);
  for (int pixel = 0; pixel < 256; ++pixel)
    pixels[pixel] = uint8_t(pixel);
  std::vector<float> values(256);
  normalizePixels(pixels, {0.1307, 0.3081}, values);
  for (int pixel = 0; pixel < 256; ++pixel)
    EXPECT_EQ(values[pixel], float((pixel / 255.0 - 0.1307) / 0.3081));
}

TEST(ImageInputTest, ReadsTheImageAsked) {
  TemporaryDirectory directory;
  std::vector<uint8_t> pixels = {0, 255, 51, 102, 153, 204};
  auto images =
      getValue(ImageSet::read(write<uint8_t>(directory, pixels, {3, 1, 2})));
  ASSERT_TRUE(images);
  EXPECT_EQ(images->getCount(), 3);
  EXPECT_EQ(images->getImageElements(), 2);
  std::vector<float> values(2);
  images->getInput(2, {0.0, 1.0}, values);
  EXPECT_EQ(values, (std::vector<float>{0.6f, 0.8f}));
}

TEST(ImageInputTest, FloatsAreNotNormalized) {
  TemporaryDirectory directory;
  std::vector<float> inputs = {1.5f, -2.0f, 3.25f, 0.1f};
  auto images =
      getValue(ImageSet::read(write<float>(directory, inputs, {2, 2})));
  ASSERT_TRUE(images);
  std::vector<float> values(2);
  images->getInput(1, {0.5, 2.0}, values);
  EXPECT_EQ(values, (std::vector<float>{3.25f, 0.1f}));
}

TEST(ImageInputTest, ChecksTheImageShape) {
  TemporaryDirectory directory;
  std::vector<uint8_t> pixels(12);
  auto images =
      getValue(ImageSet::read(write<uint8_t>(directory, pixels, {2, 3, 2})));
  ASSERT_TRUE(images);
  EXPECT_EQ(getMessage(images->checkImageShape({1, 1, 3, 2})), "");
  EXPECT_THAT(getMessage(images->checkImageShape({1, 1, 3, 3})),
              HasSubstr("expected inputs of the network's shape "
                        "[1, 1, 3, 3], got inputs of [3, 2]"));
}

TEST(ImageInputTest, AsManyElementsAreNotTheSameShape) {
  TemporaryDirectory directory;
  std::vector<uint8_t> pixels(2 * 28 * 28);
  auto images =
      getValue(ImageSet::read(write<uint8_t>(directory, pixels, {2, 28, 28})));
  ASSERT_TRUE(images);
  EXPECT_THAT(getMessage(images->checkImageShape({1, 49, 16})),
              HasSubstr("expected inputs of the network's shape [1, 49, 16], "
                        "got inputs of [28, 28]; a network of patches needs "
                        "patches=<side>"));
  EXPECT_EQ(getMessage(images->checkImageShape({1, 49, 16}, {0.0, 1.0, 4})),
            "");
  EXPECT_EQ(getMessage(images->checkImageShape({1, 784})), "");
  EXPECT_NE(getMessage(images->checkImageShape({1, 783})), "");
}

TEST(ImageInputTest, TheOrderOfChannelsIsTheNetworks) {
  TemporaryDirectory directory;
  std::vector<uint8_t> pixels(2 * 4 * 5 * 3);
  auto images =
      getValue(ImageSet::read(write<uint8_t>(directory, pixels, {2, 4, 5, 3})));
  ASSERT_TRUE(images);
  EXPECT_EQ(getMessage(images->checkImageShape({1, 4, 5, 3})), "");
  EXPECT_THAT(getMessage(images->checkImageShape({1, 3, 4, 5})),
              HasSubstr("the network's shape [1, 3, 4, 5], got inputs of "
                        "[4, 5, 3]"));
}

TEST(ImageInputTest, RefusesWhatHoldsNoImages) {
  TemporaryDirectory directory;
  std::vector<int32_t> integers(4);
  EXPECT_THAT(
      getMessage(ImageSet::read(write<int32_t>(directory, integers, {2, 2}))),
      HasSubstr("expected images of uint8 or float32, got int32"));
  std::vector<uint8_t> pixels(4);
  EXPECT_THAT(
      getMessage(ImageSet::read(write<uint8_t>(directory, pixels, {4}))),
      HasSubstr("expected an array of images, [count, ...], got shape "
                "[4]"));
  EXPECT_THAT(
      getMessage(ImageSet::read(write<uint8_t>(directory, {}, {0, 28, 28}))),
      HasSubstr("expected at least one image, got shape [0, 28, 28]"));
  EXPECT_THAT(getMessage(ImageSet::read(directory.getPath("missing.npy"))),
              HasSubstr("missing.npy"));
}

TEST(ImageInputTest, ChecksTheShapeOfFloats) {
  TemporaryDirectory directory;
  std::vector<float> inputs(12);
  auto images =
      getValue(ImageSet::read(write<float>(directory, inputs, {2, 1, 3, 2})));
  ASSERT_TRUE(images);
  EXPECT_EQ(getMessage(images->checkImageShape({3, 2})), "");
  EXPECT_EQ(getMessage(images->checkImageShape({1, 3, 1, 2})), "");
  EXPECT_THAT(getMessage(images->checkImageShape({1, 2, 3})),
              HasSubstr("expected inputs of the network's shape [1, 2, 3], "
                        "got inputs of [1, 3, 2]"));
}

TEST(ImageInputTest, RefusesInputsThatAreNotFinite) {
  TemporaryDirectory directory;
  float infinity = std::numeric_limits<float>::infinity();
  EXPECT_THAT(
      getMessage(ImageSet::read(
          write<float>(directory, {0.0f, 1.0f, 2.0f, NAN}, {2, 2}))),
      HasSubstr("expected finite inputs, got NaN in input 1 at element 1"));
  EXPECT_THAT(
      getMessage(ImageSet::read(
          write<float>(directory, {0.0f, 1.0f, -infinity, 0.0f}, {2, 2}))),
      HasSubstr("expected finite inputs, got infinity in input 1 at element "
                "0"));
}

/// The definition: x[r * columns + q][(c * side + u) * side + v] =
/// a[c][side * r + u][side * q + v].
TEST(ImageInputTest, CutsPatches) {
  constexpr int64_t kChannels = 2, kHeight = 4, kWidth = 6, kSide = 2;
  TemporaryDirectory directory;
  std::vector<uint8_t> pixels(2 * kChannels * kHeight * kWidth);
  for (auto [position, pixel] : llvm::enumerate(pixels))
    pixel = uint8_t(position);
  auto images = getValue(ImageSet::read(
      write<uint8_t>(directory, pixels, {2, kChannels, kHeight, kWidth})));
  ASSERT_TRUE(images);
  PixelNormalization normalization{0.25, 0.5, kSide};
  ASSERT_EQ(getMessage(images->checkImageShape({1, 6, 8}, normalization)), "");
  std::vector<float> values(kChannels * kHeight * kWidth);
  images->getInput(1, normalization, values);
  size_t place = 0;
  for (int64_t row = 0; row < kHeight / kSide; ++row)
    for (int64_t column = 0; column < kWidth / kSide; ++column)
      for (int64_t channel = 0; channel < kChannels; ++channel)
        for (int64_t u = 0; u < kSide; ++u)
          for (int64_t v = 0; v < kSide; ++v) {
            int64_t pixel =
                ((kChannels + channel) * kHeight + kSide * row + u) * kWidth +
                kSide * column + v;
            EXPECT_EQ(values[place++],
                      float((double(pixels[pixel]) / 255 - 0.25) / 0.5));
          }
}

TEST(ImageInputTest, RefusesPatchesThatDoNotFit) {
  TemporaryDirectory directory;
  std::vector<uint8_t> pixels(48);
  auto images =
      getValue(ImageSet::read(write<uint8_t>(directory, pixels, {2, 4, 6})));
  ASSERT_TRUE(images);
  EXPECT_THAT(
      getMessage(images->checkImageShape({6, 4}, {0.0, 1.0, 4})),
      HasSubstr("expected images [height, width] or [channels, height, width] "
                "that patches of side 4 cover, got images of [4, 6]"));
  EXPECT_THAT(
      getMessage(images->checkImageShape({4, 6}, {0.0, 1.0, 2})),
      HasSubstr("expected patches that make the network's input [4, 6], got 6 "
                "patches of 4 elements from images of [4, 6]"));
}

TEST(ImageInputTest, ChecksTheNormalization) {
  double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(getMessage(PixelNormalization{0.5, 0.25}.check()), "");
  EXPECT_EQ(getMessage(PixelNormalization{0.5, 0.0}.check()),
            "expected a finite mean and a finite, positive std, got mean 0.5 "
            "and std 0");
  EXPECT_EQ(getMessage(PixelNormalization{0.5, 0.25, -1}.check()),
            "expected patches of a side of at least 0 (0: none), got -1");
  for (PixelNormalization bad :
       {PixelNormalization{infinity, 1.0}, PixelNormalization{NAN, 1.0},
        PixelNormalization{0.0, -1.0}, PixelNormalization{0.0, infinity},
        PixelNormalization{0.0, NAN}})
    EXPECT_NE(getMessage(bad.check()), "");
}

} // namespace
