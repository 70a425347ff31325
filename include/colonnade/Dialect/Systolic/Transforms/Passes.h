//===- Passes.h - Scheduling and its checks -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pass declarations of the systolic dialect.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_TRANSFORMS_PASSES_H
#define COLONNADE_DIALECT_SYSTOLIC_TRANSFORMS_PASSES_H

#include "mlir/Pass/Pass.h"

namespace colonnade::systolic {

#define GEN_PASS_DECL
#include "colonnade/Dialect/Systolic/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "colonnade/Dialect/Systolic/Transforms/Passes.h.inc"

} // namespace colonnade::systolic

#endif // COLONNADE_DIALECT_SYSTOLIC_TRANSFORMS_PASSES_H
