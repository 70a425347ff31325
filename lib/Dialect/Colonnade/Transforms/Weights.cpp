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

void eraseUnused(const SharedWeights &shared) {
  // A constant that is read along two axes stands here twice.
  llvm::SetVector<Operation *> unused;
  for (const auto &[key, uses] : shared)
    if (Value weights = std::get<Value>(key); weights.use_empty())
      unused.insert(weights.getDefiningOp());
  for (Operation *op : unused)
    op->erase();
}

} // namespace colonnade
