//===- RandomBlockProducts.h - Functions that multiply blocks ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Programs as text, so that the parser and the verifiers are part of what is
// tested: single products with operands in any order of dimensions,
// convolutions with windows, and the three products of a layer's training in
// one function.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_RANDOMBLOCKPRODUCTS_H
#define COLONNADE_TEST_INTEGRATION_RANDOMBLOCKPRODUCTS_H

#include "../unit/Numerics/RandomBlocks.h"
#include <string>

namespace colonnade::test {

/// Draws functions `@main` of f32 tensors and, last, a counter (tensor<i64>).
/// Blocks have `cell`'s group, and at most its exponent and mantissa bits.
class RandomBlockProducts {
public:
  RandomBlockProducts(RandomCases &random, const BlockFormat &cell)
      : random(random), cell(cell) {}

  /// A product of matrices, batched perhaps, with its dimensions in any order.
  std::string drawProduct();
  /// A convolution, strided, dilated, padded and grouped perhaps.
  std::string drawConvolution();
  /// Y = X W, dX = G W^T and dW = X^T G.
  std::string drawLinearStep();
  /// The same of a convolution; dX from flipped weights.
  std::string drawConvolutionStep();

private:
  /// Emits the rounding of %<name> along an axis, as %<name><suffix>.
  std::string round(const std::string &name, const std::string &suffix,
                    llvm::ArrayRef<int64_t> shape, int64_t axis);
  std::string drawRounding();
  int64_t drawExtent(int64_t most) { return random.getInteger(1, most); }

  RandomCases &random;
  BlockFormat cell;
};

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_RANDOMBLOCKPRODUCTS_H
