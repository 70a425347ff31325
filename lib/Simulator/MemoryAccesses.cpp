//===- MemoryAccesses.cpp - What an instruction touches -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Turns strided operands into runs of bytes. Dimensions that continue each
// other are merged, so that dense operands are one run whatever their layout.
//
//===----------------------------------------------------------------------===//

#include "MemoryAccesses.h"
#include "MachineState.h"
#include "RunTimeWeights.h"
#include "colonnade/Simulator/BlockPasses.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/ADT/STLExtras.h"
#include <tuple>

using namespace colonnade;
using namespace colonnade::sim;

namespace {

/// `count` things that start `pitch` bytes apart.
struct Dimension {
  int64_t count = 1, pitch = 0;
};

/// A run of bytes, repeated along the dimensions, outermost first.
struct StridedRuns {
  int64_t begin = 0, bytes = 0;
  llvm::SmallVector<Dimension, 3> dimensions;

  void normalize();
  void fillInnermost();
  int64_t countRuns() const;
  void appendTo(llvm::SmallVectorImpl<ByteRange> &runs, int64_t at,
                size_t dimension) const;
};

} // namespace

/// Sorts the dimensions, extends the run over those without gaps and merges
/// those that continue each other.
void StridedRuns::normalize() {
  llvm::erase_if(dimensions,
                 [](Dimension d) { return d.count == 1 || d.pitch == 0; });
  llvm::sort(dimensions, [](Dimension a, Dimension b) {
    return std::tie(a.pitch, a.count) > std::tie(b.pitch, b.count);
  });
  for (size_t i = dimensions.size(); i-- > 0;) {
    Dimension d = dimensions[i];
    bool isInnermost = i + 1 == dimensions.size();
    if (isInnermost && d.pitch <= bytes) {
      bytes += (d.count - 1) * d.pitch;
      dimensions.pop_back();
    } else if (!isInnermost &&
               d.pitch == dimensions[i + 1].count * dimensions[i + 1].pitch) {
      dimensions[i] = {d.count * dimensions[i + 1].count,
                       dimensions[i + 1].pitch};
      dimensions.erase(dimensions.begin() + i + 1);
    }
  }
}

/// Counts the innermost gaps as touched.
void StridedRuns::fillInnermost() {
  bytes += (dimensions.back().count - 1) * dimensions.back().pitch;
  dimensions.pop_back();
  normalize();
}

int64_t StridedRuns::countRuns() const {
  int64_t runs = 1;
  for (Dimension d : dimensions)
    runs *= d.count;
  return runs;
}

void StridedRuns::appendTo(llvm::SmallVectorImpl<ByteRange> &runs, int64_t at,
                           size_t dimension) const {
  if (dimension == dimensions.size()) {
    runs.push_back({at, at + bytes});
    return;
  }
  for (int64_t i = 0; i < dimensions[dimension].count; ++i)
    appendTo(runs, at + i * dimensions[dimension].pitch, dimension + 1);
}

/// Runs that an access is split into; beyond that, gaps count as touched.
static constexpr int64_t kMostRuns = 4096;

static MemoryAccess makeAccess(Memory memory, bool isWrite, int64_t begin,
                               int64_t bytes,
                               llvm::ArrayRef<Dimension> dimensions,
                               int64_t mostRuns = kMostRuns) {
  MemoryAccess access;
  access.memory = memory;
  access.isWrite = isWrite;
  StridedRuns strided;
  strided.begin = begin;
  strided.bytes = bytes;
  strided.dimensions.assign(dimensions.begin(), dimensions.end());
  strided.normalize();
  while (strided.countRuns() > mostRuns) {
    strided.fillInnermost();
    access.isExact = false;
  }
  strided.appendTo(access.runs, begin, 0);
  return access;
}

/// The elements of `channels` channels from `channel` on in a non-empty region.
static MemoryAccess makeViewAccess(const View &view, int64_t channel,
                                   int64_t channels, const Band &region,
                                   bool isWrite) {
  MemoryAccess access = makeAccess(
      view.memory, isWrite,
      getAddress(view, channel, region.row, region.column), getBytes(view.type),
      {{channels, view.channelPitch},
       {region.height, view.rowPitch},
       {region.width, view.columnPitch}});
  access.buffer =
      ByteRange{view.bufferAddress, view.bufferAddress + view.bufferBytes};
  return access;
}

using Accesses = llvm::SmallVector<MemoryAccess, 6>;

static void add(const Program &, const DmaCopy &copy, Accesses &accesses) {
  auto addSide = [&](Memory memory, bool isWrite, int64_t address,
                     llvm::ArrayRef<int64_t> pitches,
                     std::optional<ByteRange> buffer) {
    llvm::SmallVector<Dimension, 4> dimensions;
    for (auto [count, pitch] : llvm::zip_equal(copy.counts, pitches))
      dimensions.push_back({count, pitch});
    accesses.push_back(
        makeAccess(memory, isWrite, address, copy.runBytes, dimensions));
    accesses.back().buffer = buffer;
  };
  addSide(copy.sourceMemory, false, copy.sourceAddress, copy.sourcePitches,
          copy.sourceBuffer);
  addSide(copy.destinationMemory, true, copy.destinationAddress,
          copy.destinationPitches, copy.destinationBuffer);
}

/// The values that a tile takes from the tensor behind run-time weights.
static MemoryAccess makeSourceAccess(const Program &program,
                                     const DmaWeights &dma) {
  const RunTimeMatrix &source = *dma.source;
  MemoryAccess access = makeAccess(
      source.memory, /*isWrite=*/false, getTileAddress(program, dma), 1,
      {{program.getTileRows(dma.tile), source.rowPitch},
       {program.getRunTimeColumns(dma.tile), source.columnPitch}});
  access.buffer = ByteRange{source.bufferAddress,
                            source.bufferAddress + source.bufferBytes};
  return access;
}

static void add(const Program &program, const DmaWeights &dma,
                Accesses &accesses) {
  if (dma.source)
    accesses.push_back(makeSourceAccess(program, dma));
  accesses.push_back(makeAccess(Memory::WeightSram, true,
                                dma.destinationAddress,
                                program.getTileBytes(dma.tile), {}));
}

static void add(const Program &program, const LoadWeights &load,
                Accesses &accesses) {
  accesses.push_back(makeAccess(Memory::WeightSram, false, load.sourceAddress,
                                program.getTileBytes(load.tile), {}));
}

static void add(const Program &program, const StreamTile &stream,
                Accesses &accesses) {
  Band region = getInputRegion(stream.window, stream.band);
  if (region.height > 0 && region.width > 0)
    accesses.push_back(
        makeViewAccess(stream.data, 0, stream.window.channels, region, false));
  accesses.push_back(
      makeViewAccess(stream.accumulators, 0, program.getTileRows(stream.tile),
                     clampBand(stream.band, stream.window), true));
}

static void add(const Program &, const VectorPass &pass, Accesses &accesses) {
  Band band = clampBand(pass.band, pass.window);
  for (auto [index, view] : llvm::enumerate(pass.inputs)) {
    bool isWindowed = index == 0 && pass.reduction != Reduction::None;
    Band region = isWindowed ? getInputRegion(pass.window, pass.band) : band;
    if (region.height > 0 && region.width > 0)
      accesses.push_back(
          makeViewAccess(view, pass.channel, pass.channels, region, false));
  }
  accesses.push_back(
      makeViewAccess(pass.output, pass.channel, pass.channels, band, true));
}

static MemoryAccess makeNestAccess(llvm::ArrayRef<int64_t> extents,
                                   const NestOperand &operand, bool isWrite,
                                   int64_t mostRuns) {
  llvm::SmallVector<Dimension, 6> dimensions;
  int64_t begin = operand.address;
  for (auto [extent, pitch] : llvm::zip_equal(extents, operand.pitches)) {
    dimensions.push_back({extent, std::abs(pitch)});
    begin += std::min<int64_t>(0, (extent - 1) * pitch);
  }
  MemoryAccess access =
      makeAccess(operand.memory, isWrite, begin, getBytes(operand.type),
                 dimensions, mostRuns);
  access.buffer = ByteRange{operand.bufferAddress,
                            operand.bufferAddress + operand.bufferBytes};
  return access;
}

MemoryAccess sim::getNestAccess(const NestPass &nest,
                                const NestOperand &operand, bool isWrite) {
  return getLoopAccess(nest.extents, operand, isWrite);
}

MemoryAccess sim::getLoopAccess(llvm::ArrayRef<int64_t> extents,
                                const NestOperand &operand, bool isWrite) {
  return makeNestAccess(extents, operand, isWrite, kMostRuns);
}

bool sim::intersect(ByteRange a, ByteRange b) {
  return a.begin < b.end && b.begin < a.end;
}

/// Only operands whose bounds meet are looked at closely, and then far beyond
/// kMostRuns: the parts of a concatenation are interleaved in one buffer.
bool sim::overlapsOutput(const NestPass &nest, const NestOperand &input) {
  static constexpr int64_t kMostComparedRuns = 1 << 20;
  if (input.memory != nest.output.memory)
    return false;
  auto hasMet = [&](int64_t mostRuns) {
    MemoryAccess read = makeNestAccess(nest.extents, input, false, mostRuns);
    MemoryAccess written =
        makeNestAccess(nest.extents, nest.output, true, mostRuns);
    llvm::sort(read.runs, [](ByteRange a, ByteRange b) {
      return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    const auto *run = written.runs.begin();
    for (ByteRange range : read.runs) {
      while (run != written.runs.end() && run->end <= range.begin)
        ++run;
      if (run != written.runs.end() && intersect(*run, range))
        return true;
    }
    return false;
  };
  return hasMet(1) && hasMet(kMostComparedRuns);
}

static void add(const Program &, const NestPass &nest, Accesses &accesses) {
  for (const NestOperand &input : nest.inputs)
    accesses.push_back(getNestAccess(nest, input, /*isWrite=*/false));
  accesses.push_back(getNestAccess(nest, nest.output, /*isWrite=*/true));
}

MemoryAccess sim::getBlockAccess(const Program &program, const BlockPass &pass,
                                 const BlockPassOperand &operand) {
  MemoryAccess access = makeAccess(
      &operand == &pass.held ? Memory::WeightSram : Memory::DataSram,
      /*isWrite=*/true, operand.blockAddress,
      getBlockBytes(pass, operand, *program.machine.cell->getBlockCell()), {});
  access.buffer = ByteRange{operand.blockAddress,
                            operand.blockAddress + operand.blockBytes};
  return access;
}

static void add(const Program &program, const BlockPass &pass,
                Accesses &accesses) {
  for (const BlockPassOperand *operand : {&pass.held, &pass.passing}) {
    accesses.push_back(
        getLoopAccess(pass.extents, operand->values, /*isWrite=*/false));
    accesses.push_back(getBlockAccess(program, pass, *operand));
  }
  if (pass.counter)
    accesses.push_back(
        getLoopAccess(pass.extents, *pass.counter, /*isWrite=*/false));
  accesses.push_back(getLoopAccess(pass.extents, pass.sums, /*isWrite=*/true));
}

Accesses sim::getAccesses(const Program &program,
                          const Instruction &instruction) {
  Accesses accesses;
  std::visit([&](const auto &payload) { add(program, payload, accesses); },
             instruction.payload);
  return accesses;
}
