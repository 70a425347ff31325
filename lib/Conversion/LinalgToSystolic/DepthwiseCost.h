//===- DepthwiseCost.h - Array or vector unit? ------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A depthwise convolution uses few cells of a weight-stationary array: a row
// multiplies the taps of its own channel only. Whether the array, with the
// channels cut into so many blocks, or a loop nest on the vector unit is faster
// depends on tiles, banks, bands and what the queues overlap; so every way is
// scheduled and timed, and the fastest one taken.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_DEPTHWISECOST_H
#define COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_DEPTHWISECOST_H

#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>

namespace colonnade {

struct DepthwiseChoice {
  bool isOnArray = false;
  /// The best number of blocks on the array; 0 if it refuses them all.
  int64_t blocks = 0;
  /// Cycles of the layer by itself; none where no schedule fits the machine.
  std::optional<int64_t> arrayCycles, vectorCycles;
};

/// Times `op` with its padding, its term selection and `epilogue` (or null) as
/// a network of its own. The array on a tie.
DepthwiseChoice chooseDepthwise(mlir::linalg::LinalgOp op,
                                mlir::linalg::GenericOp epilogue,
                                systolic::TargetAttr target);

} // namespace colonnade

#endif // COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_DEPTHWISECOST_H
