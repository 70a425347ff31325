//===- BlockCellArray.h - Products of blocks, register by register -*- C++ -*-//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The definition of what an array of block cells does: every register of every
// cell, step by step, in each of the three dataflows. It takes from a schedule
// only when runs start and what they work on, and measures the rest.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_BLOCKCELLARRAY_H
#define COLONNADE_SIMULATOR_BLOCKCELLARRAY_H

#include "colonnade/Simulator/BlockGemm.h"

namespace colonnade::sim {

struct BlockMeasurement {
  /// result[held line][passing line]; 0 where they are of different groups.
  std::vector<float> result;
  /// By run: when its last sum left the array, and when its last cell took its
  /// block (0 if none did).
  std::vector<int64_t> done, swapped;
  /// All but the values that the converter works on.
  BlockEvents events;
};

/// Executes a schedule for these operands. Fails where the machine could not do
/// it: a shadow register that is filled while it waits for its swap or swapped
/// before it is filled, sums that go on before they are there or meet others,
/// a run that starts between the steps of another.
llvm::Expected<BlockMeasurement>
executeInCells(const BlockSchedule &schedule, const MachineDescription &machine,
               const BlockMatrix &held, const BlockMatrix &passing);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_BLOCKCELLARRAY_H
