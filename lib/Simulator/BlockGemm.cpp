//===- BlockGemm.cpp - One matrix product on a machine of blocks ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cuts a product into runs, gives each its times by closed forms, and counts
// its events. What one run does to the next is the loader's shadow registers,
// the converter's order, and the sums that a tile of blocks takes over.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/BlockGemm.h"
#include "FormattedError.h"
#include "colonnade/Simulator/ArrayTiming.h"
#include "llvm/Support/MathExtras.h"
#include <map>

using namespace colonnade;
using namespace colonnade::sim;

static constexpr int64_t kSumBytes = 4;

llvm::StringRef sim::stringifyBlockDataflow(BlockDataflow dataflow) {
  switch (dataflow) {
  case BlockDataflow::Forward:
    return "forward";
  case BlockDataflow::Orthogonal:
    return "orthogonal";
  case BlockDataflow::OutputStationary:
    return "output-stationary";
  }
  llvm_unreachable("all dataflows have a name");
}

BlockEvents &BlockEvents::operator+=(const BlockEvents &other) {
  chunkProducts += other.chunkProducts;
  blockSums += other.blockSums;
  converterValues += other.converterValues;
  registerBits += other.registerBits;
  weightSramBits += other.weightSramBits;
  dataSramBits += other.dataSramBits;
  accumulatorBytes += other.accumulatorBytes;
  busyCellCycles += other.busyCellCycles;
  return *this;
}

BlockTileShape sim::getTileShape(const MachineDescription &machine,
                                 BlockDataflow dataflow) {
  int64_t group = machine.cell->getBlockCell()->format.group;
  if (dataflow == BlockDataflow::Orthogonal)
    return {machine.columns * group, machine.rows / group};
  return {machine.rows, machine.columns};
}

namespace {

/// Works through values in the order in which they are needed first, so many a
/// cycle, from the first cycle on.
class Converter {
public:
  explicit Converter(int64_t valuesPerCycle) : valuesPerCycle(valuesPerCycle) {}

  /// When the next `count` values will be there.
  int64_t convert(int64_t count) {
    values += count;
    return llvm::divideCeil(values, valuesPerCycle);
  }
  int64_t getValues() const { return values; }

private:
  int64_t valuesPerCycle, values = 0;
};

/// How far the conversion of an operand is. Patches repeat values: what is
/// converted is in proportion to what is worked on.
class Progress {
public:
  Progress(int64_t elements, int64_t distinct)
      : all(elements), distinct(distinct ? distinct : elements) {}

  /// Values to convert for the next `count` elements.
  int64_t advance(int64_t count) {
    elements += count;
    auto reached = static_cast<int64_t>(
        llvm::divideCeil(__int128(distinct) * elements, __int128(all)));
    return reached - std::exchange(values, reached);
  }

private:
  int64_t all, distinct, elements = 0, values = 0;
};

/// Values a cycle. Machines without a number of banks have enough of them.
int64_t getConverterRate(const MachineDescription &machine) {
  int64_t rate = machine.converterValuesPerCycle;
  if (machine.dataSramBanks == 0)
    return rate;
  int64_t read = machine.dataSramBanks / static_cast<int64_t>(sizeof(float));
  return std::max<int64_t>(1, std::min(rate, read));
}

class GemmScheduler {
public:
  GemmScheduler(const MachineDescription &machine, const BlockGemm &gemm)
      : machine(machine), gemm(gemm), cell(*machine.cell->getBlockCell()),
        shape(getTileShape(machine, gemm.dataflow)),
        blocks(llvm::divideCeil(gemm.length, cell.format.group)),
        converter(getConverterRate(machine)),
        heldProgress(gemm.groups * gemm.heldLines * gemm.length,
                     gemm.heldValues),
        passingProgress(gemm.groups * gemm.passingLines * gemm.length,
                        gemm.passingValues) {
    schedule.gemm = gemm;
    schedule.passes = BlockCell::countPasses(gemm.heldBits, gemm.passingBits);
    schedule.stepCycles = std::max(schedule.passes, getFeedCycles());
  }

  llvm::Expected<BlockSchedule> run();

private:
  int64_t getFeedCycles() const;
  int64_t getBandVectors() const;
  void addRun(BlockRun run) { schedule.runs.push_back(run); }
  void cutStationary(int64_t group, int64_t bandVectors);
  void cutMoving(int64_t group);
  void convertHeld(const BlockRun &run);
  void convertPassing(const BlockRun &run);
  int64_t getLength(const BlockRun &run) const;
  bool isHeld(const BlockRun &run) const;
  void placeLoad(BlockRun &run);
  void placeStationary(BlockRun &run);
  void placeMoving(BlockRun &run);
  void countStationary(const BlockRun &run);
  void countMoving(const BlockRun &run);
  void countProducts(int64_t products);

  const MachineDescription &machine;
  const BlockGemm &gemm;
  const BlockCell &cell;
  BlockTileShape shape;
  int64_t blocks;
  Converter converter;
  Progress heldProgress, passingProgress;
  BlockSchedule schedule;

  /// What was converted so far, by its first line and block, and when.
  std::map<std::pair<int64_t, int64_t>, int64_t> heldReady, passingReady;
  /// The run before.
  const BlockRun *before = nullptr;
  StreamTimes previous;
};

} // namespace

/// Of the reduction, what the run's blocks cover.
int64_t GemmScheduler::getLength(const BlockRun &run) const {
  int64_t group = cell.format.group;
  return std::min((run.firstBlock + run.blocks) * group, gemm.length) -
         run.firstBlock * group;
}

/// Cycles in which the memories give what enters in one step.
int64_t GemmScheduler::getFeedCycles() const {
  bool isMoving = gemm.dataflow == BlockDataflow::OutputStationary;
  int64_t passing = isMoving ? std::min(machine.columns, gemm.passingLines)
                             : std::min(shape.blocks, blocks);
  int64_t cycles = 1;
  if (machine.dataSramBanks != 0)
    cycles = llvm::divideCeil(passing * cell.getBlockBits(gemm.passingBits),
                              8 * machine.dataSramBanks);
  if (!isMoving)
    return cycles;
  int64_t held = std::min(machine.rows, gemm.heldLines);
  return std::max<int64_t>(
      cycles, llvm::divideCeil(held * cell.getBlockBits(gemm.heldBits),
                               8 * machine.weightLoaderBytesPerCycle));
}

/// Vectors whose sums fit into half of the accumulators.
int64_t GemmScheduler::getBandVectors() const {
  return machine.accumulatorBytes / (2 * kSumBytes * shape.lines);
}

//===----------------------------------------------------------------------===//
// Runs
//===----------------------------------------------------------------------===//

/// A group's lines of an operand, `step` at a time: calls visit(first, count).
template <typename VisitFn>
static void walkLines(int64_t group, int64_t lines, int64_t step,
                      VisitFn visit) {
  for (int64_t line = 0; line < lines; line += step)
    visit(group * lines + line, std::min(step, lines - line));
}

void GemmScheduler::cutStationary(int64_t group, int64_t bandVectors) {
  walkLines(group, gemm.passingLines, bandVectors,
            [&](int64_t firstVector, int64_t vectors) {
              walkLines(group, gemm.heldLines, shape.lines,
                        [&](int64_t firstLine, int64_t lines) {
                          for (int64_t block = 0; block < blocks;
                               block += shape.blocks)
                            addRun({firstLine, lines, block,
                                    std::min(shape.blocks, blocks - block),
                                    firstVector, vectors});
                        });
            });
}

void GemmScheduler::cutMoving(int64_t group) {
  walkLines(group, gemm.heldLines, machine.rows,
            [&](int64_t firstLine, int64_t lines) {
              walkLines(
                  group, gemm.passingLines, machine.columns,
                  [&](int64_t firstVector, int64_t vectors) {
                    addRun({firstLine, lines, 0, blocks, firstVector, vectors});
                  });
            });
}

//===----------------------------------------------------------------------===//
// Times
//===----------------------------------------------------------------------===//

void GemmScheduler::convertHeld(const BlockRun &run) {
  std::pair key(run.firstLine, run.firstBlock);
  if (!heldReady.count(key))
    heldReady[key] =
        converter.convert(heldProgress.advance(run.lines * getLength(run)));
}

void GemmScheduler::convertPassing(const BlockRun &run) {
  std::pair key(run.firstVector, run.firstBlock);
  if (passingReady.count(key))
    return;
  passingReady[key] =
      converter.convert(passingProgress.advance(run.vectors * getLength(run)));
}

/// Whether the run works on the tile of the run before.
bool GemmScheduler::isHeld(const BlockRun &run) const {
  return before && before->firstLine == run.firstLine &&
         before->firstBlock == run.firstBlock;
}

/// Shadow registers are free when all cells have taken the tile before.
void GemmScheduler::placeLoad(BlockRun &run) {
  run.loadStart = run.loadEnd = before ? before->loadEnd : 0;
  if (isHeld(run))
    return;
  int64_t bits = run.lines * run.blocks * cell.getBlockBits(gemm.heldBits);
  run.loadStart = std::max({run.loadStart, previous.swapped,
                            heldReady.at({run.firstLine, run.firstBlock})});
  run.loadEnd = run.loadStart +
                llvm::divideCeil(bits, 8 * machine.weightLoaderBytesPerCycle);
}

void GemmScheduler::placeStationary(BlockRun &run) {
  placeLoad(run);
  int64_t step = schedule.stepCycles;
  int64_t ready =
      std::max(run.loadEnd, passingReady.at({run.firstVector, run.firstBlock}));
  // The first sum of the tile of blocks before has to cross the array.
  if (run.continues())
    ready = std::max(ready, before->start + step * shape.blocks);
  // Steps from the first line's cells to the last one's.
  bool isTurned = gemm.dataflow == BlockDataflow::Orthogonal;
  int64_t extent =
      isTurned ? llvm::divideCeil(run.lines, cell.format.group) : run.lines;
  run.start = alignStart(ready, step, previous, step);
  run.swapped = isHeld(run) ? before->swapped
                            : run.start + step * (extent + run.blocks - 2) + 1;
  run.done = run.start + step * (run.vectors + extent + shape.blocks - 2);
  previous = {run.start, run.swapped, run.start + step * run.vectors,
              std::max(previous.done, run.done)};
}

void GemmScheduler::placeMoving(BlockRun &run) {
  int64_t step = schedule.stepCycles;
  int64_t ready = std::max(heldReady.at({run.firstLine, run.firstBlock}),
                           passingReady.at({run.firstVector, run.firstBlock}));
  run.start = alignStart(ready, step, previous, step);
  run.done = run.start + step * (run.blocks + run.lines + 2 * run.vectors - 2);
  // Sums of the next run must not meet those that still move to the left.
  int64_t free = run.start + step * std::max(run.blocks, 2 * run.vectors - 1);
  previous = {run.start, run.start, free, std::max(previous.done, run.done)};
}

//===----------------------------------------------------------------------===//
// Events
//===----------------------------------------------------------------------===//

void GemmScheduler::countProducts(int64_t products) {
  BlockEvents &events = schedule.events;
  events.blockSums += products;
  events.busyCellCycles += products * schedule.passes;
  events.chunkProducts += products * schedule.passes * cell.format.group;
}

void GemmScheduler::countStationary(const BlockRun &run) {
  int64_t held = cell.getBlockBits(gemm.heldBits);
  int64_t passing = cell.getBlockBits(gemm.passingBits);
  int64_t sums = run.lines * run.vectors;
  BlockEvents &events = schedule.events;
  countProducts(sums * run.blocks);
  if (run.loads()) {
    events.weightSramBits += run.lines * run.blocks * held;
    events.registerBits += run.lines * run.blocks * held;
  }
  events.dataSramBits += run.blocks * run.vectors * passing;
  events.registerBits += sums * run.blocks * passing;
  events.registerBits += sums * shape.blocks * 8 * kSumBytes;
  events.accumulatorBytes += sums * kSumBytes * (run.continues() ? 2 : 1);
}

void GemmScheduler::countMoving(const BlockRun &run) {
  int64_t held = cell.getBlockBits(gemm.heldBits);
  int64_t passing = cell.getBlockBits(gemm.passingBits);
  int64_t sums = run.lines * run.vectors;
  BlockEvents &events = schedule.events;
  countProducts(sums * run.blocks);
  events.weightSramBits += run.lines * run.blocks * held;
  events.dataSramBits += run.vectors * run.blocks * passing;
  events.registerBits += sums * run.blocks * (held + passing);
  // A sum of column c takes c + 1 registers on its way out.
  events.registerBits +=
      run.lines * (run.vectors * (run.vectors + 1) / 2) * 8 * kSumBytes;
  events.accumulatorBytes += sums * kSumBytes;
}

llvm::Expected<BlockSchedule> GemmScheduler::run() {
  bool isMoving = gemm.dataflow == BlockDataflow::OutputStationary;
  int64_t bandVectors = getBandVectors();
  if (!isMoving && bandVectors == 0)
    return makeError("target '{0}': accumulators of {1} bytes hold no two "
                     "vectors of {2} sums; {3} bytes would",
                     machine.name, machine.accumulatorBytes, shape.lines,
                     2 * kSumBytes * shape.lines);
  for (int64_t group = 0; group < gemm.groups; ++group)
    isMoving ? cutMoving(group) : cutStationary(group, bandVectors);
  for (BlockRun &run : schedule.runs) {
    convertHeld(run);
    convertPassing(run);
    isMoving ? placeMoving(run) : placeStationary(run);
    isMoving ? countMoving(run) : countStationary(run);
    before = &run;
  }
  schedule.events.converterValues = converter.getValues();
  schedule.cycles = previous.done;
  return std::move(schedule);
}

static llvm::Error checkGemm(const MachineDescription &machine,
                             const BlockGemm &gemm) {
  const BlockCell *cell = machine.cell->getBlockCell();
  if (!cell)
    return makeError("target '{0}' has {1} cells; products of blocks need "
                     "block cells",
                     machine.name, machine.cell->getName());
  if (gemm.heldLines < 1 || gemm.passingLines < 1 || gemm.length < 1 ||
      gemm.groups < 1)
    return makeError("expected extents of at least 1, got {0} x {1} x {2} in "
                     "{3} groups",
                     gemm.heldLines, gemm.passingLines, gemm.length,
                     gemm.groups);
  if (llvm::Error error = cell->checkMantissa(gemm.heldBits))
    return error;
  if (llvm::Error error = cell->checkMantissa(gemm.passingBits))
    return error;
  if (getTileShape(machine, gemm.dataflow).blocks == 0)
    return makeError("target '{0}': {1} rows hold no square of {2} blocks, "
                     "which the orthogonal dataflow needs",
                     machine.name, machine.rows, cell->format.group);
  return llvm::Error::success();
}

llvm::Expected<BlockSchedule>
sim::scheduleBlockGemm(const MachineDescription &machine,
                       const BlockGemm &gemm) {
  if (llvm::Error error = checkGemm(machine, gemm))
    return std::move(error);
  return GemmScheduler(machine, gemm).run();
}
