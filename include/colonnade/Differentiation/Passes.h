//===- Passes.h - Differentiation ------------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pass declarations.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIFFERENTIATION_PASSES_H
#define COLONNADE_DIFFERENTIATION_PASSES_H

#include "mlir/Pass/Pass.h"

namespace colonnade {

#define GEN_PASS_DECL
#include "colonnade/Differentiation/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "colonnade/Differentiation/Passes.h.inc"

} // namespace colonnade

#endif // COLONNADE_DIFFERENTIATION_PASSES_H
