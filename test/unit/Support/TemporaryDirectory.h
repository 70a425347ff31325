//===- TemporaryDirectory.h - Files of one test ----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A directory that lives as long as a test, and the bytes of files in it.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_UNIT_SUPPORT_TEMPORARYDIRECTORY_H
#define COLONNADE_TEST_UNIT_SUPPORT_TEMPORARYDIRECTORY_H

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"
#include <vector>

namespace colonnade {

class TemporaryDirectory {
public:
  TemporaryDirectory() {
    EXPECT_FALSE(llvm::sys::fs::createUniqueDirectory("colonnade", root));
  }
  ~TemporaryDirectory() { llvm::sys::fs::remove_directories(root); }
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

  std::string getPath(llvm::StringRef name) const {
    llvm::SmallString<128> path = root;
    llvm::sys::path::append(path, name);
    return std::string(path);
  }

  /// Names of the files there are.
  std::vector<std::string> list() const {
    std::vector<std::string> names;
    std::error_code error;
    for (llvm::sys::fs::directory_iterator entry(root, error), end;
         !error && entry != end; entry.increment(error))
      names.push_back(llvm::sys::path::filename(entry->path()).str());
    return names;
  }

  /// Puts a file there and returns its path.
  std::string write(llvm::StringRef name, llvm::StringRef bytes) const {
    std::error_code error;
    llvm::raw_fd_ostream stream(getPath(name), error);
    EXPECT_FALSE(error);
    stream << bytes;
    return getPath(name);
  }

  static std::string read(llvm::StringRef path) {
    auto file = llvm::MemoryBuffer::getFile(path);
    EXPECT_TRUE(bool(file)) << path.str();
    return file ? (*file)->getBuffer().str() : std::string();
  }

private:
  llvm::SmallString<128> root;
};

} // namespace colonnade

#endif // COLONNADE_TEST_UNIT_SUPPORT_TEMPORARYDIRECTORY_H
