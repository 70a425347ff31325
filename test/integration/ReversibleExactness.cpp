//===- ReversibleExactness.cpp - Fixed point comes back bit for bit -------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Networks of 200 blocks with random regions, in every format of training, from
// any integers: what the inverse gives back is what the network was given.
// Sums of fixed point, the conversions, and space_to_depth, against the host's.
//
//===----------------------------------------------------------------------===//

#include "ReversibleProgram.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"
#include "gtest/gtest.h"
#include <array>
#include <cmath>
#include <limits>

using namespace colonnade;

namespace {

constexpr int kDepth = 200;

using Stream = std::vector<int32_t>;

/// Weights and counters of every block, and the programs.
struct Network {
  std::unique_ptr<JitFunction> forward, inverse;
  std::vector<std::vector<float>> weights;
  std::vector<int32_t> mantissas;
  std::vector<int64_t> counters;

  void run(bool isInverse, Stream &first, Stream &second) const;
};

void Network::run(bool isInverse, Stream &first, Stream &second) const {
  Stream next1(first.size()), next2(second.size());
  for (int step = 0; step < kDepth; ++step) {
    int block = isInverse ? kDepth - 1 - step : step;
    llvm::Error error =
        (isInverse ? inverse : forward)
            ->run({first.data(), second.data(), weights[block].data(),
                   &mantissas[block], &counters[block]},
                  {next1.data(), next2.data()});
    ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
    std::swap(first, next1);
    std::swap(second, next2);
  }
}

void makeNetwork(RandomCases &random, const ReversibleProgram &program,
                 Network &network) {
  for (bool isInverse : {false, true}) {
    auto jit = program.compile(isInverse);
    ASSERT_TRUE(bool(jit)) << llvm::toString(jit.takeError())
                           << program.print(isInverse);
    (isInverse ? network.inverse : network.forward) = std::move(*jit);
  }
  for (int block = 0; block < kDepth; ++block) {
    std::vector<float> &weights = network.weights.emplace_back();
    for (int64_t i = 0; i < program.getNumWeights(); ++i)
      weights.push_back(float(random.getNormal() / 4));
    network.mantissas.push_back(int32_t(random.getInteger(2, 8)));
    network.counters.push_back(random.getInteger(0, 1 << 20));
  }
}

/// Around 1, or any integers, the largest ones among them.
Stream makeStream(RandomCases &random, int64_t count, int64_t fraction) {
  bool isExtreme = random.getInteger(0, 1);
  Stream stream;
  for (int64_t i = 0; i < count; ++i) {
    double units = std::ldexp(random.getNormal(), int(fraction));
    int64_t value = isExtreme ? random.getInteger(INT32_MIN, INT32_MAX)
                              : int64_t(std::clamp(units, -0x1p31, 0x1p31 - 1));
    if (isExtreme && random.getInteger(0, 3) == 0)
      value = random.getInteger(0, 1) ? INT32_MIN : INT32_MAX;
    stream.push_back(int32_t(value));
  }
  return stream;
}

std::string drawRounding(RandomCases &random) {
  switch (random.getInteger(0, 3)) {
  case 0:
    return "truncate";
  case 1:
    return "nearest";
  default:
    return llvm::formatv("{0}, seed = {1}, noise_bits = {2}",
                         random.getInteger(0, 1) ? "stochastic" : "unbiased",
                         random.getInteger(0, 1000),
                         random.getInteger(1, BlockNoise::kMaxBits));
  }
}

void expectExactness(RandomCases &random, const std::string &format) {
  ReversibleProgram::Settings settings;
  settings.fraction = random.getInteger(8, 24);
  settings.format = {format, drawRounding(random)};
  ReversibleProgram program(random, settings);
  Network network;
  makeNetwork(random, program, network);
  if (testing::Test::HasFatalFailure())
    return;
  int64_t count = program.getNumElements();
  Stream x1 = makeStream(random, count, settings.fraction);
  Stream x2 = makeStream(random, count, settings.fraction);
  Stream first = x1, second = x2;
  network.run(/*isInverse=*/false, first, second);
  // Or there would be nothing to invert.
  EXPECT_NE(first, x1) << program.print(false);
  Stream y1 = first, y2 = second;
  network.run(/*isInverse=*/true, first, second);
  EXPECT_TRUE(first == x1 && second == x2)
      << "fraction " << settings.fraction << ", " << format << ", "
      << settings.format.rounding << program.print(false);
  // Another end has another beginning: the test can fail.
  y1[size_t(random.getInteger(0, count - 1))] ^= 1;
  network.run(/*isInverse=*/true, y1, y2);
  EXPECT_FALSE(y1 == x1 && y2 == x2) << program.print(false);
}

class ReversibleExactness : public testing::TestWithParam<const char *> {};

TEST_P(ReversibleExactness, DepthOf200) {
  uint64_t seed = 31;
  for (char letter : llvm::StringRef(GetParam()))
    seed = 7 * seed + uint64_t(letter);
  RandomCases random(seed);
  for (int round = 0; round < 5; ++round)
    expectExactness(random, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Formats, ReversibleExactness,
                         testing::Values("fp32", "bf16", "m2", "m3", "m4", "m8",
                                         "msfp12", "mx"),
                         [](const auto &info) { return info.param; });

//===----------------------------------------------------------------------===//
// Fixed-point ops
//===----------------------------------------------------------------------===//

constexpr int64_t kCount = 64;

/// The erased function; null if there is none.
std::unique_ptr<JitFunction> compileText(const std::string &text) {
  mlir::DialectRegistry registry;
  registry.insert<ColonnadeDialect, mlir::func::FuncDialect>();
  mlir::MLIRContext context(registry);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  mlir::PassManager manager(&context);
  manager.addPass(createStripEncodings());
  if (!module || failed(manager.run(*module)))
    return nullptr;
  auto jit = JitFunction::compile(*module, "main");
  return jit ? std::move(*jit) : nullptr;
}

/// to_fixed(x), from_fixed(q), q + r and q - r.
std::unique_ptr<JitFunction> compileFixedOps(int64_t fraction) {
  return compileText(llvm::formatv(
      R"mlir(
!fixed = tensor<{0}xi32, #colonnade.encoding<fixed_point = <fraction = {1}>>>
!real = tensor<{0}xf32>
func.func @main(%x: !real, %q: !fixed, %r: !fixed)
    -> (!fixed, !real, !fixed, !fixed) {{
  %0 = colonnade.to_fixed %x : !real to !fixed
  %1 = colonnade.from_fixed %q : !fixed to !real
  %2 = colonnade.add_fixed %q, %r : !fixed
  %3 = colonnade.subtract_fixed %q, %r : !fixed
  return %0, %1, %2, %3 : !fixed, !real, !fixed, !fixed
})mlir",
      kCount, fraction));
}

/// As ToFixedOp's description says.
int32_t toFixed(float value, int64_t fraction) {
  double units = std::ldexp(double(value), int(fraction));
  if (std::isnan(units))
    return INT32_MIN;
  return int32_t(std::clamp(std::nearbyint(units), -0x1p31, 0x1p31 - 1));
}

float drawFloat(RandomCases &random, int64_t fraction) {
  switch (random.getInteger(0, 4)) {
  case 0: // Ties among them.
    return float(
        std::ldexp(double(random.getInteger(-9, 9)), -1 - int(fraction)));
  case 1: // Around the limits.
    return float(
        std::ldexp(random.getInteger(0, 1) ? 1.0 : -1.0, 31 - int(fraction)) *
        (1 + 0x1p-23 * double(random.getInteger(-2, 2))));
  case 2:
    return float(std::ldexp(random.getNormal(),
                            int(random.getInteger(0, 31)) - int(fraction)));
  case 3:
    return random.getInteger(0, 1) ? std::numeric_limits<float>::quiet_NaN()
                                   : -std::numeric_limits<float>::infinity();
  default:
    return float(random.getNormal());
  }
}

TEST(FixedPoint, OpsAreTheHosts) {
  RandomCases random(7);
  for (int64_t fraction : {0, 1, 8, 16, 24, 31}) {
    std::unique_ptr<JitFunction> jit = compileFixedOps(fraction);
    ASSERT_TRUE(jit) << fraction;
    for (int round = 0; round < 50; ++round) {
      std::vector<float> x(kCount), real(kCount);
      Stream q = makeStream(random, kCount, 16),
             r = makeStream(random, kCount, 16);
      Stream fixed(kCount), sum(kCount), difference(kCount);
      for (float &value : x)
        value = drawFloat(random, fraction);
      llvm::Error error =
          jit->run({x.data(), q.data(), r.data()},
                   {fixed.data(), real.data(), sum.data(), difference.data()});
      ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
      for (int64_t i = 0; i < kCount; ++i) {
        EXPECT_EQ(fixed[i], toFixed(x[i], fraction)) << x[i];
        EXPECT_EQ(real[i], std::ldexp(float(q[i]), -int(fraction))) << q[i];
        EXPECT_EQ(sum[i], int32_t(uint32_t(q[i]) + uint32_t(r[i])));
        EXPECT_EQ(difference[i], int32_t(uint32_t(q[i]) - uint32_t(r[i])));
      }
    }
  }
}

//===----------------------------------------------------------------------===//
// Space to depth
//===----------------------------------------------------------------------===//

/// A tensor [batch, channels, height, width] whose dimensions are in any order.
struct Moved {
  int64_t block = 1;
  /// Of a tensor of positions: batch, channels, height and width.
  std::array<int64_t, 4> extents;
  /// Which dimension of the tensor each of these is.
  std::array<int64_t, 4> dims;

  std::string print() const;
  /// Row-major, of the value at these positions.
  int64_t getIndex(const std::array<int64_t, 4> &sizes,
                   const std::array<int64_t, 4> &position) const;
};

std::string Moved::print() const {
  std::array<int64_t, 4> plain, moved;
  for (int i = 0; i < 4; ++i)
    plain[dims[i]] = extents[i];
  moved = plain;
  moved[dims[1]] *= block * block;
  moved[dims[2]] /= block;
  moved[dims[3]] /= block;
  auto type = [](const std::array<int64_t, 4> &e) {
    return llvm::formatv("tensor<{0}x{1}x{2}x{3}xf32>", e[0], e[1], e[2], e[3])
        .str();
  };
  std::string dimensions =
      llvm::formatv("block = {0} channel = {1} height = {2} width = {3}", block,
                    dims[1], dims[2], dims[3]);
  return llvm::formatv(R"mlir(
func.func @main(%x: {0}) -> ({1}, {0}) {{
  %0 = colonnade.space_to_depth %x {2} : {0} to {1}
  %1 = colonnade.barrier %0 : {1}
  %2 = colonnade.space_to_depth inverse %1 {2} : {1} to {0}
  return %0, %2 : {1}, {0}
})mlir",
                       type(plain), type(moved), dimensions);
}

int64_t Moved::getIndex(const std::array<int64_t, 4> &sizes,
                        const std::array<int64_t, 4> &position) const {
  int64_t index = 0;
  for (int64_t dim = 0; dim < 4; ++dim)
    for (int i = 0; i < 4; ++i)
      if (dims[i] == dim)
        index = index * sizes[i] + position[i];
  return index;
}

Moved drawMoved(RandomCases &random) {
  Moved moved;
  moved.block = random.getInteger(1, 3);
  moved.extents = {random.getInteger(1, 3), random.getInteger(1, 4),
                   moved.block * random.getInteger(1, 4),
                   moved.block * random.getInteger(1, 4)};
  moved.dims = {0, 1, 2, 3};
  for (int i = 3; i > 0; --i)
    std::swap(moved.dims[i], moved.dims[random.getInteger(0, i)]);
  return moved;
}

/// The index in the result of each value of the source, as ONNX's SpaceToDepth
/// has it.
std::vector<int64_t> getTargets(const Moved &moved) {
  auto [batch, channels, height, width] = moved.extents;
  int64_t b = moved.block;
  std::vector<int64_t> targets(batch * channels * height * width);
  for (int64_t n = 0; n < batch; ++n)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t y = 0; y < height; ++y)
        for (int64_t x = 0; x < width; ++x)
          targets[moved.getIndex(moved.extents, {n, c, y, x})] = moved.getIndex(
              {batch, channels * b * b, height / b, width / b},
              {n, (y % b * b + x % b) * channels + c, y / b, x / b});
  return targets;
}

TEST(SpaceToDepth, IsOnnxsAndItsInverseBringsBack) {
  RandomCases random(3);
  for (int round = 0; round < 25; ++round) {
    Moved moved = drawMoved(random);
    std::unique_ptr<JitFunction> jit = compileText(moved.print());
    ASSERT_TRUE(jit) << moved.print();
    std::vector<int64_t> targets = getTargets(moved);
    std::vector<float> x(targets.size()), y(x.size()), back(x.size()),
        expected(x.size());
    for (size_t i = 0; i < x.size(); ++i)
      expected[targets[i]] = x[i] = float(i + 1);
    llvm::cantFail(jit->run({x.data()}, {y.data(), back.data()}));
    EXPECT_EQ(y, expected) << moved.print();
    EXPECT_EQ(back, x) << moved.print();
  }
}

} // namespace
