//===- ArrayKernels.cpp - Values of a tile, fast -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A tile's products as a dense integer matrix product over the streams that
// enter it. Streams come in pairs so that two 16-bit products add up in one
// instruction; pairs whose weights are zero are skipped.
//
//===----------------------------------------------------------------------===//

#include "MachineState.h"
#include "colonnade/Simulator/InstructionCosts.h"

using namespace colonnade;
using namespace colonnade::sim;

PreparedTile sim::prepareTile(const Program &program, const WeightTile &tile) {
  const PackedWeights &weights = program.weights[tile.weights];
  int64_t columns = program.getTileColumns(tile);
  PreparedTile prepared;
  prepared.rows = program.getTileRows(tile);
  prepared.columns = getTileStreams(weights, tile.column, columns);
  if (prepared.columns.size() % 2)
    prepared.columns.push_back(-1);
  prepared.streams = prepared.columns.size();
  std::vector<int32_t> position(weights.matrixColumns, -1);
  for (auto [i, column] : llvm::enumerate(prepared.columns))
    if (column >= 0)
      position[column] = i;
  prepared.weights.assign(prepared.rows * prepared.streams, 0);
  for (int64_t row = 0; row < prepared.rows; ++row)
    for (int64_t slot = tile.column * weights.depth;
         slot < (tile.column + columns) * weights.depth; ++slot) {
      int64_t cell =
          (tile.row + row) * weights.arrayColumns * weights.depth + slot;
      if (weights.values[cell] == 0)
        continue;
      int32_t column =
          weights.streams[slot * weights.fanIn + weights.selects[cell]];
      prepared.weights[row * prepared.streams + position[column]] +=
          weights.values[cell];
    }
  return prepared;
}

/// data[pair][position][2]: what each stream reads at each position of a band.
static void gather(MachineState &state, const StreamTile &stream,
                   const PreparedTile &tile, const Band &band,
                   std::vector<int16_t> &data) {
  const Window &w = stream.window;
  const View &view = stream.data;
  int64_t positions = band.height * band.width;
  data.assign(tile.streams * positions, 0);
  const uint8_t *base = state.get(view.memory, 0);
  for (int64_t s = 0; s < tile.streams; ++s) {
    int64_t column = tile.columns[s];
    if (column < 0)
      continue;
    int64_t tapColumn = column % w.kernelWidth;
    int64_t tapRow = column / w.kernelWidth % w.kernelHeight;
    int64_t channel = column / (w.kernelWidth * w.kernelHeight);
    int16_t *out = data.data() + (s / 2) * positions * 2 + s % 2;
    for (int64_t y = 0; y < band.height; ++y) {
      int64_t row = (band.row + y) * w.strideHeight +
                    tapRow * w.dilationHeight - w.padTop;
      if (row < 0 || row >= w.height)
        continue;
      const uint8_t *line = base + view.address +
                            channel * view.channelPitch +
                            (row - view.originRow) * view.rowPitch -
                            view.originColumn * view.columnPitch;
      int64_t first = tapColumn * w.dilationWidth - w.padLeft +
                      band.column * w.strideWidth;
      for (int64_t x = 0; x < band.width; ++x) {
        int64_t at = first + x * w.strideWidth;
        if (at >= 0 && at < w.width)
          out[(y * band.width + x) * 2] =
              static_cast<int8_t>(line[at * view.columnPitch]);
      }
    }
  }
}

#if defined(__x86_64__)
#define COLONNADE_VECTOR_CLONES                                                \
  __attribute__((target_clones("avx512bw", "avx2", "default")))
#else
#define COLONNADE_VECTOR_CLONES
#endif

/// sums[i] += first * data[i][0] + second * data[i][1].
COLONNADE_VECTOR_CLONES
static void addProducts(int32_t *sums, const int16_t *data, int16_t first,
                        int16_t second, int64_t positions) {
  for (int64_t i = 0; i < positions; ++i)
    sums[i] += int32_t(first) * int32_t(data[2 * i]) +
               int32_t(second) * int32_t(data[2 * i + 1]);
}

void sim::runStream(MachineState &state, const StreamTile &stream,
                    const PreparedTile &tile, std::vector<int16_t> &data) {
  Band band = clampBand(stream.band, stream.window);
  int64_t positions = band.height * band.width;
  gather(state, stream, tile, band, data);
  const View &view = stream.accumulators;
  std::vector<int32_t> sums(positions);
  for (int64_t row = 0; row < tile.rows; ++row) {
    uint8_t *out = state.get(view.memory, view.address) +
                   row * view.channelPitch;
    auto element = [&](int64_t y) {
      return out + (band.row + y - view.originRow) * view.rowPitch +
             (band.column - view.originColumn) * view.columnPitch;
    };
    std::fill(sums.begin(), sums.end(), 0);
    if (stream.accumulate)
      for (int64_t y = 0; y < band.height; ++y)
        std::memcpy(sums.data() + y * band.width, element(y),
                    band.width * sizeof(int32_t));
    const int16_t *weights = tile.weights.data() + row * tile.streams;
    for (int64_t s = 0; s < tile.streams; s += 2)
      if (weights[s] || weights[s + 1])
        addProducts(sums.data(), data.data() + s * positions, weights[s],
                    weights[s + 1], positions);
    for (int64_t y = 0; y < band.height; ++y)
      std::memcpy(element(y), sums.data() + y * band.width,
                  band.width * sizeof(int32_t));
  }
}
