//===- Differentiate.h - Reverse-mode differentiation ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gradients as IR. Ops say through DifferentiableOpInterface how cotangents
// pass through them; this walks a block backward and adds them up. Values that
// the backward pass needs from the forward one are used where they are.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIFFERENTIATION_DIFFERENTIATE_H
#define COLONNADE_DIFFERENTIATION_DIFFERENTIATE_H

#include "colonnade/Differentiation/BackwardPass.h"

namespace colonnade {

/// Creates, at the builder, the cotangents of `inputs` from those of `outputs`,
/// all of which are in one block, before the builder. Null for an input that
/// the outputs do not depend on. Fails, with an error that names the op and
/// the way from it to the outputs, where an op has no gradient. Without a rule
/// every op is asked for its own gradient.
mlir::FailureOr<llvm::SmallVector<mlir::Value>>
createCotangents(mlir::OpBuilder &builder, mlir::ValueRange outputs,
                 mlir::ValueRange outputCotangents, mlir::ValueRange inputs,
                 GradientRule *rule = nullptr);

/// The gradients of a loss, a tensor<f32> or tensor<f64>, by `inputs`; zeros
/// for an input that it does not depend on.
mlir::FailureOr<llvm::SmallVector<mlir::Value>>
differentiate(mlir::OpBuilder &builder, mlir::Value loss,
              mlir::ValueRange inputs, GradientRule *rule = nullptr);

} // namespace colonnade

#endif // COLONNADE_DIFFERENTIATION_DIFFERENTIATE_H
