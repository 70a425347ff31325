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
#include "colonnade/Numerics/Quantization.h"

namespace colonnade {

using Int8FormMap = llvm::DenseMap<mlir::Value, Int8Form>;

/// Replaces dequantized constants by the f32 values that they stand for, and
/// activations that are quantized and dequantized again by their bounds, with
/// the integers' type as the attribute `colonnade.quantized`. (A pair of
/// quant.qcast and dcast would say the same, but upstream folds it away.)
void foldQuantizedTypes(mlir::func::FuncOp function);

/// What these attributes give, and the form of an argument that all its uses
/// bound to the same integers: these are what it is best passed as.
Int8FormMap readInt8Forms(mlir::func::FuncOp function);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEDTYPES_H
