//===- ArrayOperands.h - How contractions lie on the array -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which operand of a contraction the array holds, which one streams past it,
// and which dimensions count what: the one description of convolutions, grouped
// and depthwise ones, and products, batched or of two activations.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_ARRAYOPERANDS_H
#define COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_ARRAYOPERANDS_H

#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Simulator/Program.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>
#include <string>

namespace colonnade {

/// Why an op cannot be mapped: the rule and the numbers.
using Objection = std::optional<std::string>;

struct ArrayOperands {
  /// What the array holds, constant or computed, and what streams.
  mlir::OpOperand *weights = nullptr;
  mlir::OpOperand *data = nullptr;
  WeightAxes axes;
  /// Dimension of the weights that counts the input channels; for depthwise
  /// weights the last dimension of the window.
  int64_t inputChannelAxis = 0;
  bool isRunTime = false;
  /// A product whose first operand is the weights: data and result have their
  /// channels before their positions.
  bool isTransposed = false;
  /// Kind of the layer's name: "conv", "matmul", ...
  llvm::StringRef kind;

  bool isDepthwise() const { return axes.depthwiseBlocks != 0; }
  mlir::RankedTensorType getWeightType() const {
    return mlir::cast<mlir::RankedTensorType>(weights->get().getType());
  }
};

/// Fills `operands`, or says why the array cannot run `op`. Depthwise weights
/// are described as one block.
Objection matchArrayOperands(mlir::linalg::LinalgOp op,
                             ArrayOperands &operands);

/// Kernel, strides and dilations of a windowed contraction; nothing for
/// products.
void setKernel(sim::Window &window, mlir::linalg::LinalgOp op);

} // namespace colonnade

#endif // COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_ARRAYOPERANDS_H
