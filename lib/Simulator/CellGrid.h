//===- CellGrid.h - Every register of the array -----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The clocked state of the systolic array: per cell the active and shadow
// weights, the data registers and the partial sum, and in front of the first
// row the triangle of skew registers that delays column c by c steps. The grid
// knows nothing of programs or streams; CellArray.cpp feeds it. Copying a grid
// copies all its registers, which is how the array looks ahead.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_CELLGRID_H
#define LIB_SIMULATOR_CELLGRID_H

#include "colonnade/Simulator/CellModel.h"
#include "llvm/ADT/SmallVector.h"
#include <vector>

namespace colonnade::sim {

/// Control bits that travel with a data vector.
struct Packet {
  bool isValid = false;
  /// First vector of a stream: cells take their weights from the shadow
  /// registers.
  bool swaps = false;
  /// Row enable: the vector works in rows [0, rows) only.
  int64_t rows = 0;
  /// Number of the load whose weights the vector is meant for.
  int64_t load = 0;
};

/// A partial sum that leaves the last column.
struct Emission {
  int64_t row = 0;
  int32_t sum = 0;
};

class CellGrid {
public:
  CellGrid(const CellModel &cell, int64_t rows, int64_t columns);

  /// Data registers of one column: depth * fan-in of the cell type.
  int64_t getStreamsPerColumn() const { return depth * fanIn; }

  /// Fills a cell's shadow register in cycle `cycle`; slots beyond `values`
  /// become empty. Fails when its weights still wait for their swap, or were
  /// swapped in only at that cycle or later.
  llvm::Error writeShadow(int64_t row, int64_t column, int64_t cycle,
                          int64_t load, llvm::ArrayRef<int8_t> values,
                          llvm::ArrayRef<uint8_t> selects);

  /// One step of `cycles` cycles from cycle `start` on. `data` holds
  /// [columns][streams per column] values; columns from `usedColumns` on get no
  /// vector. Appends the sums that leave at the end of the step, last row
  /// first. Fails when a cell's work does not fit or something meets that
  /// should not.
  llvm::Error step(int64_t start, int64_t cycles, const Packet &packet,
                   llvm::ArrayRef<int8_t> data, int64_t usedColumns,
                   llvm::SmallVectorImpl<Emission> &emissions);

  /// End of the latest swap.
  int64_t getLastSwap() const { return lastSwap; }

  /// Work units done by all cells so far.
  int64_t getUsefulCycles() const { return usefulCycles; }

private:
  struct Shadow {
    bool isFull = false;
    int64_t load = 0;
    /// Cycle from which the register may be written again.
    int64_t freeAt = 0;
  };

  void feed(const Packet &packet, llvm::ArrayRef<int8_t> data,
            int64_t usedColumns);
  llvm::Error stepCell(int64_t row, int64_t column, int64_t start,
                       int64_t cycles);
  llvm::Error swap(int64_t cell, int64_t start, const Packet &packet);
  llvm::Error work(int64_t cell, int32_t partialSum, int64_t cycles);

  const CellModel *model;
  int64_t rows, columns, depth, fanIn;
  int64_t steps = 0, lastSwap = 0, usefulCycles = 0;

  /// What enters row 0 in this step, and the skew registers of column c: a ring
  /// of c entries from c * (c - 1) / 2 on.
  std::vector<Packet> topPackets, skewPackets;
  std::vector<int8_t> topData, skewData;

  /// Registers of the cells, row by row.
  std::vector<Packet> packets;
  std::vector<int8_t> data;
  std::vector<int32_t> sums;
  std::vector<uint8_t> isSumValid;
  std::vector<int8_t> activeValues, shadowValues;
  std::vector<uint8_t> activeSelects, shadowSelects;
  std::vector<Shadow> shadows;
  /// Operands that the multiplexers of one cell select.
  std::vector<int8_t> selected;
};

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_CELLGRID_H
