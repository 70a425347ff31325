//===- AllocationTest.cpp - What runs allocate ----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The peak of a run, where it is known: products one after the other need two
// buffers whatever their number, unless a later op reads all of them.
//
//===----------------------------------------------------------------------===//

#include "JitFixture.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/ExecutionEngine/MemoryPrediction.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;

namespace {

constexpr int64_t kExtent = 64, kBufferBytes = kExtent * kExtent * 4;

/// The beginning of a function of %{0} and %w, with what products begin with.
std::string makeHead(StringRef input) {
  return llvm::formatv(R"mlir(
    func.func @main(%{0}: tensor<64x64xf32>, %w: tensor<64x64xf32>)
        -> tensor<64x64xf32> {{
      %zero = arith.constant 0.0 : f32
      %empty = tensor.empty() : tensor<64x64xf32>
      %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x64xf32>)
          -> tensor<64x64xf32>)mlir",
                       input);
}

std::string makeProduct(const Twine &result, const Twine &left,
                        const Twine &right) {
  return llvm::formatv(R"mlir(
      %{0} = linalg.matmul ins(%{1}, %{2} : tensor<64x64xf32>, tensor<64x64xf32>)
          outs(%init : tensor<64x64xf32>) -> tensor<64x64xf32>)mlir",
                       result.str(), left.str(), right.str());
}

/// Of the chain v0, v0 w, v0 w w, ...
std::string makeChain(int count) {
  std::string text;
  for (int i = 0; i < count; ++i)
    text += makeProduct("v" + Twine(i + 1), "v" + Twine(i), "w");
  return text;
}

/// x, x w, x w w, ...: the last one, or with `readsAll` their sum, negated so
/// that it is not computed in place.
std::string makeProducts(int count, bool readsAll) {
  std::string text = makeHead("v0") + makeChain(count);
  std::string last = llvm::formatv("v{0}", count);
  if (readsAll)
    for (int i = count - 1; i > 0; --i) {
      text += makeProduct("s" + Twine(i), "v" + Twine(i), last);
      last = llvm::formatv("s{0}", i);
    }
  return text + "\nreturn %" + last + " : tensor<64x64xf32>\n}";
}

class AllocationTest : public JitFixture {
protected:
  int64_t measure(const std::string &source) {
    function = compile(source, JitOptimization::Library);
    if (!function)
      return -1;
    EXPECT_EQ(function->getPeakBytes(), 0);
    run();
    // What is known before the run is what the run takes.
    auto predicted = predictMemory(module->lookupSymbol<func::FuncOp>("main"));
    EXPECT_TRUE(static_cast<bool>(predicted));
    EXPECT_EQ(getPeak(*predicted), function->getPeakBytes());
    return function->getPeakBytes();
  }

  void run() {
    std::vector<float> x(kExtent * kExtent, 0.5f), w(x), result(x);
    llvm::cantFail(function->run({x.data(), w.data()}, {result.data()}));
  }

  std::unique_ptr<JitFunction> function;
};

TEST_F(AllocationTest, BuffersDieAfterTheirLastUse) {
  for (int count : {3, 10, 40}) {
    SCOPED_TRACE(count);
    EXPECT_EQ(measure(makeProducts(count, false)), 2 * kBufferBytes);
  }
}

TEST_F(AllocationTest, WhatIsReadLaterLives) {
  for (int count : {3, 10, 40}) {
    SCOPED_TRACE(count);
    // The first of the sums has a buffer beside all v.
    EXPECT_EQ(measure(makeProducts(count, true)), (count + 1) * kBufferBytes);
  }
}

/// Two sums, far apart, begin with one empty tensor.
TEST_F(AllocationTest, EmptyTensorsAreNoBuffers) {
  EXPECT_EQ(measure(makeHead("x") + R"mlir(
      %s = linalg.exp ins(%x : tensor<64x64xf32>)
          outs(%empty : tensor<64x64xf32>) -> tensor<64x64xf32>)mlir" +
                    makeProduct("v0", "s", "w") + makeChain(5) + R"mlir(
      %e = linalg.exp ins(%v5 : tensor<64x64xf32>)
          outs(%empty : tensor<64x64xf32>) -> tensor<64x64xf32>)mlir" +
                    makeProduct("y", "e", "w") + R"mlir(
      return %y : tensor<64x64xf32>
    })mlir"),
            2 * kBufferBytes);
}

TEST_F(AllocationTest, PartsEndAtBarriers) {
  context.loadDialect<ColonnadeDialect>();
  // v1 is read on both sides, v2 in front only; behind are v1 and the result.
  function = compile(makeHead("x") + makeProduct("v1", "x", "w") +
                         makeProduct("v2", "v1", "w") +
                         makeProduct("v3", "v2", "v1") + R"mlir(
      %b:3 = colonnade.barrier %v1, %v2, %v3
          : tensor<64x64xf32>, tensor<64x64xf32>, tensor<64x64xf32>)mlir" +
                         makeProduct("y", "b#0", "b#2") + R"mlir(
      return %y : tensor<64x64xf32>
    })mlir",
                     JitOptimization::Library);
  ASSERT_TRUE(function);
  auto parts = predictMemory(module->lookupSymbol<func::FuncOp>("main"));
  ASSERT_TRUE(static_cast<bool>(parts));
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].peak, 3 * kBufferBytes);
  EXPECT_EQ((*parts)[0].atEnd, 3 * kBufferBytes);
  EXPECT_EQ((*parts)[0].behind, 2 * kBufferBytes);
  EXPECT_EQ((*parts)[1].peak, 3 * kBufferBytes);
}

TEST_F(AllocationTest, ResetForgetsThePeak) {
  EXPECT_GT(measure(makeProducts(3, false)), 0);
  function->resetPeakBytes();
  EXPECT_EQ(function->getPeakBytes(), 0);
  run();
  EXPECT_EQ(function->getPeakBytes(), 2 * kBufferBytes);
}

} // namespace
