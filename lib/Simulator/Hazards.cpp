//===- Hazards.cpp - Order, contents and bounds of accesses ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks a program in order and keeps, for every byte of every memory, who wrote
// and read it last.
//
//===----------------------------------------------------------------------===//

#include "AccumulatorChains.h"
#include "ByteMap.h"
#include "HostMemory.h"
#include "VectorClocks.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class HazardFinder {
public:
  HazardFinder(const Program &program, Violations &violations)
      : program(program), violations(violations), clocks(program),
        chains(program, violations) {}
  void run();

private:
  ByteMap &getMap(Memory memory) {
    return memories[static_cast<unsigned>(memory)];
  }
  const Layer &getLayer(unsigned instruction) const {
    return program.layers[program.instructions[instruction].layer];
  }
  const LoadWeights &getLoad(unsigned instruction) const {
    return std::get<LoadWeights>(program.instructions[instruction].payload);
  }
  int64_t getCapacity(Memory memory) const;
  void markHostWrites();
  void checkProtected(unsigned index, const MemoryAccess &access);

  bool checkBounds(unsigned index, const MemoryAccess &access);
  void touch(unsigned index, const MemoryAccess &access);
  bool checkPart(unsigned index, const MemoryAccess &access, ByteRange part,
                 const ByteHistory &history);
  bool checkOrder(unsigned index, const MemoryAccess &access, ByteRange part,
                  int64_t earlier, bool earlierWrites);
  bool checkWritten(unsigned index, const MemoryAccess &access, ByteRange part,
                    const ByteHistory &history);
  void recordRead(unsigned index, ByteHistory &history);
  int64_t getCommonWriter(const MemoryAccess &access);

  void checkContents(unsigned index, const MemoryAccess &access);
  void checkLoad(unsigned index, const LoadWeights &load,
                 const MemoryAccess &access);
  void checkSums(unsigned index, const MemoryAccess &access);
  void checkShadow(unsigned index);
  void checkOutput(const HostTensor &tensor);

  const Program &program;
  Violations &violations;
  VectorClocks clocks;
  AccumulatorChains chains;
  std::array<ByteMap, 4> memories;
  std::vector<HostRegion> protectedRegions;
  /// The LoadWeights whose tile waits in the shadow registers, and the stream
  /// that emptied them last.
  std::optional<unsigned> shadow, lastStream;
};

} // namespace

int64_t HazardFinder::getCapacity(Memory memory) const {
  switch (memory) {
  case Memory::Dram:
    return INT64_MAX;
  case Memory::WeightSram:
    return program.machine.weightSramBytes;
  case Memory::DataSram:
    return program.machine.dataSramBytes;
  case Memory::Accumulators:
    return program.machine.accumulatorBytes;
  }
  llvm_unreachable("unknown memory");
}

//===----------------------------------------------------------------------===//
// The host's part of DRAM
//===----------------------------------------------------------------------===//

void HazardFinder::markHostWrites() {
  ByteHistory written;
  written.isWritten = true;
  auto mark = [&](const HostRegion &region) {
    if (region.begin < region.end)
      getMap(Memory::Dram).assign({region.begin, region.end}, written);
  };
  for (const HostTensor &input : program.inputs)
    mark(getHostRegion(input, "input"));
  for (const ConstantBytes &constant : program.constants) {
    protectedRegions.push_back(getConstantRegion(constant));
    mark(protectedRegions.back());
  }
  for (unsigned i = 0; i < program.weights.size(); ++i)
    if (!program.weights[i].isRunTime)
      protectedRegions.push_back(getWeightsRegion(program, i));
}

/// Constants and weights must survive a run.
void HazardFinder::checkProtected(unsigned index, const MemoryAccess &access) {
  if (access.memory != Memory::Dram || !access.isWrite)
    return;
  ByteRange bounds = access.getBounds();
  for (const HostRegion &region : protectedRegions)
    if (bounds.begin < region.end && region.begin < bounds.end)
      violations.report(index,
                        "writes DRAM bytes [{0}, {1}), among them {2} at "
                        "[{3}, {4})",
                        bounds.begin, bounds.end, region.name, region.begin,
                        region.end);
}

void HazardFinder::checkOutput(const HostTensor &tensor) {
  HostRegion output = getHostRegion(tensor, "output");
  bool isReported = false;
  getMap(Memory::Dram)
      .visit({output.begin, output.end},
             [&](ByteRange part, ByteHistory &history) {
               if (history.isWritten || isReported)
                 return;
               isReported = true;
               violations.report(
                   kWholeProgram,
                   "bytes [{0}, {1}) of {2} at DRAM bytes [{3}, {4}) are "
                   "never written",
                   part.begin, part.end, output.name, output.begin, output.end);
             });
}

//===----------------------------------------------------------------------===//
// Single accesses
//===----------------------------------------------------------------------===//

bool HazardFinder::checkBounds(unsigned index, const MemoryAccess &access) {
  ByteRange bounds = access.getBounds();
  ByteRange memory = {0, getCapacity(access.memory)};
  if (!memory.contains(bounds)) {
    violations.report(index, "touches bytes [{0}, {1}) of {2}, which has {3}",
                      bounds.begin, bounds.end, stringify(access.memory),
                      memory.end);
    return false;
  }
  if (access.buffer && !access.buffer->contains(bounds)) {
    violations.report(
        index,
        "touches bytes [{0}, {1}) of {2} outside its buffer at [{3}, {4})",
        bounds.begin, bounds.end, stringify(access.memory),
        access.buffer->begin, access.buffer->end);
    return false;
  }
  return true;
}

bool HazardFinder::checkOrder(unsigned index, const MemoryAccess &access,
                              ByteRange part, int64_t earlier,
                              bool earlierWrites) {
  if (earlier < 0 || clocks.isOver(earlier))
    return true;
  violations.report(index,
                    "may {0} bytes [{1}, {2}) of {3} before instruction {4} "
                    "(layer '{5}') has "
                    "finished {6} them: a token is missing",
                    access.isWrite ? "write" : "read", part.begin, part.end,
                    stringify(access.memory), earlier, getLayer(earlier).name,
                    earlierWrites ? "writing" : "reading");
  return false;
}

/// Bytes that are read must have been written, and not for another purpose.
bool HazardFinder::checkWritten(unsigned index, const MemoryAccess &access,
                                ByteRange part, const ByteHistory &history) {
  if (!access.isExact)
    return true;
  if (!history.isWritten) {
    violations.report(
        index, "reads bytes [{0}, {1}) of {2}, which nothing has written",
        part.begin, part.end, stringify(access.memory));
    return false;
  }
  if (!access.buffer || !history.buffer || *access.buffer == *history.buffer)
    return true;
  violations.report(
      index,
      "reads bytes [{0}, {1}) of {2}, which instruction {3} (layer '{4}') "
      "wrote "
      "as part of the buffer at [{5}, {6}), not of its own at [{7}, {8})",
      part.begin, part.end, stringify(access.memory), history.writer,
      getLayer(history.writer).name, history.buffer->begin, history.buffer->end,
      access.buffer->begin, access.buffer->end);
  return false;
}

bool HazardFinder::checkPart(unsigned index, const MemoryAccess &access,
                             ByteRange part, const ByteHistory &history) {
  if (!checkOrder(index, access, part, history.writer, true))
    return false;
  if (!access.isWrite)
    return checkWritten(index, access, part, history);
  for (int64_t reader : history.readers)
    if (!checkOrder(index, access, part, reader, false))
      return false;
  return true;
}

void HazardFinder::recordRead(unsigned index, ByteHistory &history) {
  auto queue = static_cast<unsigned>(program.instructions[index].getQueue());
  history.readers[queue] = index;
}

/// Reports at most one violation per access.
void HazardFinder::touch(unsigned index, const MemoryAccess &access) {
  ByteMap &map = getMap(access.memory);
  ByteHistory written;
  written.writer = index;
  written.buffer = access.buffer;
  written.isWritten = true;
  bool isSound = true;
  for (ByteRange run : access.runs) {
    map.visit(run, [&](ByteRange part, ByteHistory &history) {
      isSound = isSound && checkPart(index, access, part, history);
      if (!access.isWrite)
        recordRead(index, history);
    });
    if (access.isWrite)
      map.assign(run, written);
  }
}

//===----------------------------------------------------------------------===//
// Contents of weight SRAM, shadow registers and accumulators
//===----------------------------------------------------------------------===//

/// The one instruction that wrote all of the access's bytes last; -1 when
/// there is none.
int64_t HazardFinder::getCommonWriter(const MemoryAccess &access) {
  std::optional<int64_t> writer;
  for (ByteRange run : access.runs)
    getMap(access.memory).visit(run, [&](ByteRange, ByteHistory &history) {
      writer = writer && *writer != history.writer ? -1 : history.writer;
    });
  return writer.value_or(-1);
}

void HazardFinder::checkLoad(unsigned index, const LoadWeights &load,
                             const MemoryAccess &access) {
  int64_t writer = getCommonWriter(access);
  const DmaWeights *dma =
      writer < 0
          ? nullptr
          : std::get_if<DmaWeights>(&program.instructions[writer].payload);
  if (!dma || dma->tile != load.tile ||
      dma->destinationAddress != load.sourceAddress)
    violations.report(
        index,
        "byte {0} of weight SRAM does not hold tile [{1}, {2}, {3}] of weights "
        "'{4}'",
        load.sourceAddress, load.tile.block, load.tile.row, load.tile.column,
        program.weights[load.tile.weights].name);
}

/// Sums of blocks are read as one pass has left them.
void HazardFinder::checkSums(unsigned index, const MemoryAccess &access) {
  std::optional<int64_t> pass;
  bool isMixed = false;
  for (ByteRange run : access.runs)
    getMap(access.memory).visit(run, [&](ByteRange, ByteHistory &history) {
      bool isPass = history.writer >= 0 &&
                    std::holds_alternative<BlockPass>(
                        program.instructions[history.writer].payload);
      if (isPass)
        isMixed |= pass && *pass != history.writer;
      if (isPass)
        pass = history.writer;
    });
  if (isMixed)
    violations.report(index,
                      "reads accumulators that hold sums of several passes, "
                      "the last of them instruction {0}",
                      *pass);
}

/// What an access finds, before it is recorded.
void HazardFinder::checkContents(unsigned index, const MemoryAccess &access) {
  const Payload &payload = program.instructions[index].payload;
  if (const auto *load = std::get_if<LoadWeights>(&payload))
    return checkLoad(index, *load, access);
  if (access.memory != Memory::Accumulators ||
      std::holds_alternative<BlockPass>(payload))
    return;
  if (const auto *stream = std::get_if<StreamTile>(&payload)) {
    if (stream->accumulate)
      chains.extend(index, getCommonWriter(access));
    else
      chains.begin(index);
    return;
  }
  if (!access.isWrite)
    checkSums(index, access);
  std::optional<int64_t> lastWriter;
  for (ByteRange run : access.runs)
    getMap(access.memory).visit(run, [&](ByteRange, ByteHistory &history) {
      if (history.writer != lastWriter)
        chains.read(index, history.writer);
      lastWriter = history.writer;
    });
}

void HazardFinder::checkShadow(unsigned index) {
  const Payload &payload = program.instructions[index].payload;
  if (std::holds_alternative<LoadWeights>(payload)) {
    if (shadow)
      violations.report(index,
                        "overwrites the shadow registers, where the tile of "
                        "instruction {0} waits to be swapped in",
                        *shadow);
    else if (lastStream && !clocks.isSwapped(*lastStream))
      violations.report(index,
                        "may overwrite the shadow registers before instruction "
                        "{0} (layer '{1}') has swapped them in: a token is "
                        "missing",
                        *lastStream, getLayer(*lastStream).name);
    shadow = index;
  } else if (const auto *stream = std::get_if<StreamTile>(&payload)) {
    bool isThere = shadow && getLoad(*shadow).tile == stream->tile;
    if (!isThere)
      violations.report(index,
                        "the shadow registers do not hold tile [{0}, {1}, {2}] "
                        "of weights '{3}'",
                        stream->tile.block, stream->tile.row,
                        stream->tile.column,
                        program.weights[stream->tile.weights].name);
    else if (!clocks.isOver(*shadow))
      violations.report(index,
                        "may swap in its tile before instruction {0} has "
                        "loaded it: a token is missing",
                        *shadow);
    shadow.reset();
    lastStream = index;
  }
}

void HazardFinder::run() {
  markHostWrites();
  for (unsigned i = 0; i < program.instructions.size(); ++i) {
    clocks.advance();
    checkShadow(i);
    for (const MemoryAccess &access :
         getAccesses(program, program.instructions[i])) {
      if (!checkBounds(i, access))
        continue;
      checkProtected(i, access);
      checkContents(i, access);
      touch(i, access);
    }
    if (violations.isFull())
      return;
  }
  for (const HostTensor &output : program.outputs)
    checkOutput(output);
}

void sim::checkOrder(const Program &program, Violations &violations) {
  HazardFinder(program, violations).run();
}
