//===- BlockPassVerifier.cpp - Checks of products of blocks ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that concerns one BlockPass alone: loops, formats, memories, the
// room for blocks, and whether the machine can multiply at all.
//
//===----------------------------------------------------------------------===//

#include "LoopVerifier.h"
#include "MemoryAccesses.h"
#include "colonnade/Simulator/BlockPasses.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::sim;

using Violation = std::optional<std::string>;

/// Blocks and mantissas that the cells multiply.
static Violation checkFormat(const MachineDescription &machine,
                             const BlockPassOperand &operand,
                             const char *name) {
  const BlockCell *cell = machine.cell->getBlockCell();
  if (!cell)
    return llvm::formatv("multiplies blocks, but target '{0}' has {1} cells",
                         machine.name, machine.cell->getName());
  if (operand.format.group != cell->format.group ||
      operand.format.exponentBits > cell->format.exponentBits)
    return llvm::formatv("makes blocks of {0} values with {1} exponent bits of "
                         "its {2}, but the cells hold blocks of {3} "
                         "with {4}",
                         operand.format.group, operand.format.exponentBits,
                         name, cell->format.group, cell->format.exponentBits);
  if (llvm::Error error = cell->checkMantissa(operand.format.mantissaBits))
    return llvm::toString(std::move(error));
  if (llvm::Error error = operand.rounder.noise.check())
    return llvm::toString(std::move(error));
  return std::nullopt;
}

static Violation checkF32(const NestOperand &operand, const char *name) {
  if (operand.type == ScalarType::F32)
    return std::nullopt;
  return llvm::formatv("its {0} has elements of type {1}; expected f32", name,
                       stringify(operand.type));
}

static Violation checkBlockOperand(const MachineDescription &machine,
                                   const BlockPass &pass,
                                   const BlockPassOperand &operand,
                                   const char *name) {
  if (Violation violation = checkFormat(machine, operand, name))
    return violation;
  if (Violation violation =
          checkOperand(pass.extents, operand.values, Memory::DataSram, name))
    return violation;
  if (Violation violation = checkF32(operand.values, name))
    return violation;
  if (operand.positionPitches.size() != pass.extents.size())
    return llvm::formatv("its {0} has {1} pitches of positions for {2} "
                         "loops",
                         name, operand.positionPitches.size(),
                         pass.extents.size());
  return std::nullopt;
}

/// Result loops are followed by an operand, reduction loops by both.
static Violation checkFollowers(const BlockPass &pass) {
  for (unsigned loop = 0; loop < pass.extents.size(); ++loop) {
    bool isHeld = pass.held.values.pitches[loop] != 0;
    bool isPassing = pass.passing.values.pitches[loop] != 0;
    bool isReduction = loop + pass.reductionLoops >= pass.extents.size();
    bool isFollowed = isReduction ? isHeld && isPassing : isHeld || isPassing;
    if (pass.extents[loop] > 1 && !isFollowed)
      return llvm::formatv("{0} loop {1} of {2} steps is not followed by {3}",
                           isReduction ? "reduction" : "result", loop,
                           pass.extents[loop],
                           isReduction ? "both operands" : "any operand");
  }
  return std::nullopt;
}

/// Blocks fit into their buffer, which holds no values that are still read.
static Violation checkBlocks(const MachineDescription &machine,
                             const BlockPass &pass,
                             const BlockPassOperand &operand,
                             const char *name) {
  int64_t bytes = getBlockBytes(pass, operand, *machine.cell->getBlockCell());
  if (operand.blockAddress < 0 || bytes > operand.blockBytes)
    return llvm::formatv("the blocks of its {0} take {1} bytes, but "
                         "the buffer at byte {2} has {3}",
                         name, bytes, operand.blockAddress, operand.blockBytes);
  if (&operand == &pass.held)
    return std::nullopt;
  // Values lie in data SRAM, too: checkBlockOperand().
  ByteRange blocks{operand.blockAddress, operand.blockAddress + bytes};
  for (const BlockPassOperand *values : {&pass.held, &pass.passing})
    if (intersect(
            getLoopAccess(pass.extents, values->values, false).getBounds(),
            blocks))
      return llvm::formatv("writes blocks to bytes [{0}, {1}) of data SRAM, "
                           "among them values that it reads",
                           operand.blockAddress, operand.blockAddress + bytes);
  return std::nullopt;
}

static Violation checkCounter(const BlockPass &pass) {
  if (!pass.counter)
    return std::nullopt;
  if (Violation violation = checkOperand(pass.extents, *pass.counter,
                                         Memory::DataSram, "counter"))
    return violation;
  bool isScalar = llvm::all_of(pass.counter->pitches,
                               [](int64_t pitch) { return pitch == 0; });
  if (pass.counter->type != ScalarType::I64 || !isScalar)
    return llvm::formatv("expected one i64 as its counter, got elements of {0}",
                         stringify(pass.counter->type));
  return std::nullopt;
}

std::optional<std::string> sim::findViolation(const MachineDescription &machine,
                                              const BlockPass &pass) {
  if (Violation violation = checkLoops(pass.extents, pass.reductionLoops))
    return violation;
  if (pass.reductionLoops < 1)
    return std::string("reduces along no loop");
  std::pair<const BlockPassOperand *, const char *> operands[] = {
      {&pass.held, "held operand"}, {&pass.passing, "passing operand"}};
  for (auto [operand, name] : operands)
    if (Violation violation = checkBlockOperand(machine, pass, *operand, name))
      return violation;
  if (Violation violation =
          checkOperand(pass.extents, pass.sums, Memory::Accumulators, "result"))
    return violation;
  if (Violation violation = checkF32(pass.sums, "result"))
    return violation;
  if (Violation violation =
          checkOutput(pass.extents, pass.reductionLoops, pass.sums, "result"))
    return violation;
  if (Violation violation = checkFollowers(pass))
    return violation;
  for (auto [operand, name] : operands)
    if (Violation violation = checkBlocks(machine, pass, *operand, name))
      return violation;
  if (Violation violation = checkCounter(pass))
    return violation;
  llvm::Expected<BlockSchedule> schedule = scheduleBlockPass(machine, pass);
  if (!schedule)
    return llvm::toString(schedule.takeError());
  return std::nullopt;
}
