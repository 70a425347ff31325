//===- RunTimeWeights.cpp - Weights that the network computes -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "RunTimeWeights.h"
#include "FormattedError.h"
#include "colonnade/Numerics/SignedDigits.h"

using namespace colonnade;
using namespace colonnade::sim;

int64_t sim::getTileAddress(const Program &program, const DmaWeights &dma) {
  const RunTimeMatrix &source = *dma.source;
  int64_t column = dma.tile.column * program.weights[dma.tile.weights].depth;
  return source.address + dma.tile.block * source.blockPitch +
         dma.tile.row * source.rowPitch + column * source.columnPitch;
}

void sim::gatherTile(MachineState &state, const Program &program,
                     const DmaWeights &dma) {
  const RunTimeMatrix &source = *dma.source;
  int64_t rows = program.getTileRows(dma.tile);
  int64_t columns = program.getRunTimeColumns(dma.tile);
  const uint8_t *from =
      state.get(source.memory, getTileAddress(program, dma));
  uint8_t *to = state.get(Memory::WeightSram, dma.destinationAddress);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0; column < columns; ++column)
      *to++ = from[row * source.rowPitch + column * source.columnPitch];
}

/// `columns` values per row; a cell holds `depth` of them.
static llvm::Error checkTerms(const PackedWeights &weights,
                              const WeightTile &tile, int64_t columns,
                              llvm::ArrayRef<int8_t> values) {
  int64_t rows = values.size() / columns;
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t first = 0; first < columns; first += weights.depth) {
      int64_t terms = 0;
      int64_t count = std::min(weights.depth, columns - first);
      for (int8_t value : values.slice(row * columns + first, count))
        terms += countTerms(value, DigitSet::Naf);
      if (terms > weights.promises.weightTerms)
        return makeError("run-time weights '{0}': the cell of row {1}, array "
                         "column {2} of block {3} needs {4} terms, but {5} are "
                         "promised",
                         weights.name, tile.row + row,
                         tile.column + first / weights.depth, tile.block, terms,
                         weights.promises.weightTerms);
    }
  return llvm::Error::success();
}

llvm::Error sim::readTile(MachineState &state, const Program &program,
                          const LoadWeights &load,
                          std::vector<int8_t> &values) {
  const PackedWeights &weights = program.weights[load.tile.weights];
  const uint8_t *from = state.get(Memory::WeightSram, load.sourceAddress);
  values.assign(from, from + program.getTileBytes(load.tile));
  if (weights.promises.weightTerms == 0)
    return llvm::Error::success();
  return checkTerms(weights, load.tile, program.getRunTimeColumns(load.tile),
                    values);
}
