//===- WeightsVerifier.cpp - Checks of packed weights ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Stored weights must stand for the matrix that was compiled and keep their
// promises. Of weights computed at run time only the sizes are known.
//
//===----------------------------------------------------------------------===//

#include "Violations.h"
#include "colonnade/Numerics/TermSelection.h"
#include "llvm/ADT/STLExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class WeightsChecker {
public:
  WeightsChecker(const Program &program, unsigned index, Violations &violations)
      : program(program), index(index), weights(program.weights[index]),
        violations(violations) {}

  void checkStored();
  void checkRunTime();

private:
  template <typename... Values>
  void report(const char *format, Values &&...values) {
    violations.report(getFirstUser(), format, std::forward<Values>(values)...);
  }

  unsigned getFirstUser() const;
  void checkCell();
  void checkTermBudget();
  void checkOverflow(llvm::ArrayRef<int8_t> dense);

  const Program &program;
  unsigned index;
  const PackedWeights &weights;
  Violations &violations;
};

} // namespace

/// The instruction that violations about weights point at.
unsigned WeightsChecker::getFirstUser() const {
  for (auto [i, instruction] : llvm::enumerate(program.instructions)) {
    const Payload &payload = instruction.payload;
    const WeightTile *tile = nullptr;
    if (const auto *dma = std::get_if<DmaWeights>(&payload))
      tile = &dma->tile;
    else if (const auto *stream = std::get_if<StreamTile>(&payload))
      tile = &stream->tile;
    if (tile && tile->weights == index)
      return i;
  }
  return kWholeProgram;
}

void WeightsChecker::checkStored() {
  llvm::Expected<std::vector<int8_t>> dense = unpackWeights(weights);
  if (!dense)
    return report("{0}", llvm::toString(dense.takeError()));
  uint64_t digest = digestMatrix(*dense, weights.blocks * weights.rows,
                                 weights.matrixColumns);
  if (digest != weights.digest)
    report("weights '{0}': the tiles stand for a matrix with digest {1:x}, but "
           "the compiled one has {2:x}: a value, select or stream is wrong",
           weights.name, digest, weights.digest);
  checkCell();
  checkTermBudget();
  checkOverflow(*dense);
}

void WeightsChecker::checkRunTime() {
  if (weights.blocks < 1 || weights.rows < 1 || weights.matrixColumns < 1 ||
      weights.depth < 1 || weights.fanIn != 1 ||
      weights.arrayColumns !=
          (weights.matrixColumns + weights.depth - 1) / weights.depth)
    return report("weights '{0}': expected positive sizes, fan-in 1 and as "
                  "many array columns of depth {1} as {2} matrix columns fill, "
                  "got {3} blocks, {4} rows, fan-in {5} and {6} array columns",
                  weights.name, weights.depth, weights.matrixColumns,
                  weights.blocks, weights.rows, weights.fanIn,
                  weights.arrayColumns);
  if (!weights.values.empty() || !weights.selects.empty() ||
      weights.streams != makeRunTimeStreams(weights))
    return report("weights '{0}' are computed at run time: expected no values, "
                  "no selects, and the matrix columns as streams in order",
                  weights.name);
  int64_t largest = weights.matrixColumns * 128 * 128;
  if (largest > INT32_MAX)
    report("weights '{0}': a row of {1} values may add up to {2}, beyond the "
           "32-bit accumulator's {3}",
           weights.name, weights.matrixColumns, largest, INT32_MAX);
  checkCell();
}

void WeightsChecker::checkCell() {
  OperandPromises needed = weights.promises;
  needed.slots = std::max(needed.slots, weights.depth);
  needed.fanIn = std::max(needed.fanIn, weights.fanIn);
  if (llvm::Error error = program.machine.cell->check(needed))
    report("weights '{0}': {1}", weights.name,
           llvm::toString(std::move(error)));
}

/// What one cell holds needs at most weightTerms terms. Non-adjacent form is
/// never longer than the promised encoding.
void WeightsChecker::checkTermBudget() {
  int64_t budget = weights.promises.weightTerms;
  if (budget == 0)
    return;
  std::array<int64_t, 256> termsOf;
  for (int value = -128; value < 128; ++value)
    termsOf[value + 128] = countPromisedTerms(value, DigitSet::Naf);
  int64_t cells = weights.blocks * weights.rows * weights.arrayColumns;
  for (int64_t cell = 0; cell < cells; ++cell) {
    int64_t terms = 0;
    for (int8_t value : llvm::ArrayRef(weights.values)
                            .slice(cell * weights.depth, weights.depth))
      terms += termsOf[value + 128];
    if (terms > budget)
      return report(
          "weights '{0}': the cell of row {1}, array column {2} needs "
          "{3} terms, but {4} are promised",
          weights.name, cell / weights.arrayColumns % weights.rows,
          cell % weights.arrayColumns, terms, budget);
  }
}

/// No sum of a row's products can leave 32 bits, in whatever order they are
/// added: |data| is at most 128.
void WeightsChecker::checkOverflow(llvm::ArrayRef<int8_t> dense) {
  for (int64_t row = 0; row < weights.blocks * weights.rows; ++row) {
    int64_t sum = 0;
    for (int8_t value :
         dense.slice(row * weights.matrixColumns, weights.matrixColumns))
      sum += std::abs(int64_t(value));
    if (sum * 128 > INT32_MAX)
      return report("weights '{0}': row {1} may add up to {2}, beyond the "
                    "32-bit accumulator's {3}",
                    weights.name, row % weights.rows, sum * 128, INT32_MAX);
  }
}

void sim::checkWeights(const Program &program, unsigned index,
                       Violations &violations) {
  WeightsChecker checker(program, index, violations);
  if (program.weights[index].isRunTime)
    checker.checkRunTime();
  else
    checker.checkStored();
}
