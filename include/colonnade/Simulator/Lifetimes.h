//===- Lifetimes.h - How long tensors are needed ----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From when to when the tensors of a program are needed, by its schedule, not
// by a formula; which refreshes that costs where the data memory forgets; and
// what of the traffic to DRAM is due to them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_LIFETIMES_H
#define COLONNADE_SIMULATOR_LIFETIMES_H

#include "colonnade/Simulator/Timing.h"

namespace colonnade::sim {

/// A tensor, or a part of one, that a program makes or loads, in the data
/// memory or in DRAM: what is written to one buffer in instructions whose
/// values are needed at overlapping times. The host's tensors are not among
/// them; their copies in the data memory are.
struct TensorLifetime {
  Memory memory = Memory::DataSram;
  /// Of the buffer.
  ByteRange bytes;
  /// Start of the first instruction that writes to it and end of the last one
  /// that reads or, if none does, writes it: the earliest and latest cycle.
  int64_t firstWrite = 0, lastUse = 0;
  /// These instructions.
  unsigned writer = 0, user = 0;
  /// Rows that were refreshed for it, each time counted; see countRefreshes().
  int64_t refreshes = 0;

  int64_t getCycles() const { return lastUse - firstWrite; }
  int64_t getBytes() const { return bytes.end - bytes.begin; }
};

/// Where bytes that pass between DRAM and the chip come from, or go to.
enum class TrafficKind : uint8_t {
  State,       // parameters and other state: host inputs that come back
  Data,        // other host inputs: images and labels
  Results,     // host outputs that are not state: losses, statistics
  Constants,   // stored with the program, weights among them
  Activations, // made before the backward pass begins and used in it
  Backward,    // made in the backward pass: gradients, what is computed again
  Transient    // made and used before the backward pass
};
inline constexpr unsigned kNumTrafficKinds = 7;
llvm::StringRef stringify(TrafficKind kind);

struct Lifetimes {
  /// By first write, then by address.
  std::vector<TensorLifetime> tensors;
  /// Bytes that the program reads from and writes to DRAM, by TrafficKind.
  std::array<int64_t, kNumTrafficKinds> dramReads = {}, dramWrites = {};
  /// Sum over the tensors; 0 without embedded DRAM.
  int64_t refreshes = 0;
  /// Rows refreshed for what each layer has written.
  std::vector<int64_t> layerRefreshes;

  int64_t getDramBytes() const;
  /// Most bytes of a memory's tensors that are needed at one time.
  int64_t getPeakBytes(Memory memory) const;
};

/// When bytes of a row are written, and until when they are needed.
struct RowUse {
  int64_t write = 0, lastUse = 0;

  bool operator==(const RowUse &other) const = default;
};

/// Refreshes of one row of embedded DRAM. A write charges all of the row
/// (half-selected cells are written back), a read does not. From a write w the
/// row is needed until it is written again or nothing that lies on it is used
/// any more, whatever comes first, and it is refreshed each time that another
/// retention time has passed:
///   sum over the writes w of floor((until(w) - w) / retention),
///   until(w) = min(next write, last use of what was written up to w).
/// `uses` are in any order; `attribute(i, n)` is called for n refreshes due to
/// uses[i], the one that needs the row longest.
int64_t countRefreshes(llvm::ArrayRef<RowUse> uses, int64_t retentionCycles,
                       llvm::function_ref<void(size_t, int64_t)> attribute);

/// The tensors of a verified program, and what passes between DRAM and the
/// chip.
Lifetimes computeLifetimes(const Program &program, const ProgramTiming &timing);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_LIFETIMES_H
