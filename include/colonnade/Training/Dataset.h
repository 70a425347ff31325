//===- Dataset.h - Labeled images in shuffled batches ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a training run reads. The order of an epoch depends on the seed and the
// epoch's number alone, so that a run can be resumed at any step.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_DATASET_H
#define COLONNADE_TRAINING_DATASET_H

#include "colonnade/Support/ImageInput.h"

namespace colonnade {

/// Images and a label for each.
class Dataset {
public:
  /// Reads images and labels from .npy or IDX files (gzipped or not). Fails
  /// unless the images make inputs of `inputShape` (of one image) and the
  /// labels are below `classes`. `limit` takes only so many; 0 takes all.
  static llvm::Expected<Dataset> read(llvm::StringRef imagesPath,
                                      llvm::StringRef labelsPath,
                                      const PixelNormalization &normalization,
                                      llvm::ArrayRef<int64_t> inputShape,
                                      int64_t classes, int64_t limit = 0);

  int64_t getCount() const { return labels.size(); }
  int64_t getImageElements() const { return images.getImageElements(); }
  llvm::ArrayRef<uint8_t> getLabels() const { return labels; }

  /// Fills one batch: the network inputs of the images at `indices`, one after
  /// the other, and their labels.
  void getBatch(llvm::ArrayRef<uint32_t> indices,
                llvm::MutableArrayRef<float> inputs,
                llvm::MutableArrayRef<int32_t> batchLabels) const;

private:
  Dataset(ImageSet images, std::vector<uint8_t> labels,
          const PixelNormalization &normalization)
      : images(std::move(images)), labels(std::move(labels)),
        normalization(normalization) {}

  ImageSet images;
  std::vector<uint8_t> labels;
  PixelNormalization normalization;
};

/// A permutation of 0..count-1 for each epoch: Fisher-Yates with a 64-bit
/// Mersenne Twister seeded by seed and epoch. The same on every machine.
std::vector<uint32_t> getShuffledOrder(uint64_t seed, int64_t epoch,
                                       int64_t count);

} // namespace colonnade

#endif // COLONNADE_TRAINING_DATASET_H
