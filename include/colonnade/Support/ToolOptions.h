//===- ToolOptions.h - What --help lists -----------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's libraries bring hundreds of command line options for compilers to
// every program that links them. Those say nothing about Colonnade's tools.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SUPPORT_TOOLOPTIONS_H
#define COLONNADE_SUPPORT_TOOLOPTIONS_H

namespace llvm::cl {
class OptionCategory;
} // namespace llvm::cl

namespace colonnade {

/// The category of a tool's own options.
llvm::cl::OptionCategory &getToolCategory();

/// Makes --help leave out all options that exist so far and are not of the
/// tool's category; --help-hidden still lists them. The first thing in main():
/// what MLIR's drivers add later is shown.
void hideLibraryOptions();

} // namespace colonnade

#endif // COLONNADE_SUPPORT_TOOLOPTIONS_H
