//===- Corruptions.cpp - Ways to break a program --------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Corruptions.h"
#include "OrderReference.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

/// A random instruction with a payload of the given kind, and the payload; null
/// where there is none.
template <typename Kind> Kind *pick(Program &program, Random &random) {
  std::vector<Kind *> found;
  for (Instruction &instruction : program.instructions)
    if (auto *payload = std::get_if<Kind>(&instruction.payload))
      found.push_back(payload);
  return found.empty() ? nullptr : found[random.between(0, found.size() - 1)];
}

} // namespace

//===----------------------------------------------------------------------===//
// Corrupted weights
//===----------------------------------------------------------------------===//

static bool changeHash(Program &program, Random &) {
  program.targetHash = "stale";
  return true;
}

static bool changeValue(Program &program, Random &random) {
  if (program.weights.empty())
    return false;
  PackedWeights &weights = program.weights[0];
  for (int8_t &value : weights.values)
    if (value != 0) {
      value = value == 1 ? 2 : value - 1;
      return true;
    }
  return false;
}

/// Slot of the value at `index`, counted through all blocks.
static size_t getSlot(const PackedWeights &weights, size_t index) {
  size_t slots = weights.getSlots();
  return index / (weights.rows * slots) * slots + index % slots;
}

static bool changeSelect(Program &program, Random &) {
  if (program.weights.empty())
    return false;
  PackedWeights &weights = program.weights[0];
  for (size_t i = 0; i < weights.values.size(); ++i) {
    size_t slot = getSlot(weights, i);
    if (weights.values[i] != 0 && weights.fanIn > 1 &&
        weights.streams[slot * weights.fanIn + 1] != -1) {
      weights.selects[i] ^= 1;
      return weights.selects[i] < 2;
    }
  }
  return false;
}

static bool exceedSelect(Program &program, Random &) {
  if (program.weights.empty() || program.weights[0].isRunTime)
    return false;
  program.weights[0].selects[0] = program.weights[0].fanIn;
  return true;
}

static bool changeStream(Program &program, Random &) {
  for (PackedWeights &weights : program.weights)
    for (size_t i = 0; i < weights.values.size(); ++i) {
      size_t slot = getSlot(weights, i);
      if (weights.values[i] == 0 || weights.matrixColumns == 1)
        continue;
      int32_t &column =
          weights.streams[slot * weights.fanIn + weights.selects[i]];
      column = (column + 1) % weights.matrixColumns;
      return true;
    }
  return false;
}

static bool lowerPromise(Program &program, Random &) {
  for (PackedWeights &weights : program.weights)
    for (int8_t value : weights.values)
      if (weights.promises.weightTerms != 0 &&
          countTerms(value, DigitSet::Naf) > 1) {
        weights.promises.weightTerms = 1;
        return true;
      }
  return false;
}

static bool exceedCell(Program &program, Random &) {
  if (program.weights.empty())
    return false;
  program.weights[0].promises.slots = 100;
  return true;
}

static bool exceedAccumulator(Program &program, Random &) {
  if (program.weights.empty())
    return false;
  PackedWeights &weights = program.weights[0];
  int64_t columns = 140000;
  weights.isRunTime = false;
  weights.blocks = weights.rows = 1;
  weights.matrixColumns = weights.arrayColumns = columns;
  weights.depth = weights.fanIn = 1;
  weights.values.assign(columns, 127);
  weights.selects.assign(columns, 0);
  weights.streams.clear();
  for (int64_t column = 0; column < columns; ++column)
    weights.streams.push_back(column);
  return true;
}

//===----------------------------------------------------------------------===//
// Corrupted addresses
//===----------------------------------------------------------------------===//

static bool overlapConstants(Program &program, Random &random) {
  if (program.constants.empty())
    return false;
  program.constants[0].address = program.weights[0].address;
  return true;
}

static bool leaveMemory(Program &program, Random &random) {
  auto *pass = pick<VectorPass>(program, random);
  if (!pass)
    return false;
  pass->output.address += program.machine.dataSramBytes;
  pass->output.bufferAddress += program.machine.dataSramBytes;
  return true;
}

static bool leaveBuffer(Program &program, Random &random) {
  auto *pass = pick<VectorPass>(program, random);
  if (!pass)
    return false;
  pass->output.address += pass->output.bufferBytes;
  return true;
}

static bool moveLoad(Program &program, Random &random) {
  auto *load = pick<LoadWeights>(program, random);
  if (!load)
    return false;
  ++load->sourceAddress;
  return true;
}

int64_t &sim::getLargestCount(DmaCopy &copy) {
  int64_t *largest = &copy.runBytes;
  for (int64_t &count : copy.counts)
    if (count > *largest)
      largest = &count;
  return *largest;
}

static bool shortenOutput(Program &program, Random &) {
  auto &copy = std::get<DmaCopy>(program.instructions.back().payload);
  return --getLargestCount(copy) != 0;
}

static bool emptyCopy(Program &program, Random &) {
  std::get<DmaCopy>(program.instructions[0].payload).runBytes = 0;
  return true;
}

static bool overwriteConstants(Program &program, Random &random) {
  if (program.constants.empty())
    return false;
  auto &copy = std::get<DmaCopy>(program.instructions.back().payload);
  copy.destinationAddress = program.constants[0].address;
  return true;
}

//===----------------------------------------------------------------------===//
// Corrupted tiles
//===----------------------------------------------------------------------===//

static bool shortenStep(Program &program, Random &random) {
  auto *stream = pick<StreamTile>(program, random);
  if (!stream)
    return false;
  stream->stepCycles = TileStreams(program).getRequiredStepCycles(*stream) - 1;
  return true;
}

static bool flipAccumulate(Program &program, Random &random) {
  auto *stream = pick<StreamTile>(program, random);
  if (!stream)
    return false;
  stream->accumulate = !stream->accumulate;
  return true;
}

/// The first two streams of a chain exchange their tiles, the loads do not.
static bool exchangeTiles(Program &program, Random &) {
  StreamTile *previous = nullptr;
  for (Instruction &instruction : program.instructions) {
    auto *stream = std::get_if<StreamTile>(&instruction.payload);
    if (stream && stream->accumulate) {
      std::swap(previous->tile, stream->tile);
      // Not a step that is too short for the other tile's streams.
      std::swap(previous->stepCycles, stream->stepCycles);
      return true;
    }
    previous = stream ? stream : previous;
  }
  return false;
}

/// A whole chain link works on the previous link's tile.
static bool repeatTile(Program &program, Random &) {
  for (size_t i = 2; i < program.instructions.size(); ++i) {
    auto *stream = std::get_if<StreamTile>(&program.instructions[i].payload);
    if (!stream || !stream->accumulate)
      continue;
    WeightTile tile = stream->tile;
    tile.column -= program.machine.columns;
    auto *load = std::get_if<LoadWeights>(&program.instructions[i - 1].payload);
    auto *dma = std::get_if<DmaWeights>(&program.instructions[i - 2].payload);
    stream->tile = load->tile = dma->tile = tile;
    stream->stepCycles = TileStreams(program).getRequiredStepCycles(*stream);
    return true;
  }
  return false;
}

static bool leaveWeights(Program &program, Random &random) {
  auto *dma = pick<DmaWeights>(program, random);
  if (!dma)
    return false;
  dma->tile.row += program.weights[dma->tile.weights].rows;
  return true;
}

static bool nameMissingWeights(Program &program, Random &random) {
  auto *load = pick<LoadWeights>(program, random);
  if (!load)
    return false;
  load->tile.weights = program.weights.size();
  return true;
}

/// A copy in the place of a stream.
static bool replaceStream(Program &program, Random &) {
  DmaCopy copy;
  copy.destinationMemory = Memory::WeightSram;
  copy.destinationAddress = 1 << 19;
  copy.sourceAddress = program.input.address;
  bool isReplaced = false;
  for (Instruction &instruction : program.instructions) {
    for (Token &token : instruction.after)
      token.swapped = token.swapped && !isReplaced;
    if (isReplaced || !std::holds_alternative<StreamTile>(instruction.payload))
      continue;
    instruction.payload = copy;
    isReplaced = true;
  }
  return isReplaced;
}

//===----------------------------------------------------------------------===//
// Corrupted order
//===----------------------------------------------------------------------===//

static bool waitForLater(Program &program, Random &random) {
  unsigned index = random.between(0, program.instructions.size() - 2);
  program.instructions[index].after.push_back({index + 1});
  return true;
}

static bool waitForSwapOfCopy(Program &program, Random &) {
  program.instructions.back().after.push_back({0, /*swapped=*/true});
  return true;
}

/// The last copy waits for nothing any more.
static bool dropLastTokens(Program &program, Random &) {
  program.instructions.back().after.clear();
  return true;
}

static bool dropSwapToken(Program &program, Random &) {
  for (Instruction &instruction : program.instructions) {
    size_t before = instruction.after.size();
    llvm::erase_if(instruction.after,
                   [](Token token) { return token.swapped; });
    if (instruction.after.size() != before)
      return hasUnorderedAccesses(program);
  }
  return false;
}

static bool dropLoadToken(Program &program, Random &) {
  for (Instruction &instruction : program.instructions)
    if (std::holds_alternative<StreamTile>(instruction.payload)) {
      llvm::erase_if(instruction.after, [&](Token token) {
        return program.instructions[token.instruction].getQueue() ==
               Queue::WeightLoader;
      });
      return true;
    }
  return false;
}

static bool nameMissingLayer(Program &program, Random &random) {
  program.instructions[0].layer = program.layers.size();
  return true;
}

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

/// The DmaWeights of some tile of run-time weights.
static DmaWeights *pickGather(Program &program) {
  for (Instruction &instruction : program.instructions)
    if (auto *dma = std::get_if<DmaWeights>(&instruction.payload))
      if (dma->source)
        return dma;
  return nullptr;
}

static bool changeGather(Program &program, void (*change)(DmaWeights &)) {
  DmaWeights *dma = pickGather(program);
  if (dma)
    change(*dma);
  return dma;
}

static bool gatherFromNowhere(Program &program, Random &) {
  return changeGather(program, [](DmaWeights &dma) { dma.source.reset(); });
}

static bool gatherAccumulators(Program &program, Random &) {
  return changeGather(program, [](DmaWeights &dma) {
    dma.source->memory = Memory::Accumulators;
  });
}

static bool gatherOutside(Program &program, Random &) {
  return changeGather(program, [](DmaWeights &dma) {
    dma.source->address += dma.source->bufferBytes;
  });
}

static bool gatherBackwards(Program &program, Random &) {
  return changeGather(program,
                      [](DmaWeights &dma) { dma.source->rowPitch = -1; });
}

/// The first instruction of the DMA queue that waits for some vector pass is a
/// gather: nothing else makes it wait.
static bool dropGatherTokens(Program &program, Random &) {
  std::optional<unsigned> lastPass;
  for (auto [i, instruction] : llvm::enumerate(program.instructions)) {
    if (instruction.getQueue() == Queue::Vector)
      lastPass = i;
    bool waits = llvm::any_of(instruction.after, [&](const Token &token) {
      return token.instruction == lastPass;
    });
    if (instruction.getQueue() != Queue::Dma || !waits)
      continue;
    auto *dma = std::get_if<DmaWeights>(&instruction.payload);
    if (dma && dma->source) {
      instruction.after.clear();
      return true;
    }
    lastPass.reset();
  }
  return false;
}

static bool exchangeBlocks(Program &program, Random &) {
  for (Instruction &instruction : program.instructions)
    if (auto *stream = std::get_if<StreamTile>(&instruction.payload))
      if (stream->tile.block > 0) {
        --stream->tile.block;
        return true;
      }
  return false;
}

static bool exceedBlocks(Program &program, Random &random) {
  auto *stream = pick<StreamTile>(program, random);
  if (!stream)
    return false;
  stream->tile.block = program.weights[stream->tile.weights].blocks;
  return true;
}

static bool growRunTimeRow(Program &program, Random &) {
  for (PackedWeights &weights : program.weights)
    if (weights.isRunTime) {
      weights.matrixColumns = weights.arrayColumns = 140000;
      weights.depth = 1;
      weights.streams = makeRunTimeStreams(weights);
      return true;
    }
  return false;
}

static bool storeRunTimeValues(Program &program, Random &) {
  for (PackedWeights &weights : program.weights)
    if (weights.isRunTime) {
      weights.values.push_back(1);
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

static bool copyAccumulators(Program &program, Random &random) {
  pick<DmaCopy>(program, random)->sourceMemory = Memory::Accumulators;
  return true;
}

//===----------------------------------------------------------------------===//
// Corrupted nests and copies
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

static bool addCopyPitch(Program &program, Random &random) {
  pick<DmaCopy>(program, random)->destinationPitches.push_back(1);
  return true;
}

static bool copyBackwards(Program &program, Random &random) {
  auto *copy = pick<DmaCopy>(program, random);
  if (copy->counts.empty())
    return false;
  copy->sourcePitches.front() *= -1;
  return copy->sourcePitches.front() != 0;
}

static bool copyNothing(Program &program, Random &random) {
  auto *copy = pick<DmaCopy>(program, random);
  if (copy->counts.empty())
    return false;
  copy->counts.back() = 0;
  return true;
}

static const Corruption kCorruptions[] = {
    {"stale hash", changeHash, "schedule it again", false},
    {"changed value", changeValue, "digest"},
    {"changed select", changeSelect, "digest"},
    {"select out of range", exceedSelect, "is not below the fan-in"},
    {"changed stream", changeStream, "weights 'w"},
    {"lowered promise", lowerPromise, "are promised"},
    {"too many slots", exceedCell, "values per cell"},
    {"accumulator overflow", exceedAccumulator, "beyond the 32-bit"},
    {"overlapping constants", overlapConstants, "overlaps", false},
    {"outside the memory", leaveMemory, "which has 1048576"},
    {"outside the buffer", leaveBuffer, "outside its buffer"},
    {"tile not there", moveLoad, "does not hold tile"},
    {"short output", shortenOutput, "are never written", false},
    {"empty copy", emptyCopy, "copies "},
    {"overwritten constants", overwriteConstants, "among them constant"},
    {"short step", shortenStep, "a step takes"},
    {"flipped accumulate", flipAccumulate, "of weights 'w"},
    {"exchanged tiles", exchangeTiles, "shadow registers do not hold"},
    {"repeated tile", repeatTile, "hold some of them already"},
    {"exchanged blocks", exchangeBlocks, "shadow registers do not hold"},
    {"block outside the weights", exceedBlocks, "lies outside weights"},
    {"run-time weights from nowhere", gatherFromNowhere,
     "which are computed at run time"},
    {"gathered accumulators", gatherAccumulators, "from accumulators"},
    {"gathered outside the tensor", gatherOutside, "outside its buffer"},
    {"gathered backwards", gatherBackwards, "negative pitch of -1"},
    {"gathered too early", dropGatherTokens, "a token is missing"},
    {"run-time overflow", growRunTimeRow, "beyond the 32-bit"},
    {"values of run-time weights", storeRunTimeValues, "expected no values"},
    {"tile outside the weights", leaveWeights, "lies outside weights"},
    {"missing weights", nameMissingWeights, "names weights"},
    {"missing stream", replaceStream, ""},
    {"token of a later instruction", waitForLater, "is not earlier"},
    {"swap of a copy", waitForSwapOfCopy, "which is no stream"},
    {"dropped tokens", dropLastTokens, "a token is missing"},
    {"dropped swap token", dropSwapToken, "a token is missing"},
    {"dropped load token", dropLoadToken, "has loaded it: a token is missing"},
    {"missing layer", nameMissingLayer, "names layer", false},
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
    {"copied accumulators", copyAccumulators, "copies accumulators"},
    {"nest outside its buffer", leaveNestBuffer, "outside its buffer"},
    {"missing pitch of a nest", dropNestPitch, "2 pitches for 3 loops"},
    {"outputs of a nest in one place", overlapNestOutputs,
     "but the loops inside write 1"},
    {"float as an integer", changeNestType, "converts i8 to i32"},
    {"nest reads what is not there", moveNestInput, "nothing has written"},
    {"dropped tokens of a nest", dropNestTokens, "a token is missing"},
    {"too many pitches of a copy", addCopyPitch, "destination pitches"},
    {"copy backwards", copyBackwards, "copies with a negative pitch"},
    {"copy of nothing", copyNothing, "copies 0 runs along a dimension"}};

llvm::ArrayRef<Corruption> sim::getCorruptions() { return kCorruptions; }
