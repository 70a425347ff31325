//===- Passes.h - Mapping linalg to the array -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pass declarations of the conversion.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_CONVERSION_LINALGTOSYSTOLIC_PASSES_H
#define COLONNADE_CONVERSION_LINALGTOSYSTOLIC_PASSES_H

#include "mlir/Pass/Pass.h"

namespace colonnade {

/// Where depthwise convolutions run.
enum class DepthwisePlace { Cheaper, Array, VectorUnit };

/// What decides which operand of a product of blocks is held, and what moves.
enum class BlockDataflowChoice { Roles, Cheapest };

#define GEN_PASS_DECL
#include "colonnade/Conversion/LinalgToSystolic/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "colonnade/Conversion/LinalgToSystolic/Passes.h.inc"

} // namespace colonnade

#endif // COLONNADE_CONVERSION_LINALGTOSYSTOLIC_PASSES_H
