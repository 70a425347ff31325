//===- MemoryAccesses.h - What an instruction touches -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The byte ranges of views, strided copies and tiles.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_MEMORYACCESSES_H
#define LIB_SIMULATOR_MEMORYACCESSES_H

#include "colonnade/Simulator/Program.h"
#include <optional>

namespace colonnade::sim {

/// What an instruction reads or writes of one operand.
struct MemoryAccess {
  Memory memory = Memory::Dram;
  bool isWrite = false;
  /// Disjoint and ascending, unless the operand's own pitches overlap; never
  /// empty.
  llvm::SmallVector<ByteRange, 4> runs;
  /// False when gaps between elements are included.
  bool isExact = true;
  /// The view's buffer, where there is one.
  std::optional<ByteRange> buffer;

  ByteRange getBounds() const { return {runs.front().begin, runs.back().end}; }
};

/// All that an instruction reads and writes, except for packed weights in DRAM
/// and the shadow registers. A stream that adds to its accumulators does not
/// read them here: only the array writes them.
llvm::SmallVector<MemoryAccess, 6> getAccesses(const Program &program,
                                               const Instruction &instruction);

/// What a nest touches of one of its operands.
MemoryAccess getNestAccess(const NestPass &nest, const NestOperand &operand,
                           bool isWrite);

/// The same of loops of any kind.
MemoryAccess getLoopAccess(llvm::ArrayRef<int64_t> extents,
                           const NestOperand &operand, bool isWrite);

/// What a pass writes of the blocks of one of its operands.
MemoryAccess getBlockAccess(const Program &program, const BlockPass &pass,
                            const BlockPassOperand &operand);

bool intersect(ByteRange a, ByteRange b);

/// Whether a nest reads bytes of `input` that it writes.
bool overlapsOutput(const NestPass &nest, const NestOperand &input);

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_MEMORYACCESSES_H
