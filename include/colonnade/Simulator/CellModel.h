//===- CellModel.h - What a cell type means to the simulator --*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A cell type answers every question the compiler and both simulators ask
// about one cell of the array: how many values it holds, how many cycles a
// step takes given what is promised about its operands, what its weights cost
// to store, and what it does in each cycle. The `systolic` dialect's cell
// attributes hand out a CellModel, so neither the lowering nor the simulator
// knows any cell type by name.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_CELLMODEL_H
#define COLONNADE_SIMULATOR_CELLMODEL_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>

namespace colonnade::sim {

struct BlockCell;

/// What is promised about the operands that meet in one cell.
struct OperandPromises {
  /// Values the fullest cell holds (packed columns per array column), >= 1.
  int64_t slots = 1;
  /// Members of the largest column group: data streams each slot selects
  /// from. 1 means the matrix is not column-combined.
  int64_t fanIn = 1;
  /// Bound on the nonzero digits of all the weights of one cell; 0 when
  /// nothing is promised.
  int64_t weightTerms = 0;
  /// Bound on the nonzero digits of each data value; 0 when nothing is
  /// promised.
  int64_t dataTerms = 0;
};

/// The outcome of one step of one cell.
struct CellStep {
  /// Partial sum that leaves the cell.
  int64_t sum = 0;
  /// Cycles of the step in which the cell did work: a nonzero product, a
  /// nonzero bit or a term pair.
  int64_t usefulCycles = 0;
};

/// One cell type. Implementations are immutable and shared between threads.
class CellModel {
public:
  virtual ~CellModel() = default;

  /// Name of the cell type in reports: "mac", "bit_serial", "term", ...
  virtual llvm::StringRef getName() const = 0;

  /// Most values one cell can hold.
  virtual int64_t getDepth() const = 0;

  /// Most data streams one slot can select from.
  virtual int64_t getMaxFanIn() const = 0;

  /// Cycles that one step takes, in every cell of the array alike.
  virtual int64_t getCyclesPerStep(const OperandPromises &promises) const = 0;

  /// Bits that one cell's weights occupy in DRAM and weight SRAM, selects,
  /// exponents, signs and indices included.
  virtual int64_t getWeightBits(const OperandPromises &promises) const = 0;

  /// Succeeds when the cell can run operands with these promises; otherwise
  /// names the value, the limit and the fix.
  virtual llvm::Error check(const OperandPromises &promises) const = 0;

  /// Work units (useful cycles) of `weight` meeting `data`, separable so that
  /// the machine level can count them without visiting every product:
  /// useful(weight, data) = weightWork(weight) * dataWork(data).
  virtual int64_t getWeightWork(int8_t weight) const = 0;
  virtual int64_t getDataWork(int8_t data) const = 0;

  /// Simulates one step cycle by cycle. `weights[i]` meets `data[i]`; the step
  /// is over after `cycles` cycles. Fails when the work does not fit into the
  /// step (a promise was broken) or the 32-bit accumulator overflows.
  virtual llvm::Expected<CellStep> simulateStep(llvm::ArrayRef<int8_t> weights,
                                                llvm::ArrayRef<int8_t> data,
                                                int32_t partialSum,
                                                int64_t cycles) const = 0;

  /// Event of the energy table that one useful cycle is charged as: "mac",
  /// "bit", "term_pair", ...
  virtual llvm::StringRef getWorkEvent() const = 0;

  /// Events that only machines with such cells charge, besides the work event.
  virtual llvm::ArrayRef<llvm::StringRef> getOtherEvents() const { return {}; }

  /// What the cell does with blocks (BlockCell.h); null for a cell of 8-bit
  /// integers.
  virtual const BlockCell *getBlockCell() const { return nullptr; }
};

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_CELLMODEL_H
