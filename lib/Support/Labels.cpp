//===- Labels.cpp - The classes of images ---------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/Labels.h"
#include "colonnade/Support/IdxFile.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;

llvm::Expected<std::vector<uint8_t>>
colonnade::readLabels(llvm::StringRef path, int64_t count) {
  llvm::Expected<NpyArray> array = readArray(path);
  if (!array)
    return array.takeError();
  auto labels = array->getValues<uint8_t>();
  if (!labels)
    return llvm::createFileError(path, labels.takeError());
  if (static_cast<int64_t>(labels->size()) < count)
    return llvm::createStringError(path + ": expected " + llvm::Twine(count) +
                                   " labels, one for each image, got " +
                                   llvm::Twine(labels->size()));
  return labels->take_front(count).vec();
}

int64_t colonnade::countCorrect(llvm::ArrayRef<float> logits,
                                llvm::ArrayRef<uint8_t> labels) {
  if (labels.empty())
    return 0;
  size_t classes = logits.size() / labels.size();
  int64_t correct = 0;
  for (auto [i, label] : llvm::enumerate(labels)) {
    llvm::ArrayRef<float> row = logits.slice(i * classes, classes);
    correct += std::max_element(row.begin(), row.end()) - row.begin() == label;
  }
  return correct;
}
