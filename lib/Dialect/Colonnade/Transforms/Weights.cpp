//===- Weights.cpp - Constant weights and their uses ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Implements the access to constant weights.
//
//===----------------------------------------------------------------------===//

#include "Weights.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace colonnade {

std::optional<std::vector<int8_t>> readWeights(Value weights) {
  Attribute value;
  if (!matchPattern(weights, m_Constant(&value)))
    return std::nullopt;
  auto elements = dyn_cast<ElementsAttr>(value);
  return elements ? readInt8Values(elements) : std::nullopt;
}

void replaceWeights(Value weights, RankedTensorType promised,
                    ArrayRef<int8_t> values, ArrayRef<OpOperand *> uses) {
  OpBuilder builder(weights.getContext());
  builder.setInsertionPointAfterValue(weights);
  Value constant = arith::ConstantOp::create(
      builder, weights.getLoc(), promised, makeInt8Constant(promised, values));
  for (OpOperand *use : uses)
    use->set(constant);
}

void eraseUnused(ArrayRef<Value> constants) {
  llvm::SetVector<Operation *> unused;
  for (Value constant : constants)
    if (constant.use_empty())
      unused.insert(constant.getDefiningOp());
  for (Operation *op : unused)
    op->erase();
}

} // namespace colonnade
