//===- Lifetimes.cpp - How long tensors are needed ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one instruction writes is a value: it is written when the instruction
// starts and needed until its last reader ends. A walk in program order finds
// each reader's values, byte by byte; values of one buffer whose times overlap
// are a tensor.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Lifetimes.h"
#include "ByteMap.h"
#include "HostMemory.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <numeric>

using namespace colonnade;
using namespace colonnade::sim;

llvm::StringRef sim::stringify(TrafficKind kind) {
  static constexpr llvm::StringLiteral kNames[kNumTrafficKinds] = {
      "state",       "data",     "results",  "constants",
      "activations", "backward", "transient"};
  return kNames[static_cast<unsigned>(kind)];
}

int64_t Lifetimes::getDramBytes() const {
  return std::accumulate(dramReads.begin(), dramReads.end(), int64_t(0)) +
         std::accumulate(dramWrites.begin(), dramWrites.end(), int64_t(0));
}

int64_t Lifetimes::getPeakBytes(Memory memory) const {
  // What ends at a moment makes place for what begins then.
  std::vector<std::pair<int64_t, int64_t>> changes;
  for (const TensorLifetime &tensor : tensors)
    if (tensor.memory == memory) {
      changes.push_back({tensor.firstWrite, tensor.getBytes()});
      changes.push_back({tensor.lastUse, -tensor.getBytes()});
    }
  llvm::sort(changes);
  int64_t bytes = 0, peak = 0;
  for (auto [cycle, change] : changes)
    peak = std::max(peak, bytes += change);
  return peak;
}

//===----------------------------------------------------------------------===//
// Rows
//===----------------------------------------------------------------------===//

int64_t
sim::countRefreshes(llvm::ArrayRef<RowUse> uses, int64_t retentionCycles,
                    llvm::function_ref<void(size_t, int64_t)> attribute) {
  std::vector<size_t> order(uses.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::stable_sort(
      order, [&](size_t a, size_t b) { return uses[a].write < uses[b].write; });
  int64_t total = 0;
  std::optional<size_t> longest;
  for (auto [i, use] : llvm::enumerate(order)) {
    if (!longest || uses[use].lastUse > uses[*longest].lastUse)
      longest = use;
    int64_t until = uses[*longest].lastUse;
    if (i + 1 < order.size())
      until = std::min(until, uses[order[i + 1]].write);
    int64_t refreshes =
        std::max<int64_t>(0, until - uses[use].write) / retentionCycles;
    if (refreshes == 0)
      continue;
    total += refreshes;
    attribute(*longest, refreshes);
  }
  return total;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

namespace {

/// What one instruction writes in one memory.
struct Value {
  Memory memory = Memory::DataSram;
  ByteRange bounds;
  std::optional<ByteRange> buffer;
  int64_t write = 0, lastUse = 0;
  unsigned writer = 0, user = 0;
  bool isUsedInBackward = false;
  /// Moved to DRAM by the writer and from it by the readers.
  int64_t dramWritten = 0, dramRead = 0;

  ByteRange getBuffer() const { return buffer.value_or(bounds); }
};

struct DramRegion {
  ByteRange bytes;
  TrafficKind kind;
};

class LifetimeFinder {
public:
  LifetimeFinder(const Program &program, const ProgramTiming &timing)
      : program(program), timing(timing) {}
  Lifetimes run();

private:
  void collectRegions();
  void findBackward();
  const DramRegion *findRegion(const MemoryAccess &access) const;
  void visit(unsigned index, const MemoryAccess &access);
  void read(unsigned index, const MemoryAccess &access);
  void write(unsigned index, const MemoryAccess &access);
  void addRows(const MemoryAccess &access);
  int64_t getMovedBytes(unsigned index) const;

  void classifyTraffic();
  std::vector<size_t> groupValues();
  void countRows(llvm::ArrayRef<size_t> tensorOfValue);

  const Program &program;
  const ProgramTiming &timing;
  Lifetimes result;
  /// Regions of DRAM that the host fills or empties.
  std::vector<DramRegion> regions;
  /// First instruction of the backward pass.
  unsigned backward = ~0u;
  std::vector<Value> values;
  /// Of the data memory and DRAM; history.writer is an index into `values`.
  std::array<ByteMap, 4> memories;
  /// The values that are written to each row of embedded DRAM.
  std::vector<std::vector<size_t>> rows;
};

} // namespace

void LifetimeFinder::collectRegions() {
  auto isState = [](const HostTensor &tensor,
                    llvm::ArrayRef<HostTensor> others) {
    return !tensor.name.empty() &&
           llvm::any_of(others, [&](const HostTensor &other) {
             return other.name == tensor.name;
           });
  };
  auto add = [&](const HostRegion &region, TrafficKind kind) {
    regions.push_back({{region.begin, region.end}, kind});
  };
  for (const HostTensor &input : program.inputs)
    add(getHostRegion(input, "input"), isState(input, program.outputs)
                                           ? TrafficKind::State
                                           : TrafficKind::Data);
  for (const HostTensor &output : program.outputs)
    add(getHostRegion(output, "output"), isState(output, program.inputs)
                                             ? TrafficKind::State
                                             : TrafficKind::Results);
  for (const ConstantBytes &constant : program.constants)
    add(getConstantRegion(constant), TrafficKind::Constants);
}

/// Whether a part of a step is of its backward pass (Training/StepRoles).
/// Updates are not: a learning rate is computed before everything else.
static bool isBackward(llvm::StringRef role) {
  return role == "backward" || role == "dA" || role == "dW";
}

void LifetimeFinder::findBackward() {
  auto first =
      llvm::find_if(program.instructions, [&](const Instruction &instruction) {
        return isBackward(program.layers[instruction.layer].role);
      });
  if (first != program.instructions.end())
    backward = first - program.instructions.begin();
}

const DramRegion *LifetimeFinder::findRegion(const MemoryAccess &access) const {
  if (access.memory != Memory::Dram)
    return nullptr;
  auto found = llvm::find_if(regions, [&](const DramRegion &region) {
    return intersect(region.bytes, access.getBounds());
  });
  return found == regions.end() ? nullptr : &*found;
}

int64_t LifetimeFinder::getMovedBytes(unsigned index) const {
  const Instruction &instruction = program.instructions[index];
  return instruction.getQueue() == Queue::Dma
             ? getDmaBytes(program, instruction.payload)
             : 0;
}

void LifetimeFinder::read(unsigned index, const MemoryAccess &access) {
  const DramRegion *region = findRegion(access);
  int64_t moved = access.memory == Memory::Dram ? getMovedBytes(index) : 0;
  if (region)
    result.dramReads[static_cast<unsigned>(region->kind)] += moved;
  ByteMap &map = memories[static_cast<unsigned>(access.memory)];
  for (ByteRange run : access.runs)
    map.visit(run, [&](ByteRange, ByteHistory &history) {
      if (history.writer < 0)
        return;
      Value &value = values[history.writer];
      if (timing.instructions[index].end >= value.lastUse) {
        value.lastUse = timing.instructions[index].end;
        value.user = index;
      }
      value.isUsedInBackward |= index >= backward;
      if (!value.buffer)
        value.buffer = access.buffer;
      // All that one copy moves is made for the same purpose.
      if (!region)
        value.dramRead += std::exchange(moved, 0);
    });
}

void LifetimeFinder::addRows(const MemoryAccess &access) {
  int64_t rowBytes = program.machine.dataEdram->rowBytes;
  for (ByteRange run : access.runs)
    for (int64_t row = run.begin / rowBytes; row * rowBytes < run.end; ++row) {
      if (row >= static_cast<int64_t>(rows.size()))
        rows.resize(row + 1);
      if (rows[row].empty() || rows[row].back() != values.size() - 1)
        rows[row].push_back(values.size() - 1);
    }
}

void LifetimeFinder::write(unsigned index, const MemoryAccess &access) {
  int64_t moved = access.memory == Memory::Dram ? getMovedBytes(index) : 0;
  if (const DramRegion *region = findRegion(access)) {
    result.dramWrites[static_cast<unsigned>(region->kind)] += moved;
    return;
  }
  const InstructionTimes &times = timing.instructions[index];
  Value value;
  value.memory = access.memory;
  value.bounds = access.getBounds();
  value.buffer = access.buffer;
  value.write = times.start;
  value.lastUse = times.end;
  value.writer = value.user = index;
  value.dramWritten = moved;
  ByteHistory history;
  history.writer = values.size();
  values.push_back(value);
  for (ByteRange run : access.runs)
    memories[static_cast<unsigned>(access.memory)].assign(run, history);
  if (access.memory == Memory::DataSram && program.machine.dataEdram)
    addRows(access);
}

void LifetimeFinder::visit(unsigned index, const MemoryAccess &access) {
  if (access.memory != Memory::DataSram && access.memory != Memory::Dram)
    return;
  if (access.isWrite)
    write(index, access);
  else
    read(index, access);
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

/// Packed weights are not among the accesses: what they take is left over.
void LifetimeFinder::classifyTraffic() {
  for (const Instruction &instruction : program.instructions) {
    const auto *dma = std::get_if<DmaWeights>(&instruction.payload);
    if (dma && !dma->source)
      result.dramReads[static_cast<unsigned>(TrafficKind::Constants)] +=
          getDmaBytes(program, instruction.payload);
  }
  for (const Value &value : values) {
    TrafficKind kind = value.writer >= backward ? TrafficKind::Backward
                       : value.isUsedInBackward ? TrafficKind::Activations
                                                : TrafficKind::Transient;
    result.dramReads[static_cast<unsigned>(kind)] += value.dramRead;
    result.dramWrites[static_cast<unsigned>(kind)] += value.dramWritten;
  }
}

/// Makes tensors of the values; the tensor of each value.
std::vector<size_t> LifetimeFinder::groupValues() {
  auto getKey = [&](size_t i) {
    ByteRange buffer = values[i].getBuffer();
    return std::tuple(values[i].memory, buffer.begin, buffer.end);
  };
  std::vector<size_t> order(values.size()), tensorOfValue(values.size());
  std::iota(order.begin(), order.end(), 0);
  llvm::stable_sort(order, [&](size_t a, size_t b) {
    return std::tuple(getKey(a), values[a].write) <
           std::tuple(getKey(b), values[b].write);
  });
  std::optional<size_t> previous;
  for (size_t i : order) {
    const Value &value = values[i];
    std::vector<TensorLifetime> &tensors = result.tensors;
    bool continues = previous && getKey(*previous) == getKey(i) &&
                     value.write < tensors.back().lastUse;
    if (!continues)
      tensors.push_back({value.memory, value.getBuffer(), value.write,
                         value.lastUse, value.writer, value.user});
    TensorLifetime &tensor = tensors.back();
    if (value.lastUse > tensor.lastUse) {
      tensor.lastUse = value.lastUse;
      tensor.user = value.user;
    }
    tensorOfValue[i] = tensors.size() - 1;
    previous = i;
  }
  return tensorOfValue;
}

void LifetimeFinder::countRows(llvm::ArrayRef<size_t> tensorOfValue) {
  result.layerRefreshes.resize(program.layers.size());
  std::vector<RowUse> uses;
  for (llvm::ArrayRef<size_t> row : rows) {
    uses.clear();
    for (size_t value : row)
      uses.push_back({values[value].write, values[value].lastUse});
    result.refreshes += countRefreshes(
        uses, program.machine.dataEdram->retentionCycles,
        [&](size_t use, int64_t refreshes) {
          const Value &value = values[row[use]];
          result.tensors[tensorOfValue[row[use]]].refreshes += refreshes;
          result.layerRefreshes[program.instructions[value.writer].layer] +=
              refreshes;
        });
  }
}

Lifetimes LifetimeFinder::run() {
  collectRegions();
  findBackward();
  for (unsigned i = 0; i < program.instructions.size(); ++i) {
    llvm::SmallVector<MemoryAccess, 6> accesses =
        getAccesses(program, program.instructions[i]);
    // An instruction may write over what it reads.
    std::stable_partition(
        accesses.begin(), accesses.end(),
        [](const MemoryAccess &access) { return !access.isWrite; });
    for (const MemoryAccess &access : accesses)
      visit(i, access);
  }
  classifyTraffic();
  countRows(groupValues());
  llvm::stable_sort(result.tensors,
                    [](const TensorLifetime &a, const TensorLifetime &b) {
                      return std::tie(a.firstWrite, a.memory, a.bytes.begin) <
                             std::tie(b.firstWrite, b.memory, b.bytes.begin);
                    });
  return std::move(result);
}

Lifetimes sim::computeLifetimes(const Program &program,
                                const ProgramTiming &timing) {
  return LifetimeFinder(program, timing).run();
}
