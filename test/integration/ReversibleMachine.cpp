//===- ReversibleMachine.cpp - Couplings on the modeled machine -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random couplings, forward and inverse, as programs of the modeled machine:
// products of blocks on the array, fixed-point numbers on the vector unit. They
// give the bits of the JIT, and the inverse gives the bits back.
//
//===----------------------------------------------------------------------===//

#include "ReversibleProgram.h"
#include "ShippedNetworks.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/InitAllDialects.h"
#include "colonnade/Pipelines/Pipelines.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"
#include "gtest/gtest.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

namespace {

using Bytes = std::vector<uint8_t>;

Bytes toBytes(const void *data, size_t bytes) {
  auto *first = static_cast<const uint8_t *>(data);
  return Bytes(first, first + bytes);
}

template <typename T> Bytes toBytes(const std::vector<T> &values) {
  return toBytes(values.data(), values.size() * sizeof(T));
}

struct Streams {
  Bytes first, second;
};

/// One direction of a block, both ways.
class Direction {
public:
  /// Null if it cannot be compiled or scheduled.
  static std::unique_ptr<Direction> create(MLIRContext &context,
                                           const std::string &text);

  /// The streams that both give, which must agree.
  void run(const Streams &streams, ArrayRef<Bytes> parameters, Streams &result);

private:
  std::unique_ptr<JitFunction> jit;
  std::unique_ptr<sim::Simulator> simulator;
};

} // namespace

std::unique_ptr<Direction> Direction::create(MLIRContext &context,
                                             const std::string &text) {
  auto module = parseSourceString<ModuleOp>(text, &context);
  // The machine's exponential is not libm's: expanded once, for both.
  PassManager expansion(&context);
  LowerReversibleOptions lower;
  lower.keepFixedPoint = true;
  expansion.addNestedPass<func::FuncOp>(createLowerReversible(lower));
  expansion.addNestedPass<func::FuncOp>(createLowerBatchNorm());
  expansion.addNestedPass<func::FuncOp>(createExpandMath());
  if (!module || failed(expansion.run(*module)))
    return nullptr;
  OwningOpRef<ModuleOp> plain = module->clone();
  PassManager stripping(&context);
  stripping.addPass(createStripEncodings());
  CompileStepOptions options;
  options.target = "fast-256x64";
  PassManager scheduling(&context);
  buildCompileStepPipeline(scheduling, options);
  if (failed(stripping.run(*plain)) || failed(scheduling.run(*module)))
    return nullptr;
  auto direction = std::make_unique<Direction>();
  direction->jit = llvm::cantFail(
      JitFunction::compile(*plain, "main", JitOptimization::CompileTime));
  direction->simulator =
      llvm::cantFail(sim::Simulator::create(exportOnlyProgram(*module)));
  return direction;
}

void Direction::run(const Streams &streams, ArrayRef<Bytes> parameters,
                    Streams &result) {
  Streams expected = streams, actual = streams;
  llvm::SmallVector<llvm::ArrayRef<uint8_t>> given{streams.first,
                                                   streams.second};
  llvm::append_range(given, parameters);
  auto pointers = llvm::map_to_vector(
      given, [](llvm::ArrayRef<uint8_t> bytes) -> const void * {
        return bytes.data();
      });
  llvm::cantFail(
      jit->run(pointers, {expected.first.data(), expected.second.data()}));
  llvm::Error error = simulator->run(given, {actual.first, actual.second});
  ASSERT_FALSE(bool(error)) << llvm::toString(std::move(error));
  ASSERT_EQ(actual.first, expected.first);
  ASSERT_EQ(actual.second, expected.second);
  result = actual;
}

namespace {

class ReversibleMachine : public testing::TestWithParam<const char *> {
protected:
  ReversibleMachine() {
    DialectRegistry registry;
    registerAllDialects(registry);
    context.appendDialectRegistry(registry);
    context.loadAllAvailableDialects();
  }

  void check(RandomCases &random);

  MLIRContext context;
};

void ReversibleMachine::check(RandomCases &random) {
  ReversibleProgram::Settings settings;
  settings.fraction = random.getInteger(8, 24);
  settings.format.name = GetParam();
  settings.hasSoftmax = false;
  settings.format.isDynamic = false;
  settings.format.rounding =
      random.getInteger(0, 1) ? "nearest" : "stochastic, seed = 3";
  ReversibleProgram program(random, settings);
  SCOPED_TRACE(program.print(false));
  std::unique_ptr<Direction> forward =
      Direction::create(context, program.print(false));
  std::unique_ptr<Direction> inverse =
      Direction::create(context, program.print(true));
  ASSERT_TRUE(forward && inverse);

  std::vector<int32_t> stream;
  std::vector<float> weights;
  for (int64_t i = 0; i < 2 * program.getNumElements(); ++i)
    stream.push_back(int32_t(
        random.getInteger(0, 9)
            ? int64_t(std::ldexp(random.getNormal(), int(settings.fraction)))
            : random.getInteger(INT32_MIN, INT32_MAX)));
  for (int64_t i = 0; i < program.getNumWeights(); ++i)
    weights.push_back(float(random.getNormal() / 4));
  size_t bytes = stream.size() / 2 * sizeof(int32_t);
  const Streams given{toBytes(stream.data(), bytes),
                      toBytes(stream.data() + stream.size() / 2, bytes)};
  Streams streams = given;
  constexpr int kDepth = 5;
  auto run = [&](Direction &direction, int64_t block) {
    direction.run(streams,
                  {toBytes(weights), toBytes(std::vector<int32_t>{4}),
                   toBytes(std::vector<int64_t>{block})},
                  streams);
  };
  for (int64_t block = 0; block < kDepth; ++block)
    ASSERT_NO_FATAL_FAILURE(run(*forward, block));
  EXPECT_NE(streams.first, given.first);
  for (int64_t block = kDepth - 1; block >= 0; --block)
    ASSERT_NO_FATAL_FAILURE(run(*inverse, block));
  EXPECT_EQ(streams.first, given.first);
  EXPECT_EQ(streams.second, given.second);
}

TEST_P(ReversibleMachine, GivesTheBitsOfTheJitAndOfTheStreams) {
  RandomCases random(5);
  for (int round = 0; round < 8; ++round)
    ASSERT_NO_FATAL_FAILURE(check(random)) << "round " << round;
}

INSTANTIATE_TEST_SUITE_P(Formats, ReversibleMachine,
                         testing::Values("fp32", "m2", "m3", "m4"),
                         [](const auto &info) { return info.param; });

} // namespace
