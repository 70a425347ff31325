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

#include "ProgramSimulator.h"
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
