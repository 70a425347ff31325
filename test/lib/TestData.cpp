//===- TestData.cpp - Files and images that tests read -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "TestData.h"

using namespace colonnade;

std::string test::getDataPath(const llvm::Twine &name) {
  return (COLONNADE_TEST_DATA "/" + name).str();
}

ImageSet test::readImages() {
  return llvm::cantFail(ImageSet::read(getDataPath("images.npy")));
}

std::vector<float> test::cutPatches(llvm::ArrayRef<float> image, int64_t size,
                                    int64_t side) {
  std::vector<float> patches;
  patches.reserve(image.size());
  for (int64_t top = 0; top < size; top += side)
    for (int64_t left = 0; left < size; left += side)
      for (int64_t row = 0; row < side; ++row) {
        auto pixels = image.slice((top + row) * size + left, side);
        patches.insert(patches.end(), pixels.begin(), pixels.end());
      }
  return patches;
}
