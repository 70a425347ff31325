//===- Activity.cpp - What the machine did and what it cost ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Counts every instruction of a program once.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Activity.h"
#include "colonnade/Simulator/BlockPasses.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "colonnade/Simulator/Lifetimes.h"
#include "llvm/Support/MathExtras.h"
#include <set>
#include <tuple>

using namespace colonnade;
using namespace colonnade::sim;

double LayerActivity::getUtilization() const {
  return offeredSlots ? usefulWork / offeredSlots : 0;
}

double LayerActivity::getCellUtilization() const {
  return cells ? static_cast<double>(nonzeroCells) / cells : 0;
}

namespace {

class ActivityCounter {
public:
  explicit ActivityCounter(const Program &program)
      : program(program), streams(program) {}
  Activity run();

private:
  void count(const DmaCopy &copy);
  void count(const DmaWeights &dma);
  void count(const LoadWeights &load);
  void count(const StreamTile &stream);
  void count(const VectorPass &pass);
  void count(const NestPass &nest);
  void count(const BlockPass &pass);
  void countTile(const WeightTile &tile);
  void countCells(const BlockSchedule &schedule, const BlockRun &run);

  void addBytes(Memory memory, int64_t bytes) {
    layer->memoryBytes[static_cast<unsigned>(memory)] += bytes;
  }

  /// The operations of a body on so many elements.
  void addBody(const ScalarBody &body, int64_t elements) {
    BodySlots slots = countSlots(body, program.machine);
    layer->vectorOperations += elements * slots.integer;
    layer->vectorFloatOperations += elements * slots.real;
  }

  const Program &program;
  TileStreams streams;
  LayerActivity *layer = nullptr;
  /// Tiles seen so far: (layer, weights, block, row, column).
  std::set<std::tuple<unsigned, unsigned, int64_t, int64_t, int64_t>> tiles;
};

} // namespace

void ActivityCounter::count(const DmaCopy &copy) {
  int64_t bytes = getDmaBytes(program, copy);
  addBytes(copy.sourceMemory, bytes);
  addBytes(copy.destinationMemory, bytes);
  layer->tensorDmaBytes += bytes;
}

void ActivityCounter::count(const DmaWeights &dma) {
  int64_t bytes = program.getTileBytes(dma.tile);
  addBytes(dma.source ? dma.source->memory : Memory::Dram, bytes);
  addBytes(Memory::WeightSram, bytes);
  layer->weightDmaBytes += bytes;
}

void ActivityCounter::count(const LoadWeights &load) {
  addBytes(Memory::WeightSram, program.getTileBytes(load.tile));
}

/// Values of a cell of the tile; run-time values count as nonzero.
static int64_t countNonzeros(const PackedWeights &weights,
                             const WeightTile &tile, int64_t row,
                             int64_t column) {
  if (weights.isRunTime)
    return llvm::count_if(
        weights.getStreams(tile.block, tile.column + column, 1),
        [](int32_t matrixColumn) { return matrixColumn != -1; });
  auto cell = llvm::ArrayRef(weights.values)
                  .slice(weights.getCell(tile.block, tile.row + row,
                                         tile.column + column),
                         weights.depth);
  return weights.depth - llvm::count(cell, 0);
}

void ActivityCounter::countTile(const WeightTile &tile) {
  const MachineDescription &machine = program.machine;
  const PackedWeights &weights = program.weights[tile.weights];
  layer->cells += machine.rows * machine.columns;
  layer->slots += machine.rows * machine.columns * machine.cell->getDepth();
  for (int64_t row = 0; row < program.getTileRows(tile); ++row)
    for (int64_t column = 0; column < program.getTileColumns(tile); ++column) {
      int64_t nonzeros = countNonzeros(weights, tile, row, column);
      layer->nonzeroCells += nonzeros != 0;
      layer->nonzeroValues += nonzeros;
    }
}

void ActivityCounter::count(const StreamTile &stream) {
  const MachineDescription &machine = program.machine;
  const PackedWeights &weights = program.weights[stream.tile.weights];
  int64_t rows = program.getTileRows(stream.tile);
  int64_t columns = program.getTileColumns(stream.tile);
  int64_t vectors = getPositions(stream.band, stream.window);
  llvm::ArrayRef<int32_t> entries =
      weights.getStreams(stream.tile.block, stream.tile.column, columns);
  int64_t members = entries.size() - llvm::count(entries, -1);
  layer->offeredSlots +=
      stream.stepCycles * vectors * machine.rows * machine.columns;
  layer->registerHops += (members + machine.columns) * rows * vectors;
  int64_t reads = streams.get(stream.tile).size();
  addBytes(stream.data.memory, reads * vectors);
  int64_t accesses = stream.accumulate ? 2 : 1;
  addBytes(Memory::Accumulators,
           accesses * rows * vectors * int64_t(sizeof(int32_t)));
}

void ActivityCounter::count(const VectorPass &pass) {
  int64_t elements = getVectorElements(pass);
  int64_t taps = getWindowTaps(pass);
  for (auto [index, view] : llvm::enumerate(pass.inputs)) {
    bool isPerChannel = view.rowPitch == 0 && view.columnPitch == 0;
    int64_t reads = isPerChannel ? pass.channels : elements;
    addBytes(view.memory, reads * getBytes(view.type) * (index ? 1 : taps));
  }
  addBytes(pass.output.memory, elements * getBytes(pass.output.type));
  int64_t reductionSteps = pass.reduction == Reduction::None ? 0 : taps;
  layer->vectorOperations += elements * reductionSteps;
  addBody(pass.body, elements);
}

void ActivityCounter::count(const NestPass &nest) {
  for (const NestOperand &input : nest.inputs)
    addBytes(input.memory, countTransfers(nest, input) * getBytes(input.type));
  addBytes(nest.output.memory, getOutputs(nest) * getBytes(nest.output.type));
  addBody(nest.body, getOutputs(nest) * getReductionSteps(nest));
  // Sums of blocks have to leave the accumulators anyway.
  if (isCopy(nest) && nest.inputs.front().memory != Memory::Accumulators)
    layer->copiedBytes += getOutputs(nest) * getBytes(nest.output.type);
}

/// Cells that hold a block while a tile is in the array, or a sum of their own.
/// Short blocks count as whole.
void ActivityCounter::countCells(const BlockSchedule &schedule,
                                 const BlockRun &run) {
  const MachineDescription &machine = program.machine;
  bool isMoving = schedule.gemm.dataflow == BlockDataflow::OutputStationary;
  if (!isMoving && !run.loads())
    return;
  int64_t used = run.lines * (isMoving ? run.vectors : run.blocks);
  layer->cells += machine.rows * machine.columns;
  layer->nonzeroCells += used;
  layer->slots += machine.rows * machine.columns * machine.cell->getDepth();
  layer->nonzeroValues += used * machine.cell->getDepth();
}

/// The converter reads values and writes blocks; the array does the rest.
void ActivityCounter::count(const BlockPass &pass) {
  const MachineDescription &machine = program.machine;
  const BlockCell &cell = *machine.cell->getBlockCell();
  BlockSchedule schedule = llvm::cantFail(scheduleBlockPass(machine, pass));
  const BlockEvents &events = schedule.events;
  layer->offeredSlots += schedule.cycles * machine.rows * machine.columns;
  layer->usefulWork += static_cast<double>(events.busyCellCycles);
  layer->chunkProducts += events.chunkProducts;
  layer->blockSums += events.blockSums;
  layer->convertedValues += events.converterValues;
  layer->registerHops += llvm::divideCeil(events.registerBits, 8);
  for (const BlockRun &run : schedule.runs)
    countCells(schedule, run);
  addBytes(Memory::DataSram,
           events.converterValues * getBytes(ScalarType::F32) +
               getBlockBytes(pass, pass.passing, cell) +
               llvm::divideCeil(events.dataSramBits, 8));
  addBytes(Memory::WeightSram, getBlockBytes(pass, pass.held, cell) +
                                   llvm::divideCeil(events.weightSramBits, 8));
  addBytes(Memory::Accumulators, events.accumulatorBytes);
}

static void add(LayerActivity &sum, const LayerActivity &layer) {
  sum.usefulWork += layer.usefulWork;
  sum.offeredSlots += layer.offeredSlots;
  sum.registerHops += layer.registerHops;
  for (unsigned i = 0; i < sum.memoryBytes.size(); ++i)
    sum.memoryBytes[i] += layer.memoryBytes[i];
  sum.vectorOperations += layer.vectorOperations;
  sum.vectorFloatOperations += layer.vectorFloatOperations;
  sum.tensorDmaBytes += layer.tensorDmaBytes;
  sum.weightDmaBytes += layer.weightDmaBytes;
  sum.copiedBytes += layer.copiedBytes;
  sum.chunkProducts += layer.chunkProducts;
  sum.blockSums += layer.blockSums;
  sum.convertedValues += layer.convertedValues;
  sum.refreshedRows += layer.refreshedRows;
  sum.nonzeroCells += layer.nonzeroCells;
  sum.cells += layer.cells;
  sum.nonzeroValues += layer.nonzeroValues;
  sum.slots += layer.slots;
}

Activity ActivityCounter::run() {
  Activity activity;
  activity.layers.resize(program.layers.size());
  for (const Instruction &instruction : program.instructions) {
    layer = &activity.layers[instruction.layer];
    std::visit([&](const auto &payload) { count(payload); },
               instruction.payload);
    const auto *stream = std::get_if<StreamTile>(&instruction.payload);
    if (stream &&
        tiles
            .emplace(instruction.layer, stream->tile.weights,
                     stream->tile.block, stream->tile.row, stream->tile.column)
            .second)
      countTile(stream->tile);
  }
  for (const LayerActivity &figures : activity.layers)
    add(activity.total, figures);
  return activity;
}

Activity sim::countActivity(const Program &program) {
  return ActivityCounter(program).run();
}

Activity sim::countActivity(const Program &program,
                            const ProgramTiming &timing) {
  Activity activity = countActivity(program);
  if (!program.machine.dataEdram)
    return activity;
  Lifetimes lifetimes = computeLifetimes(program, timing);
  for (auto [layer, refreshes] :
       llvm::zip_equal(activity.layers, lifetimes.layerRefreshes))
    layer.refreshedRows = refreshes;
  activity.total.refreshedRows = lifetimes.refreshes;
  return activity;
}

double sim::getLeakageEnergy(const MachineDescription &machine,
                             int64_t cycles) {
  // Microwatts times microseconds are picojoules.
  return machine.leakageMicrowatts * static_cast<double>(cycles) /
         machine.clockMegahertz;
}

std::map<std::string, double>
sim::getEnergy(const LayerActivity &activity,
               const MachineDescription &machine) {
  // A cell's useful cycle is as many products as a block has values.
  bool isOfBlocks = machine.cell->getBlockCell() != nullptr;
  std::map<std::string, double> energy = {
      {machine.cell->getWorkEvent().str(),
       isOfBlocks ? static_cast<double>(activity.chunkProducts)
                  : activity.usefulWork},
      {"register_hop", activity.registerHops},
      {"weight_sram_byte", activity.getBytes(Memory::WeightSram)},
      {machine.dataEdram ? "edram_byte" : "data_sram_byte",
       activity.getBytes(Memory::DataSram)},
      {"accumulator_byte", activity.getBytes(Memory::Accumulators)},
      {"dram_byte", activity.getBytes(Memory::Dram)},
      {"vector_op", activity.vectorOperations},
      {"vector_float_op", activity.vectorFloatOperations},
      {"idle_cell_cycle", activity.getIdleCellCycles()}};
  if (machine.dataEdram)
    energy["edram_refresh_row"] = static_cast<double>(activity.refreshedRows);
  if (isOfBlocks) {
    energy["block_sum"] = static_cast<double>(activity.blockSums);
    energy["converter_value"] = static_cast<double>(activity.convertedValues);
  }
  for (auto &[event, value] : energy) {
    auto price = machine.energy.find(event);
    value *= price == machine.energy.end() ? 0 : price->second;
  }
  return energy;
}

double sim::getTotalEnergy(const LayerActivity &activity,
                           const MachineDescription &machine) {
  double total = 0;
  for (const auto &[event, energy] : getEnergy(activity, machine))
    total += energy;
  return total;
}
