//===- InstructionCosts.cpp - What each instruction takes -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The cost formulas of target.md, one function each.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

Band sim::clampBand(const Band &band, const Window &window) {
  Band clamped = band;
  clamped.height =
      std::max<int64_t>(0, std::min(band.height, window.outHeight - band.row));
  clamped.width =
      std::max<int64_t>(0, std::min(band.width, window.outWidth - band.column));
  return clamped;
}

int64_t sim::getPositions(const Band &band, const Window &window) {
  Band clamped = clampBand(band, window);
  return clamped.height * clamped.width;
}

Band sim::getInputRegion(const Window &window, const Band &band) {
  Band out = clampBand(band, window);
  auto range = [](int64_t first, int64_t count, int64_t stride, int64_t kernel,
                  int64_t dilation, int64_t pad, int64_t extent) {
    int64_t low = first * stride - pad;
    int64_t high = (first + count - 1) * stride - pad + (kernel - 1) * dilation;
    low = std::max<int64_t>(low, 0);
    high = std::min(high, extent - 1);
    return std::pair(low, std::max<int64_t>(high - low + 1, 0));
  };
  auto [row, height] =
      range(out.row, out.height, window.strideHeight, window.kernelHeight,
            window.dilationHeight, window.padTop, window.height);
  auto [column, width] =
      range(out.column, out.width, window.strideWidth, window.kernelWidth,
            window.dilationWidth, window.padLeft, window.width);
  return {row, column, height, width};
}

/// Operations of the float units; those that only move bits are not.
static bool isFloat(ScalarOpcode opcode) {
  switch (opcode) {
  case ScalarOpcode::CompareFloat:
  case ScalarOpcode::AddFloat:
  case ScalarOpcode::SubtractFloat:
  case ScalarOpcode::MultiplyFloat:
  case ScalarOpcode::DivideFloat:
  case ScalarOpcode::MaximumFloat:
  case ScalarOpcode::MinimumFloat:
  case ScalarOpcode::NegateFloat:
  case ScalarOpcode::AbsoluteFloat:
  case ScalarOpcode::SquareRoot:
  case ScalarOpcode::RoundEven:
  case ScalarOpcode::Floor:
  case ScalarOpcode::IntegerToFloat:
  case ScalarOpcode::FloatToInteger:
    return true;
  default:
    return false;
  }
}

BodySlots sim::countSlots(const ScalarBody &body,
                          const MachineDescription &machine) {
  BodySlots slots;
  for (const ScalarOperation &operation : body.operations) {
    ScalarOpcode opcode = operation.opcode;
    if (opcode == ScalarOpcode::DivideFloat ||
        opcode == ScalarOpcode::SquareRoot)
      slots.real += machine.vectorDivideSlots;
    else if (opcode == ScalarOpcode::Divide ||
             opcode == ScalarOpcode::Remainder)
      slots.integer += machine.vectorDivideSlots;
    else if (isFloat(opcode))
      ++slots.real;
    else if (opcode != ScalarOpcode::Constant)
      ++slots.integer;
  }
  return slots;
}

int64_t sim::getVectorElements(const VectorPass &pass) {
  return pass.channels * getPositions(pass.band, pass.window);
}

int64_t sim::getWindowTaps(const VectorPass &pass) {
  if (pass.reduction == Reduction::None)
    return 1;
  return pass.window.kernelHeight * pass.window.kernelWidth;
}

int64_t sim::getOutputs(const NestPass &nest) {
  return llvm::product_of(
      llvm::ArrayRef(nest.extents).drop_back(nest.reductionLoops));
}

int64_t sim::getReductionSteps(const NestPass &nest) {
  return llvm::product_of(
      llvm::ArrayRef(nest.extents).take_back(nest.reductionLoops));
}

int64_t sim::countTransfers(const NestPass &nest, const NestOperand &operand) {
  size_t loops = operand.pitches.size();
  while (loops > 0 && operand.pitches[loops - 1] == 0)
    --loops;
  return llvm::product_of(llvm::ArrayRef(nest.extents).take_front(loops));
}

bool sim::isCopy(const NestPass &nest) {
  return nest.inputs.size() == 1 && nest.reductionLoops == 0 &&
         nest.body.operations.empty();
}

int64_t sim::getDmaBytes(const Program &program, const Payload &payload) {
  if (const auto *weights = std::get_if<DmaWeights>(&payload))
    return program.getTileBytes(weights->tile);
  const auto &copy = std::get<DmaCopy>(payload);
  return copy.runBytes * llvm::product_of(copy.counts);
}

int64_t sim::getDmaCycles(const MachineDescription &machine, int64_t bytes) {
  return machine.dramLatency +
         llvm::divideCeil(bytes, machine.dramBytesPerCycle);
}

int64_t sim::getLoadCycles(const Program &program, const WeightTile &tile) {
  return std::max<int64_t>(
      1, llvm::divideCeil(program.getTileBytes(tile),
                          program.machine.weightLoaderBytesPerCycle));
}

static int64_t getVectorCycles(const MachineDescription &machine,
                               const ScalarBody &body, int64_t elements,
                               int64_t steps) {
  int64_t passes = std::max<int64_t>(
      1, llvm::divideCeil(countSlots(body, machine).getTotal(),
                          machine.vectorStages));
  return machine.vectorLatency +
         passes * llvm::divideCeil(elements, machine.vectorLanes) * steps;
}

int64_t sim::getVectorCycles(const MachineDescription &machine,
                             const VectorPass &pass) {
  return ::getVectorCycles(machine, pass.body, getVectorElements(pass),
                           getWindowTaps(pass));
}

int64_t sim::getVectorCycles(const MachineDescription &machine,
                             const NestPass &nest) {
  return ::getVectorCycles(machine, nest.body, getOutputs(nest),
                           getReductionSteps(nest));
}

std::vector<int32_t> sim::getTileStreams(const PackedWeights &weights,
                                         int64_t block, int64_t column,
                                         int64_t columns) {
  std::vector<int32_t> streams;
  llvm::copy_if(weights.getStreams(block, column, columns),
                std::back_inserter(streams),
                [](int32_t matrixColumn) { return matrixColumn != -1; });
  llvm::sort(streams);
  streams.erase(llvm::unique(streams), streams.end());
  return streams;
}

int64_t sim::getBankReadCycles(llvm::ArrayRef<int32_t> streams,
                               const Window &window, const View &data,
                               int64_t banks) {
  std::vector<int64_t> reads(banks);
  int64_t taps = window.kernelHeight * window.kernelWidth;
  for (int64_t matrixColumn : streams) {
    int64_t channel = matrixColumn / taps, tap = matrixColumn % taps;
    int64_t i = tap / window.kernelWidth, j = tap % window.kernelWidth;
    int64_t offset = channel * data.channelPitch +
                     i * window.dilationHeight * data.rowPitch +
                     j * window.dilationWidth * data.columnPitch;
    ++reads[offset % banks];
  }
  return *llvm::max_element(reads);
}

int64_t sim::getRequiredStepCycles(const PackedWeights &weights, int64_t block,
                                   int64_t column, int64_t columns,
                                   const Window &window, const View &data,
                                   const MachineDescription &machine) {
  std::vector<int32_t> streams =
      getTileStreams(weights, block, column, columns);
  return std::max(
      machine.cell->getCyclesPerStep(weights.promises),
      getBankReadCycles(streams, window, data, machine.dataSramBanks));
}

static std::tuple<unsigned, int64_t, int64_t>
getColumnTile(const WeightTile &tile) {
  return {tile.weights, tile.block, tile.column};
}

llvm::ArrayRef<int32_t> TileStreams::get(const WeightTile &tile) {
  auto [entry, isNew] = streams.try_emplace(getColumnTile(tile));
  if (isNew)
    entry->second = getTileStreams(program.weights[tile.weights], tile.block,
                                   tile.column, program.getTileColumns(tile));
  return entry->second;
}

int64_t TileStreams::getRequiredStepCycles(const StreamTile &stream) {
  const MachineDescription &machine = program.machine;
  const Window &window = stream.window;
  const View &data = stream.data;
  Reads reads = {data.channelPitch, window.dilationHeight * data.rowPitch,
                 window.dilationWidth * data.columnPitch, window.kernelHeight,
                 window.kernelWidth};
  auto [entry, isNew] =
      bankReadCycles.try_emplace({getColumnTile(stream.tile), reads});
  if (isNew)
    entry->second = getBankReadCycles(get(stream.tile), window, data,
                                      machine.dataSramBanks);
  const PackedWeights &weights = program.weights[stream.tile.weights];
  return std::max(machine.cell->getCyclesPerStep(weights.promises),
                  entry->second);
}
