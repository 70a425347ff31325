//===- MemoryAccesses.cpp - What an instruction touches -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bounding byte ranges of views, copies and tiles.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/InstructionCosts.h"
#include "colonnade/Simulator/ProgramVerifier.h"

using namespace colonnade;
using namespace colonnade::sim;

static MemoryAccess getViewAccess(const View &view, int64_t channel,
                                  int64_t channels, const Band &region,
                                  bool isWrite) {
  int64_t begin = view.address + channel * view.channelPitch +
                  (region.row - view.originRow) * view.rowPitch +
                  (region.column - view.originColumn) * view.columnPitch;
  int64_t last = begin + (channels - 1) * view.channelPitch +
                 (region.height - 1) * view.rowPitch +
                 (region.width - 1) * view.columnPitch;
  return {view.memory, begin, last + view.elementBytes, isWrite};
}

static MemoryAccess getCopyAccess(Memory memory, int64_t address,
                                  const DmaCopy &copy,
                                  const std::array<int64_t, 2> &pitch,
                                  bool isWrite) {
  int64_t last = address + (copy.counts[0] - 1) * pitch[0] +
                 (copy.counts[1] - 1) * pitch[1];
  return {memory, address, last + copy.counts[2], isWrite};
}

static void addVectorAccesses(const VectorPass &pass,
                              llvm::SmallVectorImpl<MemoryAccess> &accesses) {
  Band band = clampBand(pass.band, pass.window);
  for (auto [index, view] : llvm::enumerate(pass.inputs)) {
    bool isWindowed = index == 0 && pass.reduction != Reduction::None;
    Band region = isWindowed ? getInputRegion(pass.window, pass.band) : band;
    if (region.height > 0 && region.width > 0)
      accesses.push_back(
          getViewAccess(view, pass.channel, pass.channels, region, false));
  }
  accesses.push_back(
      getViewAccess(pass.output, pass.channel, pass.channels, band, true));
}

llvm::SmallVector<MemoryAccess>
sim::getAccesses(const Program &program, const Instruction &instruction) {
  llvm::SmallVector<MemoryAccess> accesses;
  const Payload &payload = instruction.payload;
  if (const auto *copy = std::get_if<DmaCopy>(&payload)) {
    accesses.push_back(getCopyAccess(copy->sourceMemory, copy->sourceAddress,
                                     *copy, copy->sourcePitch, false));
    accesses.push_back(getCopyAccess(copy->destinationMemory,
                                     copy->destinationAddress, *copy,
                                     copy->destinationPitch, true));
  } else if (const auto *dma = std::get_if<DmaWeights>(&payload)) {
    accesses.push_back(
        {Memory::WeightSram, dma->destinationAddress,
         dma->destinationAddress + program.getTileBytes(dma->tile), true});
  } else if (const auto *load = std::get_if<LoadWeights>(&payload)) {
    accesses.push_back(
        {Memory::WeightSram, load->sourceAddress,
         load->sourceAddress + program.getTileBytes(load->tile), false});
  } else if (const auto *stream = std::get_if<StreamTile>(&payload)) {
    Band region = getInputRegion(stream->window, stream->band);
    if (region.height > 0 && region.width > 0)
      accesses.push_back(getViewAccess(stream->data, 0,
                                       stream->window.channels, region,
                                       false));
    accesses.push_back(getViewAccess(
        stream->accumulators, 0, program.getTileRows(stream->tile),
        clampBand(stream->band, stream->window), true));
  } else {
    addVectorAccesses(std::get<VectorPass>(payload), accesses);
  }
  return accesses;
}
