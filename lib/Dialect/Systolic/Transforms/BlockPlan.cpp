//===- BlockPlan.cpp - Chunks of products of blocks -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "BlockPlan.h"
#include "NestPlan.h"
#include "colonnade/Dialect/Systolic/IR/BlockPasses.h"
#include "colonnade/Simulator/BlockPasses.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

int64_t systolic::getSumBytes(const LayerPlan &layer) {
  return getBoxBytes(layer.getResultType(), getResultBox(layer));
}

void systolic::sizeBlocks(const NetworkPlan &plan, LayerPlan &layer) {
  const sim::BlockCell &cell = *plan.target.getCellModel()->getBlockCell();
  sim::BlockPass pass =
      getBlockPass(cast<BlockContractOp>(layer.op), layer.chunk);
  layer.heldBlocks.bytes = sim::getBlockBytes(pass, pass.held, cell);
  layer.passingBlocks.bytes = sim::getBlockBytes(pass, pass.passing, cell);
}

LogicalResult systolic::fitBlockProduct(NetworkPlan &plan, LayerPlan &layer) {
  TargetAttr target = plan.target;
  if (!target.getCellModel()->getBlockCell())
    return emitError(layer.op->getLoc())
           << "layer '" << layer.name << "' multiplies blocks, but target '"
           << target.getName() << "' has cells of type " << target.getCell()
           << ": schedule it for a target with block cells";
  auto fits = [&] {
    sizeBlocks(plan, layer);
    // Weight SRAM keeps a byte of parameters twice, see divideWeightSram().
    return getSumBytes(layer) <= 2 * plan.accumulatorBytes &&
           layer.heldBlocks.bytes + 3 <= target.getWeightSramBytes();
  };
  while (!fits())
    if (!shrinkLayer(layer))
      return emitError(layer.op->getLoc())
             << "layer '" << layer.name << "' needs " << getSumBytes(layer)
             << " bytes of accumulators and " << layer.heldBlocks.bytes
             << " bytes of weight SRAM for the blocks of one line, but target '"
             << target.getName() << "' has " << target.getAccumulatorBytes()
             << " and " << target.getWeightSramBytes()
             << ": enlarge accumulator_bytes or weight_sram_bytes";
  return success();
}
