//===- ImageInput.cpp - Network inputs from image files ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one place where pixels become network inputs.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/ImageInput.h"
#include "colonnade/Numerics/Quantization.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <cstring>

using namespace colonnade;

llvm::Error PixelNormalization::check() const {
  if (std::isfinite(mean) && std::isfinite(std) && std > 0)
    return llvm::Error::success();
  return llvm::createStringError(
      "expected a finite mean and a finite, positive std, got mean %g and "
      "std %g",
      mean, std);
}

void colonnade::normalizePixels(llvm::ArrayRef<uint8_t> pixels,
                                const PixelNormalization &normalization,
                                llvm::MutableArrayRef<float> values) {
  for (auto [pixel, value] : llvm::zip_equal(pixels, values))
    value =
        float((double(pixel) / 255 - normalization.mean) / normalization.std);
}

static std::string printShape(llvm::ArrayRef<int64_t> shape) {
  return "[" +
         llvm::join(llvm::map_range(
                        shape, [](int64_t dim) { return llvm::itostr(dim); }),
                    ", ") +
         "]";
}

llvm::Expected<ImageSet> ImageSet::read(llvm::StringRef path) {
  llvm::Expected<NpyArray> array = readNpy(path);
  if (!array)
    return array.takeError();
  if (array->type != NpyType::UInt8 && array->type != NpyType::Float32)
    return llvm::createStringError(
        path + ": expected images of uint8 or float32, got " +
        stringifyNpyType(array->type));
  if (array->shape.size() < 2)
    return llvm::createStringError(
        path + ": expected an array of images, [count, ...], got shape " +
        printShape(array->shape));
  if (array->getNumElements() == 0)
    return llvm::createStringError(path +
                                   ": expected at least one image, got shape " +
                                   printShape(array->shape));
  return ImageSet(path.str(), std::move(*array));
}

int64_t ImageSet::getImageElements() const {
  return array.getNumElements() / getCount();
}

llvm::Error
ImageSet::checkImageShape(llvm::ArrayRef<int64_t> inputShape) const {
  int64_t elements = llvm::product_of(inputShape);
  if (elements == getImageElements())
    return llvm::Error::success();
  llvm::ArrayRef<int64_t> imageShape(array.shape);
  return llvm::createStringError(
      path + ": expected images of " + llvm::Twine(elements) +
      " elements, the size of the network's input " + printShape(inputShape) +
      ", got " + llvm::Twine(getImageElements()) + " in images of " +
      printShape(imageShape.drop_front()));
}

void ImageSet::getInput(int64_t index, const PixelNormalization &normalization,
                        llvm::MutableArrayRef<float> values) const {
  size_t elements = values.size();
  if (array.type == NpyType::UInt8) {
    const auto *pixels = reinterpret_cast<const uint8_t *>(array.bytes.data());
    normalizePixels({pixels + index * elements, elements}, normalization,
                    values);
    return;
  }
  std::memcpy(values.data(),
              array.bytes.data() + index * elements * sizeof(float),
              elements * sizeof(float));
}

void ImageSet::getQuantizedInput(int64_t index,
                                 const PixelNormalization &normalization,
                                 double scale,
                                 llvm::MutableArrayRef<int8_t> values) const {
  std::vector<float> reals(values.size());
  getInput(index, normalization, reals);
  for (auto [real, value] : llvm::zip_equal(reals, values))
    value = static_cast<int8_t>(quantizeSymmetric(real, scale));
}
