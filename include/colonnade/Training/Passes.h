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

#include "mlir/Pass/Pass.h"

namespace colonnade {

enum class LossKind { CrossEntropy };
enum class OptimizerKind { Sgd, Adam };
enum class LearningRateSchedule { Constant, Step, Cosine };

#define GEN_PASS_DECL
#include "colonnade/Training/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "colonnade/Training/Passes.h.inc"

} // namespace colonnade

#endif // COLONNADE_TRAINING_PASSES_H
