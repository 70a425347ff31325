//===- ProgramVerifierTest.cpp - What the verifier notices ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Kill rate: valid programs are corrupted in many ways, each of which must be
// noticed, with the layer to blame. And the order check, done with vector
// clocks and intervals, agrees with a plain search through all pairs of
// accesses, byte by byte.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/ProgramVerifier.h"
#include "Corruptions.h"
#include "NetworkBuilder.h"
#include "OrderReference.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace colonnade;
using namespace colonnade::sim;
using ::testing::HasSubstr;

static Program makeProgram(uint64_t seed) {
  Random random(seed);
  NetworkBuilder builder(makeMachine(random, 4), seed);
  return makeNetwork(builder, random.between(2, 4));
}

static std::string getMessages(const Program &program) {
  std::string messages;
  for (const Violation &violation : verifyProgram(program))
    messages += violation.message + "\n";
  return messages;
}

TEST(ProgramVerifierTest, AcceptsValidPrograms) {
  for (uint64_t seed = 0; seed < 100; ++seed)
    EXPECT_EQ(getMessages(makeProgram(seed)), "") << "seed " << seed;
}

TEST(ProgramVerifierTest, OrderAgreesWithAPlainSearch) {
  int broken = 0, harmless = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Program program = makeProgram(seed);
    // The plain search takes quadratic time.
    if (program.instructions.size() > 200)
      continue;
    ASSERT_FALSE(hasUnorderedAccesses(program)) << "seed " << seed;
    Random random(seed + 1000);
    int64_t percent = random.between(1, 12);
    for (Instruction &instruction : program.instructions)
      llvm::erase_if(instruction.after,
                     [&](Token) { return random.chance(percent); });
    bool isUnordered = hasUnorderedAccesses(program);
    EXPECT_EQ(!verifyProgram(program).empty(), isUnordered) << "seed " << seed;
    ++(isUnordered ? broken : harmless);
  }
  EXPECT_GT(broken, 20);
  EXPECT_GT(harmless, 20);
}

/// Whether a violation has the message, and an instruction if it should.
static bool isNoticed(const Corruption &corruption,
                      llvm::ArrayRef<Violation> violations) {
  return llvm::any_of(violations, [&](const Violation &violation) {
    return llvm::StringRef(violation.message).contains(corruption.message) &&
           (violation.instruction != kWholeProgram || !corruption.namesLayer);
  });
}

TEST(ProgramVerifierTest, NoticesEveryCorruption) {
  for (const Corruption &corruption : getCorruptions()) {
    int applied = 0;
    for (uint64_t seed = 0; seed < 60 && applied < 20; ++seed) {
      Program program = makeProgram(seed);
      Random random(seed + 5000);
      if (!corruption.apply(program, random))
        continue;
      ++applied;
      EXPECT_TRUE(isNoticed(corruption, verifyProgram(program)))
          << corruption.name << ", seed " << seed << ":\n"
          << getMessages(program);
    }
    EXPECT_GE(applied, 5) << corruption.name;
  }
}

TEST(ProgramVerifierTest, RefusesMachinesWithoutCellsOrBanks) {
  Program program = makeProgram(0);
  program.machine.dataSramBanks = 0;
  program.machine.vectorLanes = -1;
  EXPECT_EQ(getMessages(program),
            "target 'random': expected at least 1 data SRAM banks, got 0\n"
            "target 'random': expected at least 1 vector lanes, got -1\n");
  program.machine.cell = nullptr;
  EXPECT_EQ(getMessages(program), "target 'random' has no cell type\n");
}

TEST(ProgramVerifierTest, NoticesUnwrittenBytesAndStaleBuffers) {
  Random random(1);
  NetworkBuilder builder(makeMachine(random, 3), 1);
  NetworkBuilder::Tensor input = builder.addInput(2, 3, 3, {});
  NetworkBuilder::Tensor first = builder.addSum(input, input);
  Program program = builder.finish(builder.addSum(first, first));
  ASSERT_EQ(getMessages(program), "");
  Program unread = program;
  --getLargestCount(std::get<DmaCopy>(unread.instructions[0].payload));
  EXPECT_THAT(getMessages(unread), HasSubstr("nothing has written"));
  Program stale = program;
  View &written = std::get<VectorPass>(stale.instructions[1].payload).output;
  View &read = std::get<VectorPass>(stale.instructions[2].payload).inputs[1];
  --written.bufferAddress;
  ++written.bufferBytes;
  ++read.bufferBytes;
  EXPECT_THAT(getMessages(stale),
              HasSubstr("(layer 'sum1') wrote as part of the buffer at"));
  program.instructions.pop_back();
  EXPECT_THAT(getMessages(program), HasSubstr("of the output at DRAM bytes"));
}
