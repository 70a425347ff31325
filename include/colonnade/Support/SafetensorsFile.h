//===- SafetensorsFile.h - Named arrays in one file ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checkpoints of training hold many arrays that belong together, and other
// tools should be able to read them: safetensors is the common format for that
// (github.com/huggingface/safetensors). A little-endian 64-bit length, a JSON
// header of that length (for each name a type, a shape and a byte range; under
// "__metadata__" strings), then the bytes.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SUPPORT_SAFETENSORSFILE_H
#define COLONNADE_SUPPORT_SAFETENSORSFILE_H

#include "colonnade/Support/NpyFile.h"
#include "llvm/ADT/MapVector.h"
#include <map>
#include <string>

namespace colonnade {

struct NamedArrays {
  /// In the order in which they were added or stand in the header.
  llvm::MapVector<std::string, NpyArray, std::map<std::string, unsigned>>
      arrays;
  std::map<std::string, std::string> metadata;

  /// The array of this name; an error that names it if there is none.
  llvm::Expected<const NpyArray *> find(const std::string &name) const;

  /// The values of the array of this name, which are `count` or, where
  /// `orNone`, none; an error that says what is wrong.
  template <typename T>
  llvm::Expected<llvm::ArrayRef<T>>
  getValues(const std::string &name, size_t count, bool orNone = false) const {
    llvm::Expected<const NpyArray *> found = find(name);
    if (!found)
      return found.takeError();
    llvm::Expected<llvm::ArrayRef<T>> values =
        (*found)->template getValues<T>();
    if (!values || values->size() == count || (orNone && values->empty()))
      return values;
    return getCountError(name, count, values->size());
  }

private:
  static llvm::Error getCountError(const std::string &name, size_t expected,
                                   size_t count);
};

/// Reads a safetensors file. Errors name the file, what is wrong and what would
/// be right.
llvm::Expected<NamedArrays> readSafetensors(llvm::StringRef path);

/// Writes a safetensors file, whole or not at all: the same bytes for the same
/// arrays and metadata. Fails too when a shape and its bytes do not agree.
llvm::Error writeSafetensors(llvm::StringRef path, const NamedArrays &content);

} // namespace colonnade

#endif // COLONNADE_SUPPORT_SAFETENSORSFILE_H
