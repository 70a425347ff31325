//===- AccessCorruptions.cpp - Wrong places and moments -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Addresses, copies and tokens: instructions that touch what they must not, or
// before they may.
//
//===----------------------------------------------------------------------===//

#include "Corruptions.h"
#include "OrderReference.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

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
// Corrupted copies
//===----------------------------------------------------------------------===//

static bool copyAccumulators(Program &program, Random &random) {
  pick<DmaCopy>(program, random)->sourceMemory = Memory::Accumulators;
  return true;
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
    {"overlapping constants", overlapConstants, "overlaps", false},
    {"outside the memory", leaveMemory, "which has 1048576"},
    {"outside the buffer", leaveBuffer, "outside its buffer"},
    {"tile not there", moveLoad, "does not hold tile"},
    {"short output", shortenOutput, "are never written", false},
    {"empty copy", emptyCopy, "copies "},
    {"overwritten constants", overwriteConstants, "among them constant"},
    {"token of a later instruction", waitForLater, "is not earlier"},
    {"swap of a copy", waitForSwapOfCopy, "which is no stream"},
    {"dropped tokens", dropLastTokens, "a token is missing"},
    {"dropped swap token", dropSwapToken, "a token is missing"},
    {"dropped load token", dropLoadToken, "has loaded it: a token is missing"},
    {"missing layer", nameMissingLayer, "names layer", false},
    {"copied accumulators", copyAccumulators, "copies accumulators"},
    {"too many pitches of a copy", addCopyPitch, "destination pitches"},
    {"copy backwards", copyBackwards, "copies with a negative pitch"},
    {"copy of nothing", copyNothing, "copies 0 runs along a dimension"}};

llvm::ArrayRef<Corruption> sim::getAccessCorruptions() { return kCorruptions; }
