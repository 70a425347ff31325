//===- Errors.h - llvm::Expected in GoogleTest -----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// LLVM's own matchers for errors come in a library that is not packaged. Two
// functions are enough here: what went wrong, and what came out.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_UNIT_SUPPORT_ERRORS_H
#define COLONNADE_TEST_UNIT_SUPPORT_ERRORS_H

#include "llvm/Support/Error.h"
#include <optional>
#include <string>

namespace colonnade {

/// The error's message, "" for success.
inline std::string getMessage(llvm::Error error) {
  return llvm::toString(std::move(error));
}

/// The message of a failed result, "" for success.
template <typename ValueT>
std::string getMessage(llvm::Expected<ValueT> result) {
  return llvm::toString(result.takeError());
}

/// The value of a successful result.
template <typename ValueT>
std::optional<ValueT> getValue(llvm::Expected<ValueT> result) {
  if (result)
    return std::move(*result);
  llvm::consumeError(result.takeError());
  return std::nullopt;
}

} // namespace colonnade

#endif // COLONNADE_TEST_UNIT_SUPPORT_ERRORS_H
