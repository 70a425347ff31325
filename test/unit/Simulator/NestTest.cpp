//===- NestTest.cpp - Tests of loop nests on the vector unit --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Nests on the vector unit against the plain evaluator: the same bits, traps
// and cycles on random nests; and what the verifier refuses.
//
//===----------------------------------------------------------------------===//

#include "MemoryAccesses.h"
#include "PlainNest.h"
#include "VectorUnit.h"
#include "Violations.h"
#include "colonnade/Simulator/Activity.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace colonnade;
using namespace colonnade::sim;
using testing::HasSubstr;

static std::vector<TermLookupTable> makeTables() {
  return {makeTermLookupTable(2, DigitSet::Naf)};
}

/// A program of the nest alone.
static Program makeProgram(const NestPass &nest) {
  Program program;
  Random random(1);
  program.machine = makeMachine(random, 2);
  program.termTables = {{DigitSet::Naf, 2}};
  program.layers.resize(1);
  program.instructions = {{nest, {}, 0}};
  return program;
}

static std::string getMessages(const NestPass &nest) {
  Violations violations;
  checkInstructions(makeProgram(nest), violations);
  std::string messages;
  for (const Violation &violation : violations.take())
    messages += violation.message + "\n";
  return messages;
}

static bool isNan(ScalarType type, const uint8_t *from) {
  float value = 0;
  if (type == ScalarType::F32)
    std::memcpy(&value, from, sizeof(value));
  return std::isnan(value);
}

/// Whether the memories are the same, but for the payload of NaN outputs.
static bool haveSameBits(const NestPass &nest, MachineState &a,
                         MachineState &b) {
  llvm::ArrayRef<int64_t> extents = nest.extents;
  for (int64_t step = llvm::product_of(extents); step-- > 0;) {
    int64_t address = nest.output.address, rest = step;
    for (size_t i = extents.size(); i-- > 0; rest /= extents[i])
      address += rest % extents[i] * nest.output.pitches[i];
    uint8_t *x = a.get(Memory::DataSram, address);
    uint8_t *y = b.get(Memory::DataSram, address);
    if (isNan(nest.output.type, x) && isNan(nest.output.type, y))
      std::memcpy(x, y, getBytes(nest.output.type));
  }
  return a.memories == b.memories;
}

TEST(NestTest, EqualsThePlainEvaluatorBitForBit) {
  std::vector<TermLookupTable> tables = makeTables();
  VectorScratch scratch;
  int64_t done = 0, trapped = 0;
  for (uint64_t seed = 0; seed < 4000; ++seed) {
    Random random(seed);
    MachineState state;
    NestPass nest = makeNest(random, state);
    ASSERT_EQ(getMessages(nest), "") << "seed " << seed;
    MachineState expected = state;
    PlainOutcome outcome = runPlainNest(expected, nest, tables);
    std::string trap = getMessage(runNest(state, nest, tables, scratch));
    if (outcome == PlainOutcome::Unspecified)
      continue;
    ASSERT_EQ(outcome == PlainOutcome::Trapped, trap != "")
        << "seed " << seed << ": " << trap;
    if (outcome == PlainOutcome::Done)
      ASSERT_TRUE(haveSameBits(nest, state, expected)) << "seed " << seed;
    ++(trap.empty() ? done : trapped);
  }
  EXPECT_GT(done, 2000);
  EXPECT_GT(trapped, 200);
}

//===----------------------------------------------------------------------===//
// Floats at the edges
//===----------------------------------------------------------------------===//

static constexpr float kEdges[] = {
    0.0f,     -0.0f,      0x1p-149f, 1.0f,         -1.0f,     0.5f,
    -0.5f,    1.5f,       2.5f,      -2.5f,        127.0f,    127.9f,
    128.0f,   -128.0f,    -128.9f,   -129.0f,      0x1p22f,   8388607.5f,
    0x1p23f,  -0x1.8p22f, 0x1p31f,   2147483520.f, -0x1p31f,  -2147483904.f,
    INFINITY, -INFINITY,  NAN,       0x1p127f,     -0x1p127f, 0x1p-126f};
static constexpr int64_t kNumEdges = std::size(kEdges);

/// All pairs of edges through `operations`; an I32 or F32 result.
static NestPass makeEdgeNest(std::vector<ScalarOperation> operations,
                             MachineState &state) {
  auto &bytes = state.memories[static_cast<unsigned>(Memory::DataSram)];
  bytes.resize(sizeof(kEdges) + 4 * kNumEdges * kNumEdges);
  std::memcpy(bytes.data(), kEdges, sizeof(kEdges));
  NestPass nest;
  nest.extents = {kNumEdges, kNumEdges};
  nest.inputs.resize(2);
  for (NestOperand *operand :
       {&nest.inputs[0], &nest.inputs[1], &nest.output}) {
    operand->type = ScalarType::F32;
    operand->bufferBytes = bytes.size();
  }
  nest.inputs[0].pitches = {4, 0};
  nest.inputs[1].pitches = {0, 4};
  nest.output.type = operations.back().type;
  nest.output.pitches = {4 * kNumEdges, 4};
  nest.output.address = sizeof(kEdges);
  nest.body.result = 1 + operations.size();
  nest.body.operations = std::move(operations);
  return nest;
}

static void expectSameBits(const NestPass &nest, MachineState state) {
  ASSERT_EQ(getMessages(nest), "");
  MachineState expected = state;
  VectorScratch scratch;
  EXPECT_EQ(runPlainNest(expected, nest, {}), PlainOutcome::Done);
  EXPECT_EQ(getMessage(runNest(state, nest, {}, scratch)), "");
  EXPECT_TRUE(haveSameBits(nest, state, expected))
      << "opcode " << static_cast<int>(nest.body.operations[0].opcode)
      << ", immediate " << nest.body.operations[0].immediate;
}

TEST(NestTest, FloatOperationsAtTheEdges) {
  using enum ScalarOpcode;
  using enum ScalarType;
  for (ScalarOpcode opcode :
       {AddFloat, SubtractFloat, MultiplyFloat, DivideFloat, MaximumFloat,
        MinimumFloat, NegateFloat, AbsoluteFloat, SquareRoot, RoundEven,
        Floor}) {
    MachineState state;
    NestPass nest = makeEdgeNest({{opcode, F32, {0, 1}}}, state);
    expectSameBits(nest, state);
  }
}

TEST(NestTest, ComparisonsAtTheEdges) {
  using enum ScalarOpcode;
  using enum ScalarType;
  for (int64_t predicate = 0; predicate < 6; ++predicate) {
    MachineState state;
    NestPass nest = makeEdgeNest({{CompareFloat, I1, {0, 1}, predicate},
                                  {Constant, I32, {}, 7},
                                  {Constant, I32, {}, -7},
                                  {Select, I32, {2, 3, 4}}},
                                 state);
    expectSameBits(nest, state);
  }
}

/// One edge at a time: each either fits or traps.
TEST(NestTest, ConversionsToIntegersAtTheEdges) {
  using enum ScalarOpcode;
  using enum ScalarType;
  VectorScratch scratch;
  for (ScalarType type : {I8, I32, I64})
    for (int64_t edge = 0; edge < kNumEdges; ++edge) {
      MachineState state;
      NestPass nest =
          makeEdgeNest({{FloatToInteger, type, {0}},
                        {type == I64 ? Truncate : ExtendSign, I32, {2}}},
                       state);
      nest.extents = {1, 1};
      nest.inputs[0].address = 4 * edge;
      MachineState expected = state;
      bool hasTrapped =
          runPlainNest(expected, nest, {}) == PlainOutcome::Trapped;
      std::string trap = getMessage(runNest(state, nest, {}, scratch));
      EXPECT_EQ(trap != "", hasTrapped) << kEdges[edge];
      if (!hasTrapped)
        EXPECT_TRUE(haveSameBits(nest, state, expected)) << kEdges[edge];
    }
}

/// One pair at a time: sums that wrap never trap, quotients where they do not
/// exist or fit.
TEST(NestTest, IntegerOperationsAtTheEdges) {
  using enum ScalarOpcode;
  using enum ScalarType;
  VectorScratch scratch;
  for (ScalarType type : {I8, I32, I64}) {
    int64_t most = INT64_MAX >> (64 - getBits(type));
    int64_t edges[] = {-most - 1, -most, -3, -1, 0, 1, 2, most};
    for (ScalarOpcode opcode : {Add, Subtract, Multiply, AddWrapping,
                                MultiplyWrapping, Divide, Remainder})
      for (int64_t a : edges)
        for (int64_t b : edges) {
          MachineState state;
          NestPass nest = makeEdgeNest({{Constant, type, {}, a},
                                        {Constant, type, {}, b},
                                        {opcode, type, {2, 3}}},
                                       state);
          nest.extents = {1, 1};
          MachineState expected = state;
          bool hasTrapped =
              runPlainNest(expected, nest, {}) == PlainOutcome::Trapped;
          std::string trap = getMessage(runNest(state, nest, {}, scratch));
          EXPECT_EQ(trap != "", hasTrapped) << a << ", " << b;
          if (!hasTrapped)
            EXPECT_TRUE(haveSameBits(nest, state, expected)) << a << ", " << b;
        }
  }
}

TEST(NestTest, TrapsNameTheirOperands) {
  using enum ScalarOpcode;
  using enum ScalarType;
  VectorScratch scratch;
  auto getTrap = [&](std::vector<ScalarOperation> operations) {
    MachineState state;
    NestPass nest = makeEdgeNest(std::move(operations), state);
    return getMessage(runNest(state, nest, {}, scratch));
  };
  EXPECT_EQ(
      getTrap({{Constant, F32, {}, 0x7fc00000}, {FloatToInteger, I32, {2}}}),
      "the vector unit: converting nan to an integer does not fit into "
      "32 bits");
  EXPECT_EQ(getTrap({{Constant, I32, {}, 40}, {ShiftRight, I32, {2, 2}}}),
            "the vector unit: shifting 40 by 40, expected an amount in [0, "
            "31]");
  EXPECT_THAT(getTrap({{Constant, I32, {}, 1 << 30},
                       {Constant, I32, {}, 1},
                       {ShiftLeft, I32, {2, 3}}}),
              HasSubstr("shifting 1073741824"));
}

TEST(NestTest, CyclesAreThoseOfWalkingLanesAndStages) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    Random random(seed);
    MachineState state;
    NestPass nest = makeNest(random, state);
    MachineDescription machine = makeMachine(random, 2);
    EXPECT_EQ(getVectorCycles(machine, nest), countPlainCycles(machine, nest))
        << "seed " << seed;
  }
}

/// Every byte a nest touches is in its accesses, and they touch no others.
TEST(NestTest, AccessesAreTheBytesTouched) {
  for (uint64_t seed = 0; seed < 500; ++seed) {
    Random random(seed);
    MachineState state;
    NestPass nest = makeNest(random, state);
    Program program = makeProgram(nest);
    auto accesses = getAccesses(program, program.instructions[0]);
    ASSERT_EQ(accesses.size(), nest.inputs.size() + 1);
    for (auto [i, access] : llvm::enumerate(accesses)) {
      bool isOutput = i == nest.inputs.size();
      const NestOperand &operand = isOutput ? nest.output : nest.inputs[i];
      std::set<int64_t> touched, listed;
      for (int64_t step = llvm::product_of(nest.extents); step-- > 0;) {
        int64_t address = operand.address, rest = step;
        for (size_t d = nest.extents.size(); d-- > 0; rest /= nest.extents[d])
          address += rest % nest.extents[d] * operand.pitches[d];
        for (int64_t byte = 0; byte < getBytes(operand.type); ++byte)
          touched.insert(address + byte);
      }
      for (ByteRange run : access.runs)
        for (int64_t byte = run.begin; byte < run.end; ++byte)
          listed.insert(byte);
      EXPECT_EQ(access.isWrite, isOutput);
      EXPECT_TRUE(touched == listed || !access.isExact) << "seed " << seed;
    }
  }
}

/// A 2 x 3 nest from one i8 operand to a dense i8 output.
static NestPass makeSmallNest() {
  NestPass nest;
  nest.extents = {2, 3};
  NestOperand input;
  input.pitches = {3, 1};
  input.bufferBytes = 6;
  nest.inputs = {input};
  nest.output = input;
  nest.output.address = nest.output.bufferAddress = 6;
  return nest;
}

TEST(NestTest, CountsTransfersAndCopies) {
  NestPass nest = makeSmallNest();
  nest.inputs[0].pitches = {1, 0};
  LayerActivity activity = countActivity(makeProgram(nest)).total;
  // A lane keeps the row's element: two reads, six writes.
  EXPECT_EQ(activity.getBytes(Memory::DataSram), 2 + 6);
  EXPECT_EQ(activity.copiedBytes, 6);
  EXPECT_EQ(activity.vectorOperations, 0);
  using enum ScalarOpcode;
  nest.body.operations = {{IntegerToFloat, ScalarType::F32, {0}},
                          {DivideFloat, ScalarType::F32, {1, 1}},
                          {FloatToInteger, ScalarType::I8, {2}},
                          {Add, ScalarType::I8, {3, 0}}};
  nest.body.result = 4;
  Program program = makeProgram(nest);
  program.machine.vectorDivideSlots = 5;
  activity = countActivity(program).total;
  EXPECT_EQ(activity.copiedBytes, 0);
  EXPECT_EQ(activity.vectorOperations, 6);
  EXPECT_EQ(activity.vectorFloatOperations, 6 * (1 + 5 + 1));
}

namespace {
struct Refusal {
  const char *name;
  void (*apply)(NestPass &nest);
  const char *message;
};
} // namespace

static const Refusal kRefusals[] = {
    {"empty loop", [](NestPass &n) { n.extents[1] = 0; },
     "has a loop of 0 steps, below 1"},
    {"endless loops",
     [](NestPass &n) {
       n.extents = {1 << 30, 1 << 30};
     },
     "has loops of more than 1099511627776 steps"},
    {"too many reductions", [](NestPass &n) { n.reductionLoops = 3; },
     "reduces along 3 of 2 loops"},
    {"missing pitch", [](NestPass &n) { n.inputs[0].pitches.pop_back(); },
     "its input has 1 pitches for 2 loops"},
    {"huge pitch", [](NestPass &n) { n.inputs[0].pitches[0] = INT64_MAX; },
     "its input has a pitch of 9223372036854775807 in a loop of 2 steps"},
    {"DRAM", [](NestPass &n) { n.inputs[0].memory = Memory::Dram; },
     "its input cannot lie in DRAM"},
    {"output in accumulators",
     [](NestPass &n) { n.output.memory = Memory::Accumulators; },
     "its output cannot lie in accumulators"},
    {"truth values", [](NestPass &n) { n.inputs[0].type = ScalarType::I1; },
     "its input has elements of type i1; expected i8, i32, i64 or f32"},
    {"wrong type",
     [](NestPass &n) {
       n.inputs[0].type = ScalarType::F32;
       n.inputs[0].address = 100;
     },
     "its body yields f32, but its output's elements are i8"},
    {"overlapping outputs",
     [](NestPass &n) {
       n.output.pitches = {2, 1};
     },
     "its output has a pitch of 2 bytes, but the loops inside write 3"},
    {"written in a reduction", [](NestPass &n) { n.reductionLoops = 1; },
     "its output has a pitch of 1 in reduction loop 1, expected 0"},
    {"large start",
     [](NestPass &n) {
       n.reductionLoops = 1;
       n.output.pitches[1] = 0;
       n.initial = 128;
     },
     "its accumulator starts at 128, which does not fit into i8"},
    {"undefined result", [](NestPass &n) { n.body.result = 1; },
     "its body yields value 1 of 1"},
    {"shifted onto itself", [](NestPass &n) { n.output.address = 5; },
     "its output at bytes [5, 11) of data SRAM overlaps its input at [0, 6)"}};

TEST(NestTest, RefusesInvalidNests) {
  ASSERT_EQ(getMessages(makeSmallNest()), "");
  for (const Refusal &refusal : kRefusals) {
    NestPass nest = makeSmallNest();
    refusal.apply(nest);
    EXPECT_EQ(getMessages(nest), refusal.message + std::string("\n"))
        << refusal.name;
  }
}

TEST(NestTest, MayWorkInPlace) {
  NestPass nest = makeSmallNest();
  nest.output = nest.inputs[0];
  EXPECT_EQ(getMessages(nest), "");
}
