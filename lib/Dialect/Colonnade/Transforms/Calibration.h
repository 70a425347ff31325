//===- Calibration.h - Measuring the ranges of activations -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Post-training quantization needs to know how large each activation gets. This
// runs the float network on images and records it. Private to the transforms
// library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CALIBRATION_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CALIBRATION_H

#include "colonnade/Support/ImageInput.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace colonnade {

/// Largest magnitude of each activation over all images.
using ActivationRanges = llvm::DenseMap<mlir::Value, double>;

struct CalibrationOptions {
  PixelNormalization normalization;
  /// Use the first so many images; 0 for all.
  int64_t limit = 0;
};

/// Runs `function`, which has one f32 tensor argument, on the images and
/// measures the argument and `activations`, values in its body. Emits an error
/// at the value at fault when one is not finite.
mlir::FailureOr<ActivationRanges>
measureRanges(mlir::func::FuncOp function,
              llvm::ArrayRef<mlir::Value> activations, const ImageSet &images,
              const CalibrationOptions &options);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CALIBRATION_H
