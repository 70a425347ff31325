//===- TrainingNetworks.h - Random networks to train ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small float networks with parameters: convolutions, activations, pooling and
// linear layers of random sizes, strides, padding and order.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_TRAININGNETWORKS_H
#define COLONNADE_TEST_INTEGRATION_TRAININGNETWORKS_H

#include "../unit/Support/RandomCases.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace colonnade::test {

/// A function `@main` from one image [batch, channels, height, width] to
/// logits [batch, classes], with constant parameters; batch 1 to 3, classes 2
/// to 5.
mlir::OwningOpRef<mlir::ModuleOp>
drawTrainingNetwork(mlir::MLIRContext &context, RandomCases &cases);

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_TRAININGNETWORKS_H
