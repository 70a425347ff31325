//===- InstructionVerifier.cpp - Checks of single instructions ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that concerns one instruction alone: tokens, tiles, windows, views
// and step lengths.
//
//===----------------------------------------------------------------------===//

#include "LoopVerifier.h"
#include "MemoryAccesses.h"
#include "Violations.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class InstructionChecker {
public:
  InstructionChecker(const Program &program, unsigned index,
                     TileStreams &streams, Violations &violations)
      : program(program), index(index), streams(streams),
        violations(violations) {}

  void checkTokens();
  void check(const DmaCopy &copy);
  void check(const DmaWeights &dma);
  void check(const LoadWeights &load) { checkTile(load.tile); }
  void check(const StreamTile &stream);
  void check(const VectorPass &pass);
  void check(const NestPass &nest);
  void check(const BlockPass &pass) {
    reportAny(findViolation(program.machine, pass));
  }

private:
  template <typename... Values>
  bool report(const char *format, Values &&...values) {
    violations.report(index, format, std::forward<Values>(values)...);
    return false;
  }

  bool checkTile(const WeightTile &tile);
  bool checkWindow(const Window &window);
  bool checkBand(const Band &band, const Window &window);
  bool checkView(const View &view, llvm::ArrayRef<Memory> memories,
                 const char *name);
  void checkBody(const VectorPass &pass);
  bool reportAny(const std::optional<std::string> &violation) {
    return !violation || report("{0}", *violation);
  }
  bool checkInPlace(const NestPass &nest, const NestOperand &input);

  const Program &program;
  unsigned index;
  TileStreams &streams;
  Violations &violations;
};

} // namespace

void InstructionChecker::checkTokens() {
  for (const Token &token : program.instructions[index].after) {
    if (token.instruction >= index) {
      report("waits for instruction {0}, which is not earlier",
             token.instruction);
      continue;
    }
    const Payload &payload = program.instructions[token.instruction].payload;
    if (token.swapped && !std::holds_alternative<StreamTile>(payload))
      report("waits for a weight swap of instruction {0}, which is no stream",
             token.instruction);
  }
}

bool InstructionChecker::checkTile(const WeightTile &tile) {
  if (tile.weights >= program.weights.size())
    return report("names weights {0} of {1}", tile.weights,
                  program.weights.size());
  const PackedWeights &weights = program.weights[tile.weights];
  if (tile.block >= 0 && tile.block < weights.blocks && tile.row >= 0 &&
      tile.row < weights.rows && tile.column >= 0 &&
      tile.column < weights.arrayColumns)
    return true;
  return report(
      "tile [{0}, {1}, {2}] lies outside weights '{3}' of {4} blocks, "
      "{5} rows and {6} array columns",
      tile.block, tile.row, tile.column, weights.name, weights.blocks,
      weights.rows, weights.arrayColumns);
}

void InstructionChecker::check(const DmaWeights &dma) {
  if (!checkTile(dma.tile))
    return;
  const PackedWeights &weights = program.weights[dma.tile.weights];
  if (weights.isRunTime != dma.source.has_value())
    return (void)report("copies weights '{0}', which are {1}, from {2}",
                        weights.name,
                        weights.isRunTime ? "computed at run time" : "stored",
                        dma.source ? "a tensor" : "their packed tiles");
  if (!dma.source)
    return;
  const RunTimeMatrix &source = *dma.source;
  if (source.memory != Memory::Dram && source.memory != Memory::DataSram)
    return (void)report("gathers weights '{0}' from {1}; expected DRAM or data "
                        "SRAM",
                        weights.name, stringify(source.memory));
  for (int64_t pitch : {source.blockPitch, source.rowPitch, source.columnPitch})
    if (pitch < 0)
      return (void)report("gathers weights '{0}' with a negative pitch of {1}",
                          weights.name, pitch);
}

bool InstructionChecker::checkWindow(const Window &w) {
  for (int64_t size :
       {w.channels, w.height, w.width, w.kernelHeight, w.kernelWidth,
        w.strideHeight, w.strideWidth, w.dilationHeight, w.dilationWidth,
        w.outHeight, w.outWidth})
    if (size < 1)
      return report("its window has a size, stride or dilation of {0}, below 1",
                    size);
  if (w.padTop < 0 || w.padLeft < 0)
    return report("its window has negative padding ({0}, {1})", w.padTop,
                  w.padLeft);
  int64_t lastRow = (w.outHeight - 1) * w.strideHeight - w.padTop;
  int64_t lastColumn = (w.outWidth - 1) * w.strideWidth - w.padLeft;
  if (lastRow >= w.height || lastColumn >= w.width)
    return report("the last of its {0}x{1} windows starts at ({2}, {3}), "
                  "beyond the {4}x{5} tensor",
                  w.outHeight, w.outWidth, lastRow, lastColumn, w.height,
                  w.width);
  return true;
}

bool InstructionChecker::checkBand(const Band &band, const Window &window) {
  if (band.row >= 0 && band.column >= 0 && band.row < window.outHeight &&
      band.column < window.outWidth && band.height >= 1 && band.width >= 1)
    return true;
  return report("its {0}x{1} band at ({2}, {3}) has no output position of "
                "{4}x{5}",
                band.height, band.width, band.row, band.column,
                window.outHeight, window.outWidth);
}

bool InstructionChecker::checkView(const View &view,
                                   llvm::ArrayRef<Memory> memories,
                                   const char *name) {
  if (!llvm::is_contained(memories, view.memory))
    return report("its {0} cannot lie in {1}", name, stringify(view.memory));
  if (!isTensorType(view.type))
    return report("its {0} has elements of type {1}; expected i8, i32 or f32",
                  name, stringify(view.type));
  if (view.channelPitch < 0 || view.rowPitch < 0 || view.columnPitch < 0)
    return report("its {0} has a negative pitch", name);
  return true;
}

void InstructionChecker::check(const StreamTile &stream) {
  if (!checkTile(stream.tile) || !checkWindow(stream.window) ||
      !checkBand(stream.band, stream.window) ||
      !checkView(stream.data, Memory::DataSram, "data") ||
      !checkView(stream.accumulators, Memory::Accumulators, "accumulators"))
    return;
  if (stream.data.type != ScalarType::I8 ||
      stream.accumulators.type != ScalarType::I32)
    return (void)report("streams {0} into accumulators of {1}; expected i8 "
                        "and i32",
                        stringify(stream.data.type),
                        stringify(stream.accumulators.type));
  const PackedWeights &weights = program.weights[stream.tile.weights];
  const Window &window = stream.window;
  int64_t taps = window.channels * window.kernelHeight * window.kernelWidth;
  if (taps != weights.matrixColumns)
    return (void)report("its window has {0} channels x taps, but weights "
                        "'{1}' have {2} matrix columns",
                        taps, weights.name, weights.matrixColumns);
  int64_t required = streams.getRequiredStepCycles(stream);
  if (stream.stepCycles < required)
    report("a step takes {0} cycles, {1} fewer than the cell and the {2} data "
           "SRAM banks need ({3})",
           stream.stepCycles, required - stream.stepCycles,
           program.machine.dataSramBanks, required);
}

void InstructionChecker::check(const DmaCopy &copy) {
  for (Memory memory : {copy.sourceMemory, copy.destinationMemory})
    if (memory == Memory::Accumulators)
      report("copies accumulators, which only the array and the vector unit "
             "reach");
  if (copy.sourcePitches.size() != copy.counts.size() ||
      copy.destinationPitches.size() != copy.counts.size())
    return (void)report("copies along {0} dimensions with {1} source and {2} "
                        "destination pitches",
                        copy.counts.size(), copy.sourcePitches.size(),
                        copy.destinationPitches.size());
  if (copy.runBytes < 1)
    return (void)report("copies runs of {0} bytes", copy.runBytes);
  for (int64_t count : copy.counts)
    if (count < 1)
      return (void)report("copies {0} runs along a dimension", count);
  for (const auto *pitches : {&copy.sourcePitches, &copy.destinationPitches})
    for (int64_t pitch : *pitches)
      if (pitch < 0)
        report("copies with a negative pitch of {0}", pitch);
}

void InstructionChecker::check(const VectorPass &pass) {
  if (pass.inputs.empty())
    return (void)report("has no input");
  if (!checkWindow(pass.window) || !checkBand(pass.band, pass.window))
    return;
  if (pass.channel < 0 || pass.channels < 1 ||
      pass.channel + pass.channels > pass.window.channels)
    return (void)report("channels [{0}, {1}) lie outside the tensor's {2}",
                        pass.channel, pass.channel + pass.channels,
                        pass.window.channels);
  for (const View &input : pass.inputs)
    if (!checkView(input,
                   {Memory::Accumulators, Memory::DataSram, Memory::WeightSram},
                   "input"))
      return;
  if (checkView(pass.output, Memory::DataSram, "output"))
    checkBody(pass);
}

/// A sum over a window has 32 bits, whatever it adds up.
void InstructionChecker::checkBody(const VectorPass &pass) {
  llvm::SmallVector<ScalarType> arguments;
  for (const View &input : pass.inputs)
    arguments.push_back(input.type);
  if (pass.reduction != Reduction::None && arguments.front() == ScalarType::F32)
    return (void)report("reduces a window of f32; windows reduce "
                        "integers only");
  if (pass.reduction == Reduction::Sum)
    arguments.front() = ScalarType::I32;
  checkScalarBody(program, index, pass.body, arguments, pass.output.type,
                  violations);
}

/// A nest may write the bytes it reads where every output is written behind the
/// only read of its bytes.
bool InstructionChecker::checkInPlace(const NestPass &nest,
                                      const NestOperand &input) {
  bool isSamePlace = input.address == nest.output.address &&
                     input.type == nest.output.type && nest.reductionLoops == 0;
  for (size_t i = 0; i < nest.extents.size() && isSamePlace; ++i)
    isSamePlace =
        nest.extents[i] == 1 || input.pitches[i] == nest.output.pitches[i];
  if (isSamePlace || !overlapsOutput(nest, input))
    return true;
  ByteRange written = getNestAccess(nest, nest.output, true).getBounds();
  ByteRange read = getNestAccess(nest, input, false).getBounds();
  return report("its output at bytes [{0}, {1}) of {2} overlaps its input at "
                "[{3}, {4})",
                written.begin, written.end, stringify(nest.output.memory),
                read.begin, read.end);
}

void InstructionChecker::check(const NestPass &nest) {
  if (!reportAny(checkLoops(nest.extents, nest.reductionLoops)))
    return;
  llvm::SmallVector<ScalarType> arguments;
  for (const NestOperand &input : nest.inputs) {
    if (!reportAny(checkOperand(
            nest.extents, input,
            {Memory::Accumulators, Memory::DataSram, Memory::WeightSram},
            "input")))
      return;
    arguments.push_back(input.type);
  }
  if (!reportAny(checkOperand(nest.extents, nest.output, Memory::DataSram,
                              "output")) ||
      !reportAny(checkOutput(nest.extents, nest.reductionLoops, nest.output,
                             "output")))
    return;
  if (nest.reductionLoops) {
    if (!fits(nest.initial, nest.output.type))
      return (void)report("its accumulator starts at {0}, which does not fit "
                          "into {1}",
                          nest.initial, stringify(nest.output.type));
    arguments.push_back(nest.output.type);
  }
  for (const NestOperand &input : nest.inputs)
    if (!checkInPlace(nest, input))
      return;
  checkScalarBody(program, index, nest.body, arguments, nest.output.type,
                  violations);
}

void sim::checkInstructions(const Program &program, Violations &violations) {
  TileStreams streams(program);
  for (auto [i, instruction] : llvm::enumerate(program.instructions)) {
    InstructionChecker checker(program, i, streams, violations);
    checker.checkTokens();
    std::visit([&](const auto &payload) { checker.check(payload); },
               instruction.payload);
    if (violations.isFull())
      return;
  }
}
