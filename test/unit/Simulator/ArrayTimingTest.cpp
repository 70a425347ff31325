//===- ArrayTimingTest.cpp - Closed forms against the cell level ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The invariant of cycle honesty: on random chains of tiles with ragged edges,
// delays and changing step lengths, the closed forms give the times that the
// cell-level array shows, and the cell-level array computes the integers of a
// plain loop.
//
//===----------------------------------------------------------------------===//

#include "RandomTiles.h"
#include "colonnade/Simulator/CellArray.h"
#include "colonnade/Simulator/Cells.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace colonnade;
using namespace colonnade::sim;
using ::testing::HasSubstr;

namespace {

/// A program that is nothing but weights for one tile after another, and the
/// two models of its array.
class TileChain {
public:
  explicit TileChain(Random &random, int64_t most = 6) : random(random) {
    program.machine = makeMachine(random, most);
    cells = CellArray::create(program);
    closed = createClosedFormArray(program.machine.columns);
  }

  /// Loads and streams a random tile, and compares times and sums.
  void runTile();
  int64_t expectedWork = 0;
  Program program;
  std::unique_ptr<CellArray> cells;
  std::unique_ptr<ArrayTimingModel> closed;

private:
  LoadJob makeLoad();
  void makeOperands(StreamJob &job);
  void compare(const StreamTimes &expected, const StreamTimes &actual);
  std::vector<int32_t> multiply(const StreamJob &job);

  Random &random;
  int64_t loaderFree = 0, swapped = 0, lastStep = 0;
  std::vector<int8_t> data;
  std::vector<int32_t> sums;
};

} // namespace

/// A new tile, possibly inside a larger matrix.
LoadJob TileChain::makeLoad() {
  const MachineDescription &machine = program.machine;
  OperandPromises promises = makePromises(random, *machine.cell);
  program.weights.push_back(makeWeights(
      random, random.between(1, 2 * machine.rows),
      random.between(1, 3 * machine.columns * promises.slots), promises));
  const PackedWeights &weights = program.weights.back();
  LoadJob job;
  job.tile.weights = program.weights.size() - 1;
  job.tile.row =
      random.between(0, (weights.rows - 1) / machine.rows) * machine.rows;
  job.tile.column =
      random.between(0, (weights.arrayColumns - 1) / machine.columns) *
      machine.columns;
  job.rows = program.getTileRows(job.tile);
  job.columns = program.getTileColumns(job.tile);
  job.cycles = std::max<int64_t>(1, (program.getTileBytes(job.tile) +
                                     machine.weightLoaderBytesPerCycle - 1) /
                                        machine.weightLoaderBytesPerCycle);
  return job;
}

void TileChain::makeOperands(StreamJob &job) {
  const PackedWeights &weights = program.weights[job.tile.weights];
  data.resize(job.vectors * job.columns * weights.depth * weights.fanIn);
  for (int8_t &value : data)
    value = makeData(random, weights.promises);
  sums.assign(job.rows * job.vectors, -1);
  job.data = data;
  job.sums = sums;
}

std::vector<int32_t> TileChain::multiply(const StreamJob &job) {
  const PackedWeights &weights = program.weights[job.tile.weights];
  const CellModel &cell = *program.machine.cell;
  std::vector<int32_t> result;
  for (int64_t row = 0; row < job.rows; ++row)
    for (int64_t vector = 0; vector < job.vectors; ++vector) {
      int32_t sum = 0;
      for (int64_t slot = 0; slot < job.columns * weights.depth; ++slot) {
        int64_t at =
            ((job.tile.row + row) * weights.arrayColumns + job.tile.column) *
                weights.depth +
            slot;
        int8_t value =
            data[(vector * job.columns * weights.depth + slot) * weights.fanIn +
                 weights.selects[at]];
        sum += weights.values[at] * value;
        expectedWork +=
            cell.getWeightWork(weights.values[at]) * cell.getDataWork(value);
      }
      result.push_back(sum);
    }
  return result;
}

void TileChain::compare(const StreamTimes &expected,
                        const StreamTimes &actual) {
  EXPECT_EQ(expected.start, actual.start);
  EXPECT_EQ(expected.swapped, actual.swapped);
  EXPECT_EQ(expected.inputFree, actual.inputFree);
  EXPECT_EQ(expected.done, actual.done);
}

void TileChain::runTile() {
  LoadJob load = makeLoad();
  int64_t loadStart = std::max(loaderFree, swapped) +
                      (random.chance(50) ? 0 : random.between(0, 40));
  LoadTimes closedLoad = llvm::cantFail(closed->load(loadStart, load));
  LoadTimes cellLoad = llvm::cantFail(cells->load(loadStart, load));
  EXPECT_EQ(closedLoad.start, cellLoad.start);
  EXPECT_EQ(closedLoad.end, cellLoad.end);
  loaderFree = closedLoad.end;
  StreamJob job = {load.tile,
                   load.rows,
                   load.columns,
                   random.between(1, 20),
                   /*stepCycles=*/1,
                   {},
                   {}};
  int64_t needed =
      program.machine.cell->getCyclesPerStep(program.weights.back().promises);
  job.stepCycles = lastStep >= needed && random.chance(50)
                       ? lastStep
                       : needed + random.between(0, 3);
  lastStep = job.stepCycles;
  makeOperands(job);
  int64_t ready = random.chance(50) ? 0 : loaderFree + random.between(0, 60);
  StreamTimes closedTimes = llvm::cantFail(closed->stream(ready, job));
  llvm::Expected<StreamTimes> cellTimes = cells->stream(ready, job);
  ASSERT_TRUE(static_cast<bool>(cellTimes))
      << llvm::toString(cellTimes.takeError());
  compare(closedTimes, *cellTimes);
  EXPECT_EQ(multiply(job), sums);
  swapped = closedTimes.swapped;
}

TEST(ArrayTimingTest, ClosedFormsEqualTheCellLevel) {
  Random random(2);
  for (int chain = 0; chain < 120; ++chain) {
    TileChain tiles(random);
    int64_t length = random.between(1, 20);
    for (int64_t i = 0; i < length; ++i)
      tiles.runTile();
    ASSERT_EQ(getMessage(tiles.cells->finish()), "");
    ASSERT_EQ(getMessage(tiles.closed->finish()), "");
    EXPECT_EQ(tiles.cells->getUsefulCycles(), tiles.expectedWork);
    ASSERT_FALSE(HasFailure()) << "chain " << chain;
  }
}

namespace {

/// A 3x4 array of mac cells with two 3x4 tiles of ones.
class PlainArrayTest : public ::testing::Test {
protected:
  PlainArrayTest() {
    Random random(3);
    program.machine = makeMachine(random, 4);
    program.machine.rows = 3;
    program.machine.columns = 4;
    program.machine.weightLoaderBytesPerCycle = 1;
    program.machine.cell = createMacCell(1);
    program.weights = {makeWeights(random, 3, 4, {}),
                       makeWeights(random, 3, 4, {})};
    for (PackedWeights &weights : program.weights)
      std::fill(weights.values.begin(), weights.values.end(), 1);
    cells = CellArray::create(program);
    closed = createClosedFormArray(4);
  }

  LoadJob getLoad(unsigned weights) {
    return {{weights, 0, 0, 0}, 3, 4, /*cycles=*/12, {}};
  }
  StreamJob getStream(unsigned weights, int64_t vectors, int64_t stepCycles) {
    data.assign(vectors * 4, 1);
    sums.assign(vectors * 3, 0);
    return {{weights, 0, 0, 0}, 3, 4, vectors, stepCycles, data, sums};
  }

  Program program;
  std::unique_ptr<CellArray> cells;
  std::unique_ptr<ArrayTimingModel> closed;
  std::vector<int8_t> data;
  std::vector<int32_t> sums;
};

} // namespace

TEST_F(PlainArrayTest, TimesOfOneTile) {
  for (ArrayTimingModel *array :
       {closed.get(), static_cast<ArrayTimingModel *>(cells.get())}) {
    EXPECT_EQ(llvm::cantFail(array->load(5, getLoad(0))).end, 17);
    StreamTimes times = llvm::cantFail(array->stream(0, getStream(0, 10, 2)));
    EXPECT_EQ(times.start, 17);
    EXPECT_EQ(times.swapped, 17 + 2 * (3 + 4 - 2) + 1);
    EXPECT_EQ(times.inputFree, 17 + 2 * 10);
    EXPECT_EQ(times.done, 17 + 2 * (10 + 3 + 4 - 2));
  }
  EXPECT_EQ(sums, std::vector<int32_t>(30, 4));
}

TEST_F(PlainArrayTest, LoadingTooEarlyTraps) {
  for (ArrayTimingModel *array :
       {closed.get(), static_cast<ArrayTimingModel *>(cells.get())}) {
    llvm::cantFail(array->load(0, getLoad(0)));
    EXPECT_THAT(getMessage(array->load(12, getLoad(1)).takeError()),
                HasSubstr("wait to be swapped in"));
  }
}

TEST_F(PlainArrayTest, LoadingDuringTheSwapTraps) {
  for (ArrayTimingModel *array :
       {closed.get(), static_cast<ArrayTimingModel *>(cells.get())}) {
    llvm::cantFail(array->load(0, getLoad(0)));
    llvm::cantFail(array->stream(0, getStream(0, 30, 1)));
    // The first cell takes its weights in cycle 12, the last one in cycle 17.
    llvm::Expected<LoadTimes> load = array->load(12, getLoad(1));
    if (!load) {
      EXPECT_THAT(getMessage(load.takeError()), HasSubstr("until cycle 18"));
      continue;
    }
    EXPECT_THAT(getMessage(array->stream(0, getStream(1, 30, 1)).takeError()),
                HasSubstr("in cycle 12 the loader overwrites the shadow "
                          "register of cell (0, 0), which waits to be "
                          "swapped in until cycle 13"));
  }
}

TEST_F(PlainArrayTest, SwappingInAnotherTileTraps) {
  for (ArrayTimingModel *array :
       {closed.get(), static_cast<ArrayTimingModel *>(cells.get())}) {
    EXPECT_THAT(getMessage(array->stream(0, getStream(0, 1, 1)).takeError()),
                HasSubstr("do not hold the tile"));
    llvm::cantFail(array->load(0, getLoad(0)));
    EXPECT_THAT(getMessage(array->stream(0, getStream(1, 1, 1)).takeError()),
                HasSubstr("do not hold the tile"));
  }
}

TEST_F(PlainArrayTest, ShortStepsTrap) {
  program.machine.cell = createBitSerialCell(8, 1);
  cells = CellArray::create(program);
  llvm::cantFail(cells->load(0, getLoad(0)));
  EXPECT_EQ(getMessage(cells->stream(0, getStream(0, 1, 7)).takeError()),
            "cell (0, 0): 8 data bits do not fit into a step of 7 cycles");
}
