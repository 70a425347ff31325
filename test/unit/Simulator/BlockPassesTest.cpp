//===- BlockPassesTest.cpp - What a product of blocks takes ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counts of random loop nests against sets that hold everything.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/BlockPasses.h"
#include "../Support/RandomCases.h"
#include "colonnade/Simulator/Activity.h"
#include "colonnade/Simulator/Timing.h"
#include "llvm/Support/MathExtras.h"
#include "gtest/gtest.h"
#include <set>

using namespace colonnade;
using namespace colonnade::sim;

namespace {

/// Every offset that loops reach.
std::multiset<int64_t> getOffsets(llvm::ArrayRef<int64_t> extents,
                                  llvm::ArrayRef<int64_t> pitches) {
  std::multiset<int64_t> offsets = {0};
  for (auto [extent, pitch] : llvm::zip_equal(extents, pitches)) {
    std::multiset<int64_t> next;
    for (int64_t offset : offsets)
      for (int64_t i = 0; i < extent; ++i)
        next.insert(offset + i * pitch);
    offsets = next;
  }
  return offsets;
}

int64_t countDifferent(const std::multiset<int64_t> &offsets) {
  return static_cast<int64_t>(std::set(offsets.begin(), offsets.end()).size());
}

/// Loops: group, held, passing, two taps and the blocks; the passing operand is
/// read through a window.
BlockPass drawPass(RandomCases &random) {
  BlockPass pass;
  for (int64_t most : {2, 4, 6, 2, 3, 9})
    pass.extents.push_back(random.getInteger(1, most));
  pass.reductionLoops = 3;
  pass.held.format = {random.getInteger(1, 5), 8, random.getInteger(2, 4)};
  pass.passing.format = pass.held.format;
  int64_t stride = random.getInteger(1, 3), length = pass.extents[5];
  pass.held.values.pitches = {4 * 24 * length, 4 * 6 * length, 0,
                              4 * 3 * length,  4 * length,     4};
  pass.passing.values.pitches = {4000, 0,          4 * stride * length,
                                 0,    4 * length, 4};
  // Both taps in one window, as in an image of one row.
  pass.passing.values.pitches[3] = 4 * random.getInteger(1, 2) * length;
  return pass;
}

TEST(BlockPassesTest, DistinctValuesAreCounted) {
  RandomCases random(3);
  for (int trial = 0; trial < 300; ++trial) {
    llvm::SmallVector<int64_t> extents, pitches;
    for (int64_t loop = random.getInteger(0, 4); loop > 0; --loop) {
      extents.push_back(random.getInteger(1, 5));
      pitches.push_back(4 * random.getInteger(-6, 12));
    }
    EXPECT_EQ(countDistinct(extents, pitches),
              countDifferent(getOffsets(extents, pitches)));
  }
}

TEST(BlockPassesTest, LoopsBecomeLinesAndBlocks) {
  RandomCases random(4);
  for (int trial = 0; trial < 200; ++trial) {
    BlockPass pass = drawPass(random);
    BlockGemm gemm = getBlockGemm(pass);
    const auto &e = pass.extents;
    EXPECT_EQ(gemm.groups, e[0]);
    EXPECT_EQ(gemm.heldLines, e[1]);
    EXPECT_EQ(gemm.passingLines, e[2]);
    int64_t group = pass.held.format.group;
    int64_t blocks = llvm::divideCeil(e[5], group);
    EXPECT_EQ(getReductionBlocks(pass), e[3] * e[4] * blocks);
    EXPECT_EQ(int64_t(llvm::divideCeil(gemm.length, group)),
              getReductionBlocks(pass));
    // What is converted is all that is read, once.
    EXPECT_EQ(gemm.heldValues,
              countDifferent(getOffsets(e, pass.held.values.pitches)));
    EXPECT_EQ(gemm.passingValues,
              countDifferent(getOffsets(e, pass.passing.values.pitches)));
  }
}

TEST(BlockPassesTest, BlocksAreStoredOnce) {
  RandomCases random(5);
  BlockCell cell{BlockFormat{16, 8, 4}};
  for (int trial = 0; trial < 200; ++trial) {
    BlockPass pass = drawPass(random);
    cell.format.group = pass.held.format.group;
    for (const BlockPassOperand *operand : {&pass.held, &pass.passing}) {
      int64_t lines = countDifferent(
          getOffsets(llvm::ArrayRef(pass.extents).drop_back(),
                     llvm::ArrayRef(operand->values.pitches).drop_back()));
      int64_t blocks =
          lines * llvm::divideCeil(pass.extents[5], cell.format.group);
      EXPECT_EQ(
          getBlockBytes(pass, *operand, cell),
          int64_t(llvm::divideCeil(
              blocks * cell.getBlockBits(operand->format.mantissaBits), 8)));
    }
  }
}

/// 10 x 6 values pass 3 x 6 held ones; blocks of 2.
Program makeProgram() {
  BlockPass pass;
  pass.extents = {10, 3, 6};
  pass.held.format = {2, 8, 4};
  pass.passing.format = {2, 8, 2};
  pass.held.values.pitches = {0, 24, 4};
  pass.passing.values.pitches = {24, 0, 4};
  Program program;
  program.machine.rows = 4;
  program.machine.columns = 3;
  program.machine.cell = createBlockCell({2, 8, 4});
  program.machine.accumulatorBytes = 1 << 12;
  program.machine.weightLoaderBytesPerCycle = 4;
  program.machine.converterValuesPerCycle = 8;
  for (llvm::StringRef event :
       {"chunk_product", "block_sum", "converter_value", "register_hop",
        "weight_sram_byte", "data_sram_byte", "accumulator_byte",
        "idle_cell_cycle"})
    program.machine.energy[event.str()] = 2;
  program.layers.resize(1);
  program.instructions.resize(1);
  program.instructions.front().payload = pass;
  return program;
}

TEST(BlockPassesTest, EnergyIsEventsTimesPrices) {
  Program program = makeProgram();
  const auto &pass = std::get<BlockPass>(program.instructions.front().payload);
  BlockSchedule schedule =
      llvm::cantFail(scheduleBlockPass(program.machine, pass));
  LayerActivity activity = countActivity(program).total;
  std::map<std::string, double> energy = getEnergy(activity, program.machine);
  EXPECT_EQ(energy["chunk_product"], 2 * 3 * 10 * 3 * 2 * 2);
  EXPECT_EQ(energy["block_sum"], 2 * 3 * 10 * 3);
  EXPECT_EQ(energy["converter_value"], 2 * (3 * 6 + 10 * 6));
  // 9 blocks of 20 bits are written and read once.
  EXPECT_EQ(energy["weight_sram_byte"], 2 * (23 + 23));
  // 78 values are read, 30 blocks of 14 bits are written and read.
  EXPECT_EQ(energy["data_sram_byte"], 2 * (78 * 4 + 53 + 53));
  EXPECT_EQ(energy["accumulator_byte"], 2 * 3 * 10 * 4);
  EXPECT_EQ(energy["idle_cell_cycle"],
            2 * (12 * schedule.cycles - 3 * 10 * 3 * 2));
}

TEST(BlockPassesTest, ProgramsTakeWhatTheClosedFormsSay) {
  Program program = makeProgram();
  const auto &pass = std::get<BlockPass>(program.instructions.front().payload);
  BlockSchedule schedule =
      llvm::cantFail(scheduleBlockPass(program.machine, pass));
  ProgramTiming timing = llvm::cantFail(computeTiming(program));
  EXPECT_EQ(timing.getCycles(), schedule.cycles);
  EXPECT_EQ(timing.total.arrayBusy, 10 * 2);
  EXPECT_EQ(timing.total.streams, 1);
}

} // namespace
