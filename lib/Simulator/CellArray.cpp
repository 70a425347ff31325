//===- CellArray.cpp - The array, cell by cell and step by step -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Drives the grid of registers through loads and streams, and measures when
// what happens. The only rule it shares with the closed forms is the
// controller's: when a stream may start.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/CellArray.h"
#include "CellGrid.h"
#include "FormattedError.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include <deque>
#include <optional>

using namespace colonnade;
using namespace colonnade::sim;

namespace {

/// A stream whose results have not all left the array.
struct Flight {
  int64_t vectors = 0;
  /// Results still to come, in all and by row.
  int64_t remaining = 0;
  std::vector<int64_t> received;
  /// [rows][vectors]; foreseen results are compared, others filled in.
  std::vector<int32_t> sums;
  std::optional<int64_t> foreseenDone;
  int64_t lastArrival = 0;
};

/// Matches the sums that leave the array with the streams in it.
class Retirement {
public:
  void begin(const StreamJob &job) {
    Flight flight;
    flight.vectors = job.vectors;
    flight.remaining = job.rows * job.vectors;
    flight.received.resize(job.rows);
    flight.sums.resize(flight.remaining);
    flights.push_back(std::move(flight));
  }

  llvm::Error accept(Emission emission, int64_t time);

  bool isEmpty() const { return flights.empty(); }
  /// Completion of all streams so far: streams retire in order.
  int64_t getDone() const { return done; }
  llvm::ArrayRef<int32_t> getLastSums() const { return lastSums; }

  /// What draining ahead has shown about the youngest stream.
  void foresee(llvm::ArrayRef<int32_t> sums, int64_t time) {
    flights.back().sums.assign(sums.begin(), sums.end());
    flights.back().foreseenDone = time;
  }

private:
  llvm::Error retire();

  std::deque<Flight> flights;
  int64_t done = 0;
  std::vector<int32_t> lastSums;
};

llvm::Error Retirement::accept(Emission emission, int64_t time) {
  size_t row = emission.row;
  auto it = std::find_if(flights.begin(), flights.end(), [&](Flight &flight) {
    return row < flight.received.size() &&
           flight.received[row] < flight.vectors;
  });
  if (it == flights.end())
    return makeError("a sum of no stream leaves row {0} in cycle {1}", row,
                     time);
  int32_t &sum = it->sums[row * it->vectors + it->received[row]++];
  if (it->foreseenDone && sum != emission.sum)
    return makeError("row {0} yields {1} in cycle {2}, but {3} when drained "
                     "ahead",
                     row, emission.sum, time, sum);
  sum = emission.sum;
  it->lastArrival = time;
  --it->remaining;
  return retire();
}

llvm::Error Retirement::retire() {
  while (!flights.empty() && flights.front().remaining == 0) {
    Flight &flight = flights.front();
    done = std::max(done, flight.lastArrival);
    if (flight.foreseenDone && *flight.foreseenDone != done)
      return makeError("a stream ends in cycle {0}, but in cycle {1} when "
                       "drained ahead",
                       done, *flight.foreseenDone);
    lastSums = std::move(flight.sums);
    flights.pop_front();
  }
  return llvm::Error::success();
}

/// The loader's progress through a tile, cell by cell, row by row.
struct PendingLoad {
  LoadJob job;
  int64_t start = 0, number = 0, nextCell = 0;
  /// Keeps LoadJob::values.
  std::vector<int8_t> values;
};

/// Everything that a look ahead has to copy.
struct ArrayState {
  CellGrid grid;
  Retirement retirement;
  int64_t time = 0;
  int64_t stepCycles = 1;
};

class CellArrayImpl final : public CellArray {
public:
  explicit CellArrayImpl(const Program &program)
      : program(program), state{CellGrid(*program.machine.cell,
                                         program.machine.rows,
                                         program.machine.columns),
                                {}} {}

  int64_t getEarliestStart(int64_t ready, int64_t stepCycles) const override {
    return alignStart(ready, stepCycles, previous, previousStepCycles);
  }
  llvm::Expected<LoadTimes> load(int64_t start, const LoadJob &job) override;
  llvm::Expected<StreamTimes> stream(int64_t ready,
                                     const StreamJob &job) override;
  llvm::Error finish() override;
  int64_t getUsefulCycles() const override { return foreseenWork; }

private:
  llvm::Error writeShadows(int64_t before);
  llvm::Error writeShadow(const PendingLoad &load, int64_t cell, int64_t cycle);
  int64_t getWriteCycle(const PendingLoad &load, int64_t cell) const;
  int64_t countBits(const LoadJob &job, int64_t cells) const;
  llvm::ArrayRef<int8_t> getRunTimeValues(const PendingLoad &load, int64_t row,
                                          int64_t column) const;
  llvm::Error tick(ArrayState &array, const Packet &packet,
                   int64_t usedColumns);
  llvm::Error drain(ArrayState &array);
  llvm::Error advanceTo(int64_t start);
  llvm::Error feed(const StreamJob &job);
  void arrange(const StreamJob &job, int64_t vector);

  const Program &program;
  ArrayState state;
  std::optional<PendingLoad> pending;
  /// The tile that waits in the shadow registers, and when it is all there.
  std::optional<WeightTile> shadow;
  int64_t loads = 0, loaded = 0;
  StreamTimes previous;
  int64_t previousStepCycles = 1;
  /// Work of all cells once the array has run empty.
  int64_t foreseenWork = 0;
  /// The vector that enters the array, in the grid's order.
  std::vector<int8_t> vector;
};

/// Bits of the tile's first `cells` cells. The last cell of a row of run-time
/// weights may hold fewer values than the others.
int64_t CellArrayImpl::countBits(const LoadJob &job, int64_t cells) const {
  const PackedWeights &weights = program.weights[job.tile.weights];
  if (!weights.isRunTime)
    return cells * program.machine.cell->getWeightBits(weights.promises);
  int64_t perRow = program.getRunTimeColumns(job.tile);
  int64_t inLastRow = cells % job.columns * weights.depth;
  return 8 * (cells / job.columns * perRow + std::min(inLastRow, perRow));
}

/// The loader works through the tile's bits in order; a cell's register is
/// written in the cycle that brings its last bit.
int64_t CellArrayImpl::getWriteCycle(const PendingLoad &load,
                                     int64_t cell) const {
  int64_t cycles =
      llvm::divideCeil(countBits(load.job, cell + 1),
                       8 * program.machine.weightLoaderBytesPerCycle);
  return load.start + std::max<int64_t>(cycles, 1) - 1;
}

llvm::ArrayRef<int8_t>
CellArrayImpl::getRunTimeValues(const PendingLoad &load, int64_t row,
                                int64_t column) const {
  int64_t depth = program.weights[load.job.tile.weights].depth;
  int64_t perRow = program.getRunTimeColumns(load.job.tile);
  return llvm::ArrayRef(load.values)
      .slice(row * perRow, perRow)
      .drop_front(column * depth)
      .take_front(depth);
}

llvm::Error CellArrayImpl::writeShadow(const PendingLoad &load, int64_t cell,
                                       int64_t cycle) {
  const WeightTile &tile = load.job.tile;
  const PackedWeights &weights = program.weights[tile.weights];
  int64_t row = cell / load.job.columns, column = cell % load.job.columns;
  if (weights.isRunTime)
    return state.grid.writeShadow(row, column, cycle, load.number,
                                  getRunTimeValues(load, row, column), {});
  int64_t first =
      weights.getCell(tile.block, tile.row + row, tile.column + column);
  return state.grid.writeShadow(
      row, column, cycle, load.number,
      llvm::ArrayRef(weights.values).slice(first, weights.depth),
      llvm::ArrayRef(weights.selects).slice(first, weights.depth));
}

/// Does what the loader has done before cycle `before`.
llvm::Error CellArrayImpl::writeShadows(int64_t before) {
  if (!pending)
    return llvm::Error::success();
  int64_t cells = pending->job.rows * pending->job.columns;
  while (pending->nextCell < cells) {
    int64_t cycle = getWriteCycle(*pending, pending->nextCell);
    if (cycle >= before)
      return llvm::Error::success();
    if (llvm::Error error = writeShadow(*pending, pending->nextCell++, cycle))
      return error;
  }
  pending.reset();
  return llvm::Error::success();
}

llvm::Error CellArrayImpl::tick(ArrayState &array, const Packet &packet,
                                int64_t usedColumns) {
  llvm::SmallVector<Emission> emissions;
  if (llvm::Error error = array.grid.step(array.time, array.stepCycles, packet,
                                          vector, usedColumns, emissions))
    return error;
  array.time += array.stepCycles;
  for (Emission emission : emissions)
    if (llvm::Error error = array.retirement.accept(emission, array.time))
      return error;
  return llvm::Error::success();
}

llvm::Error CellArrayImpl::drain(ArrayState &array) {
  while (!array.retirement.isEmpty())
    if (llvm::Error error = tick(array, Packet(), 0))
      return error;
  return llvm::Error::success();
}

/// Lets the real array go on, with nothing new entering, up to `start`.
llvm::Error CellArrayImpl::advanceTo(int64_t start) {
  while (!state.retirement.isEmpty() && state.time < start) {
    if (llvm::Error error = writeShadows(state.time))
      return error;
    if (llvm::Error error = tick(state, Packet(), 0))
      return error;
  }
  if (!state.retirement.isEmpty() && state.time != start)
    return makeError("a stream starts in cycle {0}, between the steps of "
                     "another",
                     start);
  state.time = start;
  return writeShadows(start);
}

llvm::Expected<LoadTimes> CellArrayImpl::load(int64_t start,
                                              const LoadJob &job) {
  if (shadow)
    return makeError("loading a tile at cycle {0} overwrites shadow registers "
                     "that wait to be swapped in",
                     start);
  pending = PendingLoad{job, start, ++loads, 0, job.values.vec()};
  shadow = job.tile;
  loaded = getWriteCycle(*pending, job.rows * job.columns - 1) + 1;
  return LoadTimes{start, loaded};
}

/// Brings one vector into the grid's order: a cell has registers for its whole
/// depth and fan-in, whether the matrix uses them or not.
void CellArrayImpl::arrange(const StreamJob &job, int64_t index) {
  const PackedWeights &weights = program.weights[job.tile.weights];
  int64_t streams = state.grid.getStreamsPerColumn();
  int64_t fanIn = program.machine.cell->getMaxFanIn();
  int64_t used = weights.depth * weights.fanIn;
  vector.assign(program.machine.columns * streams, 0);
  for (int64_t column = 0; column < job.columns; ++column)
    for (int64_t slot = 0; slot < weights.depth; ++slot) {
      auto from = job.data.begin() + (index * job.columns + column) * used +
                  slot * weights.fanIn;
      std::copy(from, from + weights.fanIn,
                vector.begin() + column * streams + slot * fanIn);
    }
}

llvm::Error CellArrayImpl::feed(const StreamJob &job) {
  state.stepCycles = job.stepCycles;
  state.retirement.begin(job);
  for (int64_t i = 0; i < job.vectors; ++i) {
    arrange(job, i);
    Packet packet = {true, i == 0, job.rows, loads};
    if (llvm::Error error = tick(state, packet, job.columns))
      return error;
  }
  return llvm::Error::success();
}

llvm::Expected<StreamTimes> CellArrayImpl::stream(int64_t ready,
                                                  const StreamJob &job) {
  if (shadow != job.tile)
    return makeError(
        "the shadow registers do not hold the tile that is swapped in");
  shadow.reset();
  StreamTimes times;
  times.start = getEarliestStart(std::max(ready, loaded), job.stepCycles);
  if (llvm::Error error = advanceTo(times.start))
    return error;
  if (llvm::Error error = feed(job))
    return error;
  times.inputFree = state.time;
  ArrayState ahead = state;
  if (llvm::Error error = drain(ahead))
    return error;
  times.done = ahead.retirement.getDone();
  times.swapped = ahead.grid.getLastSwap();
  foreseenWork = ahead.grid.getUsefulCycles();
  llvm::copy(ahead.retirement.getLastSums(), job.sums.begin());
  if (!state.retirement.isEmpty())
    state.retirement.foresee(ahead.retirement.getLastSums(), times.done);
  previous = times;
  previousStepCycles = job.stepCycles;
  return times;
}

llvm::Error CellArrayImpl::finish() {
  if (llvm::Error error = drain(state))
    return error;
  if (state.grid.getUsefulCycles() != foreseenWork)
    return makeError("the cells did {0} units of work, but {1} when drained "
                     "ahead",
                     state.grid.getUsefulCycles(), foreseenWork);
  return llvm::Error::success();
}

} // namespace

std::unique_ptr<CellArray> CellArray::create(const Program &program) {
  return std::make_unique<CellArrayImpl>(program);
}
