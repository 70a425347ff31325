//===- BlockGemmTest.cpp - Closed forms against registers -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The invariant of cycle honesty for the three products of training: on random
// machines, shapes and precisions, the closed forms give the times and events
// that the registers show, and the registers give the bits of the emulation.
//
//===----------------------------------------------------------------------===//

#include "../Numerics/RandomBlocks.h"
#include "RandomTiles.h"
#include "colonnade/Simulator/BlockCellArray.h"
#include "gmock/gmock.h"
#include <set>

using namespace colonnade;
using namespace colonnade::sim;
using ::testing::HasSubstr;

namespace {

MachineDescription makeBlockMachine(RandomCases &random) {
  MachineDescription machine;
  machine.name = "random";
  int64_t group = random.getInteger(1, 4);
  machine.cell = createBlockCell({group, 8, 8});
  machine.rows = group * random.getInteger(1, 3) + random.getInteger(0, 1);
  machine.columns = random.getInteger(1, 5);
  int64_t widest = std::max(machine.rows, group * machine.columns);
  machine.accumulatorBytes = 8 * widest * random.getInteger(1, 20);
  machine.weightLoaderBytesPerCycle = random.getInteger(1, 16);
  machine.converterValuesPerCycle = random.getInteger(1, 40);
  // 0: as many as anyone needs.
  machine.dataSramBanks = std::max<int64_t>(0, random.getInteger(-20, 40));
  return machine;
}

BlockGemm makeGemm(RandomCases &random, BlockDataflow dataflow) {
  BlockGemm gemm;
  gemm.dataflow = dataflow;
  gemm.heldLines = random.getInteger(1, 20);
  gemm.passingLines = random.getInteger(1, 30);
  gemm.length = random.getInteger(1, 30);
  gemm.heldBits = random.getInteger(2, 8);
  gemm.passingBits = random.getInteger(2, 8);
  gemm.groups = random.getInteger(0, 2) ? 1 : random.getInteger(2, 3);
  return gemm;
}

/// A product on a machine, and its operands.
struct Case {
  Case(RandomCases &random, BlockDataflow dataflow)
      : machine(makeBlockMachine(random)), gemm(makeGemm(random, dataflow)),
        held(makeOperand(random, gemm.heldLines, gemm.heldBits)),
        passing(makeOperand(random, gemm.passingLines, gemm.passingBits)) {}

  BlockMatrix makeOperand(RandomCases &random, int64_t lines, int64_t bits) {
    BlockFormat format = machine.cell->getBlockCell()->format;
    return getRandomOperand(random, {1, gemm.length, gemm.groups * lines},
                            format.withMantissaBits(bits));
  }
  BlockSchedule schedule() {
    return llvm::cantFail(scheduleBlockGemm(machine, gemm));
  }

  MachineDescription machine;
  BlockGemm gemm;
  BlockMatrix held, passing;
};

class BlockGemmTest : public ::testing::TestWithParam<BlockDataflow> {};

} // namespace

static void expectSameBits(const Case &product,
                           llvm::ArrayRef<float> measured) {
  std::vector<float> expected(measured.size(), -1);
  multiplyBlocks(product.held, product.passing, expected);
  int64_t lines = product.held.getNumLines();
  int64_t vectors = product.passing.getNumLines();
  for (int64_t line = 0; line < lines; ++line)
    for (int64_t vector = 0; vector < vectors; ++vector) {
      bool isProduct =
          line / product.gemm.heldLines == vector / product.gemm.passingLines;
      int64_t i = line * vectors + vector;
      ASSERT_EQ(getFloatBits(measured[i]),
                getFloatBits(isProduct ? expected[i] : 0.0f))
          << line << ", " << vector;
    }
}

static void expectSameTimes(const BlockSchedule &schedule,
                            const BlockMeasurement &measured) {
  for (auto [number, run] : llvm::enumerate(schedule.runs)) {
    EXPECT_EQ(run.done, measured.done[number]) << "run " << number;
    if (run.loads())
      EXPECT_EQ(run.swapped, measured.swapped[number]) << "run " << number;
  }
  EXPECT_EQ(schedule.cycles, *llvm::max_element(measured.done));
}

/// The values of some lines that a run works on: line and place.
static void insertValues(const Case &product, const BlockRun &run,
                         int64_t first, int64_t count,
                         std::set<std::pair<int64_t, int64_t>> &values) {
  int64_t group = product.machine.cell->getBlockCell()->format.group;
  for (int64_t line = first; line < first + count; ++line)
    for (int64_t i = run.firstBlock * group;
         i < (run.firstBlock + run.blocks) * group && i < product.gemm.length;
         ++i)
      values.insert({line, i});
}

TEST_P(BlockGemmTest, ClosedFormsEqualRegisters) {
  RandomCases random(3);
  for (int trial = 0; trial < 250; ++trial) {
    SCOPED_TRACE(trial);
    Case product(random, GetParam());
    BlockSchedule schedule = product.schedule();
    llvm::Expected<BlockMeasurement> measured = executeInCells(
        schedule, product.machine, product.held, product.passing);
    ASSERT_TRUE(static_cast<bool>(measured))
        << llvm::toString(measured.takeError());
    expectSameBits(product, measured->result);
    expectSameTimes(schedule, *measured);
    measured->events.converterValues = schedule.events.converterValues;
    EXPECT_TRUE(schedule.events == measured->events);
    ASSERT_FALSE(HasFailure());
  }
}

TEST_P(BlockGemmTest, StartsAreTheEarliestPossible) {
  RandomCases random(4);
  int64_t moved = 0;
  for (int trial = 0; trial < 250; ++trial) {
    SCOPED_TRACE(trial);
    Case product(random, GetParam());
    product.machine.converterValuesPerCycle = 1 << 20;
    product.machine.dataSramBanks = 0;
    BlockSchedule schedule = product.schedule();
    if (schedule.runs.size() == 1)
      continue;
    schedule.runs[random.getInteger(1, int64_t(schedule.runs.size()) - 1)]
        .start -= schedule.stepCycles;
    ++moved;
    EXPECT_NE(getMessage(executeInCells(schedule, product.machine, product.held,
                                        product.passing)
                             .takeError()),
              "");
  }
  EXPECT_GT(moved, 150);
}

TEST_P(BlockGemmTest, NothingStartsBeforeItsConversion) {
  RandomCases random(5);
  for (int trial = 0; trial < 250; ++trial) {
    SCOPED_TRACE(trial);
    Case product(random, GetParam());
    BlockSchedule schedule = product.schedule();
    int64_t width = product.machine.converterValuesPerCycle;
    if (int64_t banks = product.machine.dataSramBanks)
      width = std::max<int64_t>(1, std::min(width, banks / 4));
    std::set<std::pair<int64_t, int64_t>> held, passing;
    for (const BlockRun &run : schedule.runs) {
      insertValues(product, run, run.firstLine, run.lines, held);
      auto needed = static_cast<int64_t>(held.size() + passing.size());
      if (run.loads())
        EXPECT_LE(needed, width * run.loadStart);
      insertValues(product, run, run.firstVector, run.vectors, passing);
      needed = static_cast<int64_t>(held.size() + passing.size());
      EXPECT_LE(needed, width * run.start);
    }
    EXPECT_EQ(schedule.events.converterValues,
              int64_t(held.size() + passing.size()));
    ASSERT_FALSE(HasFailure());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Dataflows, BlockGemmTest,
    ::testing::Values(BlockDataflow::Forward, BlockDataflow::Orthogonal,
                      BlockDataflow::OutputStationary),
    [](const ::testing::TestParamInfo<BlockDataflow> &info) {
      std::string name = stringifyBlockDataflow(info.param).str();
      std::erase(name, '-');
      return name;
    });

//===----------------------------------------------------------------------===//
// Figures worked out by hand
//===----------------------------------------------------------------------===//

namespace {

/// 4 x 3 cells of group 2 that load a block of 4-bit mantissas (20 bits) in
/// less than a cycle, and convert everything in one.
class SmallArrayTest : public ::testing::Test {
protected:
  SmallArrayTest() {
    machine.name = "small";
    machine.cell = createBlockCell({2, 8, 4});
    machine.rows = 4;
    machine.columns = 3;
    machine.accumulatorBytes = 2 * 4 * 6 * 10;
    machine.weightLoaderBytesPerCycle = 30;
    machine.converterValuesPerCycle = 1000;
  }

  std::string getRefusal(const BlockGemm &gemm) {
    return getMessage(scheduleBlockGemm(machine, gemm).takeError());
  }

  MachineDescription machine;
};

} // namespace

TEST_F(SmallArrayTest, Forward) {
  // Three lines of six values: one cycle of conversion, one to load 180 bits.
  BlockSchedule schedule = llvm::cantFail(scheduleBlockGemm(
      machine, {BlockDataflow::Forward, 3, 10, 6, /*heldBits=*/4,
                /*passingBits=*/2, /*passingValues=*/0}));
  ASSERT_EQ(schedule.runs.size(), 1u);
  const BlockRun &run = schedule.runs.front();
  EXPECT_EQ(schedule.stepCycles, 2);
  EXPECT_EQ(run.loadStart, 1);
  EXPECT_EQ(run.loadEnd, 2);
  EXPECT_EQ(run.start, 2);
  EXPECT_EQ(run.swapped, 2 + 2 * (3 + 3 - 2) + 1);
  EXPECT_EQ(schedule.cycles, 2 + 2 * (10 + 3 + 3 - 2));
}

TEST_F(SmallArrayTest, Orthogonal) {
  // Six lines in three columns of squares, two blocks in four rows.
  BlockSchedule schedule = llvm::cantFail(
      scheduleBlockGemm(machine, {BlockDataflow::Orthogonal, 6, 10, 4, 2, 2}));
  ASSERT_EQ(schedule.runs.size(), 1u);
  EXPECT_EQ(schedule.stepCycles, 1);
  EXPECT_EQ(schedule.cycles, 2 + (10 + 3 + 2 - 2));
}

TEST_F(SmallArrayTest, OutputStationary) {
  BlockSchedule schedule = llvm::cantFail(scheduleBlockGemm(
      machine, {BlockDataflow::OutputStationary, 4, 3, 20, 2, 2}));
  ASSERT_EQ(schedule.runs.size(), 1u);
  EXPECT_EQ(schedule.cycles, 1 + (10 + 4 + 2 * 3 - 2));
}

TEST_F(SmallArrayTest, PatchesAreConvertedOnce) {
  BlockGemm gemm{BlockDataflow::Forward, 3, 20, 6, 4, 4};
  EXPECT_EQ(
      llvm::cantFail(scheduleBlockGemm(machine, gemm)).events.converterValues,
      3 * 6 + 20 * 6);
  gemm.passingValues = 17;
  EXPECT_EQ(
      llvm::cantFail(scheduleBlockGemm(machine, gemm)).events.converterValues,
      3 * 6 + 17);
}

TEST_F(SmallArrayTest, MemoriesFeedTheSteps) {
  auto getStep = [&](BlockDataflow dataflow) {
    return llvm::cantFail(
               scheduleBlockGemm(machine, {dataflow, 4, 10, 6, 4, 2}))
        .stepCycles;
  };
  EXPECT_EQ(getStep(BlockDataflow::Forward), 2);
  // Three blocks of 14 bits enter from two banks, or two at the left.
  machine.dataSramBanks = 2;
  EXPECT_EQ(getStep(BlockDataflow::Forward), 3);
  EXPECT_EQ(getStep(BlockDataflow::Orthogonal), 2);
  EXPECT_EQ(getStep(BlockDataflow::OutputStationary), 3);
  // Four blocks of 20 bits at three bytes a cycle.
  machine.weightLoaderBytesPerCycle = 3;
  EXPECT_EQ(getStep(BlockDataflow::Forward), 3);
  EXPECT_EQ(getStep(BlockDataflow::OutputStationary), 4);
}

TEST_F(SmallArrayTest, TheConverterReadsBanks) {
  BlockGemm gemm{BlockDataflow::Forward, 3, 10, 6, 4, 4};
  machine.dataSramBanks = 8;
  // Two values a cycle: 18 held ones and 60 passing ones.
  EXPECT_GE(llvm::cantFail(scheduleBlockGemm(machine, gemm)).runs.front().start,
            (18 + 60) / 2);
}

TEST_F(SmallArrayTest, Refusals) {
  BlockGemm gemm;
  gemm.heldBits = 8;
  EXPECT_THAT(getRefusal(gemm), HasSubstr("must have 2 to 4 bits, got 8"));
  gemm.heldBits = 4;
  gemm.length = 0;
  EXPECT_THAT(getRefusal(gemm),
              HasSubstr("at least 1, got 1 x 1 x 0 in 1 groups"));
  gemm.length = 1;
  machine.accumulatorBytes = 2 * 4 * 6 - 1;
  gemm.dataflow = BlockDataflow::Orthogonal;
  EXPECT_THAT(getRefusal(gemm), HasSubstr("48 bytes would"));
  machine.rows = 1;
  EXPECT_THAT(getRefusal(gemm), HasSubstr("1 rows hold no square of 2 blocks"));
}
