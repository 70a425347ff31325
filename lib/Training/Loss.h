//===- Loss.h - Losses as IR -----------------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Losses are ordinary linalg, which the differentiation pass takes like the
// network before them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_LOSS_H
#define COLONNADE_LIB_TRAINING_LOSS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade {

/// The mean over a batch of -log(softmax(logits)[label]), tensor<f32>, of
/// logits [batch, classes] of f32 and labels [batch] of i32 in [0, classes).
/// The largest logit of a row is taken off before exponentials.
mlir::Value createCrossEntropy(mlir::ImplicitLocOpBuilder &builder,
                               mlir::Value logits, mlir::Value labels);

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_LOSS_H
