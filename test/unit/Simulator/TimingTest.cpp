//===- TimingTest.cpp - Times of whole programs ---------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The queues, tokens and stall figures on a program small enough to time by
// hand, and laws on random programs.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Timing.h"
#include "NetworkBuilder.h"
#include "colonnade/Simulator/Cells.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

/// A 2x2 array with two 2x2 tiles of one matrix, 4 positions each. A tile takes
/// 12 cycles of DMA and 4 of loading.
class TwoTilesTest : public ::testing::Test {
protected:
  TwoTilesTest() {
    Random random(1);
    program.machine = makeMachine(random, 2);
    program.machine.rows = program.machine.columns = 2;
    program.machine.cell = createMacCell(1);
    program.machine.dramBytesPerCycle = 2;
    program.machine.dramLatency = 10;
    program.machine.weightLoaderBytesPerCycle = 1;
    program.weights = {makeWeights(random, 2, 4, {})};
    program.layers.resize(1);
    add(DmaWeights{{}, 0, {}});
    add(LoadWeights{{}, 0}, {{0}});
    add(makeStream(0), {{1}});
    add(DmaWeights{{0, 0, 0, 2}, 8, {}});
    add(LoadWeights{{0, 0, 0, 2}, 8}, {{3}, {2, true}});
    add(makeStream(2), {{4}});
  }

  void add(Payload payload, std::vector<Token> after = {}) {
    program.instructions.push_back({std::move(payload), std::move(after)});
  }
  StreamTile makeStream(int64_t column) {
    StreamTile stream;
    stream.tile.column = column;
    stream.window.channels = 4;
    stream.window.outWidth = stream.window.width = stream.band.width = 4;
    stream.stepCycles = 3;
    return stream;
  }

  Program program;
};

} // namespace

TEST_F(TwoTilesTest, TimesByHand) {
  ProgramTiming timing = llvm::cantFail(computeTiming(program));
  std::vector<InstructionTimes> expected = {
      {0, 12, 12},  // DMA
      {12, 16, 16}, // load
      {16, 16 + 3 * (4 + 2 + 2 - 2), 16 + 3 * (2 + 2 - 2) + 1},
      {12, 24, 24}, // DMA of the second tile
      {24, 28, 28}, // its load, after the swap in cycle 23
      // The first stream's inputs are in at 28, a step boundary.
      {28, 28 + 18, 28 + 7}};
  EXPECT_EQ(timing.instructions, expected);
  EXPECT_EQ(timing.getCycles(), 46);
  EXPECT_EQ(timing.total.arrayBusy, 2 * 3 * 4);
  EXPECT_EQ(timing.total.dmaBusy, 24);
  EXPECT_EQ(timing.total.loaderBusy, 8);
  // The first stream could have started in cycle 0; its load waited 12 cycles
  // for the DMA queue.
  EXPECT_EQ(timing.total.weightLoadStall, 16);
  EXPECT_EQ(timing.total.weightDmaStall, 12);
  EXPECT_EQ(timing.total.dataDmaStall, 0);
  EXPECT_EQ(timing.layers[0], timing.total);
}

TEST_F(TwoTilesTest, AnotherStepLengthWaitsForTheWavefront) {
  std::get<StreamTile>(program.instructions[5].payload).stepCycles = 2;
  ProgramTiming timing = llvm::cantFail(computeTiming(program));
  EXPECT_EQ(timing.instructions[5].start, timing.instructions[2].end);
}

TEST_F(TwoTilesTest, ALateLoadStartsAtAStepBoundary) {
  program.machine.weightLoaderBytesPerCycle = 4;
  std::get<StreamTile>(program.instructions[2].payload).band.width = 2;
  program.machine.dramLatency = 7;
  ProgramTiming timing = llvm::cantFail(computeTiming(program));
  // Stream 1: cycles 10 to 22, inputs in at 16. Tile 2 is loaded at 19.
  EXPECT_EQ(timing.instructions[2].start, 10);
  EXPECT_EQ(timing.instructions[2].end, 10 + 3 * (2 + 2));
  EXPECT_EQ(timing.instructions[4].end, 19);
  EXPECT_EQ(timing.instructions[5].start, 19);
  program.machine.dramLatency = 8;
  timing = llvm::cantFail(computeTiming(program));
  // A DMA cycle more each: stream 1 from 11, tile 2 at 21, next boundary 23.
  EXPECT_EQ(timing.instructions[4].end, 21);
  EXPECT_EQ(timing.instructions[5].start, 23);
}

TEST_F(TwoTilesTest, MissingSwapTokenIsAnError) {
  program.instructions[4].after.clear();
  program.instructions[3].payload = program.instructions[0].payload;
  program.machine.dramLatency = 0;
  EXPECT_THAT(getMessage(computeTiming(program).takeError()),
              ::testing::HasSubstr("instruction #4: loading a tile at cycle"));
}

TEST(TimingTest, LawsOfRandomPrograms) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    Random random(seed);
    NetworkBuilder builder(makeMachine(random, 5), seed);
    Program program = makeNetwork(builder, random.between(1, 5));
    ProgramTiming timing = llvm::cantFail(computeTiming(program));
    int64_t busy = 0, last = 0;
    std::array<int64_t, kNumQueues> queueEnd = {};
    for (auto [instruction, times] :
         llvm::zip_equal(program.instructions, timing.instructions)) {
      auto queue = static_cast<unsigned>(instruction.getQueue());
      for (Token token : instruction.after)
        EXPECT_GE(times.start,
                  token.swapped ? timing.instructions[token.instruction].swapped
                                : timing.instructions[token.instruction].end);
      if (instruction.getQueue() != Queue::Array) {
        EXPECT_GE(times.start, queueEnd[queue]);
      }
      EXPECT_GE(times.end, queueEnd[queue]);
      queueEnd[queue] = times.end;
      last = std::max(last, times.end);
      if (auto *stream = std::get_if<StreamTile>(&instruction.payload))
        busy += stream->stepCycles * getPositions(stream->band, stream->window);
    }
    EXPECT_EQ(timing.getCycles(), last);
    EXPECT_EQ(timing.total.arrayBusy, busy);
    EXPECT_LE(timing.total.weightDmaStall, timing.total.weightLoadStall);
    // Streams never overlap in the array's input port.
    EXPECT_LE(busy, last);
    LayerTiming sum;
    for (const LayerTiming &layer : timing.layers) {
      sum.arrayBusy += layer.arrayBusy;
      sum.weightLoadStall += layer.weightLoadStall;
      sum.vectorBusy += layer.vectorBusy;
    }
    EXPECT_EQ(sum.arrayBusy, timing.total.arrayBusy);
    EXPECT_EQ(sum.weightLoadStall, timing.total.weightLoadStall);
    EXPECT_EQ(sum.vectorBusy, timing.total.vectorBusy);
  }
}
