//===- ArrayKernels.cpp - Values of a stream, fast ------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gathers a band's operands (implicit im2col) and multiplies them with a tile.
// Positions are cut into blocks that fit registers; within a block, the
// operands of all stream pairs lie together, so that a row's sums stay in
// registers while its pairs are visited. The AVX2 and the portable block
// kernels give the same integers.
//
//===----------------------------------------------------------------------===//

#include "ArrayKernels.h"
#include "WindowRange.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include "llvm/Support/FormatVariadic.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace colonnade;
using namespace colonnade::sim;

//===----------------------------------------------------------------------===//
// Preparing weights
//===----------------------------------------------------------------------===//

/// Where each slot's streams are in `streams`, the sorted streams of the tile.
static std::vector<int64_t> findStreams(llvm::ArrayRef<int32_t> members,
                                        llvm::ArrayRef<int32_t> streams) {
  std::vector<int64_t> result;
  result.reserve(members.size());
  for (int32_t member : members)
    result.push_back(llvm::lower_bound(streams, member) - streams.begin());
  return result;
}

/// The tile's rows over its streams, of stored weights.
static std::vector<int16_t> unpackTile(const Program &program,
                                       const WeightTile &tile,
                                       llvm::ArrayRef<int32_t> streams) {
  const PackedWeights &weights = program.weights[tile.weights];
  int64_t columns = program.getTileColumns(tile);
  int64_t rows = program.getTileRows(tile);
  std::vector<int64_t> streamOf = findStreams(
      weights.getStreams(tile.block, tile.column, columns), streams);
  std::vector<int16_t> dense(rows * streams.size());
  for (int64_t row = 0; row < rows; ++row) {
    int64_t first = weights.getCell(tile.block, tile.row + row, tile.column);
    for (int64_t slot = 0; slot < columns * weights.depth; ++slot)
      if (int8_t value = weights.values[first + slot]) {
        int64_t member = slot * weights.fanIn + weights.selects[first + slot];
        dense[row * streams.size() + streamOf[member]] = value;
      }
  }
  return dense;
}

/// Leaves the streams out that no row uses. `dense` holds [rows][streams].
static void selectStreams(PreparedTile &tile, const CellModel &cell,
                          llvm::ArrayRef<int32_t> streams,
                          llvm::ArrayRef<int16_t> dense,
                          std::vector<int64_t> &selected) {
  int64_t count = streams.size();
  for (int64_t stream = 0; stream < count; ++stream) {
    int64_t work = 0;
    for (int64_t row = 0; row < tile.rows; ++row)
      work += cell.getWeightWork(dense[row * count + stream]);
    if (work == 0)
      continue;
    selected.push_back(stream);
    tile.columns.push_back(streams[stream]);
    tile.weightWork.push_back(work);
  }
}

PreparedTile sim::prepareTile(const Program &program, const WeightTile &tile,
                              llvm::ArrayRef<int8_t> values) {
  const PackedWeights &weights = program.weights[tile.weights];
  std::vector<int32_t> streams = getTileStreams(
      weights, tile.block, tile.column, program.getTileColumns(tile));
  std::vector<int16_t> dense =
      weights.isRunTime ? std::vector<int16_t>(values.begin(), values.end())
                        : unpackTile(program, tile, streams);
  PreparedTile prepared;
  prepared.rows = program.getTileRows(tile);
  std::vector<int64_t> selected;
  selectStreams(prepared, *program.machine.cell, streams, dense, selected);
  prepared.rowBegin.push_back(0);
  for (int64_t row = 0; row < prepared.rows; ++row) {
    const int16_t *line = dense.data() + row * streams.size();
    for (size_t s = 0; s < selected.size(); s += 2) {
      int16_t first = line[selected[s]];
      int16_t second =
          s + 1 < selected.size() ? line[selected[s + 1]] : int16_t(0);
      if (first || second)
        prepared.pairs.push_back({static_cast<int32_t>(s / 2), first, second});
    }
    prepared.rowBegin.push_back(prepared.pairs.size());
  }
  return prepared;
}

//===----------------------------------------------------------------------===//
// Gathering operands
//===----------------------------------------------------------------------===//

static void gatherColumn(MachineState &state, const StreamTile &stream,
                         const Band &band, int64_t matrixColumn, int8_t *out) {
  const View &view = stream.data;
  int64_t taps = stream.window.kernelHeight * stream.window.kernelWidth;
  int64_t channel = matrixColumn / taps;
  TapRange range = getTapRange(stream.window, band, matrixColumn % taps);
  int64_t stride = range.columnStride * view.columnPitch;
  int64_t length = range.end - range.begin;
  if (length <= 0)
    return;
  for (int64_t y = range.firstLine; y < range.lastLine; ++y) {
    const uint8_t *from =
        state.get(view.memory, getAddress(view, channel, range.getRow(y),
                                          range.getColumn(range.begin)));
    int8_t *to = out + y * band.width + range.begin;
    if (stride == 1)
      std::memcpy(to, from, length);
    else
      for (int64_t x = 0; x < length; ++x)
        to[x] = static_cast<int8_t>(from[x * stride]);
  }
}

void sim::gatherData(MachineState &state, const StreamTile &stream,
                     llvm::ArrayRef<int32_t> columns,
                     std::vector<int8_t> &data) {
  Band band = clampBand(stream.band, stream.window);
  int64_t positions = band.height * band.width;
  data.assign(columns.size() * positions, 0);
  for (auto [index, column] : llvm::enumerate(columns))
    if (column >= 0)
      gatherColumn(state, stream, band, column,
                   data.data() + index * positions);
}

int64_t sim::countWork(const PreparedTile &tile, llvm::ArrayRef<int8_t> data,
                       int64_t positions, llvm::ArrayRef<int64_t> dataWork) {
  int64_t total = 0;
  for (auto [index, weightWork] : llvm::enumerate(tile.weightWork)) {
    int64_t work = 0;
    for (int8_t value : data.slice(index * positions, positions))
      work += dataWork[value + 128];
    total += weightWork * work;
  }
  return total;
}

//===----------------------------------------------------------------------===//
// Multiplying
//===----------------------------------------------------------------------===//

namespace {
/// Positions of one 256-bit register of 32-bit sums.
constexpr int64_t kLanes = 8;
/// Registers of a full block; the rest of the positions come one register at
/// a time.
constexpr int64_t kBlockRegisters = 4;
} // namespace

/// scratch[pair][lane][2]: the operands of `lanes` positions from `first` on,
/// zero beyond the last position; a last odd stream is paired with zeros.
static void interleave(llvm::ArrayRef<int8_t> data, int64_t streams,
                       int64_t positions, int64_t first, int64_t lanes,
                       int16_t *__restrict scratch) {
  int64_t present = std::min(lanes, positions - first);
  if (present < lanes)
    std::fill(scratch, scratch + (streams + 1) / 2 * lanes * 2, 0);
  for (int64_t s = 0; s < streams; s += 2) {
    const int8_t *even = data.data() + s * positions + first;
    const int8_t *odd = s + 1 < streams ? even + positions : nullptr;
    int16_t *to = scratch + s * lanes;
    if (odd)
      for (int64_t i = 0; i < present; ++i) {
        to[2 * i] = even[i];
        to[2 * i + 1] = odd[i];
      }
    else
      for (int64_t i = 0; i < present; ++i) {
        to[2 * i] = even[i];
        to[2 * i + 1] = 0;
      }
  }
}

template <int64_t registers>
static void multiplyPortable(const PreparedTile &tile, const int16_t *operands,
                             int32_t *sums, int64_t pitch) {
  constexpr int64_t lanes = registers * kLanes;
  for (int64_t row = 0; row < tile.rows; ++row) {
    int32_t block[lanes] = {};
    for (int64_t p = tile.rowBegin[row]; p < tile.rowBegin[row + 1]; ++p) {
      const PreparedTile::Pair &pair = tile.pairs[p];
      const int16_t *values = operands + pair.pair * lanes * 2;
      for (int64_t i = 0; i < lanes; ++i)
        block[i] += int32_t(pair.first) * values[2 * i] +
                    int32_t(pair.second) * values[2 * i + 1];
    }
    std::copy(block, block + lanes, sums + row * pitch);
  }
}

#if defined(__x86_64__)
template <int64_t registers>
__attribute__((target("avx2"))) static void
multiplyAvx2(const PreparedTile &tile, const int16_t *operands, int32_t *sums,
             int64_t pitch) {
  constexpr int64_t lanes = registers * kLanes;
  for (int64_t row = 0; row < tile.rows; ++row) {
    __m256i block[registers];
    for (int64_t r = 0; r < registers; ++r)
      block[r] = _mm256_setzero_si256();
    for (int64_t p = tile.rowBegin[row]; p < tile.rowBegin[row + 1]; ++p) {
      const PreparedTile::Pair &pair = tile.pairs[p];
      int32_t both;
      std::memcpy(&both, &pair.first, sizeof(both));
      __m256i weights = _mm256_set1_epi32(both);
      auto *values =
          reinterpret_cast<const __m256i *>(operands + pair.pair * lanes * 2);
      for (int64_t r = 0; r < registers; ++r)
        block[r] = _mm256_add_epi32(
            block[r],
            _mm256_madd_epi16(weights, _mm256_loadu_si256(values + r)));
    }
    for (int64_t r = 0; r < registers; ++r)
      _mm256_storeu_si256(
          reinterpret_cast<__m256i *>(sums + row * pitch + r * kLanes),
          block[r]);
  }
}
#endif

namespace {
using BlockKernel = void (*)(const PreparedTile &, const int16_t *, int32_t *,
                             int64_t);

struct Kernels {
  BlockKernel block, rest;
};
} // namespace

static Kernels selectKernels(InstructionSet instructions) {
#if defined(__x86_64__)
  if (hasAvx2(instructions))
    return {multiplyAvx2<kBlockRegisters>, multiplyAvx2<1>};
#endif
  return {multiplyPortable<kBlockRegisters>, multiplyPortable<1>};
}

void sim::multiply(const PreparedTile &tile, llvm::ArrayRef<int8_t> data,
                   int64_t positions, std::vector<int16_t> &scratch,
                   std::vector<int32_t> &sums, InstructionSet instructions) {
  Kernels kernels = selectKernels(instructions);
  int64_t streams = tile.columns.size();
  int64_t pitch = (positions + kLanes - 1) / kLanes * kLanes;
  constexpr int64_t blockLanes = kBlockRegisters * kLanes;
  scratch.resize((streams + 1) / 2 * blockLanes * 2);
  sums.resize(tile.rows * pitch);
  for (int64_t first = 0; first < positions;) {
    bool isBlock = pitch - first >= blockLanes;
    int64_t lanes = isBlock ? blockLanes : kLanes;
    interleave(data, streams, positions, first, lanes, scratch.data());
    (isBlock ? kernels.block : kernels.rest)(tile, scratch.data(),
                                             sums.data() + first, pitch);
    first += lanes;
  }
  if (pitch != positions)
    for (int64_t row = 1; row < tile.rows; ++row)
      std::copy_n(sums.begin() + row * pitch, positions,
                  sums.begin() + row * positions);
  sums.resize(tile.rows * positions);
}

//===----------------------------------------------------------------------===//
// Storing sums
//===----------------------------------------------------------------------===//

/// Adds or copies a line of sums; whether an addition overflowed.
static bool storeLine(uint8_t *to, int64_t pitch, const int32_t *sums,
                      int64_t count, bool accumulate) {
  bool hasOverflown = false;
  for (int64_t i = 0; i < count; ++i) {
    int32_t sum = sums[i], before = 0;
    if (accumulate) {
      std::memcpy(&before, to + i * pitch, sizeof(before));
      hasOverflown |= __builtin_add_overflow(sum, before, &sum);
    }
    std::memcpy(to + i * pitch, &sum, sizeof(sum));
  }
  return hasOverflown;
}

llvm::Error sim::storeSums(MachineState &state, const StreamTile &stream,
                           int64_t rows, llvm::ArrayRef<int32_t> sums) {
  const View &view = stream.accumulators;
  Band band = clampBand(stream.band, stream.window);
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t y = 0; y < band.height; ++y) {
      const int32_t *line = sums.data() + (row * band.height + y) * band.width;
      uint8_t *to = state.get(view.memory,
                              getAddress(view, row, band.row + y, band.column));
      if (storeLine(to, view.columnPitch, line, band.width, stream.accumulate))
        return llvm::createStringError(
            llvm::formatv("an accumulator of row {0}, position ({1}, ...), "
                          "overflows 32 bits",
                          stream.tile.row + row, band.row + y)
                .str());
    }
  return llvm::Error::success();
}
