//===- NpyFile.h - Reading and writing .npy arrays -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Arrays go in and out of the tools as .npy files, NumPy's format for a single
// array (numpy.lib.format, versions 1.0 and 2.0): magic, version, a header that
// is a Python dictionary, then the elements. Only what the tools need is read:
// little-endian numbers in C order.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SUPPORT_NPYFILE_H
#define COLONNADE_SUPPORT_NPYFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace colonnade {

enum class NpyType : uint8_t { UInt8, Int8, Int32, Int64, Float32, Float64 };

/// "uint8", "int8", "int32", "int64", "float32", "float64".
llvm::StringRef stringifyNpyType(NpyType type);

/// Bytes of one element.
int64_t getNpyTypeSize(NpyType type);

/// The element type that stands for a C++ type.
template <typename ElementT> struct NpyTypeOf;
template <> struct NpyTypeOf<uint8_t> {
  static constexpr NpyType value = NpyType::UInt8;
};
template <> struct NpyTypeOf<int8_t> {
  static constexpr NpyType value = NpyType::Int8;
};
template <> struct NpyTypeOf<int32_t> {
  static constexpr NpyType value = NpyType::Int32;
};
template <> struct NpyTypeOf<int64_t> {
  static constexpr NpyType value = NpyType::Int64;
};
template <> struct NpyTypeOf<float> {
  static constexpr NpyType value = NpyType::Float32;
};
template <> struct NpyTypeOf<double> {
  static constexpr NpyType value = NpyType::Float64;
};

/// An array: rank 0 (shape {}) is one element, and an extent of 0 is legal.
struct NpyArray {
  NpyType type = NpyType::UInt8;
  std::vector<int64_t> shape;
  /// The elements in row-major order, little endian.
  std::vector<char> bytes;

  /// An array of these values, as many as the shape says.
  template <typename ElementT>
  static NpyArray get(llvm::ArrayRef<ElementT> values,
                      llvm::ArrayRef<int64_t> shape) {
    const char *data = reinterpret_cast<const char *>(values.data());
    return NpyArray{
        NpyTypeOf<ElementT>::value, shape.vec(),
        std::vector<char>(data, data + values.size() * sizeof(ElementT))};
  }

  int64_t getNumElements() const {
    return static_cast<int64_t>(bytes.size()) / getNpyTypeSize(type);
  }

  /// The elements; fails when they are of another type.
  template <typename ElementT>
  llvm::Expected<llvm::ArrayRef<ElementT>> getValues() const {
    if (llvm::Error error = checkType(NpyTypeOf<ElementT>::value))
      return error;
    return llvm::ArrayRef<ElementT>(
        reinterpret_cast<const ElementT *>(bytes.data()),
        static_cast<size_t>(getNumElements()));
  }

  /// The same, to be written to.
  template <typename ElementT>
  llvm::Expected<llvm::MutableArrayRef<ElementT>> getMutableValues() {
    if (llvm::Error error = checkType(NpyTypeOf<ElementT>::value))
      return error;
    return llvm::MutableArrayRef<ElementT>(
        reinterpret_cast<ElementT *>(bytes.data()),
        static_cast<size_t>(getNumElements()));
  }

private:
  llvm::Error checkType(NpyType expected) const;
};

/// Reads an array. Errors name the file, what is wrong and what would be right.
llvm::Expected<NpyArray> readNpy(llvm::StringRef path);

/// Writes an array in format 1.0, whole or not at all. Fails too when shape and
/// bytes do not agree.
llvm::Error writeNpy(llvm::StringRef path, const NpyArray &array);

} // namespace colonnade

#endif // COLONNADE_SUPPORT_NPYFILE_H
