//===- FormattedError.h - Errors with formatted messages -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One way to make the errors of this folder.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_SIMULATOR_FORMATTEDERROR_H
#define COLONNADE_LIB_SIMULATOR_FORMATTEDERROR_H

#include "llvm/Support/Error.h"
#include "llvm/Support/FormatVariadic.h"

namespace colonnade::sim {

/// An error whose message is llvm::formatv(format, values...).
template <typename... Values>
llvm::Error makeError(const char *format, Values &&...values) {
  return llvm::createStringError(
      llvm::formatv(format, std::forward<Values>(values)...).str());
}

} // namespace colonnade::sim

#endif // COLONNADE_LIB_SIMULATOR_FORMATTEDERROR_H
