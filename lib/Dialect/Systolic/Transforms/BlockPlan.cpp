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
#include "colonnade/Simulator/InstructionCosts.h"

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

/// Cycles of the passes of all chunks and of the boxes that they load; none
/// where the array cannot take the chunk.
static std::optional<int64_t> getChunkedCycles(const NetworkPlan &plan,
                                               const LayerPlan &layer) {
  ArrayRef<int64_t> extents = getLoopExtents(layer);
  auto countChunks = [&](size_t depth) {
    int64_t chunks = 1;
    for (size_t loop = 0; loop < depth; ++loop)
      chunks *= llvm::divideCeil(extents[loop], layer.chunk[loop]);
    return chunks;
  };
  llvm::Expected<sim::BlockSchedule> schedule = sim::scheduleBlockPass(
      plan.machine, getBlockPass(cast<BlockContractOp>(layer.op), layer.chunk));
  if (!schedule) {
    llvm::consumeError(schedule.takeError());
    return std::nullopt;
  }
  int64_t cycles = schedule->cycles * countChunks(getParallelLoops(layer));
  for (const OperandPlan &operand : layer.operands)
    if (plan.isSpilled(operand.view.root, layer.index))
      cycles += countChunks(getBoxDepth(layer, operand)) *
                sim::getDmaCycles(
                    plan.machine,
                    getBoxBytes(operand.type, getOperandBox(layer, operand)));
  return cycles;
}

/// Whether a loop changes the box of an operand.
static bool isFollowed(const OperandPlan &operand, size_t loop) {
  return llvm::any_of(getIndexForms(operand), [&](const LinearForm &form) {
    return form.coefficients[loop] != 0;
  });
}

/// Halves the longest parallel loop that leaves the box of operand `kept`
/// alone, if there is one, otherwise the longest of all; of equal ones the
/// outermost.
static bool shrinkChunkOf(LayerPlan &layer, std::optional<unsigned> kept) {
  auto findLongest = [&](bool keeps) {
    int64_t *longest = nullptr;
    for (size_t loop = 0; loop < getParallelLoops(layer); ++loop) {
      int64_t &size = layer.chunk[loop];
      bool isCut = size > 1 && !isReadBackward(layer, loop) &&
                   !(keeps && isFollowed(layer.operands[*kept], loop));
      if (isCut && (!longest || size > *longest))
        longest = &size;
    }
    return longest;
  };
  int64_t *longest = kept ? findLongest(/*keeps=*/true) : nullptr;
  if (!longest)
    longest = findLongest(/*keeps=*/false);
  if (longest)
    *longest = llvm::divideCeil(*longest, 2);
  return longest;
}

bool systolic::shrinkBlockChunk(LayerPlan &layer) {
  return shrinkChunkOf(layer, /*kept=*/std::nullopt);
}

bool systolic::shrinkBlockChunk(const NetworkPlan &plan, LayerPlan &layer,
                                function_ref<bool()> fits) {
  if (fits())
    return true;
  const SmallVector<int64_t> start = layer.chunk;
  SmallVector<int64_t> best;
  std::optional<int64_t> fewest;
  for (std::optional<unsigned> kept :
       {std::optional<unsigned>(), std::optional(0u), std::optional(1u)}) {
    layer.chunk = start;
    while (!fits() && shrinkChunkOf(layer, kept)) {
    }
    if (!fits())
      continue;
    std::optional<int64_t> cycles = getChunkedCycles(plan, layer);
    if (best.empty() || (cycles && (!fewest || *cycles < *fewest))) {
      best = layer.chunk;
      fewest = cycles;
    }
  }
  if (!best.empty())
    layer.chunk = best;
  return fits();
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
  if (!shrinkBlockChunk(plan, layer, fits))
    return emitError(layer.op->getLoc())
           << "layer '" << layer.name << "' needs " << getSumBytes(layer)
           << " bytes of accumulators and " << layer.heldBlocks.bytes
           << " bytes of weight SRAM for the blocks of one line, but target '"
           << target.getName() << "' has " << target.getAccumulatorBytes()
           << " and " << target.getWeightSramBytes()
           << ": enlarge accumulator_bytes or weight_sram_bytes";
  return success();
}
