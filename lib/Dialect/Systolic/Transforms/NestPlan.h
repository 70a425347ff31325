//===- NestPlan.h - Chunks and boxes of loop nests -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A nest whose tensors are not all in data SRAM runs chunk by chunk of its
// parallel loops; each chunk needs a box of every spilled tensor.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_NESTPLAN_H
#define COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_NESTPLAN_H

#include "NetworkPlan.h"
#include "colonnade/Dialect/Systolic/IR/LinearMap.h"

namespace colonnade::systolic {

/// Halves the outermost parallel loop of more than one index of a nest that is
/// no product of blocks; reductions and loops along which an operand is read
/// backward are never cut. False if there is none.
bool shrinkChunk(LayerPlan &layer);

/// Whether some operand is read from its end along a loop. A box of what a
/// chunk at the edge needs would begin somewhere else than those of other
/// chunks.
bool isReadBackward(const LayerPlan &layer, size_t loop);

/// Extents of a nest's loops, and how many of them run over its result.
llvm::ArrayRef<int64_t> getLoopExtents(const LayerPlan &layer);
size_t getParallelLoops(const LayerPlan &layer);

/// The index of an operand's dimensions as linear forms of the loops.
llvm::SmallVector<LinearForm> getIndexForms(const OperandPlan &operand);

/// Sizes, per dimension, of what one chunk reads of an operand.
llvm::SmallVector<int64_t> getOperandBox(const LayerPlan &layer,
                                         const OperandPlan &operand);

/// Sizes, per dimension, of what one chunk makes.
llvm::SmallVector<int64_t> getResultBox(const LayerPlan &layer);

/// Bytes of a dense box of elements of `type`.
int64_t getBoxBytes(mlir::RankedTensorType type, llvm::ArrayRef<int64_t> box);

/// Pitches of loops whose indices reach a tensor of `pitches` through `forms`.
Pitches getLoopPitches(llvm::ArrayRef<LinearForm> forms,
                       llvm::ArrayRef<int64_t> pitches, size_t loops);

/// How many loops, from the outermost on, change the box of an operand from
/// chunk to chunk: it is loaded inside so many. 0 if every chunk reads the
/// same.
size_t getBoxDepth(const LayerPlan &layer, const OperandPlan &operand);

} // namespace colonnade::systolic

#endif // COLONNADE_LIB_DIALECT_SYSTOLIC_TRANSFORMS_NESTPLAN_H
