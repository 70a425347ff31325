//===- FuseElementwise.h - Elementwise ops into their readers ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Upstream's fusion of elementwise ops, with a rule of its own for which.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_FUSEELEMENTWISE_H
#define COLONNADE_LIB_EXECUTIONENGINE_FUSEELEMENTWISE_H

#include "mlir/IR/BuiltinOps.h"

namespace colonnade {

/// Elementwise ops on tensors with one reader become part of it, where that
/// computes no element twice and leaves products in a form that the library
/// has; of what a product reads, transposes alone go into it.
mlir::LogicalResult fuseElementwise(mlir::ModuleOp module);

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_FUSEELEMENTWISE_H
