//===- BlockProducts.h - Contractions of blocks -----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which contractions multiply blocks by blocks, so that an array of block cells
// can run them; said once for that lowering and for the erasure of promises,
// which has to add up in the array's order.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_BLOCKPRODUCTS_H
#define COLONNADE_DIALECT_COLONNADE_IR_BLOCKPRODUCTS_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <array>
#include <optional>
#include <string>

namespace colonnade {

/// Why a value's runs of values along an axis share exponents.
struct BlockOrigin {
  /// Of the value; null if nothing is promised.
  BlockFloatAttr promise;
  /// What rounded the values, if that is known.
  BlockQuantizeOp quantize;
  /// Values were moved or padded with zeros since.
  bool isMoved = false;

  explicit operator bool() const { return promise != nullptr; }
};

/// Looks for the `block_float` promise of a value in its type and behind casts,
/// and behind copies, transposes, slices, insertions into zeros and zero
/// padding that keep whole lines of blocks.
BlockOrigin findBlockOrigin(mlir::Value value);

/// A contraction whose operands are in blocks along one reduction loop.
struct BlockProduct {
  /// By input of the op.
  std::array<BlockOrigin, 2> origins;
  /// The loops of the result's dimensions, then the reduction loops with that
  /// of the blocks last: the order in which products of blocks are added.
  llvm::SmallVector<unsigned> loops;
  unsigned numReductions = 0;

  int64_t getGroup() const { return origins[0].promise.getGroup(); }
  unsigned getBlockLoop() const { return loops.back(); }
};

/// Fills `product`, or says why the op multiplies no blocks: the rule and the
/// numbers.
std::optional<std::string> matchBlockProduct(mlir::linalg::LinalgOp op,
                                             BlockProduct &product);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_IR_BLOCKPRODUCTS_H
