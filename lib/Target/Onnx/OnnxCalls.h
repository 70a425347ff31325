//===- OnnxCalls.h - Where ONNX's exceptions end ---------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX's library reports by exceptions of several kinds; nothing else here
// does.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_ONNXCALLS_H
#define COLONNADE_LIB_TARGET_ONNX_ONNXCALLS_H

#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"
#include <exception>

namespace colonnade::onnximport {

/// Calls `function`; what it throws becomes an error that begins with `what`.
/// ONNX appends dumps of whole nodes, which are left out.
template <typename FunctionT>
llvm::Error callOnnx(const llvm::Twine &what, FunctionT function) {
  try {
    function();
    return llvm::Error::success();
  } catch (const std::exception &exception) {
    llvm::StringRef reason = llvm::StringRef(exception.what()).trim();
    return llvm::createStringError(what + ": " + reason.split('\n').first);
  }
}

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_ONNXCALLS_H
