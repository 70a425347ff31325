//===- Hazards.cpp - Order, contents and bounds of accesses -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Happens-before by vector clocks. Queues run in order, so one number per queue
// says how much of it is known to be over; a stream is two events, because its
// shadow registers are free long before its results are stored. Memories are
// interval maps from bytes to their last write and their last read per queue.
//
//===----------------------------------------------------------------------===//

#include "Hazards.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace colonnade;
using namespace colonnade::sim;

namespace {

/// Streams of events; the array has two.
enum Event : unsigned { DmaDone, LoadDone, SwapDone, ArrayDone, VectorDone };
constexpr unsigned kNumEvents = 5;

/// How many events of each kind are known to be over.
using Clock = std::array<int64_t, kNumEvents>;

void join(Clock &clock, const Clock &other) {
  for (unsigned i = 0; i < kNumEvents; ++i)
    clock[i] = std::max(clock[i], other[i]);
}

Event getDoneEvent(Queue queue) {
  switch (queue) {
  case Queue::Dma:
    return DmaDone;
  case Queue::WeightLoader:
    return LoadDone;
  case Queue::Array:
    return ArrayDone;
  case Queue::Vector:
    return VectorDone;
  }
  return VectorDone;
}

/// Who touched some bytes: number of its done event, and the instruction.
struct Touch {
  int64_t event = 0;
  unsigned instruction = 0;
};

struct Bytes {
  bool isWritten = false;
  Queue writer = Queue::Dma;
  Touch write;
  std::array<Touch, kNumQueues> reads;
};

/// Bytes from each key up to the next one.
using ByteMap = std::map<int64_t, Bytes>;

/// Makes `address` the start of an interval.
ByteMap::iterator splitAt(ByteMap &map, int64_t address) {
  auto it = map.lower_bound(address);
  if (it != map.end() && it->first == address)
    return it;
  Bytes bytes = it == map.begin() ? Bytes() : std::prev(it)->second;
  return map.emplace_hint(it, address, bytes);
}

bool isSameTile(const WeightTile &a, const WeightTile &b) {
  return a.weights == b.weights && a.row == b.row && a.column == b.column;
}

class HazardFinder {
public:
  explicit HazardFinder(const Program &program) : program(program) {}
  std::vector<Violation> run();

private:
  template <typename... Values>
  void report(unsigned instruction, const char *format, Values &&...values) {
    violations.push_back(
        {instruction,
         llvm::formatv(format, std::forward<Values>(values)...).str()});
  }

  void markHostWrites();
  Clock getStartClock(unsigned index) const;
  void advance(unsigned index, const Clock &start);
  bool checkBounds(unsigned index, const MemoryAccess &access);
  void touch(unsigned index, const MemoryAccess &access, const Clock &start);
  void checkOrder(unsigned index, const MemoryAccess &access, int64_t begin,
                  int64_t end, Queue other, const Touch &touch,
                  const Clock &start);
  void checkContents(unsigned index, const Clock &start);
  void checkOutput();
  int64_t getCapacity(Memory memory) const;

  const Program &program;
  std::vector<Violation> violations;
  std::array<ByteMap, 4> memories;
  /// Clocks after each instruction; for streams also at the swap.
  std::vector<Clock> doneClocks, swapClocks;
  std::array<Clock, kNumQueues> queueClocks = {};
  Clock lastSwap = {};
  Clock counts = {};
  /// Start address in weight SRAM -> tile and its size.
  std::map<int64_t, std::pair<WeightTile, int64_t>> tiles;
  std::optional<WeightTile> shadow;
  int64_t shadowLoad = 0, shadowSwap = 0;
};

} // namespace

static int64_t getHostBytes(const HostTensor &tensor) {
  int64_t bytes = tensor.elementBytes;
  for (int64_t extent : tensor.shape)
    bytes *= extent;
  return bytes;
}

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
  return 0;
}

void HazardFinder::markHostWrites() {
  auto mark = [&](int64_t begin, int64_t end) {
    ByteMap &dram = memories[static_cast<unsigned>(Memory::Dram)];
    auto last = splitAt(dram, end);
    for (auto it = splitAt(dram, begin); it != last; ++it)
      it->second.isWritten = true;
  };
  mark(program.input.address,
       program.input.address + getHostBytes(program.input));
  for (const ConstantBytes &constant : program.constants)
    mark(constant.address, constant.address + constant.bytes.size());
}

/// What is known to be over when an instruction starts.
Clock HazardFinder::getStartClock(unsigned index) const {
  const Instruction &instruction = program.instructions[index];
  bool isArray = instruction.getQueue() == Queue::Array;
  Clock clock =
      isArray ? lastSwap
              : queueClocks[static_cast<unsigned>(instruction.getQueue())];
  for (const Token &token : instruction.after)
    join(clock, token.swapped ? swapClocks[token.instruction]
                              : doneClocks[token.instruction]);
  return clock;
}

void HazardFinder::advance(unsigned index, const Clock &start) {
  Queue queue = program.instructions[index].getQueue();
  Event event = getDoneEvent(queue);
  Clock done = start;
  if (queue == Queue::Array) {
    lastSwap = start;
    lastSwap[SwapDone] = ++counts[SwapDone];
    done = lastSwap;
    join(done, queueClocks[static_cast<unsigned>(queue)]);
  }
  done[event] = ++counts[event];
  queueClocks[static_cast<unsigned>(queue)] = done;
  doneClocks.push_back(done);
  swapClocks.push_back(lastSwap);
}

bool HazardFinder::checkBounds(unsigned index, const MemoryAccess &access) {
  int64_t capacity = getCapacity(access.memory);
  if (access.begin >= 0 && access.end <= capacity)
    return true;
  report(index, "touches bytes [{0}, {1}) of {2}, which has {3}", access.begin,
         access.end, stringify(access.memory), capacity);
  return false;
}

void HazardFinder::checkOrder(unsigned index, const MemoryAccess &access,
                              int64_t begin, int64_t end, Queue other,
                              const Touch &touch, const Clock &start) {
  Queue queue = program.instructions[index].getQueue();
  if (queue == other || touch.event <= start[getDoneEvent(other)])
    return;
  unsigned layer = program.instructions[touch.instruction].layer;
  report(index,
         "{0} bytes [{1}, {2}) of {3} before instruction {4} (layer '{5}') is "
         "known to have finished with them: a token is missing",
         access.isWrite ? "may write" : "may read", std::max(begin, access.begin),
         std::min(end, access.end), stringify(access.memory),
         touch.instruction, program.layers[layer].name);
}

void HazardFinder::touch(unsigned index, const MemoryAccess &access,
                         const Clock &start) {
  if (access.begin >= access.end || !checkBounds(index, access))
    return;
  Queue queue = program.instructions[index].getQueue();
  Touch mine{counts[getDoneEvent(queue)] + 1, index};
  ByteMap &map = memories[static_cast<unsigned>(access.memory)];
  auto last = splitAt(map, access.end);
  bool isUnwritten = false;
  for (auto it = splitAt(map, access.begin); it != last; ++it) {
    Bytes &bytes = it->second;
    int64_t end = std::next(it)->first;
    size_t before = violations.size();
    if (bytes.isWritten && bytes.write.event != 0)
      checkOrder(index, access, it->first, end, bytes.writer, bytes.write,
                 start);
    if (access.isWrite)
      for (unsigned q = 0; q < kNumQueues; ++q)
        if (bytes.reads[q].event != 0)
          checkOrder(index, access, it->first, end, static_cast<Queue>(q),
                     bytes.reads[q], start);
    isUnwritten |= !access.isWrite && !bytes.isWritten;
    if (violations.size() != before)
      break;
    if (access.isWrite)
      bytes = {true, queue, mine, {}};
    else
      bytes.reads[static_cast<unsigned>(queue)] = mine;
  }
  if (isUnwritten)
    report(index, "reads bytes [{0}, {1}) of {2}, parts of which nothing has "
                  "written",
           access.begin, access.end, stringify(access.memory));
}

/// Tiles in weight SRAM and in the shadow registers.
void HazardFinder::checkContents(unsigned index, const Clock &start) {
  const Payload &payload = program.instructions[index].payload;
  if (const auto *load = std::get_if<LoadWeights>(&payload)) {
    auto it = tiles.find(load->sourceAddress);
    if (it == tiles.end() || !isSameTile(it->second.first, load->tile))
      report(index, "byte {0} of weight SRAM does not hold tile [{1}, {2}] of "
                    "weights '{3}'",
             load->sourceAddress, load->tile.row, load->tile.column,
             program.weights[load->tile.weights].name);
    if (shadow || start[SwapDone] < shadowSwap)
      report(index, "may overwrite the shadow registers before their tile is "
                    "swapped in: a token is missing");
    shadow = load->tile;
    shadowLoad = counts[LoadDone] + 1;
  } else if (const auto *stream = std::get_if<StreamTile>(&payload)) {
    if (!shadow || !isSameTile(*shadow, stream->tile))
      report(index, "the shadow registers do not hold tile [{0}, {1}] of "
                    "weights '{2}'",
             stream->tile.row, stream->tile.column,
             program.weights[stream->tile.weights].name);
    if (start[LoadDone] < shadowLoad)
      report(index, "may start before its tile is loaded: a token is missing");
    shadow.reset();
    shadowSwap = counts[SwapDone] + 1;
  }
}

void HazardFinder::checkOutput() {
  ByteMap &dram = memories[static_cast<unsigned>(Memory::Dram)];
  int64_t begin = program.output.address;
  int64_t end = begin + getHostBytes(program.output);
  auto last = splitAt(dram, end);
  for (auto it = splitAt(dram, begin); it != last; ++it)
    if (!it->second.isWritten)
      return report(kWholeProgram,
                    "bytes [{0}, {1}) of the output at DRAM bytes [{2}, {3}) "
                    "are never written",
                    it->first, std::next(it)->first, begin, end);
}

std::vector<Violation> HazardFinder::run() {
  markHostWrites();
  for (unsigned i = 0; i < program.instructions.size(); ++i) {
    const Instruction &instruction = program.instructions[i];
    Clock start = getStartClock(i);
    checkContents(i, start);
    for (const MemoryAccess &access : getAccesses(program, instruction)) {
      touch(i, access, start);
      if (access.isWrite && access.memory == Memory::WeightSram)
        for (auto it = tiles.begin(); it != tiles.end();)
          it = it->first < access.end &&
                       access.begin < it->first + it->second.second
                   ? tiles.erase(it)
                   : std::next(it);
    }
    if (const auto *dma = std::get_if<DmaWeights>(&instruction.payload))
      tiles[dma->destinationAddress] = {dma->tile,
                                        program.getTileBytes(dma->tile)};
    advance(i, start);
    if (violations.size() > 100)
      return std::move(violations);
  }
  checkOutput();
  return std::move(violations);
}

std::vector<Violation> sim::findHazards(const Program &program) {
  return HazardFinder(program).run();
}
