//===- QuantizedTypes.h - Scales that a model brings along -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Quantized ONNX models say how each tensor is to be rounded, which importers
// express in types of upstream's quant dialect. Normalization turns these into
// constants, bounds and ranges. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEDTYPES_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEDTYPES_H

#include "Calibration.h"

namespace colonnade {

/// Attribute of a linalg.generic: the range of its result. Not a pair of
/// quant.qcast and dcast, which upstream folds away.
inline constexpr llvm::StringLiteral kRangeAttrName = "quantized_range";

/// Replaces dequantized constants by the f32 values that they stand for, and
/// activations that are quantized and dequantized again by their bounds, with
/// the range of the type as an attribute.
void foldQuantizedTypes(mlir::func::FuncOp function);

/// The ranges that attributes give.
ActivationRanges readGivenRanges(mlir::func::FuncOp function);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEDTYPES_H
