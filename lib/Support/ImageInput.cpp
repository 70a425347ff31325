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
#include "colonnade/Support/IdxFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <cstring>

using namespace colonnade;

llvm::Error PixelNormalization::check() const {
  if (patchSide < 0)
    return llvm::createStringError("expected patches of a side of at least 0 "
                                   "(0: none), got " +
                                   llvm::Twine(patchSide));
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
  llvm::Expected<NpyArray> array = readArray(path);
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
  ImageSet images(path.str(), std::move(*array));
  if (llvm::Error error = images.checkFinite())
    return std::move(error);
  return images;
}

int64_t ImageSet::getImageElements() const {
  return array.getNumElements() / getCount();
}

llvm::Error ImageSet::checkFinite() const {
  if (array.type != NpyType::Float32)
    return llvm::Error::success();
  llvm::ArrayRef<float> values = llvm::cantFail(array.getValues<float>());
  const float *wrong =
      llvm::find_if(values, [](float value) { return !std::isfinite(value); });
  if (wrong == values.end())
    return llvm::Error::success();
  int64_t position = wrong - values.begin();
  return llvm::createStringError(
      path + ": expected finite inputs, got " +
      (std::isnan(*wrong) ? "NaN" : "infinity") + " in input " +
      llvm::Twine(position / getImageElements()) + " at element " +
      llvm::Twine(position % getImageElements()));
}

static llvm::SmallVector<int64_t>
dropExtentsOfOne(llvm::ArrayRef<int64_t> shape) {
  llvm::SmallVector<int64_t> rest;
  llvm::copy_if(shape, std::back_inserter(rest),
                [](int64_t extent) { return extent != 1; });
  return rest;
}

std::array<int64_t, 3> ImageSet::getImageExtents() const {
  llvm::ArrayRef<int64_t> shape = llvm::ArrayRef(array.shape).drop_front();
  return {shape.size() == 3 ? shape[0] : 1, shape[shape.size() - 2],
          shape.back()};
}

llvm::Error ImageSet::checkPatches(llvm::ArrayRef<int64_t> inputShape,
                                   int64_t patchSide) const {
  auto imageShape = llvm::ArrayRef(array.shape).drop_front();
  bool isImage = imageShape.size() == 2 || imageShape.size() == 3;
  if (!isImage || imageShape.back() % patchSide != 0 ||
      imageShape[imageShape.size() - 2] % patchSide != 0)
    return llvm::createStringError(
        path +
        ": expected images [height, width] or [channels, height, "
        "width] that patches of side " +
        llvm::Twine(patchSide) + " cover, got images of " +
        printShape(imageShape));
  auto [channels, height, width] = getImageExtents();
  int64_t patches = (height / patchSide) * (width / patchSide);
  int64_t elements = channels * patchSide * patchSide;
  if (dropExtentsOfOne({patches, elements}) == dropExtentsOfOne(inputShape))
    return llvm::Error::success();
  return llvm::createStringError(
      path + ": expected patches that make the network's input " +
      printShape(inputShape) + ", got " + llvm::Twine(patches) +
      " patches of " + llvm::Twine(elements) + " elements from images of " +
      printShape(imageShape));
}

llvm::Error
ImageSet::checkImageShape(llvm::ArrayRef<int64_t> inputShape,
                          const PixelNormalization &normalization) const {
  bool isPixels = array.type == NpyType::UInt8;
  if (isPixels && normalization.patchSide != 0)
    return checkPatches(inputShape, normalization.patchSide);
  auto imageShape = llvm::ArrayRef(array.shape).drop_front();
  auto wanted = dropExtentsOfOne(inputShape);
  bool hasAllElements =
      isPixels && llvm::product_of(inputShape) == getImageElements();
  // A flat input has no axes to confuse: it takes pixels in their order.
  if (dropExtentsOfOne(imageShape) == wanted ||
      (hasAllElements && wanted.size() <= 1))
    return llvm::Error::success();
  llvm::StringRef advice =
      hasAllElements
          ? "; a network of patches needs patches=<side> to cut images, "
            "any other the axes in its own order"
          : "";
  return llvm::createStringError(path +
                                 ": expected inputs of the network's shape " +
                                 printShape(inputShape) + ", got inputs of " +
                                 printShape(imageShape) + advice);
}

/// Copies patch after patch of `pixels`, an image of these extents.
static std::vector<uint8_t> cutPatches(llvm::ArrayRef<uint8_t> pixels,
                                       std::array<int64_t, 3> extents,
                                       int64_t side) {
  auto [channels, height, width] = extents;
  std::vector<uint8_t> result;
  result.reserve(pixels.size());
  for (int64_t top = 0; top < height; top += side)
    for (int64_t left = 0; left < width; left += side)
      for (int64_t channel = 0; channel < channels; ++channel)
        for (int64_t line = top; line < top + side; ++line)
          llvm::append_range(
              result,
              pixels.slice((channel * height + line) * width + left, side));
  return result;
}

void ImageSet::getInput(int64_t index, const PixelNormalization &normalization,
                        llvm::MutableArrayRef<float> values) const {
  size_t elements = values.size();
  if (array.type == NpyType::UInt8) {
    auto pixels = llvm::cantFail(array.getValues<uint8_t>())
                      .slice(index * elements, elements);
    if (normalization.patchSide == 0)
      return normalizePixels(pixels, normalization, values);
    return normalizePixels(
        cutPatches(pixels, getImageExtents(), normalization.patchSide),
        normalization, values);
  }
  std::memcpy(values.data(),
              array.bytes.data() + index * elements * sizeof(float),
              elements * sizeof(float));
}

void ImageSet::getQuantizedInput(int64_t index,
                                 const PixelNormalization &normalization,
                                 Int8Form form,
                                 llvm::MutableArrayRef<int8_t> values) const {
  std::vector<float> reals(values.size());
  getInput(index, normalization, reals);
  for (auto [real, value] : llvm::zip_equal(reals, values))
    value = quantizeInt8(real, form);
}
