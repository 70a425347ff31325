//===- ProgramExport.cpp - From IR to the simulator's program -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An interpreter of program ops: it keeps the value of every index and token
// and appends one instruction per queue entry it meets.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Target/ProgramExport.h"
#include "CopyLoops.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "colonnade/Simulator/ProgramVerifier.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

static sim::Memory getMemory(Value buffer) {
  return static_cast<sim::Memory>(
      cast<BufferType>(buffer.getType()).getMemory());
}

static std::string getLocationText(Location loc) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (auto file = loc->findInstanceOf<FileLineColLoc>())
    stream << file.getFilename().getValue() << ":" << file.getLine() << ":"
           << file.getColumn();
  else
    loc.print(stream);
  return text;
}

namespace {
class Exporter {
public:
  explicit Exporter(ProgramOp op) : op(op) {}
  FailureOr<ExportedProgram> run();

private:
  LogicalResult visitBlock(Block &block);
  LogicalResult visit(Operation *operation);
  LogicalResult visitLoop(scf::ForOp loop);
  LogicalResult visitApply(affine::AffineApplyOp apply);
  void visitHost(sim::HostTensor &host, int64_t address, Type type,
                 double scale, Value result);
  void visitConstants(ConstantsOp constants);
  void visitCopy(DmaCopyOp copy);
  void visitStream(StreamOp stream);
  LogicalResult visitVector(VectorPassOp pass);

  unsigned append(Operation *origin, StringRef layer, sim::Payload payload,
                  ValueRange after);
  unsigned getLayer(StringRef name, Operation *origin);
  sim::WeightTile getTile(Value weights, ValueRange tile);
  sim::View getView(Value buffer, LayoutAttr layout, int64_t offset,
                    const sim::Band &band, const sim::Window *window);
  sim::Band getBand(ValueRange position, ArrayRef<int64_t> sizes);
  LogicalResult exportBody(VectorPassOp pass, sim::ScalarBody &body);
  unsigned getTermTable(EncodeTermsOp encode);

  int64_t index(Value value) const { return indices.lookup(value); }

  ProgramOp op;
  ExportedProgram result;
  DenseMap<Value, int64_t> indices;
  DenseMap<Value, std::optional<sim::Token>> tokens;
  DenseMap<Value, std::pair<int64_t, int64_t>> buffers;
  DenseMap<Value, unsigned> weights;
  llvm::StringMap<unsigned> layers;
};
} // namespace

static constexpr size_t kMostInstructions = 100000000;

FailureOr<ExportedProgram> Exporter::run() {
  sim::Program &program = result.program;
  program.name = op.getSymName().str();
  program.machine = op.getTarget().getMachineDescription();
  program.targetHash = op.getTargetHash().str();
  if (failed(visitBlock(op.getBody().front())))
    return failure();
  return std::move(result);
}

LogicalResult Exporter::visitBlock(Block &block) {
  for (Operation &operation : block)
    if (failed(visit(&operation)))
      return failure();
  return success();
}

LogicalResult Exporter::visit(Operation *operation) {
  sim::Program &program = result.program;
  return llvm::TypeSwitch<Operation *, LogicalResult>(operation)
      .Case([&](arith::ConstantOp constant) {
        if (auto value = dyn_cast<IntegerAttr>(constant.getValue()))
          indices[constant] = value.getInt();
        return success();
      })
      .Case([&](scf::ForOp loop) { return visitLoop(loop); })
      .Case([&](scf::YieldOp) { return success(); })
      .Case([&](affine::AffineApplyOp apply) { return visitApply(apply); })
      .Case([&](HostInputOp host) {
        visitHost(program.input, host.getAddress(), host.getTensor(),
                  host.getScale().convertToDouble(), host);
        return success();
      })
      .Case([&](HostOutputOp host) {
        visitHost(program.output, host.getAddress(), host.getTensor(),
                  host.getScale().convertToDouble(), host);
        return success();
      })
      .Case([&](BufferOp buffer) {
        buffers[buffer] = {buffer.getAddress(), buffer.getSize()};
        return success();
      })
      .Case([&](ConstantsOp constants) {
        visitConstants(constants);
        return success();
      })
      .Case([&](WeightsOp packed) {
        weights[packed] = program.weights.size();
        program.weights.push_back(packed.getPackedWeights());
        return success();
      })
      .Case([&](ReadyOp ready) {
        tokens[ready] = std::nullopt;
        return success();
      })
      .Case([&](DmaCopyOp copy) {
        visitCopy(copy);
        return success();
      })
      .Case([&](DmaWeightsOp dma) {
        int64_t address =
            buffers.lookup(dma.getDestination()).first + index(dma.getOffset());
        sim::DmaWeights payload{getTile(dma.getWeights(), dma.getTile()),
                                address};
        tokens[dma] =
            sim::Token{append(dma, dma.getLayer(), payload, dma.getAfter())};
        return success();
      })
      .Case([&](LoadWeightsOp load) {
        int64_t address =
            buffers.lookup(load.getSource()).first + index(load.getOffset());
        sim::LoadWeights payload{getTile(load.getWeights(), load.getTile()),
                                 address};
        tokens[load] =
            sim::Token{append(load, load.getLayer(), payload, load.getAfter())};
        return success();
      })
      .Case([&](StreamOp stream) {
        visitStream(stream);
        return success();
      })
      .Case([&](VectorPassOp pass) { return visitVector(pass); })
      .Default([](Operation *other) {
        return other->emitOpError() << "cannot be exported";
      });
}

LogicalResult Exporter::visitLoop(scf::ForOp loop) {
  int64_t low = index(loop.getLowerBound());
  int64_t high = index(loop.getUpperBound());
  int64_t step = index(loop.getStep());
  if (step < 1)
    return loop.emitOpError() << "expected a step of at least 1, got " << step;
  SmallVector<std::optional<sim::Token>> carried;
  for (Value init : loop.getInitArgs())
    carried.push_back(tokens.lookup(init));
  for (int64_t i = low; i < high; i += step) {
    indices[loop.getInductionVar()] = i;
    for (auto [argument, token] : llvm::zip(loop.getRegionIterArgs(), carried))
      tokens[argument] = token;
    if (failed(visitBlock(*loop.getBody())))
      return failure();
    if (result.program.instructions.size() > kMostInstructions)
      return loop.emitOpError() << "makes the program longer than "
                                << kMostInstructions << " instructions";
    for (auto [token, value] :
         llvm::zip(carried, loop.getBody()->getTerminator()->getOperands()))
      token = tokens.lookup(value);
  }
  for (auto [value, token] : llvm::zip(loop.getResults(), carried))
    tokens[value] = token;
  return success();
}

LogicalResult Exporter::visitApply(affine::AffineApplyOp apply) {
  SmallVector<Attribute> operands, results;
  Builder builder(apply.getContext());
  for (Value operand : apply.getMapOperands())
    operands.push_back(builder.getIndexAttr(index(operand)));
  if (failed(apply.getAffineMap().constantFold(operands, results)))
    return apply.emitOpError() << "has no constant value";
  indices[apply] = cast<IntegerAttr>(results.front()).getInt();
  return success();
}

void Exporter::visitHost(sim::HostTensor &host, int64_t address, Type type,
                         double scale, Value value) {
  auto tensor = cast<RankedTensorType>(type);
  host.shape.assign(tensor.getShape().begin(), tensor.getShape().end());
  host.elementBytes = tensor.getElementTypeBitWidth() / 8;
  host.scale = scale;
  host.address = address;
  buffers[value] = {address, tensor.getNumElements() * host.elementBytes};
}

void Exporter::visitConstants(ConstantsOp constants) {
  sim::ConstantBytes bytes;
  bytes.name = constants.getName().str();
  bytes.address = constants.getAddress();
  auto values = cast<DenseIntElementsAttr>(constants.getValues());
  for (int8_t value : values.getValues<int8_t>())
    bytes.bytes.push_back(static_cast<uint8_t>(value));
  buffers[constants] = {bytes.address,
                        static_cast<int64_t>(bytes.bytes.size())};
  result.program.constants.push_back(std::move(bytes));
}

//===----------------------------------------------------------------------===//
// Parts of instructions
//===----------------------------------------------------------------------===//

unsigned Exporter::getLayer(StringRef name, Operation *origin) {
  auto [it, isNew] = layers.try_emplace(name, result.program.layers.size());
  if (isNew) {
    sim::Layer layer;
    layer.name = name.str();
    layer.location = getLocationText(origin->getLoc());
    result.program.layers.push_back(std::move(layer));
  }
  return it->second;
}

unsigned Exporter::append(Operation *origin, StringRef layer,
                          sim::Payload payload, ValueRange after) {
  sim::Instruction instruction;
  instruction.payload = std::move(payload);
  instruction.layer = getLayer(layer, origin);
  for (Value value : after)
    if (std::optional<sim::Token> token = tokens.lookup(value))
      instruction.after.push_back(*token);
  result.program.instructions.push_back(std::move(instruction));
  result.origins.push_back(origin);
  return result.program.instructions.size() - 1;
}

sim::WeightTile Exporter::getTile(Value packed, ValueRange tile) {
  return {weights.lookup(packed), index(tile[0]), index(tile[1])};
}

sim::Band Exporter::getBand(ValueRange position, ArrayRef<int64_t> sizes) {
  return {index(position[0]), index(position[1]), sizes[0], sizes[1]};
}

/// `window` is given for the tensor that the window slides over.
sim::View Exporter::getView(Value buffer, LayoutAttr layout, int64_t offset,
                            const sim::Band &band, const sim::Window *window) {
  auto [address, bytes] = buffers.lookup(buffer);
  sim::View view;
  view.memory = getMemory(buffer);
  view.address = address + offset;
  view.elementBytes = layout.getElementBytes();
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

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

void Exporter::visitCopy(DmaCopyOp copy) {
  sim::Window window = copy.getWindow().getWindow();
  sim::Band band = getBand(copy.getPosition(), copy.getBand());
  sim::Band region = sim::getInputRegion(window, band);
  int64_t offset = copy.getDestinationOffset().empty()
                       ? 0
                       : index(copy.getDestinationOffset().front());
  sim::View source =
      getView(copy.getSource(), copy.getSourceLayout(), 0, band, &window);
  sim::View destination =
      getView(copy.getDestination(), copy.getDestinationLayout(), offset, band,
              &window);
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
  // A tile's channels go to the start of the destination.
  payload.sourceAddress = address(source) + channel * source.channelPitch;
  payload.destinationAddress = address(destination);
  SmallVector<CopyLoop> loops = {
      {channels, source.channelPitch, destination.channelPitch},
      {region.height, source.rowPitch, destination.rowPitch},
      {region.width, source.columnPitch, destination.columnPitch},
      {source.elementBytes, 1, 1}};
  coalesce(loops);
  bool hasRun = !loops.empty() && loops.back().sourcePitch == 1 &&
                loops.back().destinationPitch == 1;
  payload.counts[2] = hasRun ? loops.pop_back_val().count : 1;
  for (unsigned i = 0; i < 2 && !loops.empty(); ++i) {
    CopyLoop loop = loops.pop_back_val();
    payload.counts[1 - i] = loop.count;
    payload.sourcePitch[1 - i] = loop.sourcePitch;
    payload.destinationPitch[1 - i] = loop.destinationPitch;
  }
  tokens[copy] =
      sim::Token{append(copy, copy.getLayer(), payload, copy.getAfter())};
}

static int64_t countTilesOf(int64_t rows, int64_t columns,
                            const sim::MachineDescription &machine) {
  return llvm::divideCeil(rows, machine.rows) *
         llvm::divideCeil(columns, machine.columns);
}

void Exporter::visitStream(StreamOp stream) {
  sim::Program &program = result.program;
  sim::StreamTile payload;
  payload.tile = getTile(stream.getWeights(), stream.getTile());
  payload.window = stream.getWindow().getWindow();
  payload.band = getBand(stream.getPosition(), stream.getBand());
  payload.data = getView(stream.getData(), stream.getDataLayout(), 0,
                         payload.band, &payload.window);
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
  if (layer.tiles != 0)
    return;
  int64_t positions = payload.window.outHeight * payload.window.outWidth;
  layer.denseMacs = packed.rows * packed.matrixColumns * positions;
  int64_t zeros = llvm::count(packed.values, int8_t(0));
  layer.effectiveMacs =
      (static_cast<int64_t>(packed.values.size()) - zeros) * positions;
  layer.tiles = countTilesOf(packed.rows, packed.arrayColumns, program.machine);
  layer.tilesBeforeCombining = countTilesOf(
      packed.rows, llvm::divideCeil(packed.matrixColumns, packed.depth),
      program.machine);
}

LogicalResult Exporter::visitVector(VectorPassOp pass) {
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
  payload.output = getView(pass.getOutput(), pass.getOutputLayout(), 0,
                           payload.band, nullptr);
  if (failed(exportBody(pass, payload.body)))
    return failure();
  tokens[pass] = sim::Token{
      append(pass, pass.getLayer(), std::move(payload), pass.getAfter())};
  return success();
}

//===----------------------------------------------------------------------===//
// Scalar bodies
//===----------------------------------------------------------------------===//

unsigned Exporter::getTermTable(EncodeTermsOp encode) {
  DigitSet digits = *symbolizeDigitSet(encode.getDigits());
  int64_t terms = encode.getTerms();
  auto &tables = result.program.termTables;
  for (auto [i, table] : llvm::enumerate(tables))
    if (table.digits == digits && table.terms == terms)
      return i;
  tables.push_back({digits, terms});
  return tables.size() - 1;
}

static sim::ScalarOpcode getOpcode(Operation &scalar) {
  return llvm::TypeSwitch<Operation *, sim::ScalarOpcode>(&scalar)
      .Case([](arith::ConstantOp) { return sim::ScalarOpcode::Constant; })
      .Case([](arith::ExtSIOp) { return sim::ScalarOpcode::ExtendSign; })
      .Case([](arith::TruncIOp) { return sim::ScalarOpcode::Truncate; })
      .Case([](arith::AddIOp) { return sim::ScalarOpcode::Add; })
      .Case([](arith::SubIOp) { return sim::ScalarOpcode::Subtract; })
      .Case([](arith::MulIOp) { return sim::ScalarOpcode::Multiply; })
      .Case([](arith::MaxSIOp) { return sim::ScalarOpcode::Maximum; })
      .Case([](arith::MinSIOp) { return sim::ScalarOpcode::Minimum; })
      .Case([](tosa::ApplyScaleOp) { return sim::ScalarOpcode::ApplyScale; })
      .Default([](Operation *) { return sim::ScalarOpcode::EncodeTerms; });
}

LogicalResult Exporter::exportBody(VectorPassOp pass, sim::ScalarBody &body) {
  Block &block = pass.getBody().front();
  DenseMap<Value, unsigned> numbers;
  for (Value argument : block.getArguments())
    numbers.try_emplace(argument, numbers.size());
  for (Operation &scalar : block.without_terminator()) {
    sim::ScalarOperation operation;
    operation.opcode = getOpcode(scalar);
    operation.bits = scalar.getResult(0).getType().getIntOrFloatBitWidth();
    for (auto [i, operand] : llvm::enumerate(scalar.getOperands()))
      operation.operands[i] = numbers.lookup(operand);
    if (auto constant = dyn_cast<arith::ConstantOp>(scalar))
      operation.immediate = cast<IntegerAttr>(constant.getValue()).getInt();
    if (auto encode = dyn_cast<EncodeTermsOp>(scalar))
      operation.immediate = getTermTable(encode);
    unsigned number = numbers.size();
    numbers[scalar.getResult(0)] = number;
    body.operations.push_back(operation);
  }
  auto yield = cast<YieldOp>(block.getTerminator());
  body.result = numbers.lookup(yield.getValue());
  return success();
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

FailureOr<ExportedProgram> colonnade::exportProgram(ProgramOp op) {
  return Exporter(op).run();
}

LogicalResult colonnade::verifySchedule(ProgramOp op) {
  FailureOr<ExportedProgram> exported = exportProgram(op);
  if (failed(exported))
    return failure();
  std::vector<sim::Violation> violations =
      sim::verifyProgram(exported->program);
  static constexpr size_t kMostMessages = 10;
  for (const sim::Violation &violation :
       ArrayRef(violations).take_front(kMostMessages)) {
    bool hasOrigin = violation.instruction < exported->origins.size();
    Operation *origin =
        hasOrigin ? exported->origins[violation.instruction] : op;
    InFlightDiagnostic diag = origin->emitError() << "schedule: ";
    if (hasOrigin)
      diag << "layer '"
           << exported->program
                  .layers[exported->program.instructions[violation.instruction]
                              .layer]
                  .name
           << "': ";
    diag << violation.message;
  }
  return success(violations.empty());
}
