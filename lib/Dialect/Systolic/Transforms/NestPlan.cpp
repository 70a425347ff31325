//===- NestPlan.cpp - Chunks and boxes of loop nests ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "NestPlan.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

ArrayRef<int64_t> systolic::getLoopExtents(const LayerPlan &layer) {
  if (auto contract = dyn_cast<BlockContractOp>(layer.op))
    return contract.getExtents();
  return cast<NestOp>(layer.op).getExtents();
}

size_t systolic::getParallelLoops(const LayerPlan &layer) {
  if (auto contract = dyn_cast<BlockContractOp>(layer.op))
    return contract.getNumParallelLoops();
  return cast<NestOp>(layer.op).getNumParallelLoops();
}

bool systolic::isReadBackward(const LayerPlan &layer, size_t loop) {
  return llvm::any_of(layer.operands, [&](const OperandPlan &operand) {
    return llvm::any_of(getIndexForms(operand), [&](const LinearForm &form) {
      return form.coefficients[loop] < 0;
    });
  });
}

bool systolic::shrinkChunk(LayerPlan &layer) {
  auto parallel =
      MutableArrayRef(layer.chunk).take_front(getParallelLoops(layer));
  for (auto [loop, size] : llvm::enumerate(parallel))
    if (size > 1 && !isReadBackward(layer, loop)) {
      size = llvm::divideCeil(size, 2);
      return true;
    }
  return false;
}

SmallVector<LinearForm> systolic::getIndexForms(const OperandPlan &operand) {
  return llvm::map_to_vector(operand.map.getResults(), [&](AffineExpr expr) {
    return *getLinearForm(expr, operand.map.getNumDims());
  });
}

SmallVector<int64_t> systolic::getOperandBox(const LayerPlan &layer,
                                             const OperandPlan &operand) {
  return llvm::map_to_vector(
      getIndexForms(operand), [&](const LinearForm &form) {
        return form.getLast(layer.chunk) - form.getFirst(layer.chunk) + 1;
      });
}

SmallVector<int64_t> systolic::getResultBox(const LayerPlan &layer) {
  return llvm::to_vector(
      ArrayRef(layer.chunk).take_front(getParallelLoops(layer)));
}

Pitches systolic::getLoopPitches(ArrayRef<LinearForm> forms,
                                 ArrayRef<int64_t> pitches, size_t loops) {
  Pitches result(loops, 0);
  for (auto [form, pitch] : llvm::zip_equal(forms, pitches))
    for (auto [loop, coefficient] : llvm::enumerate(form.coefficients))
      result[loop] += coefficient * pitch;
  return result;
}

int64_t systolic::getBoxBytes(RankedTensorType type, ArrayRef<int64_t> box) {
  int64_t bytes = getElementBytes(type);
  for (int64_t size : box)
    bytes *= size;
  return bytes;
}

size_t systolic::getBoxDepth(const LayerPlan &layer,
                             const OperandPlan &operand) {
  ArrayRef<int64_t> extents = getLoopExtents(layer);
  size_t depth = 0;
  for (const LinearForm &form : getIndexForms(operand))
    for (auto [loop, coefficient] : llvm::enumerate(form.coefficients))
      if (coefficient != 0 && layer.chunk[loop] < extents[loop])
        depth = std::max<size_t>(depth, loop + 1);
  return depth;
}
