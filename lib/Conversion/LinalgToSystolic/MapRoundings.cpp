//===- MapRoundings.cpp - Rounding to blocks on the vector unit *- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of NetworkMapper for `colonnade.block_quantize` whose values someone
// else than the array's converter needs: its code in plain arith, as loop
// nests.
//
//===----------------------------------------------------------------------===//

#include "NestForms.h"
#include "NetworkMapper.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/LowerBlockQuantize.h"

using namespace mlir;
using namespace colonnade;

/// Whether `reader` is a product that converts the operand on its way into the
/// array.
bool NetworkMapper::converts(OpOperand &operand) {
  auto reader = dyn_cast<linalg::LinalgOp>(operand.getOwner());
  if (!hasBlockCells() || !reader || !isContraction(reader) ||
      operand.getOperandNumber() > 1)
    return false;
  BlockProduct product;
  BlockContraction contraction;
  return !planBlockProduct(reader, product, contraction) &&
         !product.origins[operand.getOperandNumber()].isMoved;
}

bool NetworkMapper::isConverted(Value rounded) {
  return llvm::all_of(rounded.getUses(), [&](OpOperand &use) {
    if (isa<DropEncodingOp>(use.getOwner()))
      return isConverted(use.getOwner()->getResult(0));
    return converts(use);
  });
}

Objection NetworkMapper::mapBlockQuantize(BlockQuantizeOp op) {
  if (isConverted(op.getResult()))
    return std::nullopt;
  Operation *previous = op->getPrevNode();
  auto rounding = cast<BlockQuantizeOp>(builder.clone(*op));
  if (getEncoding(op.getSource().getType()))
    rounding.getSourceMutable().assign(DropEncodingOp::create(
        builder, op.getLoc(), dropEncoding(op.getSource().getType()),
        op.getSource()));
  builder.setInsertionPoint(rounding);
  Value rounded = lowerBlockQuantize(builder, rounding);
  rounding.erase();
  if (!rounded)
    return std::string("it cannot be computed at run time");
  makeScalarsTensors(function);
  readIndicesFromConstants(function);
  Block::iterator first =
      previous ? std::next(previous->getIterator()) : op->getBlock()->begin();
  for (Operation &code :
       llvm::make_early_inc_range(llvm::make_range(first, op->getIterator())))
    mapOp(&code);
  mapping.map(op.getResult(), lookup(rounded));
  return std::nullopt;
}
