//===- Slices.h - Strided and reversed slices ------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// tensor.extract_slice runs forward only; ONNX's Slice and the reflections of
// Pad run backward too. What is read in any other order is slices side by side,
// which the passes behind turn into views and copies.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_SLICES_H
#define COLONNADE_LIB_TARGET_ONNX_SLICES_H

#include "TensorBuilders.h"

namespace colonnade::onnximport {

/// Positions `begin`, `begin + step`, ... along one dimension.
struct Positions {
  int64_t begin, size, step;
};

/// The elements of `value` at these positions of each dimension, which must be
/// inside it. Backward ranges are read forward and then reversed.
mlir::Value createStridedSlice(mlir::ImplicitLocOpBuilder &builder,
                               mlir::Value value,
                               llvm::ArrayRef<Positions> ranges);

/// More slices than this would cost more time to compile than an index per
/// element does.
constexpr int64_t maxJoinedSlices = 1024;

/// The ranges of `value` along `dimension`, one after the other; at least one.
mlir::Value createJoinedSlices(mlir::ImplicitLocOpBuilder &builder,
                               mlir::Value value, int64_t dimension,
                               llvm::ArrayRef<Positions> ranges);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_SLICES_H
