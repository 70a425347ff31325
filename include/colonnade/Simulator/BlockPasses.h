//===- BlockPasses.h - What a product of blocks takes -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the loop nest of a BlockPass to the product of matrices that BlockGemm.h
// times: which loops count the lines of which operand, how many values differ,
// and how many bytes their blocks take. The scheduler asks the same functions
// before a program exists.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_BLOCKPASSES_H
#define COLONNADE_SIMULATOR_BLOCKPASSES_H

#include "colonnade/Simulator/Program.h"

namespace colonnade::sim {

/// Who follows a loop: both operands and the sums, one operand and the sums, or
/// the operands alone.
enum class BlockLoop : uint8_t { Group, Held, Passing, Reduction };

BlockLoop getLoopKind(const BlockPass &pass, unsigned loop);

/// Loops of one kind, with their pitches in one or two operands.
struct LoopOffsets {
  /// By index of the loops, in lexicographic order.
  std::vector<int64_t> bytes, positions;
};

/// Offsets of an operand along its loops of a kind; of the reduction loops
/// without the innermost one.
LoopOffsets getLoopOffsets(const BlockPass &pass, BlockLoop kind,
                           const BlockPassOperand &operand);

/// Byte offsets of the sums along the loops of a kind.
std::vector<int64_t> getSumOffsets(const BlockPass &pass, BlockLoop kind);

/// Number of different sums of i[d] * pitches[d], 0 <= i[d] < extents[d].
int64_t countDistinct(llvm::ArrayRef<int64_t> extents,
                      llvm::ArrayRef<int64_t> pitches);

/// Blocks of the reduction: short ones at the end of a line count as whole.
int64_t getReductionBlocks(const BlockPass &pass);

/// The product that a pass is. Its reduction is as long as its blocks if there
/// are several reduction loops.
BlockGemm getBlockGemm(const BlockPass &pass);

/// Bytes of an operand's blocks as the cells store them, each of them once.
int64_t getBlockBytes(const BlockPass &pass, const BlockPassOperand &operand,
                      const BlockCell &cell);

/// Times and events of a pass from its start on. Fails as scheduleBlockGemm().
llvm::Expected<BlockSchedule>
scheduleBlockPass(const MachineDescription &machine, const BlockPass &pass);

/// Cycles in which something enters the array.
int64_t getBusyCycles(const BlockSchedule &schedule);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_BLOCKPASSES_H
