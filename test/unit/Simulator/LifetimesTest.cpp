//===- LifetimesTest.cpp - How long tensors are needed --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lifetimes, refreshes and traffic worked out by hand on small schedules, and
// against plain searches, byte by byte and cycle by cycle, on random ones.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Lifetimes.h"
#include "MemoryAccesses.h"
#include "NetworkBuilder.h"
#include "colonnade/Simulator/Activity.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include <map>
#include <numeric>

using namespace colonnade;
using namespace colonnade::sim;
using ::testing::ElementsAre;
using ::testing::Pair;

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

static int64_t count(std::vector<RowUse> uses, int64_t retention) {
  int64_t attributed = 0;
  int64_t total = countRefreshes(uses, retention,
                                 [&](size_t, int64_t n) { attributed += n; });
  EXPECT_EQ(attributed, total);
  return total;
}

TEST(RefreshTest, CountsByHand) {
  EXPECT_EQ(count({}, 10), 0);
  // One cycle short of the retention, exactly it, and three times it.
  EXPECT_EQ(count({{5, 14}}, 10), 0);
  EXPECT_EQ(count({{5, 15}}, 10), 1);
  EXPECT_EQ(count({{5, 35}}, 10), 3);
  // A second write charges the row for what lies there, too.
  EXPECT_EQ(count({{0, 19}, {9, 12}}, 10), 1);
  EXPECT_EQ(count({{0, 18}, {9, 12}}, 10), 0);
  // Between the two nothing is needed.
  EXPECT_EQ(count({{0, 5}, {100, 109}}, 10), 0);
  // Writes in any order, and at one time.
  EXPECT_EQ(count({{100, 120}, {0, 25}, {0, 7}}, 10), 4);
}

TEST(RefreshTest, BelongsToWhatNeedsTheRowLongest) {
  std::map<size_t, int64_t> attributed;
  std::vector<RowUse> uses = {{0, 12}, {0, 45}, {20, 31}};
  countRefreshes(uses, 10,
                 [&](size_t use, int64_t n) { attributed[use] += n; });
  // Charged at 0 and at 20: refreshed at 10 and 20, 30 and 40.
  EXPECT_THAT(attributed, ElementsAre(Pair(1, 4)));
}

/// Steps through the cycles with the age of the row's charge.
static int64_t stepThrough(const std::vector<RowUse> &uses, int64_t retention,
                           int64_t cycles) {
  int64_t refreshes = 0, charged = 0;
  for (int64_t now = 0; now <= cycles; ++now) {
    bool isNeeded = false, isWritten = false;
    for (const RowUse &use : uses) {
      isNeeded |= use.write < now && now <= use.lastUse;
      isWritten |= use.write == now;
    }
    if (isNeeded && now > charged && (now - charged) % retention == 0)
      ++refreshes;
    if (isWritten)
      charged = now;
  }
  return refreshes;
}

TEST(RefreshTest, AgreesWithStepsThroughTheCycles) {
  int64_t refreshed = 0;
  for (uint64_t seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    std::vector<RowUse> uses(random.between(1, 8));
    for (RowUse &use : uses) {
      use.write = random.between(0, 60);
      use.lastUse = use.write + random.between(0, 60);
    }
    int64_t retention = random.between(1, 30);
    int64_t expected = stepThrough(uses, retention, 130);
    EXPECT_EQ(count(uses, retention), expected) << "seed " << seed;
    refreshed += expected != 0;
  }
  EXPECT_GT(refreshed, 500);
}

//===----------------------------------------------------------------------===//
// By hand
//===----------------------------------------------------------------------===//

namespace {

/// A copy of `bytes` bytes between DRAM and the data memory: 10 cycles and one
/// per byte.
DmaCopy makeCopy(bool isLoad, int64_t dram, int64_t data, int64_t bytes) {
  DmaCopy copy;
  copy.sourceMemory = isLoad ? Memory::Dram : Memory::DataSram;
  copy.destinationMemory = isLoad ? Memory::DataSram : Memory::Dram;
  copy.sourceAddress = isLoad ? dram : data;
  copy.destinationAddress = isLoad ? data : dram;
  copy.runBytes = bytes;
  return copy;
}

/// An input of 64 bytes that is loaded in two halves, spilled, loaded again,
/// and stored as output.
class CopiesTest : public ::testing::Test {
protected:
  CopiesTest() {
    Random random(1);
    program.machine = makeMachine(random, 2);
    program.machine.dramBytesPerCycle = 1;
    program.machine.dramLatency = 10;
    program.machine.dataEdram = EmbeddedDram{2, 16, 100, 2};
    program.inputs = {{"w", {64}, ScalarType::I8, 1, 0, 0}};
    program.outputs = {{"w", {64}, ScalarType::I8, 1, 0, 64}};
    for (const char *role : {"forward", "forward", "dA"}) {
      Layer layer;
      layer.name = role;
      layer.role = role;
      program.layers.push_back(layer);
    }
    add(makeCopy(true, 0, 0, 32), 0, 0);
    add(makeCopy(true, 32, 32, 32), 0, 0);   // [42, 84)
    add(makeCopy(false, 256, 0, 64), 1, 0);  // [84, 158)
    add(makeCopy(true, 256, 128, 64), 2, 1); // [158, 232)
    add(makeCopy(false, 64, 128, 64), 2, 1); // [232, 306)
  }

  /// Both data buffers have 64 bytes.
  void add(DmaCopy copy, unsigned layer, int64_t buffer) {
    ByteRange bytes = {128 * buffer, 128 * buffer + 64};
    (copy.destinationMemory == Memory::DataSram ? copy.destinationBuffer
                                                : copy.sourceBuffer) = bytes;
    program.instructions.push_back({std::move(copy), {}, layer});
  }

  Program program;
};

} // namespace

TEST_F(CopiesTest, LifetimesByHand) {
  ProgramTiming timing = llvm::cantFail(computeTiming(program));
  Lifetimes lifetimes = computeLifetimes(program, timing);
  ASSERT_EQ(lifetimes.tensors.size(), 3u);
  const TensorLifetime &first = lifetimes.tensors[0],
                       &spilled = lifetimes.tensors[1],
                       &second = lifetimes.tensors[2];
  EXPECT_EQ(first.memory, Memory::DataSram);
  EXPECT_EQ(first.firstWrite, 0);
  EXPECT_EQ(first.lastUse, 158);
  EXPECT_EQ(first.writer, 0u);
  EXPECT_EQ(first.user, 2u);
  EXPECT_EQ(first.getBytes(), 64);
  EXPECT_EQ(spilled.memory, Memory::Dram);
  EXPECT_EQ(spilled.firstWrite, 84);
  EXPECT_EQ(spilled.lastUse, 232);
  EXPECT_EQ(second.firstWrite, 158);
  EXPECT_EQ(second.lastUse, 306);
  EXPECT_EQ(lifetimes.getPeakBytes(Memory::DataSram), 64);
  // Two rows needed for 158 cycles, two for 116, four for 148, retention 100.
  EXPECT_EQ(first.refreshes, 4);
  EXPECT_EQ(spilled.refreshes, 0);
  EXPECT_EQ(second.refreshes, 4);
  EXPECT_EQ(lifetimes.refreshes, 8);
  EXPECT_THAT(lifetimes.layerRefreshes, ElementsAre(4, 0, 4));
}

TEST_F(CopiesTest, TrafficByHand) {
  ProgramTiming timing = llvm::cantFail(computeTiming(program));
  Lifetimes lifetimes = computeLifetimes(program, timing);
  auto get = [](const auto &bytes, TrafficKind kind) {
    return bytes[static_cast<unsigned>(kind)];
  };
  EXPECT_EQ(get(lifetimes.dramReads, TrafficKind::State), 64);
  EXPECT_EQ(get(lifetimes.dramWrites, TrafficKind::State), 64);
  // Made in the forward pass, read in the backward one.
  EXPECT_EQ(get(lifetimes.dramReads, TrafficKind::Activations), 64);
  EXPECT_EQ(get(lifetimes.dramWrites, TrafficKind::Activations), 64);
  EXPECT_EQ(lifetimes.getDramBytes(), 256);
  // What is made for the updates before the forward pass changes nothing.
  program.layers.front().role = "update";
  lifetimes = computeLifetimes(program, timing);
  EXPECT_EQ(get(lifetimes.dramReads, TrafficKind::Activations), 64);
  // The same without a backward pass, and with nothing but one.
  for (auto [role, kind] : {std::pair("forward", TrafficKind::Transient),
                            std::pair("dW", TrafficKind::Backward)}) {
    for (Layer &layer : program.layers)
      layer.role = role;
    lifetimes = computeLifetimes(program, timing);
    EXPECT_EQ(get(lifetimes.dramReads, kind), 64) << role;
    EXPECT_EQ(get(lifetimes.dramWrites, kind), 64) << role;
  }
  program.outputs.front().name = "y";
  lifetimes = computeLifetimes(program, timing);
  EXPECT_EQ(get(lifetimes.dramReads, TrafficKind::Data), 64);
  EXPECT_EQ(get(lifetimes.dramWrites, TrafficKind::Results), 64);
}

TEST_F(CopiesTest, ValuesTakeTheBuffersOfTheirReaders) {
  for (unsigned load : {0, 1, 3})
    std::get<DmaCopy>(program.instructions[load].payload)
        .destinationBuffer.reset();
  ProgramTiming timing = llvm::cantFail(computeTiming(program));
  Lifetimes lifetimes = computeLifetimes(program, timing);
  ASSERT_EQ(lifetimes.tensors.size(), 3u);
  EXPECT_EQ(lifetimes.tensors[0].getBytes(), 64);
}

/// The next tensor of a place begins when the last use of the one before ends.
TEST_F(CopiesTest, PlacesAreReused) {
  auto &load = std::get<DmaCopy>(program.instructions[3].payload);
  auto &store = std::get<DmaCopy>(program.instructions[4].payload);
  load.destinationAddress = store.sourceAddress = 0;
  load.destinationBuffer = store.sourceBuffer = ByteRange{0, 64};
  ProgramTiming timing = llvm::cantFail(computeTiming(program));
  Lifetimes lifetimes = computeLifetimes(program, timing);
  // The spilled one is between them.
  ASSERT_EQ(lifetimes.tensors.size(), 3u);
  EXPECT_EQ(lifetimes.tensors[0].lastUse, 158);
  EXPECT_EQ(lifetimes.tensors[2].firstWrite, 158);
  EXPECT_EQ(lifetimes.tensors[2].bytes, lifetimes.tensors[0].bytes);
}

TEST_F(CopiesTest, WhatIsWrittenOverItselfIsOneTensor) {
  NestOperand operand;
  operand.pitches = {1};
  operand.bufferBytes = 64;
  NestPass nest;
  nest.extents = {64};
  nest.inputs = {operand};
  nest.output = operand;
  program.instructions.insert(program.instructions.begin() + 2,
                              Instruction{nest, {{1}}, 1});
  program.instructions[3].after = {{2}};
  ProgramTiming timing = llvm::cantFail(computeTiming(program));
  Lifetimes lifetimes = computeLifetimes(program, timing);
  ASSERT_EQ(lifetimes.tensors.size(), 3u);
  EXPECT_EQ(lifetimes.tensors[0].firstWrite, 0);
  EXPECT_EQ(lifetimes.tensors[0].lastUse, timing.instructions[3].end);
}

TEST_F(CopiesTest, RefreshesCostEnergy) {
  program.machine.energy = {{"edram_byte", 2}, {"edram_refresh_row", 100}};
  program.machine.leakageMicrowatts = 50;
  program.machine.clockMegahertz = 500;
  ProgramTiming timing = llvm::cantFail(computeTiming(program));
  Activity activity = countActivity(program, timing);
  EXPECT_EQ(activity.layers[0].refreshedRows, 4);
  EXPECT_EQ(activity.total.refreshedRows, 8);
  std::map<std::string, double> energy =
      getEnergy(activity.total, program.machine);
  EXPECT_DOUBLE_EQ(energy.at("edram_byte"), 4 * 64 * 2);
  EXPECT_DOUBLE_EQ(energy.at("edram_refresh_row"), 800);
  EXPECT_FALSE(energy.count("data_sram_byte"));
  // 306 cycles of 2 ns at 50 uW.
  EXPECT_DOUBLE_EQ(getLeakageEnergy(program.machine, timing.getCycles()), 30.6);
  program.machine.dataEdram.reset();
  EXPECT_EQ(countActivity(program, timing).total.refreshedRows, 0);
}

//===----------------------------------------------------------------------===//
// Random programs
//===----------------------------------------------------------------------===//

static Program makeProgram(uint64_t seed) {
  Random random(seed);
  NetworkBuilder builder(makeMachine(random, 4), seed);
  Program program = makeNetwork(builder, random.between(2, 5));
  program.machine.dataEdram =
      EmbeddedDram{1, random.between(1, 40), random.between(20, 400), 1};
  return program;
}

namespace {

/// What each instruction writes to the data memory, byte by byte.
struct PlainValue {
  std::vector<int64_t> bytes;
  int64_t write = -1, lastUse = -1;
};

} // namespace

static std::vector<PlainValue> findValues(const Program &program,
                                          const ProgramTiming &timing) {
  std::vector<PlainValue> values(program.instructions.size());
  std::map<int64_t, unsigned> writers;
  for (unsigned i = 0; i < program.instructions.size(); ++i) {
    std::vector<int64_t> written;
    for (const MemoryAccess &access :
         getAccesses(program, program.instructions[i]))
      for (ByteRange run : access.runs)
        for (int64_t byte = run.begin; byte < run.end; ++byte) {
          if (access.memory != Memory::DataSram)
            continue;
          if (access.isWrite)
            written.push_back(byte);
          else if (auto found = writers.find(byte); found != writers.end())
            values[found->second].lastUse = std::max(
                values[found->second].lastUse, timing.instructions[i].end);
        }
    for (int64_t byte : written)
      writers[byte] = i;
    if (written.empty())
      continue;
    values[i].bytes = written;
    values[i].write = timing.instructions[i].start;
    values[i].lastUse = timing.instructions[i].end;
  }
  return values;
}

TEST(LifetimesTest, AgreesWithAPlainSearch) {
  int64_t refreshed = 0;
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Program program = makeProgram(seed);
    ProgramTiming timing = llvm::cantFail(computeTiming(program));
    Lifetimes lifetimes = computeLifetimes(program, timing);
    std::vector<PlainValue> values = findValues(program, timing);
    std::map<int64_t, std::vector<RowUse>> rows;
    size_t inside = 0, made = 0;
    for (const PlainValue &value : values) {
      if (value.bytes.empty())
        continue;
      ++made;
      std::vector<int64_t> touched;
      for (int64_t byte : value.bytes)
        touched.push_back(byte / program.machine.dataEdram->rowBytes);
      llvm::sort(touched);
      touched.erase(llvm::unique(touched), touched.end());
      for (int64_t row : touched)
        rows[row].push_back({value.write, value.lastUse});
      // Every value belongs to a tensor that lives at least as long.
      inside +=
          llvm::any_of(lifetimes.tensors, [&](const TensorLifetime &tensor) {
            return tensor.memory == Memory::DataSram &&
                   tensor.firstWrite <= value.write &&
                   value.lastUse <= tensor.lastUse &&
                   llvm::all_of(value.bytes, [&](int64_t byte) {
                     return tensor.bytes.begin <= byte &&
                            byte < tensor.bytes.end;
                   });
          });
    }
    EXPECT_EQ(inside, made);
    int64_t refreshes = 0;
    for (const auto &[row, uses] : rows)
      refreshes += stepThrough(uses, program.machine.dataEdram->retentionCycles,
                               timing.getCycles());
    EXPECT_EQ(lifetimes.refreshes, refreshes);
    refreshed += refreshes != 0;
    // Ends of tensors are ends of values.
    for (const TensorLifetime &tensor : lifetimes.tensors)
      if (tensor.memory == Memory::DataSram) {
        EXPECT_TRUE(llvm::any_of(values, [&](const PlainValue &value) {
          return value.write == tensor.firstWrite;
        }));
        EXPECT_TRUE(llvm::any_of(values, [&](const PlainValue &value) {
          return value.lastUse == tensor.lastUse;
        }));
      }
  }
  EXPECT_GT(refreshed, 20);
}

TEST(LifetimesTest, TrafficAddsUp) {
  for (uint64_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    Program program = makeProgram(seed);
    ProgramTiming timing = llvm::cantFail(computeTiming(program));
    Lifetimes lifetimes = computeLifetimes(program, timing);
    Activity activity = countActivity(program, timing);
    EXPECT_EQ(lifetimes.getDramBytes(), activity.total.getBytes(Memory::Dram));
    int64_t tensors = 0;
    for (const TensorLifetime &tensor : lifetimes.tensors)
      tensors += tensor.refreshes;
    EXPECT_EQ(tensors, lifetimes.refreshes);
    EXPECT_EQ(std::accumulate(lifetimes.layerRefreshes.begin(),
                              lifetimes.layerRefreshes.end(), int64_t(0)),
              lifetimes.refreshes);
  }
}

/// Tensors of one place do not overlap in time.
TEST(LifetimesTest, PlacesHoldOneTensorAtATime) {
  for (uint64_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Program program = makeProgram(seed);
    Lifetimes lifetimes =
        computeLifetimes(program, llvm::cantFail(computeTiming(program)));
    for (const TensorLifetime &a : lifetimes.tensors)
      for (const TensorLifetime &b : lifetimes.tensors) {
        bool isSamePlace = &a < &b && a.memory == b.memory &&
                           a.bytes.begin < b.bytes.end &&
                           b.bytes.begin < a.bytes.end;
        if (isSamePlace)
          EXPECT_TRUE(a.lastUse <= b.firstWrite || b.lastUse <= a.firstWrite)
              << a.bytes.begin << " " << b.bytes.begin;
      }
  }
}
