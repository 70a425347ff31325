//===- DepthwiseCost.h - Array or vector unit? -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A depthwise convolution uses few cells of a weight-stationary array: a row
// multiplies the taps of its own channel only. This is the cost model that
// picks the cheaper of two mappings: channels side by side in blocks on the
// array, or a loop nest on the vector unit.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_DEPTHWISECOST_H
#define COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_DEPTHWISECOST_H

#include "colonnade/Dialect/Systolic/IR/Systolic.h"

namespace colonnade {

struct DepthwiseLayer {
  mlir::RankedTensorType weights;
  /// Over all channels, whose tensors are dense.
  sim::Window window;
  /// Rows and columns of padding in all.
  int64_t paddedRows = 0, paddedColumns = 0;
  int64_t dataTerms = 0;
  /// The vector unit would have to copy the input before it can use it.
  bool copiesInput = false;
  /// Scalar operations of the elementwise op behind the convolution, and bytes
  /// of its parameters per channel.
  int64_t epilogueOperations = 0, parameterBytes = 0;
};

struct DepthwiseChoice {
  bool isOnArray = false;
  /// The best number of blocks on the array; 0 if the cell refuses them all.
  int64_t blocks = 0;
  /// Estimated cycles of the layer by itself.
  int64_t arrayCycles = 0, vectorCycles = 0;
};

/// The array on a tie.
DepthwiseChoice chooseDepthwise(const DepthwiseLayer &layer,
                                systolic::TargetAttr target);

} // namespace colonnade

#endif // COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_DEPTHWISECOST_H
