//===- BlockConverter.h - From f32 in memory to blocks -----------*- C++
//-*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What happens at the border of an array of block cells while a program runs:
// operands of a BlockPass are read and rounded to blocks, and its sums stored.
// Both levels of simulation share it; they differ in who multiplies.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_BLOCKCONVERTER_H
#define LIB_SIMULATOR_BLOCKCONVERTER_H

#include "MachineState.h"
#include "colonnade/Numerics/BlockProduct.h"
#include "colonnade/Simulator/BlockPasses.h"

namespace colonnade::sim {

class BlockConverter {
public:
  BlockConverter(MachineState &state, const BlockPass &pass);

  int64_t getNumGroups() const { return numGroups; }

  /// The blocks of `count` groups of the held or the passing operand from
  /// `group` on, line by line. A short block has zeros at its end.
  BlockMatrix convertHeld(int64_t group, int64_t count);
  BlockMatrix convertPassing(int64_t group, int64_t count);

  /// Stores sums [held line][passing line] of a group, whose rows are `pitch`
  /// apart.
  void store(int64_t group, llvm::ArrayRef<float> sums, int64_t pitch);

private:
  /// An operand's offsets along the loops of groups, its lines, and the
  /// reduction but for the innermost loop.
  struct Offsets {
    LoopOffsets groups, lines, reductions;
  };
  Offsets getOffsets(BlockLoop lines, const BlockPassOperand &operand) const;
  BlockMatrix convert(const BlockPassOperand &operand, const Offsets &offsets,
                      int64_t group, int64_t count);
  void convertRun(const BlockPassOperand &operand, int64_t address,
                  int64_t position, llvm::MutableArrayRef<float> values);

  MachineState &state;
  const BlockPass &pass;
  Offsets held, passing;
  /// Of the sums, along the loops of groups, held and passing lines.
  std::vector<int64_t> groupSums, heldSums, passingSums;
  int64_t numGroups;
  BlockRounder heldRounder, passingRounder;
};

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_BLOCKCONVERTER_H
