//===- Activity.h - What the machine did and what it cost -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counts of the events that a target's energy table prices, per layer and in
// total, and the utilization figures that follow from them. All but the useful
// work follow from the program alone; the useful work depends on the data.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_ACTIVITY_H
#define COLONNADE_SIMULATOR_ACTIVITY_H

#include "colonnade/Simulator/Timing.h"

namespace colonnade::sim {

/// Counts for one image.
struct LayerActivity {
  /// Work units of the cells (CellModel: useful cycles); the mean over the
  /// images counted. That of products of blocks follows from the program.
  double usefulWork = 0;
  /// Cell-cycles in which the array takes data: sum over the streams of
  /// stepCycles * vectors * R * C.
  int64_t offeredSlots = 0;
  /// Values moved from register to register. Data: streams that enter the
  /// tile's columns * tile rows * vectors; partial sums: tile rows * C *
  /// vectors.
  int64_t registerHops = 0;
  /// Bytes read and written, by Memory. Positions in the padding are charged
  /// like others; a per-channel parameter is read once per channel and pass.
  std::array<int64_t, 4> memoryBytes = {};
  /// Vector unit: elements * (slots of the body's integer operations + taps of
  /// a window's reduction), and elements * slots of its float operations. The
  /// elements of a nest are its outputs * reduction steps.
  int64_t vectorOperations = 0, vectorFloatOperations = 0;
  /// Bytes of tensors and of weights that the DMA queue moves, and bytes that
  /// the vector unit's nests do nothing with but move; each counted once.
  int64_t tensorDmaBytes = 0, weightDmaBytes = 0, copiedBytes = 0;
  /// Products of blocks: multipliers' passes, sums of blocks, values converted.
  /// Their registers' bits count as hops of a byte each.
  int64_t chunkProducts = 0, blockSums = 0, convertedValues = 0;
  /// Rows of embedded DRAM refreshed for what the layer has written, each time
  /// counted (Lifetimes.h).
  int64_t refreshedRows = 0;
  /// Over the distinct tiles: cells of the array that hold a nonzero value, and
  /// R * C each. Products of blocks: over the tiles that are loaded or, where sums
  /// stay, the runs; cells that hold a block or a sum.
  int64_t nonzeroCells = 0, cells = 0;
  /// The same for the slots of the cells: nonzero values, and R * C * depth.
  int64_t nonzeroValues = 0, slots = 0;

  int64_t getBytes(Memory memory) const {
    return memoryBytes[static_cast<unsigned>(memory)];
  }
  /// offeredSlots - usefulWork.
  double getIdleCellCycles() const { return offeredSlots - usefulWork; }
  /// usefulWork / offeredSlots, in [0, 1]; 0 without streams.
  double getUtilization() const;
  /// nonzeroCells / cells, in [0, 1]; 0 without tiles.
  double getCellUtilization() const;
};

struct Activity {
  /// One entry per layer of the program.
  std::vector<LayerActivity> layers;
  LayerActivity total;
  /// Images that usefulWork is the mean of; 0 when none was counted.
  int64_t images = 0;
};

/// Activity of a verified program before any data was seen; without refreshes,
/// which depend on its times.
Activity countActivity(const Program &program);

/// The same with refreshes.
Activity countActivity(const Program &program, const ProgramTiming &timing);

/// Picojoules by event: counts * the machine's energy table. An event that the
/// table does not name costs nothing. Leakage is not an event.
std::map<std::string, double> getEnergy(const LayerActivity &activity,
                                        const MachineDescription &machine);

/// Picojoules that the memories on the chip leak in so many cycles.
double getLeakageEnergy(const MachineDescription &machine, int64_t cycles);

/// Sum of getEnergy(), in picojoules.
double getTotalEnergy(const LayerActivity &activity,
                      const MachineDescription &machine);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_ACTIVITY_H
