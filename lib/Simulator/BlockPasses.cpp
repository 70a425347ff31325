//===- BlockPasses.cpp - What a product of blocks takes -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/BlockPasses.h"
#include "StridedLoops.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <numeric>

using namespace colonnade;
using namespace colonnade::sim;

//===----------------------------------------------------------------------===//
// Loops
//===----------------------------------------------------------------------===//

static size_t getParallelLoops(const BlockPass &pass) {
  return pass.extents.size() - pass.reductionLoops;
}

BlockLoop sim::getLoopKind(const BlockPass &pass, unsigned loop) {
  if (loop >= getParallelLoops(pass))
    return BlockLoop::Reduction;
  bool isPassing = pass.passing.values.pitches[loop] != 0;
  if (pass.held.values.pitches[loop] != 0)
    return isPassing ? BlockLoop::Group : BlockLoop::Held;
  // A loop of one step may be followed by nobody.
  return isPassing ? BlockLoop::Passing : BlockLoop::Held;
}

/// Loops of a kind but for the one along the blocks.
static llvm::SmallVector<unsigned> getLoops(const BlockPass &pass,
                                            BlockLoop kind) {
  llvm::SmallVector<unsigned> loops;
  for (unsigned loop = 0; loop + 1 < pass.extents.size(); ++loop)
    if (getLoopKind(pass, loop) == kind)
      loops.push_back(loop);
  return loops;
}

LoopOffsets sim::getLoopOffsets(const BlockPass &pass, BlockLoop kind,
                                const BlockPassOperand &operand) {
  StridedLoops loops;
  for (unsigned loop : getLoops(pass, kind))
    loops.push_back(
        {pass.extents[loop],
         {operand.values.pitches[loop], operand.positionPitches[loop]}});
  LoopOffsets offsets;
  LoopCounter counter(loops, {0, 0});
  do {
    offsets.bytes.push_back(counter.getOffsets()[0]);
    offsets.positions.push_back(counter.getOffsets()[1]);
  } while (counter.advance());
  return offsets;
}

std::vector<int64_t> sim::getSumOffsets(const BlockPass &pass, BlockLoop kind) {
  StridedLoops loops;
  for (unsigned loop : getLoops(pass, kind))
    loops.push_back({pass.extents[loop], {pass.sums.pitches[loop]}});
  std::vector<int64_t> offsets;
  LoopCounter counter(loops, {0});
  do
    offsets.push_back(counter.getOffsets()[0]);
  while (counter.advance());
  return offsets;
}

static int64_t countSteps(const BlockPass &pass, BlockLoop kind) {
  int64_t steps = 1;
  for (unsigned loop : getLoops(pass, kind))
    steps *= pass.extents[loop];
  return steps;
}

//===----------------------------------------------------------------------===//
// Values that differ
//===----------------------------------------------------------------------===//

int64_t sim::countDistinct(llvm::ArrayRef<int64_t> extents,
                           llvm::ArrayRef<int64_t> pitches) {
  llvm::SmallVector<std::pair<int64_t, int64_t>> loops;
  int64_t unit = 0;
  for (auto [extent, pitch] : llvm::zip_equal(extents, pitches))
    if (extent > 1 && pitch != 0) {
      loops.push_back({std::abs(pitch), extent});
      unit = std::gcd(unit, pitch);
    }
  llvm::sort(loops);
  int64_t span = 1, count = 1;
  bool isNested = true;
  for (auto &[pitch, extent] : loops) {
    pitch /= unit;
    isNested &= pitch >= span;
    span += pitch * (extent - 1);
    count *= extent;
  }
  if (isNested)
    return count;
  llvm::BitVector met(span);
  met.set(0);
  for (auto [pitch, extent] : loops)
    for (int64_t covered = 1; covered < extent;) {
      int64_t step = std::min(covered, extent - covered);
      llvm::BitVector shifted = met;
      shifted <<= static_cast<unsigned>(step * pitch);
      met |= shifted;
      covered += step;
    }
  return met.count();
}

//===----------------------------------------------------------------------===//
// The product
//===----------------------------------------------------------------------===//

int64_t sim::getReductionBlocks(const BlockPass &pass) {
  return countSteps(pass, BlockLoop::Reduction) *
         llvm::divideCeil(pass.extents.back(), pass.held.format.group);
}

BlockGemm sim::getBlockGemm(const BlockPass &pass) {
  BlockGemm gemm;
  gemm.dataflow = pass.dataflow;
  gemm.groups = countSteps(pass, BlockLoop::Group);
  gemm.heldLines = countSteps(pass, BlockLoop::Held);
  gemm.passingLines = countSteps(pass, BlockLoop::Passing);
  gemm.length = countSteps(pass, BlockLoop::Reduction) == 1
                    ? pass.extents.back()
                    : getReductionBlocks(pass) * pass.held.format.group;
  gemm.heldBits = pass.held.format.mantissaBits;
  gemm.passingBits = pass.passing.format.mantissaBits;
  gemm.heldValues = countDistinct(pass.extents, pass.held.values.pitches);
  gemm.passingValues = countDistinct(pass.extents, pass.passing.values.pitches);
  return gemm;
}

int64_t sim::getBlockBytes(const BlockPass &pass,
                           const BlockPassOperand &operand,
                           const BlockCell &cell) {
  int64_t lines =
      countDistinct(llvm::ArrayRef(pass.extents).drop_back(),
                    llvm::ArrayRef(operand.values.pitches).drop_back());
  int64_t blocks =
      lines * llvm::divideCeil(pass.extents.back(), operand.format.group);
  return llvm::divideCeil(
      blocks * cell.getBlockBits(operand.format.mantissaBits), 8);
}

llvm::Expected<BlockSchedule>
sim::scheduleBlockPass(const MachineDescription &machine,
                       const BlockPass &pass) {
  return scheduleBlockGemm(machine, getBlockGemm(pass));
}

int64_t sim::getBusyCycles(const BlockSchedule &schedule) {
  int64_t steps = 0;
  for (const BlockRun &run : schedule.runs)
    steps += schedule.gemm.dataflow == BlockDataflow::OutputStationary
                 ? run.blocks
                 : run.vectors;
  return steps * schedule.stepCycles;
}
