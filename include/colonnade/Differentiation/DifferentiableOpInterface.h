//===- DifferentiableOpInterface.h - Gradients of ops ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The interface, and the gradients that come with Colonnade: of arith, math,
// tensor and linalg ops, and of Colonnade's own on floats.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIFFERENTIATION_DIFFERENTIABLEOPINTERFACE_H
#define COLONNADE_DIFFERENTIATION_DIFFERENTIABLEOPINTERFACE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/OpDefinition.h"

namespace colonnade {
class BackwardPass;
class DifferentiableOpInterface;

/// DifferentiableOpInterface::propagateCotangents of most ops.
llvm::LogicalResult propagateByOperands(DifferentiableOpInterface op,
                                        BackwardPass &pass);
} // namespace colonnade

#include "colonnade/Differentiation/DifferentiableOpInterface.h.inc"

namespace colonnade {

void registerArithGradients(mlir::DialectRegistry &registry);
void registerMathGradients(mlir::DialectRegistry &registry);
void registerTensorGradients(mlir::DialectRegistry &registry);
void registerLinalgGradients(mlir::DialectRegistry &registry);
void registerPromiseGradients(mlir::DialectRegistry &registry);
void registerSoftmaxGradient(mlir::DialectRegistry &registry);
void registerBatchNormGradients(mlir::DialectRegistry &registry);
void registerFixedPointGradients(mlir::DialectRegistry &registry);
void registerReversibleGradient(mlir::DialectRegistry &registry);

/// All of the above.
void registerGradients(mlir::DialectRegistry &registry);

} // namespace colonnade

#endif // COLONNADE_DIFFERENTIATION_DIFFERENTIABLEOPINTERFACE_H
