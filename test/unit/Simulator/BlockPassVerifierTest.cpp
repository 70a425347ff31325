//===- BlockPassVerifierTest.cpp - What no array of blocks can run --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One mistake for each message about a product of blocks alone.
//
//===----------------------------------------------------------------------===//

#include "LoopVerifier.h"
#include "colonnade/Simulator/Cells.h"
#include "gmock/gmock.h"

using namespace colonnade;
using namespace colonnade::sim;
using ::testing::HasSubstr;

namespace {

class BlockPassVerifierTest : public ::testing::Test {
protected:
  /// 10 x 6 values pass 3 x 6 held ones, in blocks of 2.
  BlockPassVerifierTest() {
    machine.name = "test";
    machine.rows = 4;
    machine.columns = 3;
    machine.cell = createBlockCell({2, 8, 4});
    machine.accumulatorBytes = 1 << 12;
    machine.weightLoaderBytesPerCycle = 4;
    machine.converterValuesPerCycle = 8;
    pass.extents = {10, 3, 6};
    auto fill = [](NestOperand &operand, llvm::ArrayRef<int64_t> pitches,
                   int64_t address) {
      operand.type = ScalarType::F32;
      operand.pitches.assign(pitches.begin(), pitches.end());
      operand.address = operand.bufferAddress = address;
      operand.bufferBytes = 240;
    };
    fill(pass.held.values, {0, 24, 4}, 0);
    fill(pass.passing.values, {24, 0, 4}, 256);
    fill(pass.sums, {12, 4, 0}, 0);
    pass.sums.memory = Memory::Accumulators;
    for (BlockPassOperand *operand : {&pass.held, &pass.passing}) {
      operand->format = {2, 8, 4};
      operand->positionPitches = {0, 0, 1};
      operand->blockBytes = 256;
    }
    pass.passing.blockAddress = 1024;
  }

  std::string check() const {
    return findViolation(machine, pass).value_or("nothing");
  }

  MachineDescription machine;
  BlockPass pass;
};

TEST_F(BlockPassVerifierTest, AcceptsAProduct) {
  EXPECT_EQ(check(), "nothing");
}

TEST_F(BlockPassVerifierTest, Loops) {
  pass.reductionLoops = 0;
  EXPECT_EQ(check(), "reduces along no loop");
  pass.reductionLoops = 4;
  EXPECT_EQ(check(), "reduces along 4 of 3 loops");
  pass.reductionLoops = 1;
  pass.extents[0] = 0;
  EXPECT_EQ(check(), "has a loop of 0 steps, below 1");
}

TEST_F(BlockPassVerifierTest, Followers) {
  pass.passing.values.pitches[0] = 0;
  EXPECT_EQ(check(),
            "result loop 0 of 10 steps is not followed by any operand");
}

TEST_F(BlockPassVerifierTest, Operands) {
  pass.held.values.memory = Memory::WeightSram;
  EXPECT_THAT(check(), HasSubstr("its held operand cannot lie in weight SRAM"));
  pass.held.values.memory = Memory::DataSram;
  pass.passing.values.type = ScalarType::I32;
  EXPECT_EQ(check(),
            "its passing operand has elements of type i32; expected f32");
  pass.passing.values.type = ScalarType::F32;
  pass.sums.type = ScalarType::I32;
  EXPECT_EQ(check(), "its result has elements of type i32; expected f32");
  pass.sums.type = ScalarType::F32;
  pass.sums.pitches[2] = 4;
  EXPECT_EQ(check(),
            "its result has a pitch of 4 in reduction loop 2, expected 0");
}

TEST_F(BlockPassVerifierTest, Positions) {
  pass.held.positionPitches.pop_back();
  EXPECT_EQ(check(), "its held operand has 2 pitches of positions for 3 loops");
}

TEST_F(BlockPassVerifierTest, Formats) {
  pass.held.rounder.noise.bits = 99;
  EXPECT_THAT(check(), HasSubstr("99"));
  pass.held.rounder.noise.bits = 8;
  pass.passing.format.mantissaBits = 5;
  EXPECT_THAT(check(), HasSubstr("must have 2 to 4 bits, got 5"));
  pass.passing.format = {4, 8, 4};
  EXPECT_THAT(check(), HasSubstr("makes blocks of 4 values with 8 exponent "
                                 "bits of its passing operand, but the cells "
                                 "hold blocks of 2 with 8"));
  machine.cell = createMacCell(1);
  EXPECT_EQ(check(), "multiplies blocks, but target 'test' has mac cells");
}

TEST_F(BlockPassVerifierTest, Counter) {
  NestOperand counter;
  counter.pitches = {0, 0, 0};
  counter.type = ScalarType::I32;
  pass.counter = counter;
  EXPECT_EQ(check(), "expected one i64 as its counter, got elements of i32");
  pass.counter->type = ScalarType::I64;
  EXPECT_EQ(check(), "nothing");
  pass.counter->memory = Memory::Dram;
  EXPECT_EQ(check(), "its counter cannot lie in DRAM");
}

TEST_F(BlockPassVerifierTest, Blocks) {
  pass.held.blockBytes = 22;
  EXPECT_EQ(check(), "the blocks of its held operand take 23 bytes, but the "
                     "buffer at byte 0 has 22");
  pass.held.blockBytes = 23;
  pass.passing.blockAddress = 300;
  EXPECT_THAT(check(), HasSubstr("among them values that it reads"));
}

TEST_F(BlockPassVerifierTest, Machine) {
  machine.accumulatorBytes = 16;
  EXPECT_THAT(check(), HasSubstr("accumulators of 16 bytes"));
}

} // namespace
