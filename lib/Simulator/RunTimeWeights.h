//===- RunTimeWeights.h - Weights that the network computes -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stored weights are known before a program runs, so a simulator need not move
// their bytes. The values of run-time weights really travel: from their tensor
// to weight SRAM and from there to the shadow registers.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_SIMULATOR_RUNTIMEWEIGHTS_H
#define COLONNADE_LIB_SIMULATOR_RUNTIMEWEIGHTS_H

#include "MachineState.h"
#include "llvm/Support/Error.h"

namespace colonnade::sim {

/// Where the first value of a tile of run-time weights lies.
int64_t getTileAddress(const Program &program, const DmaWeights &dma);

/// DMA: gathers a tile's values, row by row, into weight SRAM.
void gatherTile(MachineState &state, const Program &program,
                const DmaWeights &dma);

/// Weight loader: reads what gatherTile() wrote. Fails when a cell's values
/// break the promised term budget.
llvm::Error readTile(MachineState &state, const Program &program,
                     const LoadWeights &load, std::vector<int8_t> &values);

} // namespace colonnade::sim

#endif // COLONNADE_LIB_SIMULATOR_RUNTIMEWEIGHTS_H
