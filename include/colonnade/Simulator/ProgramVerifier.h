//===- ProgramVerifier.h - Checks of a whole program ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// verify() after scheduling: everything about a program that can be known
// without running data through it. Always run, by the compiler on what it made
// and by the simulator on what it is given.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_PROGRAMVERIFIER_H
#define COLONNADE_SIMULATOR_PROGRAMVERIFIER_H

#include "colonnade/Simulator/Program.h"

namespace colonnade::sim {

/// Violation::instruction of what concerns the whole program.
inline constexpr unsigned kWholeProgram = ~0u;

struct Violation {
  unsigned instruction = kWholeProgram;
  /// Names the value, the limit and who is at fault.
  std::string message;
};

/// All violations (at most about a hundred). First the parts: the machine and
/// its hash, weights with their digests, promises and value ranges, DRAM
/// layout, and each instruction on its own (tokens, tiles, windows, views,
/// scalar bodies, step lengths). Only if those are sound, the whole:
/// - every access lies inside its memory and its view's buffer;
/// - every byte read was written before, by the host or an instruction, and
///   not as part of another buffer;
/// - a LoadWeights finds its tile in weight SRAM, a StreamTile finds its tile
///   in the shadow registers, accumulators collect each array column of a
///   matrix exactly once before they are read, and the output is complete;
/// - two accesses to the same bytes (or shadow registers), one of them a write,
///   from different queues are ordered by tokens and queue order. This is
///   decided by vector clocks over the queues, where a stream counts as two
///   events, the swap of the shadow registers and its completion.
/// The bytes of strided accesses are told apart in up to 4,096 runs per access;
/// beyond that, gaps between runs count as touched.
std::vector<Violation> verifyProgram(const Program &program);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_PROGRAMVERIFIER_H
