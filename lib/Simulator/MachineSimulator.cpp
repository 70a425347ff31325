//===- MachineSimulator.cpp - The machine-level simulator -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Executes a verified program instruction by instruction.
//
//===----------------------------------------------------------------------===//

#include "MachineState.h"
#include "colonnade/Simulator/ProgramVerifier.h"
#include "colonnade/Simulator/Simulator.h"
#include "llvm/Support/FormatVariadic.h"
#include <map>

using namespace colonnade;
using namespace colonnade::sim;

namespace {
class MachineSimulator : public Simulator {
public:
  MachineSimulator(Program program, ProgramTiming timing);

  llvm::Error run(llvm::ArrayRef<uint8_t> input,
                  llvm::MutableArrayRef<uint8_t> output) override;
  const Program &getProgram() const override { return program; }
  const ProgramTiming &getTiming() const override { return timing; }

private:
  void sizeMemories();
  void prepareTiles();
  llvm::Error execute(unsigned index);
  void copy(const DmaCopy &copy);

  Program program;
  ProgramTiming timing;
  MachineState state;
  std::vector<TermLookupTable> tables;
  std::vector<PreparedTile> tiles;
  /// Prepared tile of each StreamTile instruction.
  std::vector<unsigned> tileOf;
  std::vector<int16_t> scratch;
};
} // namespace

MachineSimulator::MachineSimulator(Program source, ProgramTiming times)
    : program(std::move(source)), timing(std::move(times)) {
  sizeMemories();
  prepareTiles();
  for (const TermTable &table : program.termTables)
    tables.push_back(makeTermLookupTable(table.terms, table.digits));
  for (const ConstantBytes &constant : program.constants)
    llvm::copy(constant.bytes, state.get(Memory::Dram, constant.address));
}

/// Verified addresses are inside; memories are as large as the largest one used.
void MachineSimulator::sizeMemories() {
  std::array<int64_t, 4> sizes = {};
  auto include = [&](Memory memory, int64_t end) {
    int64_t &size = sizes[static_cast<unsigned>(memory)];
    size = std::max(size, end);
  };
  auto includeHost = [&](const HostTensor &tensor) {
    int64_t bytes = tensor.elementBytes;
    for (int64_t extent : tensor.shape)
      bytes *= extent;
    include(Memory::Dram, tensor.address + bytes);
  };
  includeHost(program.input);
  includeHost(program.output);
  for (const ConstantBytes &constant : program.constants)
    include(Memory::Dram,
            constant.address + static_cast<int64_t>(constant.bytes.size()));
  for (const Instruction &instruction : program.instructions)
    for (const MemoryAccess &access : getAccesses(program, instruction))
      include(access.memory, access.end);
  for (unsigned i = 0; i < sizes.size(); ++i)
    state.memories[i].assign(sizes[i], 0);
}

void MachineSimulator::prepareTiles() {
  std::map<std::tuple<unsigned, int64_t, int64_t>, unsigned> known;
  tileOf.assign(program.instructions.size(), 0);
  for (auto [i, instruction] : llvm::enumerate(program.instructions)) {
    const auto *stream = std::get_if<StreamTile>(&instruction.payload);
    if (!stream)
      continue;
    const WeightTile &tile = stream->tile;
    auto [it, isNew] = known.try_emplace(
        {tile.weights, tile.row, tile.column}, tiles.size());
    if (isNew)
      tiles.push_back(prepareTile(program, tile));
    tileOf[i] = it->second;
  }
}

void MachineSimulator::copy(const DmaCopy &copy) {
  for (int64_t i = 0; i < copy.counts[0]; ++i)
    for (int64_t j = 0; j < copy.counts[1]; ++j)
      std::memcpy(state.get(copy.destinationMemory,
                            copy.destinationAddress +
                                i * copy.destinationPitch[0] +
                                j * copy.destinationPitch[1]),
                  state.get(copy.sourceMemory, copy.sourceAddress +
                                                   i * copy.sourcePitch[0] +
                                                   j * copy.sourcePitch[1]),
                  copy.counts[2]);
}

/// Weight tiles need no bytes: verification has shown that each stream meets
/// the tile it names.
llvm::Error MachineSimulator::execute(unsigned index) {
  const Payload &payload = program.instructions[index].payload;
  if (const auto *dma = std::get_if<DmaCopy>(&payload))
    copy(*dma);
  else if (const auto *stream = std::get_if<StreamTile>(&payload))
    runStream(state, *stream, tiles[tileOf[index]], scratch);
  else if (const auto *pass = std::get_if<VectorPass>(&payload))
    return runVectorPass(state, *pass, tables);
  return llvm::Error::success();
}

llvm::Error MachineSimulator::run(llvm::ArrayRef<uint8_t> input,
                                  llvm::MutableArrayRef<uint8_t> output) {
  llvm::copy(input, state.get(Memory::Dram, program.input.address));
  for (unsigned i = 0; i < program.instructions.size(); ++i)
    if (llvm::Error error = execute(i)) {
      const Layer &layer = program.layers[program.instructions[i].layer];
      return llvm::createStringError(
          llvm::formatv("{0}: layer '{1}': {2}", layer.location, layer.name,
                        llvm::toString(std::move(error)))
              .str());
    }
  const uint8_t *result = state.get(Memory::Dram, program.output.address);
  std::copy(result, result + output.size(), output.begin());
  return llvm::Error::success();
}

static std::string describe(const Program &program,
                            const Violation &violation) {
  if (violation.instruction == kWholeProgram)
    return llvm::formatv("program '{0}': {1}", program.name,
                         violation.message);
  const Layer &layer =
      program.layers[program.instructions[violation.instruction].layer];
  return llvm::formatv("{0}: layer '{1}': instruction {2} {3}", layer.location,
                       layer.name, violation.instruction, violation.message);
}

llvm::Expected<std::unique_ptr<Simulator>> Simulator::create(Program program) {
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
  return std::make_unique<MachineSimulator>(std::move(program),
                                            std::move(*timing));
}
