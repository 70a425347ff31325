//===- InstructionExport.cpp - Queue entries as instructions ----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of the exporter that turns entries of the four queues into
// instructions: indices become addresses, layouts become views.
//
//===----------------------------------------------------------------------===//

#include "CopyLoops.h"
#include "Exporter.h"
#include "colonnade/Simulator/InstructionCosts.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

static sim::Memory getMemory(Value buffer) {
  return static_cast<sim::Memory>(
      cast<BufferType>(buffer.getType()).getMemory());
}

sim::WeightTile Exporter::getTile(Value packed, ValueRange tile) {
  return {weights.lookup(packed), index(tile[0]), index(tile[1]),
          index(tile[2])};
}

sim::Band Exporter::getBand(ValueRange position, ArrayRef<int64_t> sizes) {
  return {index(position[0]), index(position[1]), sizes[0], sizes[1]};
}

sim::View Exporter::getView(Value buffer, LayoutAttr layout, int64_t offset,
                            const sim::Band &band, const sim::Window *window) {
  auto [address, bytes] = buffers.lookup(buffer);
  sim::View view;
  view.memory = getMemory(buffer);
  view.address = address + layout.getOffset() + offset;
  view.type = layout.getScalarType();
  view.channelPitch = layout.getPitches()[0];
  view.rowPitch = layout.getPitches()[1];
  view.columnPitch = layout.getPitches()[2];
  view.bufferAddress = address;
  view.bufferBytes = bytes;
  if (layout.getBanded()) {
    view.originRow = band.row;
    view.originColumn = band.column;
    if (window) {
      view.originRow = band.row * window->strideHeight - window->padTop;
      view.originColumn = band.column * window->strideWidth - window->padLeft;
    }
  }
  return view;
}

int64_t Exporter::getAddress(Value buffer, StridesAttr strides,
                             ArrayRef<int64_t> position) const {
  int64_t address = buffers.lookup(buffer).first + strides.getOffset();
  if (!strides.getChunked())
    for (auto [index, pitch] : llvm::zip(position, strides.getPitches()))
      address += index * pitch;
  return address;
}

sim::NestOperand Exporter::getNestOperand(Value buffer, StridesAttr strides,
                                          ArrayRef<int64_t> position) const {
  sim::NestOperand operand;
  operand.memory = getMemory(buffer);
  operand.address = getAddress(buffer, strides, position);
  operand.type = *getScalarType(strides.getElementType());
  operand.pitches.assign(strides.getPitches().begin(),
                         strides.getPitches().end());
  std::tie(operand.bufferAddress, operand.bufferBytes) = buffers.lookup(buffer);
  return operand;
}

sim::ByteRange Exporter::getBufferRange(Value buffer) const {
  auto [address, bytes] = buffers.lookup(buffer);
  return {address, address + bytes};
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

/// Innermost loops over consecutive bytes become the run.
static void setLoops(sim::DmaCopy &payload, SmallVectorImpl<CopyLoop> &loops) {
  coalesce(loops);
  bool hasRun = !loops.empty() && loops.back().sourcePitch == 1 &&
                loops.back().destinationPitch == 1;
  payload.runBytes = hasRun ? loops.pop_back_val().count : 1;
  for (const CopyLoop &loop : loops) {
    payload.counts.push_back(loop.count);
    payload.sourcePitches.push_back(loop.sourcePitch);
    payload.destinationPitches.push_back(loop.destinationPitch);
  }
}

void Exporter::visitCopy(DmaCopyOp copy) {
  sim::Window window = copy.getWindow().getWindow();
  sim::Band band = getBand(copy.getPosition(), copy.getBand());
  sim::Band region = sim::getInputRegion(window, band);
  auto getOffset = [&](ValueRange offset) {
    return offset.empty() ? 0 : index(offset.front());
  };
  sim::View source = getView(copy.getSource(), copy.getSourceLayout(),
                             getOffset(copy.getSourceOffset()), band, &window);
  sim::View destination =
      getView(copy.getDestination(), copy.getDestinationLayout(),
              getOffset(copy.getDestinationOffset()), band, &window);
  int64_t channel = index(copy.getChannel());
  int64_t channels =
      std::min<int64_t>(copy.getChannels(), window.channels - channel);
  auto address = [&](const sim::View &view) {
    return view.address + (region.row - view.originRow) * view.rowPitch +
           (region.column - view.originColumn) * view.columnPitch;
  };
  sim::DmaCopy payload;
  payload.sourceMemory = source.memory;
  payload.destinationMemory = destination.memory;
  payload.sourceBuffer = getBufferRange(copy.getSource());
  payload.destinationBuffer = getBufferRange(copy.getDestination());
  // A tile's channels go to the start of the destination.
  payload.sourceAddress = address(source) + channel * source.channelPitch;
  payload.destinationAddress = address(destination);
  SmallVector<CopyLoop> loops = {
      {channels, source.channelPitch, destination.channelPitch},
      {region.height, source.rowPitch, destination.rowPitch},
      {region.width, source.columnPitch, destination.columnPitch},
      {sim::getBytes(source.type), 1, 1}};
  setLoops(payload, loops);
  tokens[copy] =
      sim::Token{append(copy, copy.getLayer(), payload, copy.getAfter())};
}

void Exporter::visitBox(DmaBoxOp box) {
  SmallVector<int64_t> position = getIndices(box.getPosition());
  StridesAttr source = box.getSourceStrides();
  StridesAttr destination = box.getDestinationStrides();
  sim::DmaCopy payload;
  payload.sourceMemory = getMemory(box.getSource());
  payload.destinationMemory = getMemory(box.getDestination());
  payload.sourceBuffer = getBufferRange(box.getSource());
  payload.destinationBuffer = getBufferRange(box.getDestination());
  payload.sourceAddress = getAddress(box.getSource(), source, position);
  payload.destinationAddress =
      getAddress(box.getDestination(), destination, position);
  SmallVector<CopyLoop> loops;
  for (auto [d, size] : llvm::enumerate(box.getBox()))
    loops.push_back({std::min(size, box.getExtents()[d] - position[d]),
                     source.getPitches()[d], destination.getPitches()[d]});
  loops.push_back(
      {sim::getBytes(*getScalarType(source.getElementType())), 1, 1});
  setLoops(payload, loops);
  tokens[box] =
      sim::Token{append(box, box.getLayer(), payload, box.getAfter())};
}

void Exporter::visitWeights(DmaWeightsOp dma) {
  sim::DmaWeights payload;
  payload.tile = getTile(dma.getWeights(), dma.getTile());
  payload.destinationAddress =
      buffers.lookup(dma.getDestination()).first + index(dma.getOffset());
  if (Value source = dma.getSource()) {
    auto [address, bytes] = buffers.lookup(source);
    StridesAttr strides = *dma.getSourceStrides();
    ArrayRef<int64_t> pitches = strides.getPitches();
    payload.source = sim::RunTimeMatrix{getMemory(source),
                                        address + strides.getOffset(),
                                        pitches[0],
                                        pitches[1],
                                        pitches[2],
                                        address,
                                        bytes};
  }
  tokens[dma] =
      sim::Token{append(dma, dma.getLayer(), payload, dma.getAfter())};
}

static int64_t countTilesOf(const sim::PackedWeights &weights, int64_t columns,
                            const sim::MachineDescription &machine) {
  return weights.blocks * llvm::divideCeil(weights.rows, machine.rows) *
         llvm::divideCeil(columns, machine.columns);
}

/// Sizes of a contraction, for reports.
static void countWork(sim::Layer &layer, const sim::PackedWeights &weights,
                      const sim::Window &window,
                      const sim::MachineDescription &machine) {
  int64_t positions = window.outHeight * window.outWidth;
  int64_t values = weights.blocks * weights.rows * weights.matrixColumns;
  int64_t nonzeros =
      weights.values.size() - llvm::count(weights.values, int8_t(0));
  layer.denseMacs = values * positions;
  layer.effectiveMacs = (weights.isRunTime ? values : nonzeros) * positions;
  layer.tiles = countTilesOf(weights, weights.arrayColumns, machine);
  layer.tilesBeforeCombining = countTilesOf(
      weights, llvm::divideCeil(weights.matrixColumns, weights.depth), machine);
}

void Exporter::visitStream(StreamOp stream) {
  sim::Program &program = result.program;
  sim::StreamTile payload;
  payload.tile = getTile(stream.getWeights(), stream.getTile());
  payload.window = stream.getWindow().getWindow();
  payload.band = getBand(stream.getPosition(), stream.getBand());
  payload.data =
      getView(stream.getData(), stream.getDataLayout(),
              index(stream.getDataOffset()), payload.band, &payload.window);
  payload.accumulators =
      getView(stream.getAccumulators(), stream.getAccumulatorLayout(),
              index(stream.getOffset()), payload.band, nullptr);
  payload.accumulate = payload.tile.column != 0;
  payload.stepCycles = stream.getStepCycles();
  sim::PackedWeights &packed = program.weights[payload.tile.weights];
  packed.promises.dataTerms = stream.getDataTerms();
  unsigned instruction =
      append(stream, stream.getLayer(), payload, stream.getAfter());
  tokens[stream.getDone()] = sim::Token{instruction};
  tokens[stream.getSwapped()] = sim::Token{instruction, /*swapped=*/true};
  sim::Layer &layer = program.layers[program.instructions.back().layer];
  if (layer.tiles == 0)
    countWork(layer, packed, payload.window, program.machine);
}

void Exporter::visitVector(VectorPassOp pass) {
  sim::VectorPass payload;
  payload.channel = index(pass.getChannel());
  payload.window = pass.getWindow().getWindow();
  payload.channels = std::min<int64_t>(
      pass.getChannels(), payload.window.channels - payload.channel);
  payload.band = getBand(pass.getPosition(), pass.getBand());
  payload.reduction = static_cast<sim::Reduction>(pass.getReduction());
  for (auto [i, buffer] : llvm::enumerate(pass.getInputs())) {
    auto layout = cast<LayoutAttr>(pass.getInputLayouts()[i]);
    int64_t offset = index(pass.getOffsets()[i]);
    sim::View view = getView(buffer, layout, offset, payload.band,
                             i == 0 ? &payload.window : nullptr);
    // Channel numbers are absolute in a view, tile buffers start at channel 0.
    if (pass.getPerTile()[i])
      view.address -= payload.channel * view.channelPitch;
    payload.inputs.push_back(view);
  }
  payload.output =
      getView(pass.getOutput(), pass.getOutputLayout(),
              index(pass.getOutputOffset()), payload.band, nullptr);
  payload.body = getScalarBody(pass);
  tokens[pass] = sim::Token{
      append(pass, pass.getLayer(), std::move(payload), pass.getAfter())};
}

void Exporter::visitNest(NestPassOp pass) {
  SmallVector<int64_t> position = getIndices(pass.getPosition());
  sim::NestPass payload;
  for (auto [i, extent] : llvm::enumerate(pass.getExtents()))
    payload.extents.push_back(
        std::min(pass.getChunk()[i], extent - position[i]));
  payload.reductionLoops = pass.getReductionLoops();
  for (auto [buffer, strides] : llvm::zip(
           pass.getInputs(), pass.getInputStrides().getAsRange<StridesAttr>()))
    payload.inputs.push_back(getNestOperand(buffer, strides, position));
  payload.output =
      getNestOperand(pass.getOutput(), pass.getOutputStrides(), position);
  if (TypedAttr initial = pass.getInitialAttr())
    payload.initial = getImmediate(initial);
  payload.body = getScalarBody(pass);
  tokens[pass] = sim::Token{
      append(pass, pass.getLayer(), std::move(payload), pass.getAfter())};
}
