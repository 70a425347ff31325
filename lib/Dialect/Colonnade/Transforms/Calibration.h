//===- Calibration.h - Measuring the ranges of activations -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Post-training quantization needs to know how large each activation gets. This
// runs the float network on images and records it, or takes it from a file of
// an earlier run. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CALIBRATION_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CALIBRATION_H

#include "colonnade/Numerics/MagnitudeHistogram.h"
#include "colonnade/Support/ImageInput.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

namespace colonnade {

/// Range of each activation: values beyond it may be clipped.
using ActivationRanges = llvm::DenseMap<mlir::Value, double>;

struct CalibrationOptions {
  PixelNormalization normalization;
  /// Use the first so many images; 0 for all.
  int64_t limit = 0;
  RangeMethod method = RangeMethod::MinMax;
  /// For RangeMethod::Percentile.
  double percentile = 99.99;
  /// Show how far it is even if stderr is no terminal.
  bool progress = false;
};

/// Where ranges come from and go to; an empty path is none.
struct RangeSource {
  /// Images to measure on.
  std::string images;
  CalibrationOptions calibration;
  /// File to read instead.
  std::string ranges;
  /// Range of what `ranges` does not name; none if 0.
  double defaultRange = 0;
  /// File to write what is used to.
  std::string saveRanges;

  /// Emits an error at `location` when this does not say what to do.
  mlir::LogicalResult check(mlir::Location location) const;
};

/// Runs `function`, which has one f32 tensor argument, on the images and
/// measures the argument and `activations`, values in its body. Emits an error
/// at the value at fault when one is not finite.
mlir::FailureOr<ActivationRanges>
measureRanges(mlir::func::FuncOp function,
              llvm::ArrayRef<mlir::Value> activations, const ImageSet &images,
              const CalibrationOptions &options);

/// The ranges of the argument of `function` and of `activations`, from where a
/// checked `source` says. Emits an error otherwise.
mlir::FailureOr<ActivationRanges>
findRanges(mlir::func::FuncOp function, llvm::ArrayRef<mlir::Value> activations,
           const RangeSource &source);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CALIBRATION_H
