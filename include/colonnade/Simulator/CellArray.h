//===- CellArray.h - The array, cell by cell and step by step ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The definition of the array's behaviour: registers per cell, one wavefront
// per step, data skewed by column and partial sums by row, weights swapped by
// the first vector of a stream (target.md, Timing). It stands behind the same
// interface as the closed forms, and it computes the values as well.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_CELLARRAY_H
#define COLONNADE_SIMULATOR_CELLARRAY_H

#include "colonnade/Simulator/ArrayTiming.h"

namespace colonnade::sim {

/// A cell-level array. Streams need their operands (StreamJob::data and sums).
/// To learn when a stream's last result leaves while the next stream follows on
/// its heels, a copy of all registers is drained ahead; when the real array
/// gets there, finish() or a later call fails if it does otherwise.
class CellArray : public ArrayTimingModel {
public:
  /// Work units of all streams so far.
  virtual int64_t getUsefulCycles() const = 0;

  /// `program` must outlive the array and pass verifyProgram().
  static std::unique_ptr<CellArray> create(const Program &program);
};

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_CELLARRAY_H
