//===- ProgramVerifier.h - Checks of a whole program -*- C++ -*-===//
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

/// All violations, in program order. First the parts (hash, weights and their
/// digests, promises, DRAM layout, each instruction on its own); only if those
/// are sound, the whole: every access inside its memory and initialised, tile
/// contents, and order. Two accesses to overlapping bytes, one of them a write,
/// from different queues must be ordered by tokens and queue order; this is
/// decided by vector clocks over the queues, where a stream counts as two
/// events, the swap of the shadow registers and its completion.
std::vector<Violation> verifyProgram(const Program &program);

/// A range of bytes an instruction touches.
struct MemoryAccess {
  Memory memory = Memory::Dram;
  int64_t begin = 0, end = 0;
  bool isWrite = false;
};

/// Bounding ranges of all that an instruction reads and writes; packed weights
/// in DRAM are not among them.
llvm::SmallVector<MemoryAccess> getAccesses(const Program &program,
                                            const Instruction &instruction);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_PROGRAMVERIFIER_H
