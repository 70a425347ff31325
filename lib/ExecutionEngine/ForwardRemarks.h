//===- ForwardRemarks.h - Remarks from one context to another --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A function is lowered in a context of its own. What the lowering remarks
// there is for the user of the one that the function came from.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_FORWARDREMARKS_H
#define COLONNADE_LIB_EXECUTIONENGINE_FORWARDREMARKS_H

#include "mlir/IR/MLIRContext.h"

namespace colonnade {

/// Has the remarks of `from` that the engine of `to` wants emitted there too,
/// at the same locations. Does nothing if `to` has no engine; it must not emit
/// remarks of its own on other threads meanwhile.
mlir::LogicalResult forwardRemarks(mlir::MLIRContext &from,
                                   mlir::MLIRContext &to);

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_FORWARDREMARKS_H
