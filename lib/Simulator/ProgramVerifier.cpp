//===- ProgramVerifier.cpp - Checks of the parts of a program -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Everything that concerns one weight matrix or one instruction alone. What
// depends on order is in Hazards.cpp.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/ProgramVerifier.h"
#include "Hazards.h"
#include "colonnade/Numerics/TermSelection.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {
class PartChecker {
public:
  explicit PartChecker(const Program &program) : program(program) {}
  std::vector<Violation> run();

private:
  template <typename... Values>
  void report(unsigned instruction, const char *format, Values &&...values) {
    violations.push_back(
        {instruction,
         llvm::formatv(format, std::forward<Values>(values)...).str()});
  }

  void checkDram();
  void checkWeights(const PackedWeights &weights);
  void checkTermBudget(const PackedWeights &weights);
  void checkOverflow(const PackedWeights &weights,
                     llvm::ArrayRef<int8_t> dense);
  void checkTokens(unsigned index);
  bool checkTile(unsigned index, const WeightTile &tile);
  bool checkWindow(unsigned index, const Window &window, const Band &band);
  void checkStream(unsigned index, const StreamTile &stream);
  void checkVector(unsigned index, const VectorPass &pass);
  void checkBody(unsigned index, const ScalarBody &body, size_t arguments);
  void checkCopy(unsigned index, const DmaCopy &copy);

  const Program &program;
  std::vector<Violation> violations;
};
} // namespace

std::vector<Violation> PartChecker::run() {
  if (program.targetHash != program.machine.hash)
    report(kWholeProgram,
           "the schedule was made for a target with hash {0}, but target '{1}' "
           "has hash {2}: schedule it again",
           program.targetHash, program.machine.name, program.machine.hash);
  for (const PackedWeights &weights : program.weights)
    checkWeights(weights);
  checkDram();
  if (!violations.empty())
    return std::move(violations);
  for (auto [i, instruction] : llvm::enumerate(program.instructions)) {
    checkTokens(i);
    const Payload &payload = instruction.payload;
    if (const auto *copy = std::get_if<DmaCopy>(&payload))
      checkCopy(i, *copy);
    else if (const auto *dma = std::get_if<DmaWeights>(&payload))
      checkTile(i, dma->tile);
    else if (const auto *load = std::get_if<LoadWeights>(&payload))
      checkTile(i, load->tile);
    else if (const auto *stream = std::get_if<StreamTile>(&payload))
      checkStream(i, *stream);
    else
      checkVector(i, std::get<VectorPass>(payload));
  }
  return std::move(violations);
}

//===----------------------------------------------------------------------===//
// DRAM and weights
//===----------------------------------------------------------------------===//

static int64_t getBytes(const HostTensor &tensor) {
  int64_t bytes = tensor.elementBytes;
  for (int64_t extent : tensor.shape)
    bytes *= extent;
  return bytes;
}

void PartChecker::checkDram() {
  struct Region {
    int64_t begin, end;
    std::string name;
  };
  std::vector<Region> regions = {
      {program.input.address, program.input.address + getBytes(program.input),
       "input"},
      {program.output.address,
       program.output.address + getBytes(program.output), "output"}};
  for (const ConstantBytes &constant : program.constants)
    regions.push_back({constant.address,
                       constant.address +
                           static_cast<int64_t>(constant.bytes.size()),
                       constant.name});
  llvm::sort(regions, [](const Region &a, const Region &b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  for (size_t i = 1; i < regions.size(); ++i)
    if (regions[i].begin < regions[i - 1].end)
      report(kWholeProgram,
             "'{0}' at DRAM bytes [{1}, {2}) overlaps '{3}' at [{4}, {5})",
             regions[i].name, regions[i].begin, regions[i].end,
             regions[i - 1].name, regions[i - 1].begin, regions[i - 1].end);
}

void PartChecker::checkWeights(const PackedWeights &weights) {
  llvm::Expected<std::vector<int8_t>> dense = unpackWeights(weights);
  if (!dense)
    return report(kWholeProgram, "{0}", llvm::toString(dense.takeError()));
  uint64_t digest = digestMatrix(*dense, weights.rows, weights.matrixColumns);
  if (digest != weights.digest)
    report(kWholeProgram,
           "weights '{0}': the tiles stand for a matrix with digest {1:x}, but "
           "the compiled one has {2:x}: a value, select or stream is wrong",
           weights.name, digest, weights.digest);
  if (llvm::Error error = program.machine.cell->check(weights.promises))
    report(kWholeProgram, "weights '{0}': {1}", weights.name,
           llvm::toString(std::move(error)));
  checkTermBudget(weights);
  checkOverflow(weights, *dense);
}

/// What one cell holds needs at most weightTerms terms.
void PartChecker::checkTermBudget(const PackedWeights &weights) {
  int64_t budget = weights.promises.weightTerms;
  if (budget == 0)
    return;
  int64_t cells = weights.rows * weights.arrayColumns;
  for (int64_t cell = 0; cell < cells; ++cell) {
    auto values = llvm::ArrayRef(weights.values)
                      .slice(cell * weights.depth, weights.depth);
    int64_t terms = 0;
    for (int8_t value : values)
      terms += countPromisedTerms(value, DigitSet::Naf);
    if (terms > budget)
      return report(kWholeProgram,
                    "weights '{0}': row {1}, array column {2} needs {3} "
                    "terms, but {4} are promised",
                    weights.name, cell / weights.arrayColumns,
                    cell % weights.arrayColumns, terms, budget);
  }
}

/// No sum of a row's products can leave 32 bits.
void PartChecker::checkOverflow(const PackedWeights &weights,
                                llvm::ArrayRef<int8_t> dense) {
  for (int64_t row = 0; row < weights.rows; ++row) {
    int64_t sum = 0;
    for (int8_t value : dense.slice(row * weights.matrixColumns,
                                    weights.matrixColumns))
      sum += std::abs(int64_t(value));
    if (sum * 128 > INT32_MAX)
      return report(kWholeProgram,
                    "weights '{0}': row {1} may add up to {2}, beyond the "
                    "32-bit accumulator's {3}",
                    weights.name, row, sum * 128, INT32_MAX);
  }
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

void PartChecker::checkTokens(unsigned index) {
  for (const Token &token : program.instructions[index].after) {
    if (token.instruction >= index) {
      report(index, "waits for instruction {0}, which is not earlier",
             token.instruction);
      continue;
    }
    const Payload &payload = program.instructions[token.instruction].payload;
    if (token.swapped && !std::holds_alternative<StreamTile>(payload))
      report(index, "waits for a weight swap of instruction {0}, which is no "
                    "stream",
             token.instruction);
  }
}

bool PartChecker::checkTile(unsigned index, const WeightTile &tile) {
  if (tile.weights >= program.weights.size()) {
    report(index, "names weights {0} of {1}", tile.weights,
           program.weights.size());
    return false;
  }
  const PackedWeights &weights = program.weights[tile.weights];
  if (tile.row >= 0 && tile.row < weights.rows && tile.column >= 0 &&
      tile.column < weights.arrayColumns)
    return true;
  report(index, "tile [{0}, {1}] lies outside weights '{2}' of {3} rows and "
                "{4} array columns",
         tile.row, tile.column, weights.name, weights.rows,
         weights.arrayColumns);
  return false;
}

bool PartChecker::checkWindow(unsigned index, const Window &window,
                              const Band &band) {
  bool isPositive = window.strideHeight >= 1 && window.strideWidth >= 1 &&
                    window.dilationHeight >= 1 && window.dilationWidth >= 1 &&
                    window.kernelHeight >= 1 && window.kernelWidth >= 1 &&
                    window.padTop >= 0 && window.padLeft >= 0 &&
                    window.channels >= 1 && window.height >= 1 &&
                    window.width >= 1;
  if (!isPositive) {
    report(index, "its window has a size, stride or dilation below 1");
    return false;
  }
  if (band.row < 0 || band.column < 0 || band.row >= window.outHeight ||
      band.column >= window.outWidth || band.height < 1 || band.width < 1) {
    report(index, "its band at ({0}, {1}) has no output position of {2}x{3}",
           band.row, band.column, window.outHeight, window.outWidth);
    return false;
  }
  return true;
}

void PartChecker::checkStream(unsigned index, const StreamTile &stream) {
  if (!checkTile(index, stream.tile) ||
      !checkWindow(index, stream.window, stream.band))
    return;
  const PackedWeights &weights = program.weights[stream.tile.weights];
  const Window &window = stream.window;
  int64_t taps = window.channels * window.kernelHeight * window.kernelWidth;
  if (taps != weights.matrixColumns)
    return report(index, "its window has {0} channels x taps, but weights "
                         "'{1}' have {2} matrix columns",
                  taps, weights.name, weights.matrixColumns);
  if (stream.accumulate != (stream.tile.column != 0))
    report(index, "the tile at array column {0} must {1} the accumulators",
           stream.tile.column,
           stream.tile.column == 0 ? "overwrite" : "add to");
  int64_t required = getRequiredStepCycles(program, stream);
  if (stream.stepCycles < required)
    report(index, "a step takes {0} cycles, but needs {1}", stream.stepCycles,
           required);
}

void PartChecker::checkCopy(unsigned index, const DmaCopy &copy) {
  for (int64_t count : copy.counts)
    if (count < 1)
      return report(index, "copies {0} x {1} x {2} bytes", copy.counts[0],
                    copy.counts[1], copy.counts[2]);
}

void PartChecker::checkVector(unsigned index, const VectorPass &pass) {
  if (!checkWindow(index, pass.window, pass.band))
    return;
  if (pass.channel < 0 || pass.channels < 1 ||
      pass.channel + pass.channels > pass.window.channels)
    report(index, "channels [{0}, {1}) lie outside the tensor's {2}",
           pass.channel, pass.channel + pass.channels, pass.window.channels);
  checkBody(index, pass.body, pass.inputs.size());
}

static unsigned countOperands(ScalarOpcode opcode) {
  switch (opcode) {
  case ScalarOpcode::Constant:
    return 0;
  case ScalarOpcode::ExtendSign:
  case ScalarOpcode::Truncate:
  case ScalarOpcode::EncodeTerms:
    return 1;
  case ScalarOpcode::Add:
  case ScalarOpcode::Subtract:
  case ScalarOpcode::Multiply:
  case ScalarOpcode::Maximum:
  case ScalarOpcode::Minimum:
    return 2;
  case ScalarOpcode::ApplyScale:
    return 3;
  }
  return 3;
}

void PartChecker::checkBody(unsigned index, const ScalarBody &body,
                            size_t arguments) {
  size_t defined = arguments;
  for (const ScalarOperation &operation : body.operations) {
    for (unsigned i = 0; i < countOperands(operation.opcode); ++i)
      if (operation.operands[i] >= defined)
        return report(index, "scalar operation {0} uses value {1} of {2}",
                      defined - arguments, operation.operands[i], defined);
    if (operation.opcode == ScalarOpcode::EncodeTerms &&
        static_cast<uint64_t>(operation.immediate) >=
            program.termTables.size())
      return report(index, "names term table {0} of {1}", operation.immediate,
                    program.termTables.size());
    ++defined;
  }
  if (body.result >= defined)
    report(index, "its body yields value {0} of {1}", body.result, defined);
}

std::vector<Violation> sim::verifyProgram(const Program &program) {
  std::vector<Violation> violations = PartChecker(program).run();
  if (violations.empty())
    violations = findHazards(program);
  return violations;
}
