//===- LibraryOps.h - Convolutions as the library has them -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The dialect of LibraryOps.td, and what makes its op bufferize.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_LIBRARYOPS_H
#define COLONNADE_LIB_EXECUTIONENGINE_LIBRARYOPS_H

#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "LibraryDialect.h.inc"
#include "LibraryEnums.h.inc"
#define GET_OP_CLASSES
#include "LibraryOps.h.inc"

namespace colonnade {

/// Registers the dialect, and that its op writes its result where the initial
/// value is.
void registerLibraryDialect(mlir::DialectRegistry &registry);

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_LIBRARYOPS_H
