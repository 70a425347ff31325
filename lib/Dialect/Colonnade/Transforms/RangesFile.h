//===- RangesFile.h - Ranges of activations in JSON ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Calibration of a large network takes long and needs images. Its result, one
// number per activation, can be kept in a file that names layers as the ONNX
// model does and that people can read and edit. Private to the transforms
// library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_RANGESFILE_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_RANGESFILE_H

#include "Calibration.h"

namespace colonnade {

/// Writes {"ranges": {"<layer>": <range>, ...}} in the order of `values`. Emits
/// an error at `location` when the file cannot be written.
mlir::LogicalResult saveRanges(mlir::Location location, llvm::StringRef path,
                               llvm::ArrayRef<mlir::Value> values,
                               const ActivationRanges &ranges);

/// Reads the ranges of `values`. Those that the file does not name get
/// `defaultRange`; if that is 0 they are errors at the value. So are, at
/// `path`, names of no value and numbers that are no ranges.
mlir::FailureOr<ActivationRanges> loadRanges(mlir::MLIRContext *context,
                                             llvm::StringRef path,
                                             llvm::ArrayRef<mlir::Value> values,
                                             double defaultRange);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_RANGESFILE_H
