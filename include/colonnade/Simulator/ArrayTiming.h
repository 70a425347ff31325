//===- ArrayTiming.h - When the array works on what -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The array and its weight loader as timing sees them. Two implementations
// stand behind one interface: closed forms, and the cell-level array
// (CellArray.h), which is the definition. In step s, row r and column c work on
// vector s - r - c of a stream, and every step takes the same number of cycles.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_ARRAYTIMING_H
#define COLONNADE_SIMULATOR_ARRAYTIMING_H

#include "colonnade/Simulator/Program.h"
#include <memory>

namespace colonnade::sim {

/// One tile that goes into the shadow registers. All times are in cycles.
struct LoadJob {
  WeightTile tile;
  /// Rows and array columns that the tile has.
  int64_t rows = 0, columns = 0;
  /// Cycles the loader needs.
  int64_t cycles = 0;
  /// For the cell level: values of a tile of run-time weights, row by row.
  llvm::ArrayRef<int8_t> values;
};

struct LoadTimes {
  int64_t start = 0, end = 0;
};

/// One stream of data vectors through the tile in the shadow registers.
struct StreamJob {
  WeightTile tile;
  /// Rows and array columns that the tile has.
  int64_t rows = 0, columns = 0;
  int64_t vectors = 0;
  int64_t stepCycles = 1;
  /// For the cell level: the vectors' data, [vectors][columns][depth * fanIn]
  /// in the order of PackedWeights::streams (0 where there is no member).
  llvm::ArrayRef<int8_t> data;
  /// For the cell level: receives the partial sums, [rows][vectors].
  llvm::MutableArrayRef<int32_t> sums;
};

struct StreamTimes {
  /// First cycle of the first step.
  int64_t start = 0;
  /// All cells of the tile have taken their weights:
  /// start + stepCycles * (rows + columns - 2) + 1.
  int64_t swapped = 0;
  /// The next stream's first vector may enter: start + stepCycles * vectors.
  int64_t inputFree = 0;
  /// The last result has left, of this stream and of all earlier ones (streams
  /// retire in order): the larger of the previous stream's and
  /// start + stepCycles * (vectors + rows + C - 2), C the array's columns.
  int64_t done = 0;
};

/// Loads and streams arrive in program order.
class ArrayTimingModel {
public:
  virtual ~ArrayTimingModel() = default;

  /// When a stream whose operands are there at `ready` starts: not before the
  /// previous stream's inputs are in; while an earlier wavefront is still in
  /// the array, at a step boundary of it, and only after it if the step length
  /// changes.
  virtual int64_t getEarliestStart(int64_t ready, int64_t stepCycles) const = 0;

  /// Loads a tile into the shadow registers from cycle `start` on. Fails when
  /// the previous tile still waits there to be swapped in.
  virtual llvm::Expected<LoadTimes> load(int64_t start, const LoadJob &job) = 0;

  /// Streams from getEarliestStart(ready, job.stepCycles) on. Fails when the
  /// shadow registers do not hold the tile, and (cell level) when a step is too
  /// short for its work or a sum overflows.
  virtual llvm::Expected<StreamTimes> stream(int64_t ready,
                                             const StreamJob &job) = 0;

  /// Lets the array run empty. Fails when something comes out that was not
  /// announced.
  virtual llvm::Error finish() = 0;
};

/// The closed forms above, for an array with `columns` columns.
std::unique_ptr<ArrayTimingModel> createClosedFormArray(int64_t columns);

/// The start rule of getEarliestStart(): `start` and `stepCycles` are those of
/// the previous stream, `inputFree` and `done` its times.
int64_t alignStart(int64_t ready, int64_t stepCycles,
                   const StreamTimes &previous, int64_t previousStepCycles);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_ARRAYTIMING_H
