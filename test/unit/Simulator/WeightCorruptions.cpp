//===- WeightCorruptions.cpp - Wrong weights and tiles --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Values, selects and streams that are not those that were compiled, promises
// that they break, and tiles that are another than the loaded one.
//
//===----------------------------------------------------------------------===//

#include "Corruptions.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

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
  copy.sourceAddress = program.inputs.front().address;
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
// Corrupted weights of the run time
//===----------------------------------------------------------------------===//

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

static const Corruption kCorruptions[] = {
    {"stale hash", changeHash, "schedule it again", false},
    {"changed value", changeValue, "digest"},
    {"changed select", changeSelect, "digest"},
    {"select out of range", exceedSelect, "is not below the fan-in"},
    {"changed stream", changeStream, "weights 'w"},
    {"lowered promise", lowerPromise, "are promised"},
    {"too many slots", exceedCell, "values per cell"},
    {"accumulator overflow", exceedAccumulator, "beyond the 32-bit"},
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
    {"missing stream", replaceStream, ""}};

llvm::ArrayRef<Corruption> sim::getWeightCorruptions() { return kCorruptions; }
