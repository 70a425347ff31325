//===- QuantizeBuilder.h - Building the integer network --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the layers of a float function and the ranges of its activations to an
// integer function. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEBUILDER_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEBUILDER_H

#include "Calibration.h"
#include "QuantizeLayers.h"
#include "QuantizeValues.h"

namespace colonnade {

/// Builds the quantized version of `function`, behind it in the same block.
/// Emits an error and leaves no trace when a bias, an accumulator or a rescale
/// does not fit into 32 bits. Network outputs are integers of `outputBits`
/// bits. What layers read as int8 is added to `reads`, if given.
mlir::FailureOr<mlir::func::FuncOp>
buildQuantizedFunction(mlir::func::FuncOp function,
                       llvm::ArrayRef<QuantizableLayer> layers,
                       const ActivationRanges &ranges, const Int8FormMap &given,
                       int64_t outputBits, std::vector<Int8Read> *reads);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEBUILDER_H
