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

int64_t sim::countCostlyOperations(const ScalarBody &body) {
  return llvm::count_if(body.operations, [](const ScalarOperation &operation) {
    return operation.opcode != ScalarOpcode::Constant;
  });
}

int64_t sim::getVectorElements(const VectorPass &pass) {
  return pass.channels * getPositions(pass.band, pass.window);
}

int64_t sim::getWindowTaps(const VectorPass &pass) {
  if (pass.reduction == Reduction::None)
    return 1;
  return pass.window.kernelHeight * pass.window.kernelWidth;
}

int64_t sim::getDmaBytes(const Program &program, const Payload &payload) {
  if (const auto *weights = std::get_if<DmaWeights>(&payload))
    return program.getTileBytes(weights->tile);
  const auto &copy = std::get<DmaCopy>(payload);
  return copy.counts[0] * copy.counts[1] * copy.counts[2];
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

int64_t sim::getVectorCycles(const MachineDescription &machine,
                             const VectorPass &pass) {
  int64_t passes =
      std::max<int64_t>(1, llvm::divideCeil(countCostlyOperations(pass.body),
                                            machine.vectorStages));
  return machine.vectorLatency +
         passes *
             llvm::divideCeil(getVectorElements(pass), machine.vectorLanes) *
             getWindowTaps(pass);
}

std::vector<int32_t> sim::getTileStreams(const PackedWeights &weights,
                                         int64_t column, int64_t columns) {
  int64_t perColumn = weights.depth * weights.fanIn;
  auto first = weights.streams.begin() + column * perColumn;
  std::vector<int32_t> streams;
  std::copy_if(first, first + columns * perColumn, std::back_inserter(streams),
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

int64_t sim::getRequiredStepCycles(const PackedWeights &weights, int64_t column,
                                   int64_t columns, const Window &window,
                                   const View &data,
                                   const MachineDescription &machine) {
  std::vector<int32_t> streams = getTileStreams(weights, column, columns);
  return std::max(
      machine.cell->getCyclesPerStep(weights.promises),
      getBankReadCycles(streams, window, data, machine.dataSramBanks));
}

int64_t sim::getRequiredStepCycles(const Program &program,
                                   const StreamTile &stream) {
  return getRequiredStepCycles(program.weights[stream.tile.weights],
                               stream.tile.column,
                               program.getTileColumns(stream.tile),
                               stream.window, stream.data, program.machine);
}
