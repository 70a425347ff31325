//===- ActivityTest.cpp - What the machine did ----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Event counts worked out by hand, and laws on random programs.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Activity.h"
#include "NetworkBuilder.h"
#include "colonnade/Simulator/Cells.h"
#include "colonnade/Simulator/Simulator.h"
#include "gtest/gtest.h"

using namespace colonnade;
using namespace colonnade::sim;

/// One stream of a 3x2 tile in a 4x4 array of two-slot cells, 5 positions.
static Program makeStreamProgram() {
  Random random(1);
  Program program;
  program.machine = makeMachine(random, 4);
  program.machine.rows = program.machine.columns = 4;
  program.machine.cell = createTermCell(2, 2);
  program.machine.energy = {
      {"term_pair", 2.0},        {"register_hop", 0.5},
      {"accumulator_byte", 1.0}, {"idle_cell_cycle", 0.25},
      {"weight_sram_byte", 3.0}, {"dram_byte", 10.0}};
  PackedWeights weights;
  weights.rows = 3;
  weights.matrixColumns = 5;
  weights.arrayColumns = 2;
  weights.depth = 2;
  weights.fanIn = 2;
  weights.promises = {2, 2, 0, 0};
  weights.streams = {0, 1, 2, -1, 3, 4, -1, -1};
  weights.values = {1, 2, 3, 0, 0, 0, 4, 0, 5, 0, 0, 0};
  weights.selects.assign(12, 0);
  program.weights = {weights};
  program.layers.resize(2);
  StreamTile stream;
  stream.window.channels = 5;
  stream.window.outWidth = stream.window.width = stream.band.width = 5;
  stream.stepCycles = 7;
  program.instructions = {
      {DmaWeights{}, {}, 0}, {LoadWeights{}, {}, 0}, {stream, {}, 1}};
  return program;
}

TEST(ActivityTest, CountsByHand) {
  Program program = makeStreamProgram();
  Activity activity = countActivity(program);
  const LayerActivity &loads = activity.layers[0], &stream = activity.layers[1];
  // 6 cells of 2 x (8 + 1) bits.
  int64_t tileBytes = (6 * 18 + 7) / 8;
  EXPECT_EQ(loads.getBytes(Memory::Dram), tileBytes);
  EXPECT_EQ(loads.getBytes(Memory::WeightSram), 2 * tileBytes);
  EXPECT_EQ(loads.offeredSlots, 0);
  EXPECT_EQ(loads.getUtilization(), 0);
  EXPECT_EQ(stream.offeredSlots, 7 * 5 * 16);
  // 5 streams and 4 partial sums through 3 rows.
  EXPECT_EQ(stream.registerHops, (5 + 4) * 3 * 5);
  EXPECT_EQ(stream.getBytes(Memory::DataSram), 5 * 5);
  EXPECT_EQ(stream.getBytes(Memory::Accumulators), 3 * 5 * 4);
  EXPECT_EQ(stream.nonzeroCells, 4);
  EXPECT_EQ(stream.cells, 16);
  EXPECT_EQ(stream.nonzeroValues, 5);
  EXPECT_EQ(stream.slots, 32);
  EXPECT_EQ(stream.getCellUtilization(), 0.25);
  EXPECT_EQ(activity.total.registerHops, stream.registerHops);
  EXPECT_EQ(activity.total.getBytes(Memory::WeightSram), 2 * tileBytes);
}

TEST(ActivityTest, EnergyIsCountsTimesTheTable) {
  Program program = makeStreamProgram();
  LayerActivity activity = countActivity(program).layers[1];
  activity.usefulWork = 60;
  std::map<std::string, double> energy = getEnergy(activity, program.machine);
  EXPECT_EQ(energy["term_pair"], 120);
  EXPECT_EQ(energy["register_hop"], 0.5 * activity.registerHops);
  EXPECT_EQ(energy["accumulator_byte"], 60);
  EXPECT_EQ(energy["idle_cell_cycle"], 0.25 * (7 * 5 * 16 - 60));
  // Not in the table.
  EXPECT_EQ(energy["data_sram_byte"], 0);
  EXPECT_EQ(getTotalEnergy(activity, program.machine),
            120 + 0.5 * 135 + 60 + 0.25 * 500);
}

TEST(ActivityTest, AccumulatingReadsAsWell) {
  Program program = makeStreamProgram();
  std::get<StreamTile>(program.instructions[2].payload).accumulate = true;
  EXPECT_EQ(countActivity(program).total.getBytes(Memory::Accumulators),
            2 * 3 * 5 * 4);
}

TEST(ActivityTest, VectorPasses) {
  Program program = makeStreamProgram();
  VectorPass pass;
  pass.channels = 3;
  pass.window.outWidth = pass.band.width = 4;
  pass.window.kernelWidth = 2;
  pass.reduction = Reduction::Sum;
  View data, parameter;
  data.columnPitch = 1;
  parameter.memory = Memory::WeightSram;
  parameter.type = ScalarType::I32;
  pass.inputs = {data, parameter};
  pass.output.type = ScalarType::I32;
  using enum ScalarOpcode;
  pass.body.operations = {{Constant}, {Add}};
  program.instructions = {{pass, {}, 0}};
  const LayerActivity activity = countActivity(program).layers[0];
  EXPECT_EQ(activity.getBytes(Memory::DataSram), 12 * 2 + 12 * 4);
  EXPECT_EQ(activity.getBytes(Memory::WeightSram), 3 * 4);
  EXPECT_EQ(activity.vectorOperations, 12 * (1 + 2));
}

TEST(ActivityTest, WorkNeverExceedsTheOffer) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    Random random(seed);
    NetworkBuilder builder(makeMachine(random, 5), seed);
    Program program = makeNetwork(builder, random.between(1, 4));
    auto simulator = llvm::cantFail(Simulator::create(program));
    std::vector<uint8_t> output(
        builder.getReference(builder.makeInput()).size());
    llvm::cantFail(simulator->run(builder.makeInput(), output));
    const Activity &activity = simulator->getActivity();
    EXPECT_EQ(activity.images, 1);
    double work = 0;
    for (const LayerActivity &layer : activity.layers) {
      EXPECT_LE(layer.usefulWork, layer.offeredSlots);
      EXPECT_LE(layer.nonzeroCells, layer.cells);
      work += layer.usefulWork;
    }
    EXPECT_EQ(work, activity.total.usefulWork);
    EXPECT_LE(activity.total.getUtilization(), 1);
  }
}
