//===- OrderBlockProduct.h - Sums of blocks in order ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a contraction of blocks is once its promises are erased.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ORDERBLOCKPRODUCT_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ORDERBLOCKPRODUCT_H

#include "colonnade/Dialect/Colonnade/IR/BlockProducts.h"

namespace colonnade {

/// Builds, in front of the op, its sums in the order and with the roundings of
/// Numerics/BlockProduct.h: each block exactly, then as f32 block by block.
mlir::Value orderBlockProduct(mlir::OpBuilder &builder,
                              mlir::linalg::LinalgOp op,
                              const BlockProduct &product);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ORDERBLOCKPRODUCT_H
