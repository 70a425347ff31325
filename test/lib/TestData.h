//===- TestData.h - Files and images that tests read -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where test/data is, and its images in the forms that the shipped networks
// take them. Needs nothing of the compiler.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_LIB_TESTDATA_H
#define COLONNADE_TEST_LIB_TESTDATA_H

#include "colonnade/Support/ImageInput.h"
#include "llvm/ADT/Twine.h"

namespace colonnade::test {

/// Outputs of every shipped network.
inline constexpr int64_t kClasses = 10;

/// A file of test/data.
std::string getDataPath(const llvm::Twine &name);

/// The test images; a missing file ends the program.
ImageSet readImages();

/// [size * size] pixels as the [patches, side * side] that the vision
/// transformer takes: patches row by row, each with its pixels row by row.
/// `side` divides `size`.
std::vector<float> cutPatches(llvm::ArrayRef<float> image, int64_t size,
                              int64_t side);

} // namespace colonnade::test

#endif // COLONNADE_TEST_LIB_TESTDATA_H
