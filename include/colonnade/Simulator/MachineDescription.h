//===- MachineDescription.h - The modelled machine's parameters -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The simulator's view of a target. It is only ever filled from a
// `#systolic.target` attribute (see Dialect/Systolic/IR), so that compiler and
// simulator read one description.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_MACHINEDESCRIPTION_H
#define COLONNADE_SIMULATOR_MACHINEDESCRIPTION_H

#include "colonnade/Simulator/CellModel.h"
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace colonnade::sim {

/// Memory whose cells forget (`#systolic.edram`): a row keeps its bytes for
/// retentionCycles after it was written, and a refresh takes its bank for
/// refreshCycles.
struct EmbeddedDram {
  int64_t banks = 1;
  int64_t rowBytes = 1;
  /// Retention time * clock, rounded down: the safe side.
  int64_t retentionCycles = 1;
  int64_t refreshCycles = 1;
};

/// All sizes in bytes, all times in cycles, all energies in picojoules.
struct MachineDescription {
  std::string name;

  /// The array: rows are output channels, columns are packed matrix columns.
  int64_t rows = 0;
  int64_t columns = 0;
  std::shared_ptr<const CellModel> cell;

  int64_t dramBytesPerCycle = 0;
  int64_t dramLatency = 0;

  int64_t weightSramBytes = 0;
  int64_t dataSramBytes = 0;
  int64_t accumulatorBytes = 0;
  /// Byte-wide banks of the data SRAM; byte address a lies in bank
  /// a mod dataSramBanks, and a bank serves one read a cycle.
  int64_t dataSramBanks = 0;
  /// Set when the data memory is embedded DRAM instead of SRAM.
  std::optional<EmbeddedDram> dataEdram;

  /// Bytes the weight loader shifts into the shadow registers per cycle.
  int64_t weightLoaderBytesPerCycle = 0;

  int64_t vectorLanes = 0;
  int64_t vectorLatency = 0;
  /// Scalar operations one pass through a vector lane can apply.
  int64_t vectorStages = 0;
  /// How many of them a float division or square root counts as.
  int64_t vectorDivideSlots = 1;

  /// Values that the converter at the array's border makes parts of blocks per
  /// cycle; 0 on machines without block cells.
  int64_t converterValuesPerCycle = 0;

  double clockMegahertz = 0;

  /// Static power of the memories on the chip; 0 leaves it out.
  double leakageMicrowatts = 0;

  /// Event name -> picojoules per event. Events: the cell's own,
  /// "register_hop", "weight_sram_byte", "data_sram_byte",
  /// "accumulator_byte", "dram_byte", "vector_op", "vector_float_op",
  /// "idle_cell_cycle"; with embedded DRAM "edram_byte" and "edram_refresh_row"
  /// in place of "data_sram_byte".
  std::map<std::string, double> energy;

  /// Digest of the target attribute's text, embedded in every schedule.
  std::string hash;
};

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_MACHINEDESCRIPTION_H
