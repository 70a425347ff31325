//===- FileOutputTest.cpp - Files are written whole or not at all ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Success, failure to create, failure to write, and what is left behind in
// each.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/FileOutput.h"
#include "Errors.h"
#include "TemporaryDirectory.h"
#include "gmock/gmock.h"
#include <csignal>
#include <sys/resource.h>

using namespace colonnade;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {
/// While it lives, writing past `bytes` of a file fails, as on a full disk.
class FileSizeLimit {
public:
  explicit FileSizeLimit(rlim_t bytes)
      : oldHandler(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &oldLimit);
    rlimit limit{bytes, oldLimit.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &oldLimit);
    std::signal(SIGXFSZ, oldHandler);
  }

private:
  rlimit oldLimit;
  void (*oldHandler)(int);
};
} // namespace

TEST(FileOutput, WritesAndReplaces) {
  TemporaryDirectory directory;
  std::string path = directory.getPath("file");
  for (llvm::StringRef text : {"first, longer", "second"}) {
    EXPECT_EQ(getMessage(writeFile(
                  path, [&](llvm::raw_ostream &stream) { stream << text; })),
              "");
    EXPECT_EQ(TemporaryDirectory::read(path), text);
  }
  EXPECT_THAT(directory.list(), ElementsAre("file"));
}

TEST(FileOutput, EmptyFilesAreFiles) {
  TemporaryDirectory directory;
  std::string path = directory.getPath("empty");
  EXPECT_EQ(getMessage(writeFile(path, [](llvm::raw_ostream &) {})), "");
  EXPECT_EQ(TemporaryDirectory::read(path), "");
}

TEST(FileOutput, MissingDirectoriesAreErrors) {
  TemporaryDirectory directory;
  std::string path = directory.getPath("missing/file");
  bool called = false;
  std::string message =
      getMessage(writeFile(path, [&](llvm::raw_ostream &) { called = true; }));
  EXPECT_THAT(message, HasSubstr("missing/file"));
  EXPECT_FALSE(called);
}

TEST(FileOutput, FailedWritesLeaveTheOldFile) {
  TemporaryDirectory directory;
  std::string path = directory.write("file", "old");
  FileSizeLimit limit(100);
  std::string message =
      getMessage(writeFile(path, [](llvm::raw_ostream &stream) {
        stream << std::string(1000, 'x');
      }));
  EXPECT_THAT(message, HasSubstr("file"));
  EXPECT_EQ(TemporaryDirectory::read(path), "old");
  EXPECT_THAT(directory.list(), ElementsAre("file"));
}

TEST(FileOutput, DirectoriesAreNotReplaced) {
  TemporaryDirectory directory;
  std::string path = directory.getPath("folder");
  ASSERT_FALSE(llvm::sys::fs::create_directory(path));
  EXPECT_THAT(getMessage(writeFile(
                  path, [](llvm::raw_ostream &stream) { stream << "text"; })),
              HasSubstr("folder"));
  EXPECT_THAT(directory.list(), ElementsAre("folder"));
}
