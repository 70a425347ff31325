//===- SimulatorTest.cpp - Values and times of whole networks -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random networks give the same bytes at the machine level, at the cell level
// and in plain loops; traps and wrong sizes are errors.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Simulator.h"
#include "NetworkBuilder.h"
#include "colonnade/Simulator/Cells.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace colonnade;
using namespace colonnade::sim;
using ::testing::HasSubstr;

static std::unique_ptr<Simulator>
makeSimulator(Program program, SimulationOptions options = {}) {
  llvm::Expected<std::unique_ptr<Simulator>> simulator =
      Simulator::create(std::move(program), options);
  if (!simulator) {
    ADD_FAILURE() << llvm::toString(simulator.takeError());
    return nullptr;
  }
  return std::move(*simulator);
}

static std::vector<uint8_t> run(Simulator &simulator,
                                llvm::ArrayRef<uint8_t> input) {
  int64_t bytes = getBytes(simulator.getProgram().outputs.front().type);
  for (int64_t extent : simulator.getProgram().outputs.front().shape)
    bytes *= extent;
  std::vector<uint8_t> output(bytes, 0xaa);
  EXPECT_EQ(getMessage(simulator.run(input, output)), "");
  return output;
}

TEST(SimulatorTest, MachineEqualsCellEqualsPlainLoops) {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Random random(seed);
    NetworkBuilder builder(makeMachine(random, 5), seed);
    Program program = makeNetwork(builder, random.between(1, 5));
    auto machine = makeSimulator(program);
    auto cells = makeSimulator(program, {Fidelity::Cell});
    ASSERT_TRUE(machine && cells) << "seed " << seed;
    for (int image = 0; image < 2; ++image) {
      std::vector<uint8_t> input = builder.makeInput();
      std::vector<uint8_t> expected = builder.getReference(input);
      EXPECT_EQ(run(*machine, input), expected);
      EXPECT_EQ(run(*cells, input), expected);
    }
    EXPECT_EQ(machine->getTiming().instructions,
              cells->getTiming().instructions);
    EXPECT_EQ(machine->getActivity().total.usefulWork,
              cells->getActivity().total.usefulWork);
    ASSERT_FALSE(HasFailure()) << "seed " << seed;
  }
}

/// A program of one layer whose body is `operations` on the input.
static Program makeVectorProgram(std::vector<ScalarOperation> operations) {
  Random random(5);
  NetworkBuilder builder(makeMachine(random, 2), 5);
  NetworkBuilder::Tensor input = builder.addInput(1, 1, 2, {});
  NetworkBuilder::Tensor sum = builder.addSum(input, input);
  Program program = builder.finish(sum);
  auto &pass = std::get<VectorPass>(program.instructions[1].payload);
  pass.body.operations = std::move(operations);
  pass.body.result = 1 + pass.body.operations.size();
  return program;
}

/// What running the body on the bytes {-128, 127} (both inputs) yields.
static std::string runBody(std::vector<ScalarOperation> operations) {
  auto simulator = makeSimulator(makeVectorProgram(std::move(operations)));
  if (!simulator)
    return "";
  std::vector<uint8_t> input = {0x80, 0x7f}, output(2);
  if (llvm::Error error = simulator->run(input, output))
    return llvm::toString(std::move(error));
  return std::to_string(static_cast<int8_t>(output[0])) + " " +
         std::to_string(static_cast<int8_t>(output[1]));
}

TEST(SimulatorTest, ScalarOperationsCompute) {
  using enum ScalarOpcode;
  using enum ScalarType;
  EXPECT_EQ(runBody({{Maximum, I8, {0, 1}}}), "-128 127");
  EXPECT_EQ(runBody({{Constant, I8, {}, 5}, {Minimum, I8, {0, 2}}}), "-128 5");
  EXPECT_EQ(runBody({{Subtract, I8, {0, 1}}}), "0 0");
  EXPECT_EQ(runBody({{ExtendSign, I64, {0}},
                     {Multiply, I64, {2, 2}},
                     {Multiply, I64, {3, 3}},
                     {Constant, I64, {}, 268435456},
                     {Subtract, I64, {4, 5}},
                     {Constant, I64, {}, 0},
                     {Minimum, I64, {6, 7}},
                     {Constant, I64, {}, -100},
                     {Maximum, I64, {8, 9}},
                     {Truncate, I8, {10}}}),
            "0 -100");
  // (-128 * 3 + 2) >> 2 = -96 (rounded up), (127 * 3 + 2) >> 2 = 95.
  EXPECT_EQ(runBody({{ExtendSign, I32, {0}},
                     {Constant, I32, {}, 3},
                     {Constant, I8, {}, 2},
                     {ApplyScale, I32, {2, 3, 4}},
                     {Truncate, I8, {5}}}),
            "-96 95");
}

TEST(SimulatorTest, TrapsNameTheLayer) {
  using enum ScalarOpcode;
  using enum ScalarType;
  EXPECT_EQ(
      runBody(
          {{ExtendSign, I32, {0}}, {Add, I32, {2, 2}}, {Truncate, I8, {3}}}),
      "network.mlir:1:1: layer 'sum1': the vector unit: truncating -256 "
      "(second operand -128, third operand -128) does not fit into 8 "
      "bits");
  EXPECT_THAT(runBody({{Add, I8, {0, 1}}}),
              HasSubstr("layer 'sum1': the vector unit: adding -128"));
  EXPECT_THAT(runBody({{Constant, I8, {}, 1}, {Subtract, I8, {0, 2}}}),
              HasSubstr("subtracting -128"));
  EXPECT_THAT(runBody({{ExtendSign, I32, {0}},
                       {Constant, I32, {}, 1 << 25},
                       {Multiply, I32, {2, 3}},
                       {Truncate, I8, {4}}}),
              HasSubstr("multiplying -128"));
  EXPECT_THAT(runBody({{ExtendSign, I32, {0}},
                       {Constant, I32, {}, INT32_MAX},
                       {Constant, I8, {}, 2},
                       {ApplyScale, I32, {2, 3, 4}},
                       {Truncate, I8, {5}}}),
              HasSubstr("scaling -128"));
  EXPECT_THAT(runBody({{ExtendSign, I32, {0}},
                       {ApplyScale, I32, {2, 2, 1}},
                       {Truncate, I8, {3}}}),
              HasSubstr("third operand -128"));
}

TEST(SimulatorTest, WrongSizesAreErrors) {
  Random random(6);
  NetworkBuilder builder(makeMachine(random, 2), 6);
  NetworkBuilder::Tensor image = builder.addInput(1, 2, 2, {});
  auto simulator = makeSimulator(builder.finish(image));
  ASSERT_TRUE(simulator);
  std::vector<uint8_t> bytes(4), output(5);
  EXPECT_EQ(getMessage(simulator->run(bytes, output)),
            "program 'network': expected 4 bytes for the output, got 5");
  llvm::ArrayRef<uint8_t> input[] = {bytes, bytes};
  llvm::MutableArrayRef<uint8_t> one[] = {bytes};
  EXPECT_EQ(getMessage(simulator->run(input, one)),
            "program 'network': expected 1 input buffers, got 2");
}

TEST(SimulatorTest, DataThatBreaksItsPromiseTrapsAtTheCellLevel) {
  Random random(7);
  MachineDescription machine = makeMachine(random, 3);
  machine.cell = createTermCell(1, 1);
  machine.dataSramBanks = 64;
  NetworkBuilder builder(machine, 7);
  // One weight of one term, data of one term: one cycle per step.
  OperandPromises promises = {1, 1, 1, 1};
  NetworkBuilder::Tensor input = builder.addInput(4, 4, 4, promises);
  Window window;
  window.outHeight = window.outWidth = 4;
  Program program =
      builder.finish(builder.addConvolution(input, 3, window, promises));
  for (Instruction &instruction : program.instructions)
    if (auto *stream = std::get_if<StreamTile>(&instruction.payload))
      stream->stepCycles = 1;
  auto machineLevel = makeSimulator(program);
  auto cellLevel = makeSimulator(program, {Fidelity::Cell});
  ASSERT_TRUE(machineLevel && cellLevel);
  std::vector<uint8_t> bytes(64, 85), output(48);
  EXPECT_EQ(getMessage(machineLevel->run(bytes, output)), "");
  EXPECT_THAT(getMessage(cellLevel->run(bytes, output)),
              ::testing::AllOf(HasSubstr("layer 'conv1'"),
                               HasSubstr("4 term pairs do not fit into a step "
                                         "of 1 cycles")));
}

TEST(SimulatorTest, ActivityCountsTheChosenRuns) {
  Random random(8);
  NetworkBuilder builder(makeMachine(random, 4), 8);
  NetworkBuilder::Tensor input = builder.addInput(3, 4, 4, {});
  Window window;
  window.outHeight = window.outWidth = 4;
  Program program =
      builder.finish(builder.addConvolution(input, 3, window, {}));
  std::vector<uint8_t> zeros(48), ones(48, 1);
  std::array<double, 3> work;
  for (CountedRuns counted :
       {CountedRuns::First, CountedRuns::All, CountedRuns::None}) {
    auto simulator = makeSimulator(program, {Fidelity::Machine, counted});
    ASSERT_TRUE(simulator);
    run(*simulator, ones);
    run(*simulator, zeros);
    work[static_cast<unsigned>(counted)] =
        simulator->getActivity().total.usefulWork;
  }
  EXPECT_GT(work[0], 0);
  EXPECT_EQ(work[1], work[0] / 2);
  EXPECT_EQ(work[2], 0);
}

TEST(SimulatorTest, TimesWithoutValues) {
  Random random(3);
  NetworkBuilder builder(makeMachine(random, 5), 3);
  Program program = makeNetwork(builder, 4);
  auto timing = makeSimulator(program, {Fidelity::Timing});
  auto machine = makeSimulator(program);
  ASSERT_TRUE(timing && machine);
  EXPECT_EQ(timing->getTiming().instructions,
            machine->getTiming().instructions);
  EXPECT_EQ(timing->getActivity().total.memoryBytes,
            machine->getActivity().total.memoryBytes);
  EXPECT_THAT(getMessage(timing->run(std::vector<uint8_t>(), {})),
              HasSubstr("values are not simulated at the timing fidelity"));
}
