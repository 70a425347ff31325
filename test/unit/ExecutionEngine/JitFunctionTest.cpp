//===- JitFunctionTest.cpp - The JIT runner against naive loops ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The runner is the reference of every other test, so it is itself held
// against loops written out here, bit for bit also in floating point: the
// order of additions is part of its contract.
//
//===----------------------------------------------------------------------===//

#include "JitFixture.h"
#include "llvm/Support/FormatVariadic.h"
#include <thread>

using namespace mlir;
using namespace colonnade;
using testing::HasSubstr;

namespace {

using JitFunctionTest = JitFixture;

struct ConvShape {
  int64_t filters, channels, height, width, kernel, stride, outHeight, outWidth;
};

ConvShape makeShape(Generator &generator) {
  ConvShape shape;
  shape.filters = generator.between(1, 5);
  shape.channels = generator.between(1, 4);
  shape.kernel = generator.between(1, 3);
  shape.stride = generator.between(1, 2);
  shape.height = generator.between(3, 12);
  shape.width = generator.between(3, 20);
  shape.outHeight = (shape.height - shape.kernel) / shape.stride + 1;
  shape.outWidth = (shape.width - shape.kernel) / shape.stride + 1;
  return shape;
}

std::string makeConv(const ConvShape &s, StringRef in, StringRef out) {
  return llvm::formatv(
             R"mlir(
func.func @main(%x: tensor<1x{1}x{2}x{3}x{8}>, %w: tensor<{0}x{1}x{4}x{4}x{8}>,
                %init: tensor<1x{0}x{6}x{7}x{9}>) -> tensor<1x{0}x{6}x{7}x{9}> {{
  %y = linalg.conv_2d_nchw_fchw {{strides = dense<{5}> : tensor<2xi64>}
    ins(%x, %w : tensor<1x{1}x{2}x{3}x{8}>, tensor<{0}x{1}x{4}x{4}x{8}>)
    outs(%init : tensor<1x{0}x{6}x{7}x{9}>) -> tensor<1x{0}x{6}x{7}x{9}>
  return %y : tensor<1x{0}x{6}x{7}x{9}>
})mlir",
             s.filters, s.channels, s.height, s.width, s.kernel, s.stride,
             s.outHeight, s.outWidth, in, out)
      .str();
}

/// The convolution's definition, in the named op's loop order. The volatile
/// product keeps this file's compiler from contracting it.
template <typename T, typename Acc>
std::vector<Acc> convolve(const ConvShape &s, const std::vector<T> &x,
                          const std::vector<T> &w, std::vector<Acc> out) {
  size_t index = 0;
  for (int64_t f = 0; f < s.filters; ++f)
    for (int64_t y = 0; y < s.outHeight; ++y)
      for (int64_t z = 0; z < s.outWidth; ++z, ++index)
        for (int64_t tap = 0; tap < s.channels * s.kernel * s.kernel; ++tap) {
          int64_t c = tap / (s.kernel * s.kernel);
          int64_t i = tap / s.kernel % s.kernel, j = tap % s.kernel;
          int64_t at =
              (c * s.height + y * s.stride + i) * s.width + z * s.stride + j;
          volatile Acc product =
              Acc(x[at]) * Acc(w[f * s.channels * s.kernel * s.kernel + tap]);
          out[index] += product;
        }
  return out;
}

template <typename T, typename Acc>
void checkConvolution(const ConvShape &shape, Generator &generator,
                      const JitFunction &function) {
  auto x = generator.values<T>(shape.channels * shape.height * shape.width);
  auto w = generator.values<T>(shape.filters * shape.channels * shape.kernel *
                               shape.kernel);
  auto init =
      generator.values<Acc>(shape.filters * shape.outHeight * shape.outWidth);
  auto xBefore = x, wBefore = w;
  auto initBefore = init;
  std::vector<Acc> result(init.size());
  ASSERT_FALSE(
      bool(function.run({x.data(), w.data(), init.data()}, {result.data()})));
  EXPECT_EQ(result, (convolve<T, Acc>(shape, x, w, init)));
  EXPECT_EQ(x, xBefore);
  EXPECT_EQ(w, wBefore);
  EXPECT_EQ(init, initBefore);
}

TEST_F(JitFunctionTest, FloatConvolutionsAddUpInOrder) {
  Generator generator(1);
  for (int round = 0; round < 6; ++round) {
    ConvShape shape = makeShape(generator);
    auto function = compile(makeConv(shape, "f32", "f32"));
    ASSERT_TRUE(function);
    checkConvolution<float, float>(shape, generator, *function);
  }
}

TEST_F(JitFunctionTest, IntegerConvolutionsExtendSigns) {
  Generator generator(2);
  for (int round = 0; round < 6; ++round) {
    ConvShape shape = makeShape(generator);
    auto function = compile(makeConv(shape, "i8", "i32"));
    ASSERT_TRUE(function);
    checkConvolution<int8_t, int32_t>(shape, generator, *function);
  }
}

TEST_F(JitFunctionTest, ApplyScaleRoundsOnce) {
  auto function = compile(R"mlir(
#id = affine_map<(d0) -> (d0)>
func.func @main(%v: tensor<64xi32>, %m: tensor<64xi32>, %s: tensor<64xi8>)
    -> tensor<64xi32> {
  %empty = tensor.empty() : tensor<64xi32>
  %y = linalg.generic {indexing_maps = [#id, #id, #id, #id],
                       iterator_types = ["parallel"]}
      ins(%v, %m, %s : tensor<64xi32>, tensor<64xi32>, tensor<64xi8>)
      outs(%empty : tensor<64xi32>) {
  ^bb0(%a: i32, %b: i32, %c: i8, %o: i32):
    %r = tosa.apply_scale %a, %b, %c {rounding_mode = SINGLE_ROUND}
        : (i32, i32, i8) -> i32
    linalg.yield %r : i32
  } -> tensor<64xi32>
  return %y : tensor<64xi32>
})mlir");
  ASSERT_TRUE(function);
  Generator generator(3);
  std::vector<int32_t> values(64), multipliers(64), result(64), expected(64);
  std::vector<int8_t> shifts(64);
  for (int i = 0; i < 64; ++i) {
    values[i] = int32_t(generator.between(-(1 << 30), (1 << 30)));
    multipliers[i] = int32_t(generator.between(1 << 30, INT32_MAX));
    shifts[i] = int8_t(generator.between(31, 62));
    int64_t product = int64_t(values[i]) * multipliers[i];
    expected[i] =
        int32_t((product + (int64_t(1) << (shifts[i] - 1))) >> shifts[i]);
  }
  ASSERT_FALSE(bool(function->run(
      {values.data(), multipliers.data(), shifts.data()}, {result.data()})));
  EXPECT_EQ(result, expected);
}

TEST_F(JitFunctionTest, PadsPoolsReshapesAndReturnsTwoResults) {
  auto function = compile(R"mlir(
func.func @main(%x: tensor<1x1x2x2xi8>) -> (tensor<4xi8>, tensor<1x1x2x2xi8>) {
  %zero = arith.constant 0 : i8
  %low = arith.constant -128 : i8
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%a: index, %b: index, %c: index, %d: index):
    tensor.yield %zero : i8
  } : tensor<1x1x2x2xi8> to tensor<1x1x4x4xi8>
  %empty = tensor.empty() : tensor<1x1x2x2xi8>
  %init = linalg.fill ins(%low : i8) outs(%empty : tensor<1x1x2x2xi8>)
      -> tensor<1x1x2x2xi8>
  %window = tensor.empty() : tensor<2x2xi8>
  %m = linalg.pooling_nchw_max {strides = dense<2> : tensor<2xi64>}
      ins(%p, %window : tensor<1x1x4x4xi8>, tensor<2x2xi8>)
      outs(%init : tensor<1x1x2x2xi8>) -> tensor<1x1x2x2xi8>
  %flat = tensor.collapse_shape %m [[0, 1, 2, 3]]
      : tensor<1x1x2x2xi8> into tensor<4xi8>
  return %flat, %x : tensor<4xi8>, tensor<1x1x2x2xi8>
})mlir");
  ASSERT_TRUE(function);
  ASSERT_EQ(function->getInputs().size(), 1u);
  EXPECT_EQ(function->getInputs()[0].getNumElements(), 4);
  EXPECT_EQ(function->getInputs()[0].elementBytes, 1);
  std::vector<int8_t> x = {-5, 7, -128, 127}, pooled(4), copy(4);
  ASSERT_FALSE(bool(function->run({x.data()}, {pooled.data(), copy.data()})));
  EXPECT_EQ(pooled, (std::vector<int8_t>{0, 7, 0, 127}));
  EXPECT_EQ(copy, x);
}

TEST_F(JitFunctionTest, ConcurrentRunsDoNotMeet) {
  Generator generator(4);
  ConvShape shape{4, 4, 12, 20, 3, 1, 10, 18};
  auto function = compile(makeConv(shape, "i8", "i32"));
  ASSERT_TRUE(function);
  std::vector<std::thread> threads;
  for (uint64_t seed = 10; seed < 14; ++seed)
    threads.emplace_back([&, seed] {
      Generator own(seed);
      for (int round = 0; round < 50; ++round)
        checkConvolution<int8_t, int32_t>(shape, own, *function);
    });
  for (std::thread &thread : threads)
    thread.join();
}

TEST_F(JitFunctionTest, RefusesWrongNumbersOfBuffers) {
  auto function = compile(R"mlir(
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
})mlir");
  ASSERT_TRUE(function);
  float value[4];
  EXPECT_EQ(llvm::toString(function->run({value, value}, {value})),
            "expected 1 input and 1 output buffers, got 2 and 1");
}

TEST_F(JitFunctionTest, RefusesDynamicShapesAtTheOp) {
  auto [error, diagnostics] = refuse(R"mlir(
func.func @main(%x: tensor<?x4xf32>) -> tensor<4xf32> {
  %y = tensor.empty() : tensor<4xf32>
  return %y : tensor<4xf32>
})mlir");
  EXPECT_EQ(error, "cannot run a function with an argument of type "
                   "tensor<?x4xf32>: expected a static tensor of f16, bf16, "
                   "f32, f64, i1, i8, i16, i32 or i64");
  EXPECT_THAT(diagnostics, HasSubstr("2:1"));

  std::tie(error, diagnostics) = refuse(R"mlir(
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = tensor.cast %x : tensor<4xf32> to tensor<?xf32>
  return %x : tensor<4xf32>
})mlir");
  EXPECT_EQ(error, "cannot run 'tensor.cast' with a result of dynamic type "
                   "tensor<?xf32>: give all extents");
  EXPECT_THAT(diagnostics, HasSubstr("3:8"));
}

TEST_F(JitFunctionTest, RefusesOtherDialectsAndElementTypes) {
  auto [error, diagnostics] = refuse(R"mlir(
func.func private @other(tensor<4xf32>) -> tensor<4xf32>
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %y = func.call @other(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
})mlir");
  EXPECT_THAT(error, HasSubstr("cannot run 'func.call': expected"));
  EXPECT_THAT(diagnostics, HasSubstr("4:8"));

  std::tie(error, diagnostics) = refuse(R"mlir(
func.func @main(%x: tensor<4xui8>) -> tensor<4xui8> {
  return %x : tensor<4xui8>
})mlir");
  EXPECT_THAT(error, HasSubstr("an argument of type tensor<4xui8>"));

  std::tie(error, diagnostics) =
      refuse("func.func private @main(tensor<4xf32>)");
  EXPECT_EQ(error, "cannot run '@main': it has no body");

  std::tie(error, diagnostics) = refuse("func.func @other() { return }");
  EXPECT_EQ(error, "expected a function '@main' to run");
}

TEST_F(JitFunctionTest, LeavesTheModuleAlone) {
  auto function = compile(makeConv({2, 2, 5, 5, 3, 1, 3, 3}, "f32", "f32"));
  ASSERT_TRUE(function);
  auto print = [&] {
    std::string text;
    llvm::raw_string_ostream(text) << **module;
    return text;
  };
  std::string before = print();
  ASSERT_TRUE(bool(JitFunction::compile(*module, "main")));
  EXPECT_EQ(print(), before);
}

} // namespace
