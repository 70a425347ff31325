//===- LayerProducts.h - The products of a network's layers -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A layer that trains has three products: Y = A W forward, and from G, the
// gradient of Y, dA = G W^T and dW = A^T G backward. Number formats are about
// their operands; this says which those are and what each product sums up, for
// matrix products and convolutions in any layout.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_LAYERPRODUCTS_H
#define COLONNADE_LIB_TRAINING_LAYERPRODUCTS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace colonnade {

/// An op's two operands and its result, which a layer's products are of.
enum class LayerTensor : unsigned { Weights, Activations, Result };

/// A matrix product or a convolution of the network.
struct LayerProduct {
  mlir::linalg::LinalgOp op;
  /// Of its parameter; "product<N>" if it is a product of two activations.
  /// Unique in the network.
  std::string name;
  /// Which operand the weights are; the second one if none is a parameter.
  unsigned weights = 1;
  bool hasParameter = true;
  /// Whether its activations are the network's input as it is or as ops without
  /// parameters make it: no gradient passes to them, there is no product dA.
  bool readsInput = false;

  unsigned getActivations() const { return 1 - weights; }
  /// Number of the op's operand; the accumulator's, 2, for the result.
  unsigned getOperandNumber(LayerTensor tensor) const;

  /// The dimension along which blocks of `tensor` lie in the product that
  /// computes `product` (or its gradient): that of the longest loop which the
  /// product sums up and both of its operands follow, of equally long ones the
  /// last. Loops that are dimensions of both operands come first: along others,
  /// like the positions of a convolution, the blocks of one operand do not meet
  /// whole blocks of the other, and no array multiplies them. Where operands
  /// follow no such loop together (the input gradient of a
  /// depthwise convolution) the last dimension. None for a tensor of rank 0.
  std::optional<int64_t> getBlockAxis(LayerTensor tensor,
                                      LayerTensor product) const;
};

/// The layers of a function whose parameters are arguments, and of the couplings
/// in it, in their order.
llvm::SmallVector<LayerProduct>
collectLayerProducts(mlir::func::FuncOp network);

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_LAYERPRODUCTS_H
