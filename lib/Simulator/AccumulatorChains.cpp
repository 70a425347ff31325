//===- AccumulatorChains.cpp - Which products accumulators hold -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "AccumulatorChains.h"

using namespace colonnade;
using namespace colonnade::sim;

void AccumulatorChains::begin(unsigned index) {
  chainOf[index] = chains.size();
  chains.push_back({index, {}});
  addColumns(index, chains.back());
}

/// Whether two streams put the same matrix rows and positions at the same
/// accumulators.
bool AccumulatorChains::isSamePlace(const StreamTile &a,
                                    const StreamTile &b) const {
  const View &v = a.accumulators, &w = b.accumulators;
  return a.tile.weights == b.tile.weights && a.tile.block == b.tile.block &&
         a.tile.row == b.tile.row && a.band.row == b.band.row &&
         a.band.column == b.band.column && a.band.height == b.band.height &&
         a.band.width == b.band.width && v.address == w.address &&
         v.channelPitch == w.channelPitch && v.rowPitch == w.rowPitch &&
         v.columnPitch == w.columnPitch && v.originRow == w.originRow &&
         v.originColumn == w.originColumn;
}

/// Array columns that continue the last interval extend it; a tile that
/// overlaps an interval adds products twice.
void AccumulatorChains::addColumns(unsigned index, Chain &chain) {
  const WeightTile &tile = getStream(index).tile;
  int64_t begin = tile.column, end = begin + program.getTileColumns(tile);
  auto next = chain.columns.lower_bound(begin);
  auto previous =
      next == chain.columns.begin() ? chain.columns.end() : std::prev(next);
  bool overlaps = (next != chain.columns.end() && next->first < end) ||
                  (previous != chain.columns.end() && previous->second > begin);
  if (overlaps)
    return violations.report(
        index,
        "adds array columns [{0}, {1}) of weights '{2}' to accumulators that "
        "hold some of them already",
        begin, end, program.weights[tile.weights].name);
  if (previous != chain.columns.end() && previous->second == begin)
    previous->second = end;
  else
    previous = chain.columns.emplace(begin, end).first;
  if (next != chain.columns.end() && next->first == end) {
    previous->second = next->second;
    chain.columns.erase(next);
  }
}

void AccumulatorChains::extend(unsigned index, int64_t writer) {
  int64_t chain = writer < 0 ? -1 : chainOf[writer];
  const WeightTile &tile = getStream(index).tile;
  if (chain < 0 || !isSamePlace(getStream(index), getStream(writer)))
    return violations.report(
        index,
        "adds rows from {0} of weights '{1}' to accumulators that do not hold "
        "partial sums of them at these positions",
        tile.row, program.weights[tile.weights].name);
  chainOf[index] = chain;
  addColumns(index, chains[chain]);
}

void AccumulatorChains::read(unsigned index, int64_t writer) {
  if (writer < 0 || chainOf[writer] < 0)
    return;
  const Chain &chain = chains[chainOf[writer]];
  const PackedWeights &weights =
      program.weights[getStream(chain.first).tile.weights];
  bool isComplete = chain.columns.size() == 1 &&
                    chain.columns.begin()->first == 0 &&
                    chain.columns.begin()->second == weights.arrayColumns;
  if (isComplete)
    return;
  int64_t missing = weights.arrayColumns;
  for (auto [begin, end] : chain.columns)
    missing -= end - begin;
  violations.report(index,
                    "reads sums of weights '{0}' that lack {1} of {2} array "
                    "columns",
                    weights.name, missing, weights.arrayColumns);
}
