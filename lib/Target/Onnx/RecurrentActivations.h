//===- RecurrentActivations.h - Activations of recurrent layers -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Recurrent layers name their activations in a list of strings, with the
// parameters of those that have some in two other lists.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_RECURRENTACTIVATIONS_H
#define COLONNADE_LIB_TARGET_ONNX_RECURRENTACTIVATIONS_H

#include "NodeImporter.h"

namespace colonnade::onnximport {

struct RecurrentActivation {
  enum class Kind {
    Affine,
    Elu,
    HardSigmoid,
    LeakyRelu,
    Relu,
    ScaledTanh,
    Sigmoid,
    Softplus,
    Softsign,
    Tanh,
    ThresholdedRelu
  };
  Kind kind;
  double alpha = 0, beta = 0;
};

/// The activations of the node in its order, `defaults` repeated for each of
/// `directions` if it names none.
mlir::FailureOr<llvm::SmallVector<RecurrentActivation>>
readRecurrentActivations(NodeImporter &node,
                         llvm::ArrayRef<RecurrentActivation::Kind> defaults,
                         unsigned directions);

mlir::Value createActivation(mlir::ImplicitLocOpBuilder &builder, mlir::Value x,
                             const RecurrentActivation &activation);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_RECURRENTACTIVATIONS_H
