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

#include "colonnade/Support/NpyFile.h"

namespace colonnade {

/// How a network wants its pixels: (pixel / 255 - mean) / std.
struct PixelNormalization {
  double mean = 0.0;
  double std = 1.0;

  /// Fails unless both are finite and std is positive.
  llvm::Error check() const;
};

/// float((double(pixel) / 255 - mean) / std) of every pixel; `values` is as
/// long as `pixels`.
void normalizePixels(llvm::ArrayRef<uint8_t> pixels,
                     const PixelNormalization &normalization,
                     llvm::MutableArrayRef<float> values);

/// The images of a .npy file: a [count, ...] array of uint8 pixels, which are
/// normalised, or of float32 network inputs, which are not.
class ImageSet {
public:
  /// Fails when the file cannot be read, is of another element type, has no
  /// dimension for the count, or holds no image.
  static llvm::Expected<ImageSet> read(llvm::StringRef path);

  int64_t getCount() const { return array.shape.front(); }
  /// Elements of one image.
  int64_t getImageElements() const;

  /// Fails, with both numbers, unless an image has as many elements as a
  /// network input of the given shape.
  llvm::Error checkImageShape(llvm::ArrayRef<int64_t> inputShape) const;

  /// Network input of image `index`, which is below the count; `values` has
  /// getImageElements() elements.
  void getInput(int64_t index, const PixelNormalization &normalization,
                llvm::MutableArrayRef<float> values) const;

  /// The same as the network's int8 input: quantizeSymmetric at `scale`.
  void getQuantizedInput(int64_t index, const PixelNormalization &normalization,
                         double scale,
                         llvm::MutableArrayRef<int8_t> values) const;

private:
  ImageSet(std::string path, NpyArray array)
      : path(std::move(path)), array(std::move(array)) {}

  std::string path;
  NpyArray array;
};

} // namespace colonnade

#endif // COLONNADE_SUPPORT_IMAGEINPUT_H
