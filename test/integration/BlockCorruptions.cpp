//===- BlockCorruptions.cpp - Ways to break products of blocks ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mistakes in programs of an array of block cells; see ScheduleCorruptions.h.
//
//===----------------------------------------------------------------------===//

#include "ScheduleCorruptions.h"
#include "colonnade/Simulator/BlockPasses.h"
#include "llvm/ADT/STLExtras.h"
#include <set>

using namespace colonnade;
using namespace colonnade::sim;
using namespace colonnade::test;

/// The last product of blocks: there is most in front of it.
static Instruction *findLast(Program &program) {
  Instruction *last = nullptr;
  for (Instruction &instruction : program.instructions)
    if (std::holds_alternative<BlockPass>(instruction.payload))
      last = &instruction;
  return last;
}

static bool changeLast(Program &program, void (*change)(BlockPass &)) {
  Instruction *instruction = findLast(program);
  if (instruction)
    change(std::get<BlockPass>(instruction->payload));
  return instruction;
}

static bool dropTokens(Program &program) {
  Instruction *instruction = findLast(program);
  if (!instruction || instruction->after.empty())
    return false;
  instruction->after.clear();
  return true;
}

static bool isDrain(const Instruction &instruction) {
  const auto *nest = std::get_if<NestPass>(&instruction.payload);
  return nest && nest->inputs.size() == 1 &&
         nest->inputs.front().memory == Memory::Accumulators;
}

/// Nothing waits until the accumulators are free. Other instructions may order
/// passes of different layers.
static bool dropDrainTokens(Program &program) {
  std::set<unsigned> layers;
  bool hasChunks = false;
  for (const Instruction &instruction : program.instructions)
    if (std::holds_alternative<BlockPass>(instruction.payload))
      hasChunks |= !layers.insert(instruction.layer).second;
  for (Instruction &instruction : program.instructions)
    llvm::erase_if(instruction.after, [&](const Token &token) {
      return isDrain(program.instructions[token.instruction]);
    });
  return hasChunks;
}

/// What moves sums away no longer waits for them.
static bool dropSumToken(Program &program) {
  for (Instruction &instruction : program.instructions)
    if (isDrain(instruction)) {
      instruction.after.clear();
      return true;
    }
  return false;
}

static bool widenMantissa(Program &program) {
  int64_t widest = program.machine.cell->getBlockCell()->format.mantissaBits;
  Instruction *instruction = findLast(program);
  if (!instruction)
    return false;
  std::get<BlockPass>(instruction->payload).held.format.mantissaBits =
      widest + 1;
  return true;
}

static bool changeGroup(Program &program) {
  return changeLast(program,
                    [](BlockPass &pass) { ++pass.passing.format.group; });
}

static bool shrinkBlocks(Program &program) {
  return changeLast(program, [](BlockPass &pass) { pass.held.blockBytes = 0; });
}

/// Blocks on top of the values that they are made of.
static bool overwriteValues(Program &program) {
  return changeLast(program, [](BlockPass &pass) {
    pass.passing.blockAddress = pass.passing.values.address;
  });
}

static bool leaveWeightSram(Program &program) {
  Instruction *instruction = findLast(program);
  if (!instruction)
    return false;
  std::get<BlockPass>(instruction->payload).held.blockAddress =
      program.machine.weightSramBytes;
  return true;
}

static bool leaveAccumulators(Program &program) {
  Instruction *instruction = findLast(program);
  if (!instruction)
    return false;
  auto &pass = std::get<BlockPass>(instruction->payload);
  pass.sums.address += program.machine.accumulatorBytes;
  pass.sums.bufferAddress += program.machine.accumulatorBytes;
  return true;
}

/// Two sums in one place.
static bool mergeSums(Program &program) {
  for (Instruction &instruction : program.instructions) {
    auto *pass = std::get_if<BlockPass>(&instruction.payload);
    if (!pass)
      continue;
    for (unsigned i = 0; i + pass->reductionLoops < pass->extents.size(); ++i)
      if (pass->extents[i] > 1) {
        pass->sums.pitches[i] = 0;
        return true;
      }
  }
  return false;
}

static bool readBehindOperand(Program &program) {
  return changeLast(program,
                    [](BlockPass &pass) { pass.held.values.bufferBytes = 3; });
}

/// Not where they are looked for.
static bool moveSums(Program &program) {
  return changeLast(program, [](BlockPass &pass) { pass.sums.address += 4; });
}

static bool dropReduction(Program &program) {
  Instruction *instruction = findLast(program);
  if (!instruction)
    return false;
  auto &pass = std::get<BlockPass>(instruction->payload);
  pass.held.values.pitches.back() = 0;
  return pass.extents.back() > 1;
}

static const ScheduleCorruption kCorruptions[] = {
    {"pass that waits for nothing", dropTokens, "a token is missing"},
    {"passes before the accumulators are free", dropDrainTokens,
     "a token is missing"},
    {"drain before the sums are there", dropSumToken, "a token is missing"},
    {"mantissa wider than the cell's", widenMantissa, "mantissas must have"},
    {"other groups than the cell's", changeGroup, "but the cells hold blocks"},
    {"no room for blocks", shrinkBlocks, "but the buffer at byte"},
    {"blocks over their values", overwriteValues, "values that it reads"},
    {"blocks beyond the memory", leaveWeightSram, "of weight SRAM, which has"},
    {"sums beyond the accumulators", leaveAccumulators,
     "of accumulators, which has"},
    {"sums on top of each other", mergeSums, "but the loops inside write"},
    {"values behind the operand", readBehindOperand, "outside its buffer"},
    {"sums at a wrong address", moveSums, "accumulator"},
    {"operand that does not follow the reduction", dropReduction,
     "is not followed by both operands"}};

llvm::ArrayRef<ScheduleCorruption> test::getBlockCorruptions() {
  return kCorruptions;
}
