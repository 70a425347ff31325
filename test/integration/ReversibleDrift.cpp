//===- ReversibleDrift.cpp - How far float streams come back --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The drift of a stream is max |x - x'| / max |x|, with x' what the inverse
// gives back of x. Bounds at 50 blocks are for f32 and bf16 streams, additive
// and affine; `--gtest_output` has the numbers of docs/rationale/reversible.md.
//
//===----------------------------------------------------------------------===//

#include "ReversibleProgram.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <cmath>

using namespace colonnade;

namespace {

template <typename ElementT> struct Streams {
  std::vector<ElementT> first, second;
};

float toFloat(float value) { return value; }
float toFloat(uint16_t bits) {
  return llvm::bit_cast<float>(uint32_t(bits) << 16);
}

template <typename ElementT>
double getDrift(const std::vector<ElementT> &expected,
                const std::vector<ElementT> &got) {
  double error = 0, largest = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    double x = toFloat(expected[i]);
    error = std::max(error, std::abs(toFloat(got[i]) - x));
    largest = std::max(largest, std::abs(x));
  }
  return error / largest;
}

template <typename ElementT>
void run(const JitFunction &jit, Streams<ElementT> &streams,
         const std::vector<float> &weights) {
  int32_t mantissa = 8;
  int64_t counter = 0;
  Streams<ElementT> next = streams;
  llvm::Error error = jit.run({streams.first.data(), streams.second.data(),
                               weights.data(), &mantissa, &counter},
                              {next.first.data(), next.second.data()});
  ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
  std::swap(streams, next);
}

/// The largest of either stream's; negative if it does not run.
template <typename ElementT>
double measureDrift(RandomCases &random, ReversibleProgram::Settings settings,
                    int depth) {
  ReversibleProgram program(random, settings);
  auto forward = program.compile(false), inverse = program.compile(true);
  if (!forward || !inverse) {
    ADD_FAILURE() << llvm::toString(forward.takeError())
                  << llvm::toString(inverse.takeError())
                  << program.print(false);
    return -1;
  }
  std::vector<std::vector<float>> weights(depth);
  for (std::vector<float> &block : weights)
    for (int64_t i = 0; i < program.getNumWeights(); ++i)
      block.push_back(float(random.getNormal() / 4));
  Streams<ElementT> streams;
  for (int64_t i = 0; i < program.getNumElements(); ++i)
    for (std::vector<ElementT> *stream : {&streams.first, &streams.second}) {
      auto value = float(random.getNormal());
      if constexpr (std::is_same_v<ElementT, float>)
        stream->push_back(value);
      else
        stream->push_back(ElementT(llvm::bit_cast<uint32_t>(value) >> 16));
    }
  Streams<ElementT> given = streams;
  for (int block = 0; block < depth; ++block)
    run(**forward, streams, weights[block]);
  for (int block = depth - 1; block >= 0; --block)
    run(**inverse, streams, weights[block]);
  return std::max(getDrift(given.first, streams.first),
                  getDrift(given.second, streams.second));
}

/// Over random programs.
struct Drifts {
  double largest = 0, geometricMean = 0;
};

template <typename ElementT>
Drifts measureDrifts(ReversibleProgram::Settings settings, int depth) {
  RandomCases random(12);
  Drifts drifts;
  double sum = 0;
  constexpr int kPrograms = 10;
  for (int round = 0; round < kPrograms; ++round) {
    double drift = measureDrift<ElementT>(random, settings, depth);
    EXPECT_TRUE(std::isfinite(drift));
    drifts.largest = std::max(drifts.largest, drift);
    sum += std::log(std::max(drift, 1e-12));
  }
  drifts.geometricMean = std::exp(sum / kPrograms);
  std::string name =
      llvm::formatv("gain_{0}_depth_{1}", settings.gain, depth).str();
  auto format = [](double value) {
    return llvm::formatv("{0:e2}", value).str();
  };
  testing::Test::RecordProperty(name + "_largest", format(drifts.largest));
  testing::Test::RecordProperty(name + "_mean", format(drifts.geometricMean));
  return drifts;
}

/// At 50 blocks; more with depth, and where regions add more to a stream.
template <typename ElementT>
void expectDrift(ReversibleProgram::Settings settings, double atLeast,
                 double atMost) {
  Drifts drifts = measureDrifts<ElementT>(settings, 50);
  EXPECT_GE(drifts.largest, atLeast);
  EXPECT_LE(drifts.largest, atMost);
  Drifts deeper = measureDrifts<ElementT>(settings, 200);
  EXPECT_GT(deeper.geometricMean, drifts.geometricMean);
  settings.gain = 2;
  Drifts wilder = measureDrifts<ElementT>(settings, 50);
  EXPECT_GT(wilder.geometricMean, drifts.geometricMean);
}

using Stream = ReversibleProgram::Stream;

TEST(ReversibleDrift, AdditiveF32) {
  expectDrift<float>({Stream::F32}, 1e-7, 1e-4);
}

TEST(ReversibleDrift, AffineF32) {
  ReversibleProgram::Settings settings{Stream::F32};
  settings.isAffine = true;
  expectDrift<float>(settings, 1e-7, 1e-3);
}

/// Useless: a large part of the values.
TEST(ReversibleDrift, AdditiveBf16) {
  expectDrift<uint16_t>({Stream::Bf16}, 1e-2, 1e3);
}

} // namespace
