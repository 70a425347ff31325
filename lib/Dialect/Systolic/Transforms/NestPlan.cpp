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

static size_t getParallelLoops(const LayerPlan &layer) {
  return cast<NestOp>(layer.op).getNumParallelLoops();
}

bool systolic::shrinkChunk(LayerPlan &layer) {
  auto parallel =
      MutableArrayRef(layer.chunk).take_front(getParallelLoops(layer));
  for (int64_t &size : parallel)
    if (size > 1) {
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
        return form.getLast(layer.chunk) - form.offset + 1;
      });
}

SmallVector<int64_t> systolic::getResultBox(const LayerPlan &layer) {
  return llvm::to_vector(
      ArrayRef(layer.chunk).take_front(getParallelLoops(layer)));
}

int64_t systolic::getBoxBytes(RankedTensorType type, ArrayRef<int64_t> box) {
  int64_t bytes = getElementBytes(type);
  for (int64_t size : box)
    bytes *= size;
  return bytes;
}

bool systolic::isInvariant(const LayerPlan &layer, const OperandPlan &operand) {
  ArrayRef<int64_t> extents = cast<NestOp>(layer.op).getExtents();
  for (const LinearForm &form : getIndexForms(operand))
    for (auto [coefficient, size, extent] :
         llvm::zip_equal(form.coefficients, layer.chunk, extents))
      if (coefficient != 0 && size < extent)
        return false;
  return true;
}
