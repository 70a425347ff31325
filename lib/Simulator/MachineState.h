//===- MachineState.h - Memory contents -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bytes of the four memories while a program runs.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_SIMULATOR_MACHINESTATE_H
#define COLONNADE_LIB_SIMULATOR_MACHINESTATE_H

#include "colonnade/Numerics/TermSelection.h"
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

/// Reads one signed element.
inline int64_t readElement(const uint8_t *bytes, int64_t elementBytes) {
  if (elementBytes == 1)
    return static_cast<int8_t>(*bytes);
  int32_t value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

/// Runs a vector pass. Fails when a value leaves its type.
llvm::Error runVectorPass(MachineState &state, const VectorPass &pass,
                          llvm::ArrayRef<TermLookupTable> tables);

/// A weight tile prepared for the array kernel: dense rows over the streams
/// that enter the tile, in pairs.
struct PreparedTile {
  int64_t rows = 0;
  /// Even; a last odd stream is paired with weights of zero.
  int64_t streams = 0;
  /// Matrix column of each stream, -1 for the pad.
  std::vector<int32_t> columns;
  std::vector<int16_t> weights;
};

PreparedTile prepareTile(const Program &program, const WeightTile &tile);

/// Streams a band through a prepared tile. Sums cannot overflow in a verified
/// program.
void runStream(MachineState &state, const StreamTile &stream,
               const PreparedTile &tile, std::vector<int16_t> &data);

} // namespace colonnade::sim

#endif // COLONNADE_LIB_SIMULATOR_MACHINESTATE_H
