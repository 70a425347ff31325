//===- ActivationBodies.h - Activations of single elements ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX names the same functions as nodes of their own and as activations inside
// of recurrent layers.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_ACTIVATIONBODIES_H
#define COLONNADE_LIB_TARGET_ONNX_ACTIVATIONBODIES_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade::onnximport {

/// A number of the element's type.
mlir::Value createLike(mlir::ImplicitLocOpBuilder &builder, mlir::Value element,
                       double number);
/// `positive` where x is above 0, or where it is NaN, else `otherwise`.
mlir::Value createSelectSign(mlir::ImplicitLocOpBuilder &builder, mlir::Value x,
                             mlir::Value positive, mlir::Value otherwise);
/// x above 0, else slope * x
mlir::Value createLeakyRelu(mlir::ImplicitLocOpBuilder &builder, mlir::Value x,
                            double slope);
/// 1 / (1 + exp(-x))
mlir::Value createSigmoid(mlir::ImplicitLocOpBuilder &builder, mlir::Value x);
/// max(0, min(1, alpha * x + beta))
mlir::Value createHardSigmoid(mlir::ImplicitLocOpBuilder &builder,
                              mlir::Value x, double alpha, double beta);
/// x above 0, else alpha * (exp(x) - 1)
mlir::Value createElu(mlir::ImplicitLocOpBuilder &builder, mlir::Value x,
                      double alpha);
/// log(exp(x) + 1)
mlir::Value createSoftplus(mlir::ImplicitLocOpBuilder &builder, mlir::Value x);
/// x / (1 + |x|)
mlir::Value createSoftsign(mlir::ImplicitLocOpBuilder &builder, mlir::Value x);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_ACTIVATIONBODIES_H
