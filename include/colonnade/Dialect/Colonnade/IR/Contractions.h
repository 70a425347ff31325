//===- Contractions.h - Weights of linalg contractions ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which operand of a linalg op the array holds as its filter matrix, said once
// for the passes that promise something about weights and for the lowering.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_CONTRACTIONS_H
#define COLONNADE_DIALECT_COLONNADE_IR_CONTRACTIONS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>
#include <string>

namespace colonnade {

/// The operands of a contraction with constant weights.
///
/// Weights with a block axis are several filter matrices: of the groups of a
/// convolution, or of the batch of a product. In a depthwise convolution the
/// channels are both blocks and rows: the matrix of each has one row.
struct WeightOperand {
  /// The constant operand: the filter of a convolution, B or A of a matmul.
  mlir::OpOperand *weights = nullptr;
  /// The other input.
  mlir::OpOperand *data = nullptr;
  /// Dimension of the weights that counts the output channels: the rows of the
  /// filter matrix (OIHW 0, FHWC 0, HWCF 3, matmul B 1, matmul A 0).
  int64_t rowAxis = 0;
  /// Dimension of the weights that counts the input channels (OIHW 1, FHWC 3,
  /// HWCF 2, matmul B 0, matmul A 1). Depthwise weights have no such dimension:
  /// their last reduced one, along which a row's taps lie side by side.
  int64_t inputChannelAxis = 0;
  /// Dimension that counts the groups or the batch (GFCHW 0).
  std::optional<int64_t> blockAxis;
  bool isDepthwise = false;
};

/// Whether `op` is a multiply-accumulate over two inputs: a matmul or a
/// convolution in any layout, named or generic. Depthwise and batched ones are
/// too.
bool isContraction(mlir::linalg::LinalgOp op);

/// The weight operand of a contraction; none for other ops and for contractions
/// whose weights are not a static i8 constant or form no matrices of output
/// channels by inputs. `whyNot`, if given, then names the reason with the types
/// at hand.
std::optional<WeightOperand> getWeightOperand(mlir::linalg::LinalgOp op,
                                              std::string *whyNot = nullptr);

/// The same for weights of another element type, such as f32 before
/// quantization: they form the same matrices.
std::optional<WeightOperand> getWeightOperand(mlir::linalg::LinalgOp op,
                                              mlir::Type elementType,
                                              std::string *whyNot = nullptr);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_IR_CONTRACTIONS_H
