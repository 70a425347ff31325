//===- ToolOptions.cpp - What --help lists --------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Support/ToolOptions.h"
#include "llvm/Support/CommandLine.h"

using namespace colonnade;

llvm::cl::OptionCategory &colonnade::getToolCategory() {
  static llvm::cl::OptionCategory category("Options of this tool");
  return category;
}

void colonnade::hideLibraryOptions() {
  llvm::cl::HideUnrelatedOptions(getToolCategory());
}
