//===- BlockConverter.cpp - From f32 in memory to blocks ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "BlockConverter.h"
#include "llvm/Support/MathExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

BlockConverter::BlockConverter(MachineState &state, const BlockPass &pass)
    : state(state), pass(pass), held(getOffsets(BlockLoop::Held, pass.held)),
      passing(getOffsets(BlockLoop::Passing, pass.passing)),
      groupSums(getSumOffsets(pass, BlockLoop::Group)),
      heldSums(getSumOffsets(pass, BlockLoop::Held)),
      passingSums(getSumOffsets(pass, BlockLoop::Passing)),
      numGroups(static_cast<int64_t>(held.groups.bytes.size())),
      heldRounder(pass.held.rounder), passingRounder(pass.passing.rounder) {
  if (!pass.counter)
    return;
  int64_t counter = 0;
  std::memcpy(&counter, state.get(pass.counter->memory, pass.counter->address),
              sizeof(counter));
  heldRounder.noise.counter = passingRounder.noise.counter =
      static_cast<uint64_t>(counter);
}

BlockConverter::Offsets
BlockConverter::getOffsets(BlockLoop lines,
                           const BlockPassOperand &operand) const {
  return {getLoopOffsets(pass, BlockLoop::Group, operand),
          getLoopOffsets(pass, lines, operand),
          getLoopOffsets(pass, BlockLoop::Reduction, operand)};
}

/// The values along the innermost loop, block by block.
void BlockConverter::convertRun(const BlockPassOperand &operand,
                                int64_t address, int64_t position,
                                llvm::MutableArrayRef<float> values) {
  const BlockRounder &rounder =
      &operand == &pass.held ? heldRounder : passingRounder;
  int64_t pitch = operand.values.pitches.back();
  int64_t positionPitch = operand.positionPitches.back();
  int64_t length = pass.extents.back(), group = operand.format.group;
  for (int64_t i = 0; i < length; ++i)
    std::memcpy(&values[i],
                state.get(operand.values.memory, address + i * pitch),
                sizeof(float));
  for (int64_t i = 0; i < length; i += group)
    quantizeBlock(values.slice(i, std::min(group, length - i)), operand.format,
                  rounder, static_cast<uint32_t>(position + i * positionPitch),
                  static_cast<uint32_t>(positionPitch));
}

BlockMatrix BlockConverter::convert(const BlockPassOperand &operand,
                                    const Offsets &offsets, int64_t group,
                                    int64_t count) {
  int64_t lines = static_cast<int64_t>(offsets.lines.bytes.size());
  int64_t runs = static_cast<int64_t>(offsets.reductions.bytes.size());
  int64_t run = llvm::alignTo(pass.extents.back(), operand.format.group);
  std::vector<float> values(count * lines * runs * run);
  float *to = values.data();
  for (int64_t g = group; g < group + count; ++g)
    for (int64_t line = 0; line < lines; ++line)
      for (int64_t r = 0; r < runs; ++r, to += run)
        convertRun(operand,
                   operand.values.address + offsets.groups.bytes[g] +
                       offsets.lines.bytes[line] + offsets.reductions.bytes[r],
                   operand.position + offsets.groups.positions[g] +
                       offsets.lines.positions[line] +
                       offsets.reductions.positions[r],
                   {to, static_cast<size_t>(run)});
  return llvm::cantFail(
      BlockMatrix::get(values, {count * lines, runs * run, 1}, operand.format));
}

BlockMatrix BlockConverter::convertHeld(int64_t group, int64_t count) {
  return convert(pass.held, held, group, count);
}

BlockMatrix BlockConverter::convertPassing(int64_t group, int64_t count) {
  return convert(pass.passing, passing, group, count);
}

void BlockConverter::store(int64_t group, llvm::ArrayRef<float> sums,
                           int64_t pitch) {
  int64_t address = pass.sums.address + groupSums[group];
  for (size_t i = 0; i < heldSums.size(); ++i)
    for (size_t j = 0; j < passingSums.size(); ++j)
      std::memcpy(
          state.get(pass.sums.memory, address + heldSums[i] + passingSums[j]),
          &sums[i * pitch + j], sizeof(float));
}
