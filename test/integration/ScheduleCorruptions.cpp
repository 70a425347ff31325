//===- ScheduleCorruptions.cpp - Ways to break a schedule -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. A mistake is made only where it changes what the program
// does: at a value that counts, a token that is there, bytes that are read.
//
//===----------------------------------------------------------------------===//

#include "ScheduleCorruptions.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;
using namespace colonnade::test;

namespace {

/// The first instruction with such a payload that satisfies the predicate; null
/// if there is none.
template <typename Kind, typename Predicate>
Instruction *find(Program &program, Predicate isSought) {
  for (Instruction &instruction : program.instructions) {
    auto *payload = std::get_if<Kind>(&instruction.payload);
    if (payload && isSought(*payload))
      return &instruction;
  }
  return nullptr;
}

template <typename Kind> Instruction *findFirst(Program &program) {
  return find<Kind>(program, [](const Kind &) { return true; });
}

/// Changes the first payload of a kind.
template <typename Kind>
bool changeFirst(Program &program, void (*change)(Kind &)) {
  Instruction *instruction = findFirst<Kind>(program);
  if (instruction)
    change(std::get<Kind>(instruction->payload));
  return instruction;
}

/// Whether an instruction waits for any such token, which it does no more.
template <typename Predicate>
bool dropTokens(Instruction &instruction, Predicate isDropped) {
  size_t before = instruction.after.size();
  llvm::erase_if(instruction.after, isDropped);
  return instruction.after.size() != before;
}

bool dropAllTokens(Instruction *instruction) {
  return instruction &&
         dropTokens(*instruction, [](const Token &) { return true; });
}

} // namespace

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

static bool changeHash(Program &program) {
  program.targetHash = "stale";
  return true;
}

/// Applies `change` to the first stored weight that is not zero.
static bool
changeWeights(Program &program,
              llvm::function_ref<bool(PackedWeights &, size_t index)> change) {
  for (PackedWeights &weights : program.weights)
    for (size_t index = 0; index < weights.values.size(); ++index)
      if (weights.values[index] != 0 && change(weights, index))
        return true;
  return false;
}

/// Toward zero, where no value needs more terms.
static bool changeValue(Program &program) {
  return changeWeights(program, [](PackedWeights &weights, size_t index) {
    int8_t &value = weights.values[index];
    value = value == 1 || value == -1 ? 0 : 1;
    return true;
  });
}

static bool changeSelect(Program &program) {
  return changeWeights(program, [](PackedWeights &weights, size_t index) {
    weights.selects[index] = weights.fanIn;
    return true;
  });
}

/// A slot takes the data of the next column of the matrix.
static bool changeStream(Program &program) {
  return changeWeights(program, [](PackedWeights &weights, size_t index) {
    size_t slots = weights.getSlots(), block = index / (weights.rows * slots);
    size_t slot = block * slots + index % slots;
    int32_t &column =
        weights.streams[slot * weights.fanIn + weights.selects[index]];
    column = (column + 1) % weights.matrixColumns;
    return weights.matrixColumns > 1;
  });
}

//===----------------------------------------------------------------------===//
// Order
//===----------------------------------------------------------------------===//

/// Of the second layer on the array: its data comes from the vector unit, where
/// later streams of a layer are behind its first one in the queue.
static bool dropDataTokens(Program &program) {
  Instruction *first = findFirst<StreamTile>(program);
  if (!first)
    return false;
  for (Instruction &instruction : program.instructions)
    if (std::holds_alternative<StreamTile>(instruction.payload) &&
        instruction.layer != first->layer)
      return dropAllTokens(&instruction);
  return false;
}

static bool dropLoadToken(Program &program) {
  Instruction *stream = findFirst<StreamTile>(program);
  return stream && dropTokens(*stream, [&](const Token &token) {
           return std::holds_alternative<LoadWeights>(
               program.instructions[token.instruction].payload);
         });
}

static bool dropWeightsToken(Program &program) {
  return dropAllTokens(findFirst<LoadWeights>(program));
}

/// All of them: one load alone may be ordered by what its band waits for.
static bool dropSwapTokens(Program &program) {
  bool isDropped = false;
  for (Instruction &instruction : program.instructions)
    if (std::holds_alternative<LoadWeights>(instruction.payload))
      isDropped |= dropTokens(instruction,
                              [](const Token &token) { return token.swapped; });
  return isDropped;
}

static bool dropStreamTokens(Program &program) {
  return dropAllTokens(findFirst<VectorPass>(program));
}

static bool waitForLater(Program &program) {
  program.instructions[0].after.push_back({1, false});
  return program.instructions.size() > 1;
}

//===----------------------------------------------------------------------===//
// Tiles
//===----------------------------------------------------------------------===//

static bool exchangeWeights(Program &program) {
  Instruction *first = findFirst<StreamTile>(program);
  if (!first)
    return false;
  WeightTile &tile = std::get<StreamTile>(first->payload).tile;
  Instruction *other = find<StreamTile>(program, [&](const StreamTile &stream) {
    return stream.tile.weights != tile.weights;
  });
  if (other)
    tile.weights = std::get<StreamTile>(other->payload).tile.weights;
  return other;
}

static bool shortenStep(Program &program) {
  return changeFirst<StreamTile>(
      program, [](StreamTile &stream) { --stream.stepCycles; });
}

static bool keepAccumulators(Program &program) {
  return changeFirst<StreamTile>(
      program, [](StreamTile &stream) { stream.accumulate = true; });
}

static bool moveTile(Program &program) {
  return changeFirst<DmaWeights>(
      program, [](DmaWeights &dma) { ++dma.destinationAddress; });
}

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

static bool leaveMemory(Program &program) {
  Instruction *pass = findFirst<VectorPass>(program);
  if (!pass)
    return false;
  View &output = std::get<VectorPass>(pass->payload).output;
  output.address += program.machine.dataSramBytes;
  output.bufferAddress += program.machine.dataSramBytes;
  return true;
}

static int64_t getAddress(const View &view, int64_t channel, int64_t row,
                          int64_t column) {
  return view.address + channel * view.channelPitch +
         (row - view.originRow) * view.rowPitch +
         (column - view.originColumn) * view.columnPitch;
}

static int64_t getFirstRead(const StreamTile &stream) {
  const Window &w = stream.window;
  return getAddress(
      stream.data, 0,
      std::max<int64_t>(0, stream.band.row * w.strideHeight - w.padTop),
      std::max<int64_t>(0, stream.band.column * w.strideWidth - w.padLeft));
}

/// The instructions that may start only after `first` does: those that wait for
/// it, are behind it in its queue, or come after such a one.
static llvm::BitVector getSuccessors(const Program &program, unsigned first) {
  llvm::BitVector successors(program.instructions.size());
  std::array<bool, kNumQueues> isQueueBehind = {};
  for (unsigned i = first; i < program.instructions.size(); ++i) {
    bool &isBehind =
        isQueueBehind[unsigned(program.instructions[i].getQueue())];
    isBehind |=
        i == first ||
        llvm::any_of(program.instructions[i].after, [&](const Token &token) {
          return successors.test(token.instruction);
        });
    successors[i] = isBehind;
  }
  return successors;
}

/// A stream that reads its data while the pass may run, or after it.
static const StreamTile *findStreamDuring(const Program &program,
                                          unsigned pass) {
  llvm::BitVector successors = getSuccessors(program, pass);
  for (unsigned i = pass + 1; i < program.instructions.size(); ++i)
    if (auto *stream =
            std::get_if<StreamTile>(&program.instructions[i].payload))
      if (!successors.test(i))
        return stream;
  return nullptr;
}

/// Some pass stores its output where a stream of that time reads its data.
static bool overlapInput(Program &program) {
  for (auto [index, instruction] : llvm::enumerate(program.instructions)) {
    auto *pass = std::get_if<VectorPass>(&instruction.payload);
    if (!pass || pass->output.memory != Memory::DataSram)
      continue;
    const StreamTile *stream = findStreamDuring(program, index);
    if (!stream)
      continue;
    View &output = pass->output;
    int64_t shift =
        getFirstRead(*stream) -
        getAddress(output, pass->channel, pass->band.row, pass->band.column);
    output.address += shift;
    output.bufferAddress += shift;
    return true;
  }
  return false;
}

/// The first copy of what the host wrote is halved along its longest dimension.
static bool shortenInput(Program &program) {
  Instruction *instruction = find<DmaCopy>(program, [&](const DmaCopy &copy) {
    return copy.sourceMemory == Memory::Dram &&
           copy.sourceAddress == program.inputs.front().address;
  });
  if (!instruction)
    return false;
  auto &copy = std::get<DmaCopy>(instruction->payload);
  int64_t *longest = &copy.runBytes;
  for (int64_t &count : copy.counts)
    longest = count > *longest ? &count : longest;
  *longest /= 2;
  return *longest != 0;
}

static const ScheduleCorruption kCorruptions[] = {
    {"stale target hash", changeHash, "schedule it again"},
    {"changed weight", changeValue, "value, select or stream is wrong"},
    {"wrong select", changeSelect, "is not below the fan-in"},
    {"wrong stream", changeStream, "weights '"},
    {"stream that does not wait for its data", dropDataTokens,
     "a token is missing"},
    {"stream without its load token", dropLoadToken,
     "has loaded it: a token is missing"},
    {"load without its DMA token", dropWeightsToken, "a token is missing"},
    {"loads before the swap", dropSwapTokens,
     "has swapped them in: a token is missing"},
    {"vector pass before the stream is done", dropStreamTokens,
     "a token is missing"},
    {"token of a later instruction", waitForLater, "is not earlier"},
    {"wrong tile", exchangeWeights, "weights '"},
    {"too few cycles per step", shortenStep, "a step takes"},
    {"accumulators kept", keepAccumulators, "accumulators"},
    {"address beyond the memory", leaveMemory, "of data SRAM, which has"},
    {"tile at a wrong address", moveTile, "does not hold tile"},
    {"output overlaps the layer's input", overlapInput, "a token is missing"},
    {"input copied short", shortenInput, "which nothing has written"}};

llvm::ArrayRef<ScheduleCorruption> test::getScheduleCorruptions() {
  return kCorruptions;
}
