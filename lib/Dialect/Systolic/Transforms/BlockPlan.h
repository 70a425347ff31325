//===- BlockPlan.h - Chunks of products of blocks --------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A product of blocks runs chunk by chunk of its result, so that the sums of a
// chunk fit into the accumulators and the blocks of its operands into the
// memories. Reductions are never cut: that would need sums to come back.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_BLOCKPLAN_H
#define COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_BLOCKPLAN_H

#include "NetworkPlan.h"

namespace colonnade::systolic {

/// Sets the bytes of the blocks of both operands for the layer's chunk.
void sizeBlocks(const NetworkPlan &plan, LayerPlan &layer);

/// Halves the longest parallel loop of a product. Loops along which an operand
/// is read backward are never cut. False if there is none.
bool shrinkBlockChunk(LayerPlan &layer);

/// Shrinks the chunk of a product until it `fits`: by all loops, or sparing
/// those that change one of the operands, which then is loaded and converted
/// less often; whatever takes the fewest cycles, those of the passes and those
/// of loading the boxes of operands that are in DRAM. False if no chunk fits.
bool shrinkBlockChunk(const NetworkPlan &plan, LayerPlan &layer,
                      llvm::function_ref<bool()> fits);

/// Shrinks the chunk until its sums and its held blocks fit, or emits a located
/// error: for a machine without such cells or an operand that no chunk fits.
mlir::LogicalResult fitBlockProduct(NetworkPlan &plan, LayerPlan &layer);

/// Bytes of the sums of a chunk.
int64_t getSumBytes(const LayerPlan &layer);

} // namespace colonnade::systolic

#endif // COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_BLOCKPLAN_H
