//===- BlockExport.cpp - Products of blocks as instructions -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of the exporter that turns a `systolic.block_pass` into a BlockPass:
// conversions become formats and roundings, positions become pitches.
//
//===----------------------------------------------------------------------===//

#include "Exporter.h"
#include "colonnade/Dialect/Systolic/IR/BlockPasses.h"
#include "colonnade/Dialect/Systolic/IR/LinearMap.h"
#include "colonnade/Simulator/BlockPasses.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

/// The row-major position of the chunk's first value, and how it changes.
static void setPositions(sim::BlockPassOperand &operand, AffineMap map,
                         ArrayRef<int64_t> position) {
  LinearForm form = *getLinearForm(map.getResult(0), position.size());
  operand.position = form.offset;
  for (auto [index, pitch] : llvm::zip_equal(position, form.coefficients))
    operand.position += index * pitch;
  operand.positionPitches = form.coefficients;
}

/// Tiles that the array works on; none for what verification will refuse.
static int64_t countTiles(const sim::MachineDescription &machine,
                          const sim::BlockPass &pass) {
  llvm::Expected<sim::BlockSchedule> schedule =
      sim::scheduleBlockPass(machine, pass);
  if (!schedule) {
    llvm::consumeError(schedule.takeError());
    return 0;
  }
  bool isMoving = pass.dataflow == sim::BlockDataflow::OutputStationary;
  return llvm::count_if(schedule->runs, [&](const sim::BlockRun &run) {
    return isMoving || run.loads();
  });
}

void Exporter::visitBlocks(BlockPassOp pass) {
  SmallVector<int64_t> position = getIndices(pass.getPosition());
  sim::BlockPass payload;
  payload.dataflow = getSimulatedDataflow(pass.getDataflow());
  for (auto [i, extent] : llvm::enumerate(pass.getExtents()))
    payload.extents.push_back(
        std::min(pass.getChunk()[i], extent - position[i]));
  payload.reductionLoops = pass.getReductionLoops();
  auto fill = [&](unsigned number, Value buffer, Value blocks,
                  ConversionAttr conversion, sim::BlockPassOperand &operand) {
    operand.values = getNestOperand(
        buffer, cast<StridesAttr>(pass.getStrides()[number]), position);
    operand.format = conversion.getFormat();
    operand.rounder = conversion.getRounder();
    setPositions(operand,
                 cast<AffineMapAttr>(pass.getPositions()[number]).getValue(),
                 position);
    std::tie(operand.blockAddress, operand.blockBytes) = buffers.lookup(blocks);
  };
  fill(0, pass.getHeld(), pass.getHeldBlocks(), pass.getHeldConversion(),
       payload.held);
  fill(1, pass.getPassing(), pass.getPassingBlocks(),
       pass.getPassingConversion(), payload.passing);
  payload.sums =
      getNestOperand(pass.getAccumulators(),
                     cast<StridesAttr>(pass.getStrides()[2]), position);
  payload.sums.address += index(pass.getOffset());
  if (Value counter = pass.getCounter()) {
    SmallVector<int64_t> pitches(position.size(), 0);
    payload.counter = getNestOperand(
        counter,
        StridesAttr::get(pass.getContext(),
                         IntegerType::get(pass.getContext(), 64),
                         pass.getCounterOffset(), pitches, /*chunked=*/false),
        position);
  }
  int64_t macs = llvm::product_of(payload.extents);
  int64_t tiles = countTiles(result.program.machine, payload);
  unsigned instruction =
      append(pass, pass.getLayer(), std::move(payload), pass.getAfter());
  tokens[pass] = sim::Token{instruction};
  sim::Layer &layer =
      result.program.layers[result.program.instructions.back().layer];
  layer.denseMacs += macs;
  layer.effectiveMacs += macs;
  layer.tiles += tiles;
  layer.tilesBeforeCombining += tiles;
}
