//===- Passes.h - From a network to its training step ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pass declarations.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_PASSES_H
#define COLONNADE_TRAINING_PASSES_H

#include "colonnade/Numerics/BlockFloat.h"
#include "mlir/Pass/Pass.h"

namespace colonnade {

enum class LossKind { CrossEntropy };
enum class OptimizerKind { Sgd, Adam };
enum class LearningRateSchedule { Constant, Step, Cosine };
/// What products of a training step multiply. But for the first two and the
/// last these are the block formats of colonnade/Numerics/BlockFloat.h.
enum class NumberFormat {
  Fp32,
  Bf16,
  M2,
  M3,
  M4,
  M8,
  Msfp12,
  Mx,
  FastAdaptive
};
/// Whether the backward products take the operands in the forward product's
/// blocks or in new ones, along what they sum up themselves.
enum class BackwardBlocks { Reuse, Reform };

/// In front of --convert-linalg-to-systolic: what a training step has and no
/// machine has (couplings, normalizations, transcendental functions) by other ops.
void buildLowerStepPipeline(mlir::OpPassManager &manager);

#define GEN_PASS_DECL
#include "colonnade/Training/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "colonnade/Training/Passes.h.inc"

} // namespace colonnade

#endif // COLONNADE_TRAINING_PASSES_H
