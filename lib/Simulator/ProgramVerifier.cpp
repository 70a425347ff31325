//===- ProgramVerifier.cpp - Checks of a program's parts ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine, the weights and the DRAM layout; and the order in which all
// checks run.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/ProgramVerifier.h"
#include "HostMemory.h"
#include "Violations.h"
#include "colonnade/Numerics/TermSelection.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class PartChecker {
public:
  PartChecker(const Program &program, Violations &violations)
      : program(program), violations(violations) {}
  void run();

private:
  bool checkMachine();
  void checkWeights(unsigned index);
  void checkTermBudget(unsigned index);
  void checkOverflow(unsigned index, llvm::ArrayRef<int8_t> dense);
  void checkHostTensor(const HostTensor &tensor, const char *name);
  void checkDram();
  unsigned getFirstUser(unsigned weights) const;

  const Program &program;
  Violations &violations;
};

} // namespace

void PartChecker::run() {
  if (!checkMachine())
    return;
  if (program.targetHash != program.machine.hash)
    violations.report(
        kWholeProgram,
        "the schedule was made for a target with hash {0}, but target '{1}' "
        "has hash {2}: schedule it again",
        program.targetHash, program.machine.name, program.machine.hash);
  for (auto [i, instruction] : llvm::enumerate(program.instructions))
    if (instruction.layer >= program.layers.size())
      violations.report(kWholeProgram, "instruction {0} names layer {1} of {2}",
                        i, instruction.layer, program.layers.size());
  if (!violations.isEmpty())
    return;
  for (unsigned i = 0; i < program.weights.size(); ++i)
    checkWeights(i);
  checkHostTensor(program.input, "input");
  checkHostTensor(program.output, "output");
  if (violations.isEmpty())
    checkDram();
}

bool PartChecker::checkMachine() {
  const MachineDescription &machine = program.machine;
  if (!machine.cell) {
    violations.report(kWholeProgram, "target '{0}' has no cell type",
                      machine.name);
    return false;
  }
  std::pair<const char *, int64_t> sizes[] = {
      {"rows", machine.rows},
      {"columns", machine.columns},
      {"DRAM bytes per cycle", machine.dramBytesPerCycle},
      {"data SRAM banks", machine.dataSramBanks},
      {"weight loader bytes per cycle", machine.weightLoaderBytesPerCycle},
      {"vector lanes", machine.vectorLanes},
      {"vector stages", machine.vectorStages}};
  for (auto [name, value] : sizes)
    if (value < 1)
      violations.report(kWholeProgram,
                        "target '{0}': expected at least 1 {1}, got {2}",
                        machine.name, name, value);
  return violations.isEmpty();
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

/// The instruction that violations about weights point at.
unsigned PartChecker::getFirstUser(unsigned weights) const {
  for (auto [i, instruction] : llvm::enumerate(program.instructions)) {
    const Payload &payload = instruction.payload;
    const WeightTile *tile = nullptr;
    if (const auto *dma = std::get_if<DmaWeights>(&payload))
      tile = &dma->tile;
    else if (const auto *stream = std::get_if<StreamTile>(&payload))
      tile = &stream->tile;
    if (tile && tile->weights == weights)
      return i;
  }
  return kWholeProgram;
}

void PartChecker::checkWeights(unsigned index) {
  const PackedWeights &weights = program.weights[index];
  llvm::Expected<std::vector<int8_t>> dense = unpackWeights(weights);
  if (!dense)
    return violations.report(getFirstUser(index), "{0}",
                             llvm::toString(dense.takeError()));
  uint64_t digest = digestMatrix(*dense, weights.rows, weights.matrixColumns);
  if (digest != weights.digest)
    violations.report(
        getFirstUser(index),
        "weights '{0}': the tiles stand for a matrix with digest {1:x}, but "
        "the compiled one has {2:x}: a value, select or stream is wrong",
        weights.name, digest, weights.digest);
  OperandPromises needed = weights.promises;
  needed.slots = std::max(needed.slots, weights.depth);
  needed.fanIn = std::max(needed.fanIn, weights.fanIn);
  if (llvm::Error error = program.machine.cell->check(needed))
    violations.report(getFirstUser(index), "weights '{0}': {1}", weights.name,
                      llvm::toString(std::move(error)));
  checkTermBudget(index);
  checkOverflow(index, *dense);
}

/// What one cell holds needs at most weightTerms terms. Non-adjacent form is
/// never longer than the promised encoding.
void PartChecker::checkTermBudget(unsigned index) {
  const PackedWeights &weights = program.weights[index];
  int64_t budget = weights.promises.weightTerms;
  if (budget == 0)
    return;
  for (int64_t cell = 0; cell < weights.rows * weights.arrayColumns; ++cell) {
    int64_t terms = 0;
    for (int8_t value : llvm::ArrayRef(weights.values)
                            .slice(cell * weights.depth, weights.depth))
      terms += countPromisedTerms(value, DigitSet::Naf);
    if (terms > budget)
      return violations.report(
          getFirstUser(index),
          "weights '{0}': the cell of row {1}, array column {2} needs {3} "
          "terms, but {4} are promised",
          weights.name, cell / weights.arrayColumns,
          cell % weights.arrayColumns, terms, budget);
  }
}

/// No sum of a row's products can leave 32 bits, in whatever order they are
/// added: |data| is at most 128.
void PartChecker::checkOverflow(unsigned index, llvm::ArrayRef<int8_t> dense) {
  const PackedWeights &weights = program.weights[index];
  for (int64_t row = 0; row < weights.rows; ++row) {
    int64_t sum = 0;
    for (int8_t value :
         dense.slice(row * weights.matrixColumns, weights.matrixColumns))
      sum += std::abs(int64_t(value));
    if (sum * 128 > INT32_MAX)
      return violations.report(
          getFirstUser(index),
          "weights '{0}': row {1} may add up to {2}, beyond the 32-bit "
          "accumulator's {3}",
          weights.name, row, sum * 128, INT32_MAX);
  }
}

//===----------------------------------------------------------------------===//
// DRAM
//===----------------------------------------------------------------------===//

void PartChecker::checkHostTensor(const HostTensor &tensor, const char *name) {
  bool isPositive =
      llvm::all_of(tensor.shape, [](int64_t extent) { return extent >= 1; });
  if (!isPositive || (tensor.elementBytes != 1 && tensor.elementBytes != 4) ||
      tensor.address < 0)
    violations.report(kWholeProgram,
                      "the {0} must have positive extents, elements of 1 or 4 "
                      "bytes and an address of at least 0",
                      name);
}

void PartChecker::checkDram() {
  std::vector<HostRegion> regions = {getHostInputRegion(program),
                                     getHostOutputRegion(program)};
  for (const ConstantBytes &constant : program.constants)
    regions.push_back(getConstantRegion(constant));
  for (unsigned i = 0; i < program.weights.size(); ++i)
    regions.push_back(getWeightsRegion(program, i));
  llvm::sort(regions, [](const HostRegion &a, const HostRegion &b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  if (regions.front().begin < 0)
    violations.report(kWholeProgram, "{0} starts at DRAM byte {1}",
                      regions.front().name, regions.front().begin);
  for (size_t i = 1; i < regions.size(); ++i)
    if (regions[i].begin < regions[i - 1].end)
      violations.report(
          kWholeProgram,
          "{0} at DRAM bytes [{1}, {2}) overlaps {3} at [{4}, {5})",
          regions[i].name, regions[i].begin, regions[i].end,
          regions[i - 1].name, regions[i - 1].begin, regions[i - 1].end);
}

void sim::checkParts(const Program &program, Violations &violations) {
  PartChecker(program, violations).run();
}

std::vector<Violation> sim::verifyProgram(const Program &program) {
  Violations violations;
  for (auto *check : {checkParts, checkInstructions, checkOrder}) {
    check(program, violations);
    if (!violations.isEmpty())
      break;
  }
  return violations.take();
}
