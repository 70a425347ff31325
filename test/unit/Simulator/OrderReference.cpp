//===- OrderReference.cpp - Order of accesses by plain search -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "OrderReference.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

/// Bytes of one memory that an instruction reads or writes; the shadow
/// registers count as a fifth memory.
using Byte = std::pair<unsigned, int64_t>;
using Bytes = std::vector<Byte>;
constexpr unsigned kShadow = 4;

struct Footprint {
  /// Sorted and unique once complete.
  Bytes reads, writes;
};

/// An instruction's start, swap and end.
enum Moment : unsigned { Start, Swap, End, kNumMoments };

class Reference {
public:
  explicit Reference(const Program &program);
  bool hasUnordered() const;

private:
  void addEdge(unsigned from, Moment fromMoment, unsigned to, Moment toMoment) {
    before[to * kNumMoments + toMoment] |=
        before[from * kNumMoments + fromMoment];
    before[to * kNumMoments + toMoment].set(from * kNumMoments + fromMoment);
  }
  void addEvents(unsigned index);
  void addQueueEdges(unsigned index);
  bool isOrdered(unsigned earlier, unsigned later) const;

  const Program &program;
  /// For each moment, all moments that come before it for certain.
  std::vector<llvm::BitVector> before;
  std::vector<Footprint> footprints;
  std::array<int64_t, kNumQueues> last = {-1, -1, -1, -1};
};

} // namespace

//===----------------------------------------------------------------------===//
// Footprints
//===----------------------------------------------------------------------===//

static void addElement(const View &view, int64_t channel, int64_t row,
                       int64_t column, Bytes &bytes) {
  int64_t address = view.address + channel * view.channelPitch +
                    (row - view.originRow) * view.rowPitch +
                    (column - view.originColumn) * view.columnPitch;
  for (int64_t i = 0; i < getBytes(view.type); ++i)
    bytes.emplace_back(static_cast<unsigned>(view.memory), address + i);
}

/// The rows and columns between the first and the last one that the band's
/// windows touch.
static void addWindow(const View &view, const Window &w, const Band &band,
                      int64_t channel, Bytes &bytes) {
  int64_t lastRow = band.row + band.height - 1;
  int64_t lastColumn = band.column + band.width - 1;
  for (int64_t y = band.row * w.strideHeight - w.padTop;
       y <= lastRow * w.strideHeight - w.padTop +
                (w.kernelHeight - 1) * w.dilationHeight;
       ++y)
    for (int64_t x = band.column * w.strideWidth - w.padLeft;
         x <= lastColumn * w.strideWidth - w.padLeft +
                  (w.kernelWidth - 1) * w.dilationWidth;
         ++x)
      if (y >= 0 && y < w.height && x >= 0 && x < w.width)
        addElement(view, channel, y, x, bytes);
}

static void addBand(const View &view, const Band &band, int64_t channel,
                    Bytes &bytes) {
  for (int64_t y = 0; y < band.height; ++y)
    for (int64_t x = 0; x < band.width; ++x)
      addElement(view, channel, band.row + y, band.column + x, bytes);
}

static void addRun(Memory memory, int64_t address, int64_t count,
                   Bytes &bytes) {
  for (int64_t i = 0; i < count; ++i)
    bytes.emplace_back(static_cast<unsigned>(memory), address + i);
}

static void add(const Program &, const DmaCopy &copy, Footprint &print) {
  int64_t runs = llvm::product_of(copy.counts);
  for (int64_t run = 0; run < runs; ++run) {
    int64_t source = copy.sourceAddress, destination = copy.destinationAddress;
    int64_t rest = run;
    for (size_t i = copy.counts.size(); i-- > 0; rest /= copy.counts[i]) {
      source += rest % copy.counts[i] * copy.sourcePitches[i];
      destination += rest % copy.counts[i] * copy.destinationPitches[i];
    }
    addRun(copy.sourceMemory, source, copy.runBytes, print.reads);
    addRun(copy.destinationMemory, destination, copy.runBytes, print.writes);
  }
}

static void add(const Program &program, const DmaWeights &dma,
                Footprint &print) {
  const PackedWeights &weights = program.weights[dma.tile.weights];
  int64_t firstColumn = dma.tile.column * weights.depth;
  int64_t columns = std::min(weights.matrixColumns - firstColumn,
                             program.getTileColumns(dma.tile) * weights.depth);
  for (int64_t row = 0; dma.source && row < program.getTileRows(dma.tile);
       ++row)
    for (int64_t column = 0; column < columns; ++column)
      addRun(dma.source->memory,
             dma.source->address + dma.tile.block * dma.source->blockPitch +
                 (dma.tile.row + row) * dma.source->rowPitch +
                 (firstColumn + column) * dma.source->columnPitch,
             1, print.reads);
  addRun(Memory::WeightSram, dma.destinationAddress,
         program.getTileBytes(dma.tile), print.writes);
}

static void add(const Program &program, const LoadWeights &load,
                Footprint &print) {
  addRun(Memory::WeightSram, load.sourceAddress,
         program.getTileBytes(load.tile), print.reads);
  print.writes.emplace_back(kShadow, 0);
}

static void add(const Program &program, const StreamTile &stream,
                Footprint &print) {
  Band band = clampBand(stream.band, stream.window);
  for (int64_t channel = 0; channel < stream.window.channels; ++channel)
    addWindow(stream.data, stream.window, band, channel, print.reads);
  for (int64_t row = 0; row < program.getTileRows(stream.tile); ++row)
    addBand(stream.accumulators, band, row, print.writes);
  print.reads.emplace_back(kShadow, 0);
}

static void add(const Program &, const VectorPass &pass, Footprint &print) {
  Band band = clampBand(pass.band, pass.window);
  for (int64_t channel = pass.channel; channel < pass.channel + pass.channels;
       ++channel) {
    for (const View &view : pass.inputs)
      if (&view == &pass.inputs.front() && pass.reduction != Reduction::None)
        addWindow(view, pass.window, band, channel, print.reads);
      else
        addBand(view, band, channel, print.reads);
    addBand(pass.output, band, channel, print.writes);
  }
}

/// All that loops meet of an operand.
static void addOperand(llvm::ArrayRef<int64_t> extents,
                       const NestOperand &operand, Bytes &bytes) {
  int64_t steps = llvm::product_of(extents);
  for (int64_t step = 0; step < steps; ++step) {
    int64_t address = operand.address, rest = step;
    for (size_t i = extents.size(); i-- > 0; rest /= extents[i])
      address += rest % extents[i] * operand.pitches[i];
    addRun(operand.memory, address, getBytes(operand.type), bytes);
  }
}

static void add(const Program &, const NestPass &nest, Footprint &print) {
  for (const NestOperand &input : nest.inputs)
    addOperand(nest.extents, input, print.reads);
  addOperand(nest.extents, nest.output, print.writes);
}

static void add(const Program &, const BlockPass &pass, Footprint &print) {
  for (const BlockPassOperand *operand : {&pass.held, &pass.passing}) {
    addOperand(pass.extents, operand->values, print.reads);
    addRun(operand == &pass.held ? Memory::WeightSram : Memory::DataSram,
           operand->blockAddress, operand->blockBytes, print.writes);
  }
  if (pass.counter)
    addOperand(pass.extents, *pass.counter, print.reads);
  addOperand(pass.extents, pass.sums, print.writes);
}

//===----------------------------------------------------------------------===//
// Events
//===----------------------------------------------------------------------===//

void Reference::addQueueEdges(unsigned index) {
  auto queue = static_cast<unsigned>(program.instructions[index].getQueue());
  int64_t previous = last[queue];
  last[queue] = index;
  bool isStream = queue == static_cast<unsigned>(Queue::Array);
  if (previous < 0)
    return;
  addEdge(previous, isStream ? Start : End, index, Start);
}

/// Edges must be added in time order: those of a moment after those of the
/// moments before it.
void Reference::addEvents(unsigned index) {
  auto array = static_cast<unsigned>(Queue::Array);
  int64_t previousStream = last[array];
  addQueueEdges(index);
  for (Token token : program.instructions[index].after)
    addEdge(token.instruction, token.swapped ? Swap : End, index, Start);
  addEdge(index, Start, index, Swap);
  bool isStream = last[array] == index;
  if (isStream && previousStream >= 0)
    addEdge(previousStream, Swap, index, Swap);
  addEdge(index, Swap, index, End);
  if (isStream && previousStream >= 0)
    addEdge(previousStream, End, index, End);
}

Reference::Reference(const Program &program)
    : program(program),
      before(program.instructions.size() * kNumMoments,
             llvm::BitVector(program.instructions.size() * kNumMoments)),
      footprints(program.instructions.size()) {
  for (unsigned i = 0; i < program.instructions.size(); ++i) {
    addEvents(i);
    std::visit(
        [&](const auto &payload) { add(program, payload, footprints[i]); },
        program.instructions[i].payload);
    for (Bytes *bytes : {&footprints[i].reads, &footprints[i].writes}) {
      llvm::sort(*bytes);
      bytes->erase(llvm::unique(*bytes), bytes->end());
    }
  }
}

static bool intersects(const Bytes &a, const Bytes &b, bool isShadow) {
  for (auto i = a.begin(), j = b.begin(); i != a.end() && j != b.end();)
    if (*i < *j)
      ++i;
    else if (*j < *i)
      ++j;
    else if (((i++)->first == kShadow) == isShadow)
      return true;
  return false;
}

/// A stream reads its shadow registers at the latest at its swap, and its bytes
/// until its end.
bool Reference::isOrdered(unsigned earlier, unsigned later) const {
  const llvm::BitVector &known = before[later * kNumMoments + Start];
  if (known.test(earlier * kNumMoments + End))
    return true;
  const Footprint &a = footprints[earlier], &b = footprints[later];
  auto conflictsIn = [&](bool isShadow) {
    return intersects(a.writes, b.writes, isShadow) ||
           intersects(a.writes, b.reads, isShadow) ||
           intersects(a.reads, b.writes, isShadow);
  };
  bool isStream = program.instructions[earlier].getQueue() == Queue::Array;
  bool isSwapped = isStream && known.test(earlier * kNumMoments + Swap);
  return !conflictsIn(false) && (isSwapped || !conflictsIn(true));
}

bool Reference::hasUnordered() const {
  for (unsigned later = 0; later < footprints.size(); ++later)
    for (unsigned earlier = 0; earlier < later; ++earlier)
      if (program.instructions[earlier].getQueue() !=
              program.instructions[later].getQueue() &&
          !isOrdered(earlier, later))
        return true;
  return false;
}

bool sim::hasUnorderedAccesses(const Program &program) {
  return Reference(program).hasUnordered();
}
