//===- CellSimulator.cpp - The cell-level simulator -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Streams run through the cell-level array, which gives their sums, their times
// and the cells' work; the times must be those that the closed forms foresaw.
//
//===----------------------------------------------------------------------===//

#include "BlockConverter.h"
#include "FormattedError.h"
#include "ProgramSimulator.h"
#include "colonnade/Simulator/BlockCellArray.h"
#include "colonnade/Simulator/CellArray.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class CellSimulator final : public ProgramSimulator {
public:
  CellSimulator(Program program, ProgramTiming timing, CountedRuns counted)
      : ProgramSimulator(std::move(program), std::move(timing), counted) {}

private:
  llvm::Error beginRun() override;
  llvm::Error stream(unsigned index, const StreamTile &stream) override;
  llvm::Error multiply(unsigned index, const BlockPass &pass) override;
  llvm::Error observe(unsigned index) override {
    return timingPass->advance(loadedTile);
  }
  llvm::Error endRun() override;
  void gatherVectors(const StreamTile &stream);

  std::unique_ptr<CellArray> array;
  std::unique_ptr<TimingPass> timingPass;
  /// The array's work before the current stream.
  int64_t countedWork = 0;
  /// [stream][position] and [position][stream].
  std::vector<int8_t> byStream, byPosition;
  std::vector<int32_t> sums;
};

} // namespace

llvm::Error CellSimulator::beginRun() {
  array = CellArray::create(program);
  timingPass = std::make_unique<TimingPass>(program, *array);
  countedWork = 0;
  return llvm::Error::success();
}

/// The streams of the tile's columns, in the order of PackedWeights::streams.
void CellSimulator::gatherVectors(const StreamTile &stream) {
  const PackedWeights &weights = program.weights[stream.tile.weights];
  llvm::ArrayRef<int32_t> streams =
      weights.getStreams(stream.tile.block, stream.tile.column,
                         program.getTileColumns(stream.tile));
  int64_t count = streams.size();
  int64_t positions = getPositions(stream.band, stream.window);
  gatherData(state, stream, streams, byStream);
  byPosition.resize(byStream.size());
  for (int64_t i = 0; i < count; ++i)
    for (int64_t position = 0; position < positions; ++position)
      byPosition[position * count + i] = byStream[i * positions + position];
}

llvm::Error CellSimulator::stream(unsigned index, const StreamTile &stream) {
  gatherVectors(stream);
  int64_t rows = program.getTileRows(stream.tile);
  sums.resize(rows * getPositions(stream.band, stream.window));
  if (llvm::Error error = timingPass->advance(byPosition, sums))
    return error;
  if (isCounting())
    addWork(program.instructions[index].layer,
            array->getUsefulCycles() - countedWork);
  countedWork = array->getUsefulCycles();
  return storeSums(state, stream, rows, sums);
}

/// What the registers took must be what the closed forms foresaw, from the
/// start of the pass on, and so must be their events. (The converter's are
/// counted where it works.)
static llvm::Error checkMeasurement(unsigned index,
                                    const BlockSchedule &schedule,
                                    BlockMeasurement &measured) {
  measured.events.converterValues = schedule.events.converterValues;
  if (!(measured.events == schedule.events))
    return makeError("instruction {0}: the events of the cells are not those "
                     "of the closed forms: {1} passes of cells, foreseen {2}",
                     index, measured.events.busyCellCycles,
                     schedule.events.busyCellCycles);
  for (auto [number, run] : llvm::enumerate(schedule.runs))
    if (measured.done[number] != run.done)
      return makeError("instruction {0}: run {1} is done in cycle {2} at the "
                       "cell level, but in {3} after the closed forms",
                       index, number, measured.done[number], run.done);
  int64_t last = *llvm::max_element(measured.done);
  if (last != schedule.cycles)
    return makeError("instruction {0} takes {1} cycles at the cell level, but "
                     "{2} after the closed forms",
                     index, last, schedule.cycles);
  return llvm::Error::success();
}

llvm::Error CellSimulator::multiply(unsigned index, const BlockPass &pass) {
  if (llvm::Error error = timingPass->advance())
    return error;
  BlockSchedule schedule =
      llvm::cantFail(scheduleBlockPass(program.machine, pass));
  BlockConverter converter(state, pass);
  int64_t groups = converter.getNumGroups();
  BlockMatrix passing = converter.convertPassing(0, groups);
  llvm::Expected<BlockMeasurement> measured =
      executeInCells(schedule, program.machine,
                     converter.convertHeld(0, groups), passing);
  if (!measured)
    return measured.takeError();
  if (llvm::Error error = checkMeasurement(index, schedule, *measured))
    return error;
  if (isCounting())
    addWork(program.instructions[index].layer, measured->events.busyCellCycles);
  // A group's sums are a block on the diagonal.
  int64_t vectors = schedule.gemm.passingLines, pitch = passing.getNumLines();
  for (int64_t group = 0; group < groups; ++group)
    converter.store(group,
                    llvm::ArrayRef(measured->result)
                        .drop_front(group * schedule.gemm.heldLines * pitch +
                                    group * vectors),
                    pitch);
  return llvm::Error::success();
}

llvm::Error CellSimulator::endRun() {
  llvm::Expected<ProgramTiming> measured = timingPass->finish();
  if (!measured)
    return measured.takeError();
  for (unsigned i = 0; i < program.instructions.size(); ++i) {
    const InstructionTimes &cell = measured->instructions[i];
    const InstructionTimes &closed = timing.instructions[i];
    if (cell != closed)
      return llvm::createStringError(
          llvm::formatv("instruction {0} runs from cycle {1} to {2} (swapped "
                        "{3}) at the cell level, but from {4} to {5} ({6}) "
                        "after the closed forms",
                        i, cell.start, cell.end, cell.swapped, closed.start,
                        closed.end, closed.swapped)
              .str());
  }
  return llvm::Error::success();
}

std::unique_ptr<Simulator> sim::createCellSimulator(Program program,
                                                    ProgramTiming timing,
                                                    CountedRuns counted) {
  return std::make_unique<CellSimulator>(std::move(program), std::move(timing),
                                         counted);
}
