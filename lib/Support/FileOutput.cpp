//===- FileOutput.cpp - Writing files whole or not at all -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Write to a temporary file, check that every byte got there, rename.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/FileOutput.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

using namespace colonnade;

llvm::Error
colonnade::writeFile(llvm::StringRef path,
                     llvm::function_ref<void(llvm::raw_ostream &)> write) {
  namespace fs = llvm::sys::fs;
  llvm::Expected<fs::TempFile> file = fs::TempFile::create(
      path + ".temporary-%%%%%%", fs::all_read | fs::all_write);
  if (!file)
    return llvm::createFileError(path, file.takeError());

  std::error_code failure;
  {
    llvm::raw_fd_ostream stream(file->FD, /*shouldClose=*/false);
    write(stream);
    stream.flush();
    failure = stream.error();
    stream.clear_error();
  }
  if (failure)
    return llvm::createFileError(
        path,
        llvm::joinErrors(llvm::errorCodeToError(failure), file->discard()));
  if (llvm::Error error = file->keep(path))
    return llvm::createFileError(path, std::move(error));
  return llvm::Error::success();
}
