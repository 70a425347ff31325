//===- Timing.cpp - When each instruction runs ----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one pass in program order that times a program, and the attribution of
// the array's waiting to its causes.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Timing.h"
#include "colonnade/Simulator/BlockPasses.h"
#include "colonnade/Simulator/InstructionCosts.h"

using namespace colonnade;
using namespace colonnade::sim;

static unsigned getIndex(Queue queue) { return static_cast<unsigned>(queue); }

TimingPass::TimingPass(const Program &program, ArrayTimingModel &array)
    : program(program), array(array) {
  timing.layers.resize(program.layers.size());
  layerSeen.resize(program.layers.size());
  timing.instructions.reserve(program.instructions.size());
}

TimingPass::Readiness
TimingPass::getReadiness(const Instruction &instruction,
                         std::optional<unsigned> ownLoad) const {
  Readiness readiness;
  for (Token token : instruction.after) {
    if (token.instruction == ownLoad)
      continue;
    const InstructionTimes &times = timing.instructions[token.instruction];
    int64_t time = token.swapped ? times.swapped : times.end;
    readiness.all = std::max(readiness.all, time);
    if (program.instructions[token.instruction].getQueue() != Queue::Dma)
      readiness.withoutDma = std::max(readiness.withoutDma, time);
  }
  return readiness;
}

void TimingPass::runDma(unsigned index, LayerTiming &layer) {
  const Instruction &instruction = program.instructions[index];
  int64_t &free = queueFree[getIndex(Queue::Dma)];
  int64_t start = std::max(free, getReadiness(instruction).all);
  int64_t cycles =
      getDmaCycles(program.machine, getDmaBytes(program, instruction.payload));
  free = start + cycles;
  timing.instructions.push_back({start, free, free});
  layer.dmaBusy += cycles;
  timing.total.dmaBusy += cycles;
}

void TimingPass::runVector(unsigned index, LayerTiming &layer) {
  const Instruction &instruction = program.instructions[index];
  int64_t &free = queueFree[getIndex(Queue::Vector)];
  int64_t start = std::max(free, getReadiness(instruction).all);
  const auto *nest = std::get_if<NestPass>(&instruction.payload);
  int64_t cycles =
      nest ? getVectorCycles(program.machine, *nest)
           : getVectorCycles(program.machine,
                             std::get<VectorPass>(instruction.payload));
  free = start + cycles;
  timing.instructions.push_back({start, free, free});
  layer.vectorBusy += cycles;
  timing.total.vectorBusy += cycles;
}

llvm::Error TimingPass::runBlocks(unsigned index, LayerTiming &layer) {
  const Instruction &instruction = program.instructions[index];
  llvm::Expected<BlockSchedule> schedule = scheduleBlockPass(
      program.machine, std::get<BlockPass>(instruction.payload));
  if (!schedule)
    return schedule.takeError();
  int64_t &free = queueFree[getIndex(Queue::Array)];
  Readiness readiness = getReadiness(instruction);
  int64_t start = std::max(free, readiness.all);
  int64_t withoutDma = std::max(free, readiness.withoutDma);
  free = start + schedule->cycles;
  timing.instructions.push_back({start, free, free});
  for (LayerTiming *figures : {&layer, &timing.total}) {
    figures->arrayBusy += getBusyCycles(*schedule);
    figures->dataDmaStall += start - withoutDma;
    ++figures->streams;
  }
  return llvm::Error::success();
}

llvm::Error TimingPass::runLoad(unsigned index, LayerTiming &layer,
                                llvm::ArrayRef<int8_t> values) {
  const Instruction &instruction = program.instructions[index];
  const WeightTile &tile = std::get<LoadWeights>(instruction.payload).tile;
  int64_t &free = queueFree[getIndex(Queue::WeightLoader)];
  Readiness readiness = getReadiness(instruction);
  int64_t start = std::max(free, readiness.all);
  LoadJob job = {tile, program.getTileRows(tile), program.getTileColumns(tile),
                 getLoadCycles(program, tile), values};
  llvm::Expected<LoadTimes> times = array.load(start, job);
  if (!times)
    return times.takeError();
  loadDmaWait = times->start - std::max(free, readiness.withoutDma);
  lastLoad = index;
  free = times->end;
  timing.instructions.push_back({times->start, free, free});
  layer.loaderBusy += free - times->start;
  timing.total.loaderBusy += free - times->start;
  return llvm::Error::success();
}

llvm::Error TimingPass::runStream(unsigned index, LayerTiming &layer,
                                  llvm::ArrayRef<int8_t> data,
                                  llvm::MutableArrayRef<int32_t> sums) {
  const Instruction &instruction = program.instructions[index];
  const auto &stream = std::get<StreamTile>(instruction.payload);
  Readiness readiness = getReadiness(instruction, lastLoad);
  int64_t loaded = lastLoad ? timing.instructions[*lastLoad].end : 0;
  int64_t step = stream.stepCycles;
  int64_t withoutLoad = array.getEarliestStart(readiness.all, step);
  int64_t withoutDma =
      array.getEarliestStart(std::max(loaded, readiness.withoutDma), step);
  StreamJob job = {stream.tile,
                   program.getTileRows(stream.tile),
                   program.getTileColumns(stream.tile),
                   getPositions(stream.band, stream.window),
                   step,
                   data,
                   sums};
  llvm::Expected<StreamTimes> times =
      array.stream(std::max(loaded, readiness.all), job);
  if (!times)
    return times.takeError();
  timing.instructions.push_back({times->start, times->done, times->swapped});
  int64_t stall = times->start - withoutLoad;
  for (LayerTiming *figures : {&layer, &timing.total}) {
    figures->arrayBusy += step * job.vectors;
    figures->weightLoadStall += stall;
    figures->weightDmaStall += std::min(stall, loadDmaWait);
    figures->dataDmaStall += times->start - withoutDma;
    ++figures->streams;
  }
  return llvm::Error::success();
}

/// Widens the span of the instruction's layer and of the program.
void TimingPass::include(unsigned index) {
  const InstructionTimes &times = timing.instructions[index];
  unsigned number = program.instructions[index].layer;
  LayerTiming &layer = timing.layers[number];
  layer.start =
      layerSeen[number] ? std::min(layer.start, times.start) : times.start;
  layerSeen[number] = true;
  layer.end = std::max(layer.end, times.end);
  timing.total.end = std::max(timing.total.end, times.end);
}

llvm::Error TimingPass::advance(llvm::ArrayRef<int8_t> data,
                                llvm::MutableArrayRef<int32_t> sums) {
  unsigned index = timing.instructions.size();
  const Instruction &instruction = program.instructions[index];
  LayerTiming &layer = timing.layers[instruction.layer];
  llvm::Error error = llvm::Error::success();
  switch (instruction.getQueue()) {
  case Queue::Dma:
    runDma(index, layer);
    break;
  case Queue::WeightLoader:
    error = runLoad(index, layer, data);
    break;
  case Queue::Array:
    error = std::holds_alternative<BlockPass>(instruction.payload)
                ? runBlocks(index, layer)
                : runStream(index, layer, data, sums);
    break;
  case Queue::Vector:
    runVector(index, layer);
    break;
  }
  if (error)
    return error;
  include(index);
  return llvm::Error::success();
}

llvm::Expected<ProgramTiming> TimingPass::finish() {
  if (llvm::Error error = array.finish())
    return error;
  return std::move(timing);
}

llvm::Expected<ProgramTiming> sim::computeTiming(const Program &program) {
  std::unique_ptr<ArrayTimingModel> array =
      createClosedFormArray(program.machine.columns);
  TimingPass pass(program, *array);
  for (unsigned i = 0; i < program.instructions.size(); ++i)
    if (llvm::Error error = pass.advance())
      return llvm::createStringError("instruction #%u: %s", i,
                                     llvm::toString(std::move(error)).c_str());
  return pass.finish();
}
