//===- QuantizationParameters.h - Scales and zero points --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX passes scales and zero points as operands: one number or one per
// channel, known at import time as a rule. Bodies of generics read them through
// here, as constants where they are known and as operands where not.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_QUANTIZATIONPARAMETERS_H
#define COLONNADE_LIB_TARGET_ONNX_QUANTIZATIONPARAMETERS_H

#include "TensorBuilders.h"

namespace colonnade::onnximport {

/// A scale or zero point.
struct Parameter {
  /// The number, if it is one and known.
  std::optional<double> number;
  /// Else a tensor of rank 0, or of rank 1 along `dimension` of the data.
  mlir::Value tensor;
  unsigned dimension = 0;
  Signedness signedness = Signedness::Signed;
};

/// Operand `index` of the node, 0 if it is absent. A vector must have `size`
/// elements and lies along `dimension` of the data.
mlir::FailureOr<Parameter> readParameter(NodeImporter &node, unsigned index,
                                         unsigned dimension, int64_t size);
/// A parameter that may only be one number.
mlir::FailureOr<Parameter> readScalarParameter(NodeImporter &node,
                                               unsigned index);

/// A generic that makes `type` of the elements of `data` (first in the body's
/// arguments) and of parameters, which the body gets as elements of the given
/// types.
using ParameterTypes = llvm::ArrayRef<mlir::Type>;
mlir::Value createWithParameters(mlir::ImplicitLocOpBuilder &builder,
                                 mlir::RankedTensorType type, mlir::Value data,
                                 llvm::ArrayRef<Parameter> parameters,
                                 ParameterTypes parameterTypes,
                                 ElementFunction body);

/// left * right / result, as floats: what a sum of products of quantized
/// numbers is multiplied by. Vectors lie along `dimension` of the sums.
Parameter createMultiplier(mlir::ImplicitLocOpBuilder &builder,
                           const Parameter &left, const Parameter &right,
                           const Parameter &result, unsigned dimension);

/// The body of a quantization: `scaled` rounded half to even, plus the zero
/// point, saturated to 8 bits.
mlir::Value createSaturated(mlir::ImplicitLocOpBuilder &builder,
                            mlir::Value scaled, mlir::Value zeroPoint,
                            Signedness signedness);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_QUANTIZATIONPARAMETERS_H
