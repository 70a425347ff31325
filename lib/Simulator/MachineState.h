//===- MachineState.h - Memory contents -------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bytes of the four memories while a program runs.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_MACHINESTATE_H
#define LIB_SIMULATOR_MACHINESTATE_H

#include "colonnade/Simulator/Program.h"
#include <array>
#include <cstring>
#include <vector>

namespace colonnade::sim {

struct MachineState {
  std::array<std::vector<uint8_t>, 4> memories;

  uint8_t *get(Memory memory, int64_t address) {
    return memories[static_cast<unsigned>(memory)].data() + address;
  }
};

/// Address of the element (channel, row, column) of a view.
inline int64_t getAddress(const View &view, int64_t channel, int64_t row,
                          int64_t column) {
  return view.address + channel * view.channelPitch +
         (row - view.originRow) * view.rowPitch +
         (column - view.originColumn) * view.columnPitch;
}

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_MACHINESTATE_H
