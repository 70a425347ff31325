//===- FileOutput.h - Writing files whole or not at all --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tool that fails half-way must not leave half a file that a later step takes
// for a whole one. (llvm::writeToOutput has the same aim, but does not notice a
// full disk.)
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SUPPORT_FILEOUTPUT_H
#define COLONNADE_SUPPORT_FILEOUTPUT_H

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace colonnade {

/// Writes a file through a temporary one beside it, which takes its place only
/// once everything is written. On errors, which name the file, a file that was
/// there before is unchanged.
llvm::Error writeFile(llvm::StringRef path,
                      llvm::function_ref<void(llvm::raw_ostream &)> write);

} // namespace colonnade

#endif // COLONNADE_SUPPORT_FILEOUTPUT_H
