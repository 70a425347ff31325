//===- BlockFloat.cpp - Speed of emulated block floating point ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Rounding a 4 MB tensor in blocks, along the contiguous axis and across it,
// beside a copy of the same tensor: both in bytes read and written per second.
//
//===----------------------------------------------------------------------===//

#include "../integration/BlockQuantizeProgram.h"
#include <benchmark/benchmark.h>
#include <cstring>
#include <vector>

using namespace colonnade;

static constexpr int64_t extent = 1024;

static std::vector<float> makeValues() {
  std::vector<float> values(extent * extent);
  uint32_t state = 1;
  for (float &value : values) {
    state = state * 1664525 + 1013904223;
    value = float(int32_t(state)) / 1e6f;
  }
  return values;
}

static void reportBytes(benchmark::State &state) {
  state.SetBytesProcessed(state.iterations() * 2 * extent * extent *
                          int64_t(sizeof(float)));
}

static void copyTensor(benchmark::State &state) {
  std::vector<float> input = makeValues(), output(input.size());
  for (auto _ : state) {
    std::memcpy(output.data(), input.data(), input.size() * sizeof(float));
    benchmark::DoNotOptimize(output.data());
    benchmark::ClobberMemory();
  }
  reportBytes(state);
}
BENCHMARK(copyTensor);

static void quantizeTensor(benchmark::State &state, BlockRounding rounding,
                           int64_t axis) {
  BlockQuantizeProgram program{{extent, extent}, axis, {}, {rounding, {}}};
  auto jit = program.compile();
  if (!jit)
    return state.SkipWithError(llvm::toString(jit.takeError()).c_str());
  std::vector<float> input = makeValues(), output(input.size());
  int32_t mantissa = 4;
  int64_t counter = 1;
  for (auto _ : state)
    if (llvm::Error error =
            (*jit)->run({input.data(), &mantissa, &counter}, {output.data()}))
      return state.SkipWithError(llvm::toString(std::move(error)).c_str());
  reportBytes(state);
}
BENCHMARK_CAPTURE(quantizeTensor, truncate_contiguous, BlockRounding::Truncate,
                  1);
BENCHMARK_CAPTURE(quantizeTensor, nearest_contiguous, BlockRounding::Nearest,
                  1);
BENCHMARK_CAPTURE(quantizeTensor, stochastic_contiguous,
                  BlockRounding::Stochastic, 1);
BENCHMARK_CAPTURE(quantizeTensor, nearest_strided, BlockRounding::Nearest, 0);
BENCHMARK_CAPTURE(quantizeTensor, stochastic_strided, BlockRounding::Stochastic,
                  0);
