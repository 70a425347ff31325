//===- Evaluation.h - A network in its training format ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a machine computes that trains in a number format and then is asked for
// the network's results. Private to the training library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_EVALUATION_H
#define COLONNADE_LIB_TRAINING_EVALUATION_H

#include "StepFormat.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace colonnade {

/// Adds a function `@evaluation` behind the network, which has parameters as
/// arguments: the network with the operands of its products rounded to the
/// format. If precisions change, the mantissa bits of every layer, named as in
/// the step, are arguments in front of the last one.
void createEvaluation(mlir::func::FuncOp network,
                      const FormatSettings &settings);

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_EVALUATION_H
