//===- BlockCellArray.cpp - Products of blocks, register by register ------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Feeds the grids as a schedule says, keeps the accumulators, and measures.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/BlockCellArray.h"
#include "BlockGrids.h"
#include "FormattedError.h"
#include "llvm/Support/MathExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

static constexpr int64_t kSumBits = 32;

namespace {

/// All blocks of an operand as registers hold them.
class CellBlocks {
public:
  explicit CellBlocks(const BlockMatrix &operand)
      : blocksPerLine(operand.getBlocksPerLine()) {
    for (int64_t line = 0; line < operand.getNumLines(); ++line)
      for (int64_t block = 0; block < blocksPerLine; ++block)
        blocks.push_back(CellBlock::get(operand, line, block));
  }
  const CellBlock *get(int64_t line, int64_t block) const {
    return &blocks[line * blocksPerLine + block];
  }

private:
  int64_t blocksPerLine;
  std::vector<CellBlock> blocks;
};

/// What both ways of working have in common: time, sums and measurements.
class Executor {
public:
  Executor(const BlockSchedule &schedule, const MachineDescription &machine,
           const BlockMatrix &held, const BlockMatrix &passing)
      : schedule(schedule), machine(machine),
        cell(*machine.cell->getBlockCell()), held(held), passing(passing),
        passingLines(passing.getNumLines()) {
    int64_t sums = held.getNumLines() * passing.getNumLines();
    measured.result.resize(sums);
    runOfSum.assign(sums, -1);
    measured.done.resize(schedule.runs.size());
    measured.swapped.resize(schedule.runs.size());
    for (const BlockRun &run : schedule.runs)
      remaining.push_back(run.lines * run.vectors);
  }
  virtual ~Executor() = default;

  llvm::Expected<BlockMeasurement> execute();

protected:
  /// One step, with the step `index` of a run entering; no run if it is null.
  virtual llvm::Error step(const BlockRun *run, int64_t index) = 0;
  /// Steps in which something of a run enters.
  virtual int64_t countSteps(const BlockRun &run) const = 0;
  virtual void finishEvents() = 0;

  int64_t getNumber(const BlockRun &run) const {
    return &run - schedule.runs.data();
  }
  size_t getSum(const BlockRun &run, int64_t line, int64_t vector) const {
    return (run.firstLine + line) * passingLines + run.firstVector + vector;
  }

  const BlockSchedule &schedule;
  const MachineDescription &machine;
  const BlockCell &cell;
  CellBlocks held, passing;
  int64_t passingLines;
  BlockMeasurement measured;
  /// Cycle in which the next step begins.
  int64_t time = 0;
  /// By sum: the run that added to it last.
  std::vector<int64_t> runOfSum;
  std::vector<BlockEmission> emissions;

private:
  llvm::Error advanceTo(int64_t start);
  llvm::Error tick(const BlockRun *run, int64_t index);
  llvm::Error accept(const BlockEmission &emission);
  bool isEmpty() const { return inFlight == 0; }

  std::vector<int64_t> remaining;
  int64_t inFlight = 0;
};

/// Blocks of held lines stay, in one of the two directions.
class StationaryExecutor final : public Executor {
public:
  StationaryExecutor(const BlockSchedule &schedule,
                     const MachineDescription &machine, const BlockMatrix &held,
                     const BlockMatrix &passing)
      : Executor(schedule, machine, held, passing),
        shape(getTileShape(machine, schedule.gemm.dataflow)), grid(makeGrid()) {
  }

private:
  StationaryGrid makeGrid() const {
    bool isTurned = schedule.gemm.dataflow == BlockDataflow::Orthogonal;
    int64_t lanes = isTurned ? cell.format.group : 1;
    return StationaryGrid(shape.lines / lanes, shape.blocks, lanes,
                          schedule.runs);
  }
  llvm::Error step(const BlockRun *run, int64_t index) override;
  int64_t countSteps(const BlockRun &run) const override { return run.vectors; }
  void finishEvents() override;
  llvm::Error load();
  llvm::Error fill(const BlockRun &run);
  llvm::Expected<float> getInitialSum(int64_t run, int64_t line,
                                      int64_t vector) const;

  BlockTileShape shape;
  StationaryGrid grid;
  /// The next run whose shadow registers are to be filled.
  size_t nextLoad = 0;
};

/// Sums stay.
class MovingExecutor final : public Executor {
public:
  MovingExecutor(const BlockSchedule &schedule,
                 const MachineDescription &machine, const BlockMatrix &held,
                 const BlockMatrix &passing)
      : Executor(schedule, machine, held, passing),
        grid(machine.rows, machine.columns, schedule.runs) {}

private:
  llvm::Error step(const BlockRun *run, int64_t index) override;
  int64_t countSteps(const BlockRun &run) const override { return run.blocks; }
  void finishEvents() override;

  MovingGrid grid;
};

} // namespace

//===----------------------------------------------------------------------===//
// Time and sums
//===----------------------------------------------------------------------===//

llvm::Error Executor::accept(const BlockEmission &emission) {
  const BlockRun &run = schedule.runs[emission.run];
  size_t sum = getSum(run, emission.line, emission.vector);
  measured.result[sum] = emission.sum;
  measured.events.accumulatorBytes += kSumBits / 8;
  if (runOfSum[sum] == emission.run)
    return makeError("line {0}, vector {1} of run {2} leaves twice",
                     emission.line, emission.vector, emission.run);
  runOfSum[sum] = emission.run;
  --inFlight;
  if (--remaining[emission.run] == 0)
    measured.done[emission.run] = time;
  return llvm::Error::success();
}

llvm::Error Executor::tick(const BlockRun *run, int64_t index) {
  emissions.clear();
  if (llvm::Error error = step(run, index))
    return error;
  time += schedule.stepCycles;
  for (const BlockEmission &emission : emissions)
    if (llvm::Error error = accept(emission))
      return error;
  return llvm::Error::success();
}

/// Lets the array go on up to a cycle, with nothing entering.
llvm::Error Executor::advanceTo(int64_t start) {
  while (!isEmpty() && time < start)
    if (llvm::Error error = tick(nullptr, 0))
      return error;
  if (time > start || (!isEmpty() && time != start))
    return makeError("a run starts in cycle {0}, between the steps of another",
                     start);
  time = start;
  return llvm::Error::success();
}

llvm::Expected<BlockMeasurement> Executor::execute() {
  for (const BlockRun &run : schedule.runs) {
    if (llvm::Error error = advanceTo(run.start))
      return std::move(error);
    inFlight += run.lines * run.vectors;
    for (int64_t index = 0; index < countSteps(run); ++index)
      if (llvm::Error error = tick(&run, index))
        return std::move(error);
  }
  while (!isEmpty())
    if (llvm::Error error = tick(nullptr, 0))
      return std::move(error);
  finishEvents();
  return std::move(measured);
}

//===----------------------------------------------------------------------===//
// Blocks that stay
//===----------------------------------------------------------------------===//

/// Sums go on from what the tile of blocks before has left.
llvm::Expected<float> StationaryExecutor::getInitialSum(int64_t number,
                                                        int64_t line,
                                                        int64_t vector) const {
  const BlockRun &run = schedule.runs[number];
  if (!run.continues())
    return 0.0f;
  size_t sum = getSum(run, line, vector);
  if (runOfSum[sum] != number - 1)
    return makeError("run {0} goes on with line {1}, vector {2} in cycle {3}, "
                     "before the run before it is done with them",
                     number, line, vector, time);
  return measured.result[sum];
}

llvm::Error StationaryExecutor::fill(const BlockRun &run) {
  int64_t bits = 0;
  std::vector<const CellBlock *> blocks;
  for (int64_t line = 0; line < run.lines; ++line)
    for (int64_t block = 0; block < run.blocks; ++block) {
      blocks.push_back(held.get(run.firstLine + line, run.firstBlock + block));
      bits += cell.getBlockBits(schedule.gemm.heldBits);
    }
  measured.events.weightSramBits += bits;
  measured.events.registerBits += bits;
  int64_t cycles =
      llvm::divideCeil(bits, 8 * machine.weightLoaderBytesPerCycle);
  if (run.loadEnd - run.loadStart < cycles || run.start < run.loadEnd)
    return makeError("run {0} starts in cycle {1} with blocks that are loaded "
                     "from cycle {2} on, which takes {3} cycles",
                     getNumber(run), run.start, run.loadStart, cycles);
  return grid.load(getNumber(run), blocks);
}

/// Does what the loader has begun by now.
llvm::Error StationaryExecutor::load() {
  for (; nextLoad < schedule.runs.size(); ++nextLoad) {
    const BlockRun &run = schedule.runs[nextLoad];
    if (!run.loads())
      continue;
    if (run.loadStart > time)
      break;
    if (llvm::Error error = fill(run))
      return error;
  }
  return llvm::Error::success();
}

llvm::Error StationaryExecutor::step(const BlockRun *run, int64_t index) {
  if (llvm::Error error = load())
    return error;
  std::vector<BlockPacket> entering(shape.blocks);
  for (int64_t b = 0; run && b < run->blocks; ++b) {
    entering[b] = {passing.get(run->firstVector + index, run->firstBlock + b),
                   getNumber(*run), index};
    measured.events.dataSramBits +=
        cell.getBlockBits(schedule.gemm.passingBits);
  }
  auto begin = [&](int64_t number, int64_t line,
                   int64_t vector) -> llvm::Expected<float> {
    if (schedule.runs[number].continues())
      measured.events.accumulatorBytes += kSumBits / 8;
    return getInitialSum(number, line, vector);
  };
  return grid.step(time, entering, begin, emissions);
}

void StationaryExecutor::finishEvents() {
  BlockEvents &events = measured.events;
  events.blockSums = grid.products;
  events.busyCellCycles = grid.passes;
  events.chunkProducts = grid.passes * cell.format.group;
  events.registerBits +=
      grid.products * cell.getBlockBits(schedule.gemm.passingBits) +
      grid.sumHops * kSumBits;
  for (size_t run = 0; run < schedule.runs.size(); ++run)
    measured.swapped[run] = grid.getSwapped(run);
}

//===----------------------------------------------------------------------===//
// Sums that stay
//===----------------------------------------------------------------------===//

llvm::Error MovingExecutor::step(const BlockRun *run, int64_t index) {
  std::vector<BlockPacket> left(machine.rows), above(machine.columns);
  for (int64_t row = 0; run && row < run->lines; ++row) {
    left[row] = {held.get(run->firstLine + row, index), getNumber(*run), index};
    measured.events.weightSramBits += cell.getBlockBits(schedule.gemm.heldBits);
  }
  for (int64_t column = 0; run && column < run->vectors; ++column) {
    above[column] = {passing.get(run->firstVector + column, index),
                     getNumber(*run), index};
    measured.events.dataSramBits +=
        cell.getBlockBits(schedule.gemm.passingBits);
  }
  return grid.step(left, above, emissions);
}

void MovingExecutor::finishEvents() {
  BlockEvents &events = measured.events;
  events.blockSums = grid.products;
  events.busyCellCycles = grid.passes;
  events.chunkProducts = grid.passes * cell.format.group;
  events.registerBits =
      grid.products * (cell.getBlockBits(schedule.gemm.heldBits) +
                       cell.getBlockBits(schedule.gemm.passingBits)) +
      grid.drainHops * kSumBits;
}

static llvm::Error checkOperand(llvm::StringRef name,
                                const BlockMatrix &operand, int64_t lines,
                                int64_t length, int64_t bits,
                                const BlockFormat &cell) {
  const BlockFormat &format = operand.getFormat();
  if (format.group == cell.group && format.mantissaBits == bits &&
      operand.getNumLines() == lines &&
      operand.getBlocksPerLine() ==
          int64_t(llvm::divideCeil(length, cell.group)))
    return llvm::Error::success();
  return makeError("expected {0} lines of {1} values in blocks of {2} with {3} "
                   "mantissa bits as {4} operand, got {5} lines of {6} blocks "
                   "of {7} with {8} bits",
                   lines, length, cell.group, bits, name, operand.getNumLines(),
                   operand.getBlocksPerLine(), format.group,
                   format.mantissaBits);
}

llvm::Expected<BlockMeasurement>
sim::executeInCells(const BlockSchedule &schedule,
                    const MachineDescription &machine, const BlockMatrix &held,
                    const BlockMatrix &passing) {
  const BlockGemm &gemm = schedule.gemm;
  const BlockFormat &cell = machine.cell->getBlockCell()->format;
  if (llvm::Error error =
          checkOperand("held", held, gemm.groups * gemm.heldLines, gemm.length,
                       gemm.heldBits, cell))
    return std::move(error);
  if (llvm::Error error =
          checkOperand("passing", passing, gemm.groups * gemm.passingLines,
                       gemm.length, gemm.passingBits, cell))
    return std::move(error);
  int64_t passes = BlockCell::countPasses(gemm.heldBits, gemm.passingBits);
  if (schedule.stepCycles < passes)
    return makeError("a step of {0} cycles is too short for {1} passes",
                     schedule.stepCycles, passes);
  if (gemm.dataflow == BlockDataflow::OutputStationary)
    return MovingExecutor(schedule, machine, held, passing).execute();
  return StationaryExecutor(schedule, machine, held, passing).execute();
}
