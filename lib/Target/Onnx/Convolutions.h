//===- Convolutions.h - Convolutions as linalg ops --------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conv, ConvTranspose, ConvInteger and QLinearConv differ in what they do to
// the operands before and to the sums after; the convolution between is built
// here.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_CONVOLUTIONS_H
#define COLONNADE_LIB_TARGET_ONNX_CONVOLUTIONS_H

#include "Window.h"

namespace colonnade::onnximport {

/// input [n, c, spatial...] * kernel [f, c / groups, window...] as `type`
/// [n, f, spatial...], for one to three spatial dimensions.
struct Convolution {
  mlir::Value input, kernel;
  mlir::RankedTensorType type;
  Window window;
  int64_t groups = 1;
};

/// Pads the input with zeros and builds the op of this rank and grouping: the
/// named op of linalg where it has one. One spatial dimension becomes two with
/// height 1.
mlir::Value createConvolution(mlir::ImplicitLocOpBuilder &builder,
                              const Convolution &convolution);

/// Reads the attributes of a node of the Conv family whose operands
/// `inputIndex` and `kernelIndex` are data and weights. The operands of the
/// convolution are those of the node.
mlir::FailureOr<Convolution>
readConvolution(NodeImporter &node, unsigned inputIndex, unsigned kernelIndex);

/// ConvTranspose as a convolution over the input with zeros put between.
mlir::LogicalResult importConvTranspose(NodeImporter &node);

/// Reads `group`, which must divide both counts of channels.
mlir::FailureOr<int64_t> readGroups(NodeImporter &node, int64_t inputChannels,
                                    int64_t outputChannels);

/// Rejects the node if it has a `kernel_shape` other than that of its weights.
mlir::LogicalResult checkKernelShape(NodeImporter &node,
                                     llvm::ArrayRef<int64_t> kernel);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_CONVOLUTIONS_H
