//===- QuantizePlan.h - Integers or f32, layer by layer --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decides, before anything is measured, which layers compute in integers and
// which in f32, and so which values need a range. Private to the transforms
// library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEPLAN_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEPLAN_H

#include "QuantizeLayers.h"

namespace colonnade {

struct QuantizationPlan {
  /// In program order.
  std::vector<QuantizableLayer> layers;
  /// The values that may become integers of a scale of their own.
  llvm::SmallVector<mlir::Value> measured;
};

/// Plans a function with one f32 tensor argument and f32 results; emits an
/// error at the first op or value that cannot be quantized. With
/// `floatAdditions`, a sum of an integer and a float tensor is taken in f32,
/// else in int8.
mlir::FailureOr<QuantizationPlan> planQuantization(mlir::func::FuncOp function,
                                                   bool floatAdditions);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEPLAN_H
