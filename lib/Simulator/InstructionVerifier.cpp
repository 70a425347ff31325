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

#include "Violations.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class InstructionChecker {
public:
  InstructionChecker(const Program &program, unsigned index,
                     Violations &violations)
      : program(program), index(index), violations(violations) {}

  void checkTokens();
  void check(const DmaCopy &copy);
  void check(const DmaWeights &dma) { checkTile(dma.tile); }
  void check(const LoadWeights &load) { checkTile(load.tile); }
  void check(const StreamTile &stream);
  void check(const VectorPass &pass);

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

  const Program &program;
  unsigned index;
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
  if (tile.row >= 0 && tile.row < weights.rows && tile.column >= 0 &&
      tile.column < weights.arrayColumns)
    return true;
  return report("tile [{0}, {1}] lies outside weights '{2}' of {3} rows and "
                "{4} array columns",
                tile.row, tile.column, weights.name, weights.rows,
                weights.arrayColumns);
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
  if (view.elementBytes != 1 && view.elementBytes != 4)
    return report("its {0} has elements of {1} bytes; expected 1 or 4", name,
                  view.elementBytes);
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
  if (stream.data.elementBytes != 1 || stream.accumulators.elementBytes != 4)
    return (void)report("streams elements of {0} bytes into accumulators of "
                        "{1}; expected 1 and 4",
                        stream.data.elementBytes,
                        stream.accumulators.elementBytes);
  const PackedWeights &weights = program.weights[stream.tile.weights];
  const Window &window = stream.window;
  int64_t taps = window.channels * window.kernelHeight * window.kernelWidth;
  if (taps != weights.matrixColumns)
    return (void)report("its window has {0} channels x taps, but weights "
                        "'{1}' have {2} matrix columns",
                        taps, weights.name, weights.matrixColumns);
  int64_t required = getRequiredStepCycles(program, stream);
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
  for (int64_t count : copy.counts)
    if (count < 1)
      return (void)report("copies {0} x {1} x {2} bytes", copy.counts[0],
                          copy.counts[1], copy.counts[2]);
  for (int64_t pitch : {copy.sourcePitch[0], copy.sourcePitch[1],
                        copy.destinationPitch[0], copy.destinationPitch[1]})
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
  llvm::SmallVector<int64_t> arguments;
  for (const View &input : pass.inputs)
    arguments.push_back(8 * input.elementBytes);
  if (pass.reduction == Reduction::Sum)
    arguments.front() = 32;
  checkScalarBody(program, index, pass.body, arguments,
                  8 * pass.output.elementBytes, violations);
}

void sim::checkInstructions(const Program &program, Violations &violations) {
  for (auto [i, instruction] : llvm::enumerate(program.instructions)) {
    InstructionChecker checker(program, i, violations);
    checker.checkTokens();
    std::visit([&](const auto &payload) { checker.check(payload); },
               instruction.payload);
    if (violations.isFull())
      return;
  }
}
