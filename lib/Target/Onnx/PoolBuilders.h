//===- PoolBuilders.h - Pools as linalg ops ---------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// linalg has named pools for images in NCHW, for sums and for signed maxima;
// the others that ONNX allows (volumes, unsigned maxima, positions of maxima)
// are generics with the same loops.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_POOLBUILDERS_H
#define COLONNADE_LIB_TARGET_ONNX_POOLBUILDERS_H

#include "Window.h"

namespace colonnade::onnximport {

/// input [n, c, spatial...] to `type` [n, c, spatial...].
struct Pool {
  mlir::Value input;
  mlir::RankedTensorType type;
  Window window;
};

/// The sum or maximum of each window. Sums are over zeros where the window
/// overhangs the input.
mlir::Value createSumPool(mlir::ImplicitLocOpBuilder &builder,
                          const Pool &pool);
mlir::Value createMaxPool(mlir::ImplicitLocOpBuilder &builder, const Pool &pool,
                          Signedness signedness);

/// The maximum of each window and its position in the input: an i64 that counts
/// from the input's first element, the last dimension fastest or, for
/// `firstIsFastest`, the first spatial one. -1 where no element is above -inf.
std::pair<mlir::Value, mlir::Value>
createMaxPoolWithIndices(mlir::ImplicitLocOpBuilder &builder, const Pool &pool,
                         Signedness signedness, bool firstIsFastest);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_POOLBUILDERS_H
