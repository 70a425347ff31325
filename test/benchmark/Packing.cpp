//===- Packing.cpp - Speed of column grouping -----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Grouping the columns of a large sparse layer (512 filters, 512 channels x 3x3
// taps, 85 % zeros), whole and with every algorithm, beside the way the
// authors' code does it: byte matrices, every pair compared anew at every
// merge, and for that reason only inside blocks of 256 columns.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Packing/ColumnGrouping.h"
#include <benchmark/benchmark.h>
#include <random>

using namespace colonnade;

static constexpr int64_t rows = 512, columns = 4608;
static constexpr int64_t blockColumns = 256;
static constexpr double density = 0.15;

static std::vector<int8_t> makeMatrix() {
  std::mt19937_64 engine(85);
  const uint64_t threshold = static_cast<uint64_t>(density * 0x1p32);
  std::vector<int8_t> matrix(rows * columns);
  for (int8_t &value : matrix)
    value = (engine() >> 32) < threshold;
  return matrix;
}

//===----------------------------------------------------------------------===//
// Baseline: byte matrices, blocks of 256 columns
//===----------------------------------------------------------------------===//

namespace {
/// How often each row of a group is nonzero.
struct ByteGroup {
  llvm::SmallVector<int32_t, 8> members;
  std::vector<uint8_t> counts;
};
} // namespace

/// Empty rows of the union, or -1 if it is illegal.
static int64_t countEmptyRows(const ByteGroup &left, const ByteGroup &right,
                              const GroupingOptions &options) {
  if (int64_t(left.members.size() + right.members.size()) > options.fanIn)
    return -1;
  int64_t conflicts = 0, empty = 0;
  for (int64_t row = 0; row < rows; ++row) {
    int count = left.counts[row] + right.counts[row];
    conflicts += count > 1 ? count - 1 : 0;
    empty += count == 0;
  }
  return conflicts <= int64_t(options.conflictLimit * rows) ? empty : -1;
}

static bool mergeOnce(std::vector<ByteGroup> &groups,
                      const GroupingOptions &options) {
  for (size_t lowest = 0; lowest < groups.size(); ++lowest) {
    size_t best = lowest;
    int64_t fewest = rows + 1;
    for (size_t partner = lowest + 1; partner < groups.size(); ++partner) {
      int64_t empty = countEmptyRows(groups[lowest], groups[partner], options);
      if (empty < 0 || empty >= fewest)
        continue;
      fewest = empty;
      best = partner;
    }
    if (best == lowest)
      continue;
    groups[lowest].members.append(groups[best].members);
    for (int64_t row = 0; row < rows; ++row)
      groups[lowest].counts[row] += groups[best].counts[row];
    groups.erase(groups.begin() + best);
    return true;
  }
  return false;
}

static size_t countGroupsInBlocks(const std::vector<int8_t> &matrix,
                                  const GroupingOptions &options) {
  size_t total = 0;
  for (int64_t begin = 0; begin < columns; begin += blockColumns) {
    std::vector<ByteGroup> groups;
    for (int64_t column = begin; column < begin + blockColumns; ++column) {
      ByteGroup group{{static_cast<int32_t>(column)},
                      std::vector<uint8_t>(rows)};
      for (int64_t row = 0; row < rows; ++row)
        group.counts[row] = matrix[row * columns + column] != 0;
      groups.push_back(std::move(group));
    }
    while (mergeOnce(groups, options))
      continue;
    total += groups.size();
  }
  return total;
}

//===----------------------------------------------------------------------===//
// Benchmarks
//===----------------------------------------------------------------------===//

/// Conflict limit in percent.
static GroupingOptions getOptions(const benchmark::State &state) {
  return {8, double(state.range(0)) / 100};
}

static void groupWholeMatrix(benchmark::State &state,
                             const GroupingAlgorithm *algorithm) {
  std::vector<int8_t> matrix = makeMatrix();
  size_t groups = 0;
  for (auto _ : state) {
    NonzeroPattern pattern =
        NonzeroPattern::get(llvm::ArrayRef<int8_t>(matrix), rows, columns);
    groups = algorithm->group(pattern, getOptions(state)).size();
  }
  state.counters["groups"] = double(groups);
}

static void groupInByteBlocks(benchmark::State &state) {
  std::vector<int8_t> matrix = makeMatrix();
  size_t groups = 0;
  for (auto _ : state)
    groups = countGroupsInBlocks(matrix, getOptions(state));
  state.counters["groups"] = double(groups);
}

static void configure(benchmark::internal::Benchmark *benchmark) {
  benchmark->ArgName("limit-percent")
      ->Arg(0)
      ->Arg(50)
      ->Unit(benchmark::kMillisecond);
}

int main(int argc, char **argv) {
  for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms())
    configure(benchmark::RegisterBenchmark(
        (algorithm->getName() + "/whole").str().c_str(), groupWholeMatrix,
        algorithm));
  configure(benchmark::RegisterBenchmark("baseline-agglomerative/byte-blocks",
                                         groupInByteBlocks));
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv))
    return 1;
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
}
