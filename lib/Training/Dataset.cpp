//===- Dataset.cpp - Labeled images in shuffled batches -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/Dataset.h"
#include "colonnade/Support/Labels.h"
#include "llvm/ADT/STLExtras.h"
#include <numeric>
#include <random>

using namespace colonnade;

static llvm::Error checkLabels(llvm::StringRef path,
                               llvm::ArrayRef<uint8_t> labels,
                               int64_t classes) {
  for (auto [i, label] : llvm::enumerate(labels))
    if (label >= classes)
      return llvm::createStringError(
          path + ": expected labels below " + llvm::Twine(classes) +
          ", the number of logits, got " + llvm::Twine(unsigned(label)) +
          " for image " + llvm::Twine(i));
  return llvm::Error::success();
}

llvm::Expected<Dataset> Dataset::read(llvm::StringRef imagesPath,
                                      llvm::StringRef labelsPath,
                                      const PixelNormalization &normalization,
                                      llvm::ArrayRef<int64_t> inputShape,
                                      int64_t classes, int64_t limit) {
  if (llvm::Error error = normalization.check())
    return std::move(error);
  llvm::Expected<ImageSet> images = ImageSet::read(imagesPath);
  if (!images)
    return images.takeError();
  if (llvm::Error error = images->checkImageShape(inputShape, normalization))
    return std::move(error);
  int64_t count = images->getCount();
  if (limit > 0)
    count = std::min(count, limit);
  llvm::Expected<std::vector<uint8_t>> labels = readLabels(labelsPath, count);
  if (!labels)
    return labels.takeError();
  if (llvm::Error error = checkLabels(labelsPath, *labels, classes))
    return std::move(error);
  return Dataset(std::move(*images), std::move(*labels), normalization);
}

void Dataset::getBatch(llvm::ArrayRef<uint32_t> indices,
                       llvm::MutableArrayRef<float> inputs,
                       llvm::MutableArrayRef<int32_t> batchLabels) const {
  int64_t elements = getImageElements();
  for (auto [i, index] : llvm::enumerate(indices)) {
    images.getInput(index, normalization, inputs.slice(i * elements, elements));
    batchLabels[i] = labels[index];
  }
}

std::vector<uint32_t> colonnade::getShuffledOrder(uint64_t seed, int64_t epoch,
                                                  int64_t count) {
  // std::shuffle and the standard's distributions differ between libraries;
  // the engines and seed_seq do not.
  std::seed_seq sequence{uint32_t(seed), uint32_t(seed >> 32), uint32_t(epoch),
                         uint32_t(uint64_t(epoch) >> 32)};
  std::mt19937_64 random(sequence);
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0);
  for (int64_t i = count - 1; i > 0; --i)
    std::swap(order[i], order[random() % uint64_t(i + 1)]);
  return order;
}
