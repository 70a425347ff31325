//===- NpyHeader.h - The dictionary of a .npy file -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A .npy header is a Python dictionary literal with exactly the keys 'descr',
// 'fortran_order' and 'shape'. Reading it is apart from reading the file.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_SUPPORT_NPYHEADER_H
#define COLONNADE_LIB_SUPPORT_NPYHEADER_H

#include "colonnade/Support/NpyFile.h"
#include <string>

namespace colonnade {

struct NpyHeader {
  NpyType type = NpyType::UInt8;
  std::vector<int64_t> shape;
};

/// Parses the dictionary. Errors do not name the file.
llvm::Expected<NpyHeader> parseNpyHeader(llvm::StringRef text);

/// The dictionary, as NumPy prints it.
std::string printNpyHeader(NpyType type, llvm::ArrayRef<int64_t> shape);

/// Bytes of an array of this shape; fails for negative extents and for sizes
/// that 64 bits cannot count.
llvm::Expected<int64_t> getNpyByteSize(NpyType type,
                                       llvm::ArrayRef<int64_t> shape);

/// The shape as in Python: (), (3,), (3, 4).
std::string printNpyShape(llvm::ArrayRef<int64_t> shape);

} // namespace colonnade

#endif // COLONNADE_LIB_SUPPORT_NPYHEADER_H
