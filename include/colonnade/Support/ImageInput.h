//===- ImageInput.h - Network inputs from image files ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibration and simulation must see the same numbers for the same pixels, so
// both read and normalise images here.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SUPPORT_IMAGEINPUT_H
#define COLONNADE_SUPPORT_IMAGEINPUT_H

#include "colonnade/Numerics/Quantization.h"
#include "colonnade/Support/NpyFile.h"
#include <array>

namespace colonnade {

/// How a network wants its pixels: (pixel / 255 - mean) / std, image by image
/// or patch by patch.
struct PixelNormalization {
  double mean = 0.0;
  double std = 1.0;
  /// Side of the square patches that an image [height, width] or [channels,
  /// height, width] is cut into, row by row; a patch is one row of the input,
  /// its channels, lines and columns in that order. 0 leaves images whole.
  int64_t patchSide = 0;

  /// Fails unless mean and std are finite, std is positive and the side of a
  /// patch is not negative.
  llvm::Error check() const;
};

/// float((double(pixel) / 255 - mean) / std) of every pixel; `values` is as
/// long as `pixels`.
void normalizePixels(llvm::ArrayRef<uint8_t> pixels,
                     const PixelNormalization &normalization,
                     llvm::MutableArrayRef<float> values);

/// The images of a .npy or IDX file: a [count, ...] array of uint8 pixels,
/// which are normalised and cut into patches, or of float32 network inputs,
/// which are taken as they are.
class ImageSet {
public:
  /// Fails when the file cannot be read, is of another element type, has no
  /// dimension for the count, holds no image, or an input is not finite.
  static llvm::Expected<ImageSet> read(llvm::StringRef path);

  int64_t getCount() const { return array.shape.front(); }
  /// Elements of one image.
  int64_t getImageElements() const;

  /// Fails, with both shapes, unless the images, or their patches, have the
  /// shape of the network's input; extents of 1 do not count. As many elements
  /// are not enough: pixels of another order of axes, [height, width,
  /// channels] for [channels, height, width], would be taken for others. Only a
  /// flat input, [elements], takes uint8 images of any shape, in their order.
  llvm::Error
  checkImageShape(llvm::ArrayRef<int64_t> inputShape,
                  const PixelNormalization &normalization = {}) const;

  /// Network input of image `index`, which is below the count; `values` has
  /// getImageElements() elements. The shape has been checked.
  void getInput(int64_t index, const PixelNormalization &normalization,
                llvm::MutableArrayRef<float> values) const;

  /// The same as the network's int8 input, by quantizeInt8.
  void getQuantizedInput(int64_t index, const PixelNormalization &normalization,
                         Int8Form form,
                         llvm::MutableArrayRef<int8_t> values) const;

private:
  ImageSet(std::string path, NpyArray array)
      : path(std::move(path)), array(std::move(array)) {}

  llvm::Error checkFinite() const;
  /// Fails unless the images can be cut into such patches and make an input of
  /// this shape.
  llvm::Error checkPatches(llvm::ArrayRef<int64_t> inputShape,
                           int64_t patchSide) const;
  /// Channels, height and width of the images; 1 channel if they have none.
  std::array<int64_t, 3> getImageExtents() const;

  std::string path;
  NpyArray array;
};

} // namespace colonnade

#endif // COLONNADE_SUPPORT_IMAGEINPUT_H
