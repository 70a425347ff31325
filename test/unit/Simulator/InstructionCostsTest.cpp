//===- InstructionCostsTest.cpp - Costs of single instructions ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The formulas of target.md on numbers worked out by hand, and bank conflicts
// against a count over whole positions.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/InstructionCosts.h"
#include "RandomTiles.h"
#include "colonnade/Simulator/Cells.h"
#include "gtest/gtest.h"

using namespace colonnade;
using namespace colonnade::sim;

static MachineDescription makePlainMachine() {
  Random random(1);
  MachineDescription machine = makeMachine(random, 4);
  machine.rows = machine.columns = 4;
  machine.cell = createMacCell(4);
  machine.dramBytesPerCycle = 16;
  machine.dramLatency = 100;
  machine.weightLoaderBytesPerCycle = 3;
  machine.vectorLanes = 4;
  machine.vectorLatency = 10;
  machine.vectorStages = 3;
  return machine;
}

TEST(InstructionCostsTest, BandsAreClampedAtTheOutput) {
  Window window;
  window.outHeight = 5;
  window.outWidth = 7;
  EXPECT_EQ(getPositions({0, 0, 2, 3}, window), 6);
  EXPECT_EQ(getPositions({4, 5, 2, 3}, window), 1 * 2);
  EXPECT_EQ(getPositions({5, 0, 2, 3}, window), 0);
}

TEST(InstructionCostsTest, InputRegionIsWhatTheTapsTouch) {
  Random random(2);
  for (int trial = 0; trial < 500; ++trial) {
    Window w;
    w.height = random.between(1, 9);
    w.width = 1;
    w.kernelHeight = random.between(1, 3);
    w.dilationHeight = random.between(1, 3);
    w.strideHeight = random.between(1, 3);
    w.padTop = random.between(0, 4);
    w.outHeight = random.between(1, 6);
    Band band = {random.between(0, w.outHeight - 1), 0, random.between(1, 6),
                 1};
    int64_t first = w.height, last = -1;
    for (int64_t y = band.row; y < band.row + band.height; ++y)
      for (int64_t i = 0; i < w.kernelHeight; ++i) {
        int64_t row = y * w.strideHeight + i * w.dilationHeight - w.padTop;
        if (y < w.outHeight && row >= 0 && row < w.height) {
          first = std::min(first, row);
          last = std::max(last, row);
        }
      }
    Band region = getInputRegion(w, band);
    if (last < 0)
      continue;
    EXPECT_LE(region.row, first);
    EXPECT_GE(region.row + region.height - 1, last);
    EXPECT_GE(region.row, 0);
    EXPECT_LE(region.row + region.height, w.height);
  }
}

TEST(InstructionCostsTest, DmaAndLoader) {
  Program program;
  program.machine = makePlainMachine();
  EXPECT_EQ(getDmaCycles(program.machine, 1), 101);
  EXPECT_EQ(getDmaCycles(program.machine, 16), 101);
  EXPECT_EQ(getDmaCycles(program.machine, 17), 102);
  Random random(3);
  program.weights = {makeWeights(random, 5, 6, {})};
  // 4 x 4 cells of 8 bits at 3 bytes per cycle, and the corner of 1 x 2.
  EXPECT_EQ(getDmaBytes(program, DmaWeights{{0, 0, 0, 0}, 0, {}}), 16);
  EXPECT_EQ(getLoadCycles(program, {0, 0, 0, 0}), 6);
  EXPECT_EQ(getLoadCycles(program, {0, 0, 4, 4}), 1);
  DmaCopy copy;
  copy.counts = {2, 3};
  copy.runBytes = 4;
  EXPECT_EQ(getDmaBytes(program, copy), 24);
}

TEST(InstructionCostsTest, VectorPasses) {
  MachineDescription machine = makePlainMachine();
  VectorPass pass;
  pass.channels = 2;
  pass.window.outHeight = pass.band.height = 3;
  pass.window.outWidth = pass.band.width = 3;
  pass.window.kernelHeight = 2;
  pass.window.kernelWidth = 3;
  // 18 elements on 4 lanes; no operation still takes one pass.
  EXPECT_EQ(getVectorElements(pass), 18);
  EXPECT_EQ(getVectorCycles(machine, pass), 10 + 5);
  pass.reduction = Reduction::Maximum;
  EXPECT_EQ(getVectorCycles(machine, pass), 10 + 5 * 6);
  pass.reduction = Reduction::None;
  using enum ScalarOpcode;
  pass.body.operations = {{Add}, {Constant}, {Add}, {Add}};
  EXPECT_EQ(getVectorCycles(machine, pass), 10 + 5);
  pass.body.operations.push_back({Add});
  EXPECT_EQ(getVectorCycles(machine, pass), 10 + 2 * 5);
}

TEST(InstructionCostsTest, BankReadsEqualACountAtEveryPosition) {
  Random random(4);
  for (int trial = 0; trial < 300; ++trial) {
    Window w;
    w.channels = random.between(1, 6);
    w.kernelHeight = random.between(1, 3);
    w.kernelWidth = random.between(1, 3);
    w.dilationHeight = random.between(1, 2);
    w.dilationWidth = random.between(1, 2);
    View view;
    view.channelPitch = random.between(1, 40);
    view.rowPitch = random.between(1, 20);
    view.columnPitch = random.between(1, 6);
    int64_t banks = random.between(1, 16), base = random.between(0, 1000);
    std::vector<int32_t> streams;
    for (int64_t column = 0;
         column < w.channels * w.kernelHeight * w.kernelWidth; ++column)
      if (random.chance(60))
        streams.push_back(column);
    std::vector<int64_t> reads(banks);
    for (int64_t column : streams) {
      int64_t j = column % w.kernelWidth;
      int64_t i = column / w.kernelWidth % w.kernelHeight;
      int64_t c = column / w.kernelWidth / w.kernelHeight;
      ++reads[(base + c * view.channelPitch +
               i * w.dilationHeight * view.rowPitch +
               j * w.dilationWidth * view.columnPitch) %
              banks];
    }
    EXPECT_EQ(getBankReadCycles(streams, w, view, banks),
              *llvm::max_element(reads));
  }
}

TEST(InstructionCostsTest, AStepTakesWhatTheSlowerOfCellAndBanksNeeds) {
  Random random(5);
  MachineDescription machine = makePlainMachine();
  PackedWeights weights = makeWeights(random, 4, 6, {});
  Window window;
  window.channels = 6;
  View view;
  view.channelPitch = 4;
  machine.dataSramBanks = 4;
  EXPECT_EQ(getRequiredStepCycles(weights, 0, 0, 4, window, view, machine), 4);
  EXPECT_EQ(getRequiredStepCycles(weights, 0, 4, 2, window, view, machine), 2);
  view.channelPitch = 1;
  EXPECT_EQ(getRequiredStepCycles(weights, 0, 0, 4, window, view, machine),
            getBankReadCycles(getTileStreams(weights, 0, 0, 4), window, view, 4));
  machine.cell = createBitSerialCell(8, 4);
  EXPECT_EQ(getRequiredStepCycles(weights, 0, 0, 4, window, view, machine), 8);
}
