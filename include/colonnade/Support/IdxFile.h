//===- IdxFile.h - Reading IDX arrays --------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// MNIST and the data sets that follow it (Fashion-MNIST: Debian's
// dataset-fashion-mnist) are distributed as IDX files, mostly gzipped: two zero
// bytes, a type, the rank, big-endian 32-bit extents, then the elements in
// row-major order (http://yann.lecun.com/exdb/mnist).
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SUPPORT_IDXFILE_H
#define COLONNADE_SUPPORT_IDXFILE_H

#include "colonnade/Support/NpyFile.h"

namespace colonnade {

/// Reads an IDX file of unsigned bytes, gzipped or not. Errors name the file,
/// what is wrong and what would be right.
llvm::Expected<NpyArray> readIdx(llvm::StringRef path);

/// Reads a .npy or IDX file; which of them it is is told by its first bytes.
llvm::Expected<NpyArray> readArray(llvm::StringRef path);

} // namespace colonnade

#endif // COLONNADE_SUPPORT_IDXFILE_H
