//===- ProgramSimulator.cpp - Executing a verified program ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Executes a program instruction by instruction, in program order: verification
// has shown that the queues and tokens allow no other outcome.
//
//===----------------------------------------------------------------------===//

#include "ProgramSimulator.h"
#include "HostMemory.h"
#include "MemoryAccesses.h"
#include "RunTimeWeights.h"
#include "StridedLoops.h"
#include "colonnade/Simulator/ProgramVerifier.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::sim;

ProgramSimulator::ProgramSimulator(Program source, ProgramTiming times,
                                   CountedRuns counted)
    : program(std::move(source)), timing(std::move(times)), counted(counted),
      activity(countActivity(program, timing)),
      layerWork(program.layers.size()) {
  sizeMemories();
  for (const TermTable &table : program.termTables)
    tables.push_back(makeTermLookupTable(table.terms, table.digits));
  for (const ConstantBytes &constant : program.constants)
    llvm::copy(constant.bytes, state.get(Memory::Dram, constant.address));
}

/// Verified addresses are inside; memories are as large as the largest one
/// used.
void ProgramSimulator::sizeMemories() {
  std::array<int64_t, 4> sizes = {};
  auto include = [&](Memory memory, int64_t end) {
    int64_t &size = sizes[static_cast<unsigned>(memory)];
    size = std::max(size, end);
  };
  for (const std::vector<HostTensor> *tensors :
       {&program.inputs, &program.outputs})
    for (const HostTensor &tensor : *tensors)
      include(Memory::Dram, tensor.address + getHostBytes(tensor));
  for (const ConstantBytes &constant : program.constants)
    include(Memory::Dram,
            constant.address + static_cast<int64_t>(constant.bytes.size()));
  for (const Instruction &instruction : program.instructions)
    for (const MemoryAccess &access : getAccesses(program, instruction))
      include(access.memory, access.getBounds().end);
  for (unsigned i = 0; i < sizes.size(); ++i)
    state.memories[i].assign(sizes[i], 0);
}

bool ProgramSimulator::isCounting() const {
  return counted == CountedRuns::All ||
         (counted == CountedRuns::First && runs == 0);
}

void ProgramSimulator::copy(const DmaCopy &copy) {
  StridedLoops loops;
  for (auto [count, source, destination] : llvm::zip_equal(
           copy.counts, copy.sourcePitches, copy.destinationPitches))
    loops.push_back({count, {source, destination}});
  LoopCounter counter(loops, {copy.sourceAddress, copy.destinationAddress});
  do
    std::memmove(state.get(copy.destinationMemory, counter.getOffsets()[1]),
                 state.get(copy.sourceMemory, counter.getOffsets()[0]),
                 copy.runBytes);
  while (counter.advance());
}

/// Tiles of stored weights need no bytes: verification has shown that each
/// stream meets the tile it names.
llvm::Error ProgramSimulator::execute(unsigned index) {
  const Payload &payload = program.instructions[index].payload;
  const auto *load = std::get_if<LoadWeights>(&payload);
  if (load && program.weights[load->tile.weights].isRunTime)
    if (llvm::Error error = readTile(state, program, *load, loadedTile))
      return error;
  if (const auto *tile = std::get_if<StreamTile>(&payload))
    return stream(index, *tile);
  if (const auto *pass = std::get_if<BlockPass>(&payload))
    return multiply(index, *pass);
  if (llvm::Error error = observe(index))
    return error;
  if (const auto *pass = std::get_if<VectorPass>(&payload))
    return runVectorPass(state, *pass, tables, scratch);
  if (const auto *nest = std::get_if<NestPass>(&payload))
    return runNest(state, *nest, tables, scratch);
  if (const auto *dma = std::get_if<DmaCopy>(&payload))
    copy(*dma);
  if (const auto *dma = std::get_if<DmaWeights>(&payload); dma && dma->source)
    gatherTile(state, program, *dma);
  return llvm::Error::success();
}

llvm::Error ProgramSimulator::runInstructions() {
  for (unsigned i = 0; i < program.instructions.size(); ++i)
    if (llvm::Error error = execute(i)) {
      const Layer &layer = program.layers[program.instructions[i].layer];
      return llvm::createStringError(
          llvm::formatv("{0}: layer '{1}': {2}", layer.location, layer.name,
                        llvm::toString(std::move(error)))
              .str());
    }
  return llvm::Error::success();
}

void ProgramSimulator::updateActivity() {
  ++activity.images;
  activity.total.usefulWork = 0;
  for (auto [layer, work] : llvm::zip_equal(activity.layers, layerWork)) {
    layer.usefulWork = static_cast<double>(work) / activity.images;
    activity.total.usefulWork += layer.usefulWork;
  }
}

/// Whether the host gives as many buffers as there are tensors, of their sizes.
template <typename Bytes>
static llvm::Error checkBuffers(const Program &program, llvm::StringRef kind,
                                llvm::ArrayRef<HostTensor> tensors,
                                llvm::ArrayRef<Bytes> buffers) {
  if (tensors.size() != buffers.size())
    return llvm::createStringError(
        llvm::formatv("program '{0}': expected {1} {2} buffers, got {3}",
                      program.name, tensors.size(), kind, buffers.size())
            .str());
  for (auto [tensor, buffer] : llvm::zip_equal(tensors, buffers))
    if (static_cast<int64_t>(buffer.size()) != getHostBytes(tensor))
      return llvm::createStringError(
          llvm::formatv("program '{0}': expected {1} bytes for {2}, got {3}",
                        program.name, getHostBytes(tensor),
                        getHostRegion(tensor, kind).name, buffer.size())
              .str());
  return llvm::Error::success();
}

llvm::Error
ProgramSimulator::run(llvm::ArrayRef<llvm::ArrayRef<uint8_t>> inputs,
                      llvm::ArrayRef<llvm::MutableArrayRef<uint8_t>> outputs) {
  if (llvm::Error error =
          checkBuffers(program, "input", program.inputs, inputs))
    return error;
  if (llvm::Error error =
          checkBuffers(program, "output", program.outputs, outputs))
    return error;
  for (auto [tensor, bytes] : llvm::zip_equal(program.inputs, inputs))
    llvm::copy(bytes, state.get(Memory::Dram, tensor.address));
  if (llvm::Error error = beginRun())
    return error;
  if (llvm::Error error = runInstructions())
    return error;
  if (llvm::Error error = endRun())
    return error;
  if (isCounting())
    updateActivity();
  ++runs;
  for (auto [tensor, bytes] : llvm::zip_equal(program.outputs, outputs))
    std::copy_n(state.get(Memory::Dram, tensor.address), bytes.size(),
                bytes.begin());
  return llvm::Error::success();
}

static std::string describe(const Program &program,
                            const Violation &violation) {
  if (violation.instruction == kWholeProgram)
    return llvm::formatv("program '{0}': {1}", program.name, violation.message);
  const Layer &layer =
      program.layers[program.instructions[violation.instruction].layer];
  return llvm::formatv("{0}: layer '{1}': instruction {2}: {3}", layer.location,
                       layer.name, violation.instruction, violation.message);
}

llvm::Expected<std::unique_ptr<Simulator>>
Simulator::create(Program program, SimulationOptions options) {
  std::vector<Violation> violations = verifyProgram(program);
  static constexpr size_t kMostMessages = 10;
  std::string messages;
  for (const Violation &violation :
       llvm::ArrayRef(violations).take_front(kMostMessages))
    messages += (messages.empty() ? "" : "\n") + describe(program, violation);
  if (!violations.empty())
    return llvm::createStringError(messages);
  llvm::Expected<ProgramTiming> timing = computeTiming(program);
  if (!timing)
    return timing.takeError();
  switch (options.fidelity) {
  case Fidelity::Timing:
    return createTimingSimulator(std::move(program), std::move(*timing));
  case Fidelity::Machine:
    return createMachineSimulator(std::move(program), std::move(*timing),
                                  options.countedRuns);
  case Fidelity::Cell:
    return createCellSimulator(std::move(program), std::move(*timing),
                               options.countedRuns);
  }
  llvm_unreachable("unknown fidelity");
}
