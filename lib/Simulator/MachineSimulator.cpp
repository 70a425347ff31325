//===- MachineSimulator.cpp - The machine-level simulator -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Streams computed by the integer kernels, on tiles prepared once.
//
//===----------------------------------------------------------------------===//

#include "BlockConverter.h"
#include "ProgramSimulator.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include <map>
#include <tuple>

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class MachineSimulator final : public ProgramSimulator {
public:
  MachineSimulator(Program program, ProgramTiming timing, CountedRuns counted);

private:
  llvm::Error stream(unsigned index, const StreamTile &stream) override;
  llvm::Error multiply(unsigned index, const BlockPass &pass) override;

  std::vector<PreparedTile> tiles;
  /// Prepared tile of each StreamTile instruction of stored weights.
  std::vector<unsigned> tileOf;
  /// Work of each data value, indexed by value + 128.
  std::array<int64_t, 256> dataWork;
  std::vector<int8_t> data;
  std::vector<int16_t> operands;
  std::vector<int32_t> sums;
};

} // namespace

MachineSimulator::MachineSimulator(Program source, ProgramTiming times,
                                   CountedRuns counted)
    : ProgramSimulator(std::move(source), std::move(times), counted) {
  for (int value = -128; value < 128; ++value)
    dataWork[value + 128] = program.machine.cell->getDataWork(value);
  std::map<std::tuple<unsigned, int64_t, int64_t, int64_t>, unsigned> known;
  tileOf.resize(program.instructions.size());
  for (auto [i, instruction] : llvm::enumerate(program.instructions)) {
    const auto *stream = std::get_if<StreamTile>(&instruction.payload);
    if (!stream || program.weights[stream->tile.weights].isRunTime)
      continue;
    const WeightTile &tile = stream->tile;
    auto [it, isNew] = known.try_emplace(
        {tile.weights, tile.block, tile.row, tile.column}, tiles.size());
    if (isNew)
      tiles.push_back(prepareTile(program, tile));
    tileOf[i] = it->second;
  }
}

/// Verification has shown that the last tile loaded is the stream's.
llvm::Error MachineSimulator::stream(unsigned index, const StreamTile &stream) {
  bool isRunTime = program.weights[stream.tile.weights].isRunTime;
  PreparedTile loaded;
  if (isRunTime)
    loaded = prepareTile(program, stream.tile, loadedTile);
  const PreparedTile &tile = isRunTime ? loaded : tiles[tileOf[index]];
  int64_t positions = getPositions(stream.band, stream.window);
  gatherData(state, stream, tile.columns, data);
  if (isCounting())
    addWork(program.instructions[index].layer,
            countWork(tile, data, positions, dataWork));
  sim::multiply(tile, data, positions, operands, sums);
  return storeSums(state, stream, tile.rows, sums);
}

llvm::Error MachineSimulator::multiply(unsigned index, const BlockPass &pass) {
  BlockConverter converter(state, pass);
  std::vector<float> products;
  for (int64_t group = 0; group < converter.getNumGroups(); ++group) {
    BlockMatrix held = converter.convertHeld(group, 1);
    BlockMatrix passing = converter.convertPassing(group, 1);
    products.resize(held.getNumLines() * passing.getNumLines());
    multiplyBlocks(held, passing, products);
    converter.store(group, products, passing.getNumLines());
  }
  if (isCounting())
    addWork(program.instructions[index].layer,
            llvm::cantFail(scheduleBlockPass(program.machine, pass))
                .events.busyCellCycles);
  return llvm::Error::success();
}

std::unique_ptr<Simulator> sim::createMachineSimulator(Program program,
                                                       ProgramTiming timing,
                                                       CountedRuns counted) {
  return std::make_unique<MachineSimulator>(std::move(program),
                                            std::move(timing), counted);
}
