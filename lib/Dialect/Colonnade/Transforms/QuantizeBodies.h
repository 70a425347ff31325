//===- QuantizeBodies.h - Integer elementwise code -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The `linalg.generic` forms that quantization emits: what the vector unit runs
// behind the array, in integers, and the borders between integers and f32.
// Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEBODIES_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEBODIES_H

#include "Channels.h"
#include "colonnade/Numerics/Quantization.h"
#include "mlir/IR/Builders.h"

namespace colonnade {

/// How a result is brought into its range: the zero point is added, then it is
/// clamped to [low, high] and truncated when it is stored as i8.
struct ResultRange {
  int32_t low = -127, high = 127;
  bool isInt8 = true;
  int32_t zeroPoint = 0;
};

/// clamp(apply_scale(extend(source) + bias[c], multiplier[c], shift[c])) for a
/// tensor of i8 or i32. `bias` is empty for none; the others have one value per
/// channel.
mlir::Value createRescale(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value source, ChannelRange channels,
                          llvm::ArrayRef<int32_t> bias,
                          llvm::ArrayRef<Rescale> rescales, ResultRange range);

/// min(max(source, low), high) on i8, without what holds for all i8.
mlir::Value createClamped(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value source, ResultRange range);

/// clamp(apply_scale(apply_scale(first, toCommon[0]) +
///                   apply_scale(second, toCommon[1]), toResult)) on i8.
mlir::Value createRescaledAdd(mlir::OpBuilder &builder, mlir::Location loc,
                              mlir::Value first, mlir::Value second,
                              llvm::ArrayRef<int32_t> zeroPoints,
                              llvm::ArrayRef<Rescale> toCommon,
                              Rescale toResult, ResultRange range);

/// Bounds of a real tensor; infinite for none.
struct RealRange {
  double low, high;
};

/// clamp(real(source) * scale[c] + bias[c]) as f32, for a tensor of i8 or i32;
/// an empty range of channels for one scale and bias.
mlir::Value createReal(mlir::OpBuilder &builder, mlir::Location loc,
                       mlir::Value source, ChannelRange channels,
                       llvm::ArrayRef<double> scales,
                       llvm::ArrayRef<double> biases, RealRange range);

/// clamp(real(first) * scales[0] + real(second) * scales[1]) as f32.
mlir::Value createRealSum(mlir::OpBuilder &builder, mlir::Location loc,
                          mlir::Value first, mlir::Value second,
                          llvm::ArrayRef<int32_t> zeroPoints,
                          llvm::ArrayRef<double> scales, RealRange range);

/// round(clamp(source * (1 / scale))) for a tensor of f32, to even.
mlir::Value createQuantized(mlir::OpBuilder &builder, mlir::Location loc,
                            mlir::Value source, double scale,
                            ResultRange range);

/// A tensor of `shape` and `element` filled with a constant.
mlir::Value createFilled(mlir::OpBuilder &builder, mlir::Location loc,
                         llvm::ArrayRef<int64_t> shape, mlir::Type element,
                         int64_t value);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEBODIES_H
