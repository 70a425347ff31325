//===- PassCorruptions.cpp - Wrong windows, bodies and nests --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the array and the vector unit do with the right data: windows that leave
// their tensor, bodies of ill-typed code, nests that overwrite themselves.
//
//===----------------------------------------------------------------------===//

#include "Corruptions.h"
#include "OrderReference.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

//===----------------------------------------------------------------------===//
// Corrupted windows and bodies
//===----------------------------------------------------------------------===//

static bool growKernel(Program &program, Random &random) {
  auto *stream = pick<StreamTile>(program, random);
  if (!stream)
    return false;
  ++stream->window.kernelHeight;
  return true;
}

static bool stopStride(Program &program, Random &random) {
  auto *stream = pick<StreamTile>(program, random);
  if (!stream)
    return false;
  stream->window.strideWidth = 0;
  return true;
}

static bool growOutput(Program &program, Random &random) {
  auto *stream = pick<StreamTile>(program, random);
  if (!stream)
    return false;
  stream->window.outHeight += 100;
  return true;
}

static bool leaveOutput(Program &program, Random &random) {
  auto *pass = pick<VectorPass>(program, random);
  if (!pass)
    return false;
  pass->band.row = pass->window.outHeight;
  return true;
}

static bool leaveChannels(Program &program, Random &random) {
  auto *pass = pick<VectorPass>(program, random);
  if (!pass)
    return false;
  ++pass->channels;
  pass->channel = pass->window.channels - pass->channels + 1;
  return true;
}

/// A body with operations.
static ScalarBody *pickBody(Program &program) {
  for (Instruction &instruction : program.instructions)
    if (auto *pass = std::get_if<VectorPass>(&instruction.payload))
      if (!pass->body.operations.empty())
        return &pass->body;
  return nullptr;
}

static bool useUndefinedValue(Program &program, Random &) {
  ScalarBody *body = pickBody(program);
  if (!body)
    return false;
  body->operations[0].operands[1] = 50;
  return true;
}

static bool yieldUndefinedValue(Program &program, Random &) {
  ScalarBody *body = pickBody(program);
  if (!body)
    return false;
  body->result = 50;
  return true;
}

static bool yieldWrongWidth(Program &program, Random &) {
  ScalarBody *body = pickBody(program);
  if (!body)
    return false;
  --body->result;
  return body->operations.back().opcode == ScalarOpcode::Truncate;
}

static bool changeOperation(Program &program, Random &random,
                            ScalarOpcode opcode,
                            void (*change)(ScalarOperation &)) {
  for (Instruction &instruction : program.instructions)
    if (auto *pass = std::get_if<VectorPass>(&instruction.payload))
      for (ScalarOperation &operation : pass->body.operations)
        if (operation.opcode == opcode) {
          change(operation);
          return true;
        }
  return false;
}

static bool changeWidth(Program &program, Random &random) {
  return changeOperation(program, random, ScalarOpcode::Maximum,
                         [](ScalarOperation &o) { o.type = ScalarType::I64; });
}

static bool truncateToFloat(Program &program, Random &random) {
  return changeOperation(program, random, ScalarOpcode::Truncate,
                         [](ScalarOperation &o) { o.type = ScalarType::F32; });
}

static bool growConstant(Program &program, Random &random) {
  return changeOperation(
      program, random, ScalarOpcode::Constant,
      [](ScalarOperation &o) { o.immediate = int64_t(1) << 40; });
}

static bool nameMissingTable(Program &program, Random &random) {
  return changeOperation(program, random, ScalarOpcode::EncodeTerms,
                         [](ScalarOperation &o) { o.immediate = 9999; });
}

static bool changeShift(Program &program, Random &) {
  for (Instruction &instruction : program.instructions) {
    auto *pass = std::get_if<VectorPass>(&instruction.payload);
    if (!pass || pass->reduction != Reduction::Sum)
      continue;
    pass->body.operations[1].immediate = 1;
    return true;
  }
  return false;
}

static bool readDram(Program &program, Random &random) {
  auto *pass = pick<VectorPass>(program, random);
  if (!pass)
    return false;
  pass->inputs[0].memory = Memory::Dram;
  return true;
}

//===----------------------------------------------------------------------===//
// Corrupted nests
//===----------------------------------------------------------------------===//

static bool leaveNestBuffer(Program &program, Random &random) {
  auto *nest = pick<NestPass>(program, random);
  if (!nest)
    return false;
  NestOperand &operand = random.chance(50) ? nest->output : nest->inputs[0];
  operand.bufferBytes = 0;
  return true;
}

static bool dropNestPitch(Program &program, Random &random) {
  auto *nest = pick<NestPass>(program, random);
  if (!nest)
    return false;
  nest->output.pitches.pop_back();
  return true;
}

static bool overlapNestOutputs(Program &program, Random &random) {
  auto *nest = pick<NestPass>(program, random);
  if (!nest || *llvm::max_element(nest->extents) == 1)
    return false;
  nest->output.pitches.assign(nest->extents.size(), 0);
  return true;
}

static bool changeNestType(Program &program, Random &random) {
  auto *nest = pick<NestPass>(program, random);
  if (!nest || nest->body.operations.empty())
    return false;
  nest->body.operations.front().type = ScalarType::I32;
  return true;
}

/// Nothing was written there.
static bool moveNestInput(Program &program, Random &random) {
  auto *nest = pick<NestPass>(program, random);
  if (!nest)
    return false;
  NestOperand &input = nest->inputs[0];
  int64_t end = program.machine.dataSramBytes;
  input.address += end - input.bufferBytes - input.bufferAddress;
  input.bufferAddress = end - input.bufferBytes;
  return true;
}

static bool dropNestTokens(Program &program, Random &) {
  for (size_t i = program.instructions.size(); i-- > 0;) {
    Instruction &instruction = program.instructions[i];
    if (!std::holds_alternative<NestPass>(instruction.payload) ||
        instruction.after.empty())
      continue;
    instruction.after.clear();
    return hasUnorderedAccesses(program);
  }
  return false;
}

static const Corruption kCorruptions[] = {
    {"kernel too large", growKernel, "channels x taps"},
    {"stride 0", stopStride, "below 1"},
    {"output too large", growOutput, "beyond the"},
    {"band outside the output", leaveOutput, "has no output position"},
    {"channels outside the tensor", leaveChannels, "lie outside"},
    {"undefined operand", useUndefinedValue, "uses value 50"},
    {"undefined result", yieldUndefinedValue, "yields value 50"},
    {"result of the wrong width", yieldWrongWidth, "yields i32"},
    {"operands of the wrong width", changeWidth, "expected operands"},
    {"truncation to a float", truncateToFloat, "truncates i32 to f32"},
    {"constant too large", growConstant, "does not fit into"},
    {"missing term table", nameMissingTable, "names term table 9999"},
    {"shift out of range", changeShift, "shift 1 of apply_scale"},
    {"vector unit reads DRAM", readDram, "cannot lie in DRAM"},
    {"nest outside its buffer", leaveNestBuffer, "outside its buffer"},
    {"missing pitch of a nest", dropNestPitch, "2 pitches for 3 loops"},
    {"outputs of a nest in one place", overlapNestOutputs,
     "but the loops inside write 1"},
    {"float as an integer", changeNestType, "converts i8 to i32"},
    {"nest reads what is not there", moveNestInput, "nothing has written"},
    {"dropped tokens of a nest", dropNestTokens, "a token is missing"}};

llvm::ArrayRef<Corruption> sim::getPassCorruptions() { return kCorruptions; }
