//===- Cells.h - The shipped cell types -------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The three cell types of the target description: the parallel 8-bit
// multiplier, column combining's bit-serial cell (ASPLOS 2019, section 4) and
// term quantization's tMAC (SC 2020, section 5). A new cell type is one more
// class behind CellModel; nothing else in the simulator knows any of them by
// name.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_CELLS_H
#define COLONNADE_SIMULATOR_CELLS_H

#include "colonnade/Simulator/CellModel.h"
#include <memory>

namespace colonnade::sim {

/// Parallel 8-bit multiply-accumulate: one value, one cycle per step.
/// Work event "mac": a nonzero weight meeting a nonzero data value.
std::shared_ptr<const CellModel> createMacCell(int64_t maxFanIn);

/// Serial shift-and-add over the `bits` bits of the data, sign bit last: one
/// value, `bits` cycles per step. check() refuses fewer than 8 bits, because
/// the data has 8. Work event "bit": a set data bit meeting a nonzero weight.
std::shared_ptr<const CellModel> createBitSerialCell(int64_t bits,
                                                     int64_t maxFanIn);

/// Multiplies term by term: up to `depth` values, and as many cycles per step
/// as term pairs are possible under the promises; without a promise an operand
/// counts as 7 terms per value (its magnitude bits). The operands are encoded
/// in non-adjacent form, which is never longer than any promised encoding.
/// Work event "term_pair".
std::shared_ptr<const CellModel> createTermCell(int64_t depth,
                                                int64_t maxFanIn);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_CELLS_H
