//===- JitOperationsTest.cpp - What the JIT runner can run ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every kind of op and boundary that an imported network may have: functions
// of the math dialect, data movement, grouped convolutions, quantization, and
// results that are arguments, constants or each other.
//
//===----------------------------------------------------------------------===//

#include "JitFixture.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;
using namespace colonnade;
using testing::ElementsAre;
using testing::ElementsAreArray;

namespace {

class JitOperationsTest : public JitFixture {
protected:
  /// One argument, one result.
  template <typename In, typename Out>
  std::vector<Out> apply(const std::string &source,
                         const std::vector<In> &input, size_t outputs) {
    auto function = compile(source);
    if (!function)
      return {};
    std::vector<Out> output(outputs);
    EXPECT_FALSE(bool(function->run({input.data()}, {output.data()})));
    return output;
  }
};

std::string makeElementwise(StringRef type, size_t count, StringRef body) {
  return llvm::formatv(R"mlir(
#id = affine_map<(d0) -> (d0)>
func.func @main(%x: tensor<{0}x{1}>) -> tensor<{0}x{1}> {{
  %empty = tensor.empty() : tensor<{0}x{1}>
  %y = linalg.generic {{indexing_maps = [#id, #id],
                       iterator_types = ["parallel"]}
      ins(%x : tensor<{0}x{1}>) outs(%empty : tensor<{0}x{1}>) {{
  ^bb0(%a: {1}, %o: {1}):
    {2}
    linalg.yield %r : {1}
  } -> tensor<{0}x{1}>
  return %y : tensor<{0}x{1}>
})mlir",
                       count, type, body)
      .str();
}

//===----------------------------------------------------------------------===//
// Boundaries
//===----------------------------------------------------------------------===//

TEST_F(JitOperationsTest, ResultsMayBeArgumentsConstantsAndEachOther) {
  auto function = compile(R"mlir(
func.func @main(%x: tensor<2x2xi16>) -> (tensor<2x2xi16>, tensor<4xi16>,
                                         tensor<2x2xi16>, tensor<3xi64>,
                                         tensor<3xi64>) {
  %c = arith.constant dense<[7, 8, 9]> : tensor<3xi64>
  %flat = tensor.collapse_shape %x [[0, 1]]
      : tensor<2x2xi16> into tensor<4xi16>
  return %x, %flat, %x, %c, %c : tensor<2x2xi16>, tensor<4xi16>,
      tensor<2x2xi16>, tensor<3xi64>, tensor<3xi64>
})mlir");
  ASSERT_TRUE(function);
  std::vector<int16_t> x = {-1, 2, -300, 400}, first(4), flat(4), second(4);
  std::vector<int64_t> constant(3), again(3);
  ASSERT_FALSE(
      bool(function->run({x.data()}, {first.data(), flat.data(), second.data(),
                                      constant.data(), again.data()})));
  EXPECT_EQ(first, x);
  EXPECT_EQ(flat, x);
  EXPECT_EQ(second, x);
  EXPECT_THAT(constant, ElementsAre(7, 8, 9));
  EXPECT_EQ(again, constant);
}

TEST_F(JitOperationsTest, EveryElementTypeIsCopiedWhole) {
  Generator generator(1);
  for (StringRef type :
       {"f16", "bf16", "f32", "f64", "i8", "i16", "i32", "i64"}) {
    auto function = compile(llvm::formatv(R"mlir(
func.func @main(%x: tensor<2x3x{0}>) -> tensor<2x3x{0}> {{
  return %x : tensor<2x3x{0}>
})mlir",
                                          type)
                                .str());
    ASSERT_TRUE(function);
    size_t bytes = 6 * function->getInputs()[0].elementBytes;
    auto input = generator.values<int8_t>(bytes);
    std::vector<int8_t> output(bytes);
    ASSERT_FALSE(bool(function->run({input.data()}, {output.data()})));
    EXPECT_EQ(output, input) << type.str();
  }
}

TEST_F(JitOperationsTest, BoolsAreBytes) {
  std::string source = makeElementwise(
      "i1", 4, "%t = arith.constant true\n%r = arith.xori %a, %t : i1");
  EXPECT_THAT((apply<uint8_t, uint8_t>(source, {0, 1, 1, 0}, 4)),
              ElementsAre(1, 0, 0, 1));
  EXPECT_THAT((apply<uint8_t, uint8_t>(R"mlir(
func.func @main(%x: tensor<1xi1>) -> tensor<9xi1> {
  %c = arith.constant dense<[1, 0, 0, 1, 1, 1, 0, 1, 1]> : tensor<9xi1>
  return %c : tensor<9xi1>
})mlir",
                                       {0}, 9)),
              ElementsAre(1, 0, 0, 1, 1, 1, 0, 1, 1));
}

TEST_F(JitOperationsTest, RankZeroAndNoElements) {
  auto function = compile(R"mlir(
func.func @main(%x: tensor<f64>, %none: tensor<0x3xf32>)
    -> (tensor<f64>, tensor<3x0xf32>) {
  %v = tensor.extract %x[] : tensor<f64>
  %two = arith.addf %v, %v : f64
  %y = tensor.from_elements %two : tensor<f64>
  %empty = tensor.empty() : tensor<3x0xf32>
  %t = linalg.transpose ins(%none : tensor<0x3xf32>)
      outs(%empty : tensor<3x0xf32>) permutation = [1, 0]
  return %y, %t : tensor<f64>, tensor<3x0xf32>
})mlir");
  ASSERT_TRUE(function);
  EXPECT_EQ(function->getInputs()[1].getNumElements(), 0);
  double x = 1.25, y = 0;
  ASSERT_FALSE(bool(function->run({&x, nullptr}, {&y, nullptr})));
  EXPECT_EQ(y, 2.5);
}

//===----------------------------------------------------------------------===//
// Floating point
//===----------------------------------------------------------------------===//

TEST_F(JitOperationsTest, ProductsAndSumsAreNotContracted) {
  // a * a rounds to -c, so a fused multiply-add would give 2^-24.
  std::string source = makeElementwise("f32", 16, R"(
    %c = arith.constant -1.00048828125 : f32
    %p = arith.mulf %a, %a : f32
    %r = arith.addf %p, %c : f32)");
  for (JitOptimization optimization :
       {JitOptimization::CompileTime, JitOptimization::Speed}) {
    auto function = compile(source, optimization);
    ASSERT_TRUE(function);
    std::vector<float> x(16, 1.000244140625f), y(16, 1.0f);
    ASSERT_FALSE(bool(function->run({x.data()}, {y.data()})));
    EXPECT_THAT(y, testing::Each(0.0f));
  }
}

TEST_F(JitOperationsTest, SumsAreSequential) {
  std::string source = R"mlir(
func.func @main(%x: tensor<997xf32>) -> tensor<f32> {
  %zero = arith.constant dense<0.0> : tensor<f32>
  %y = linalg.reduce { arith.addf } ins(%x : tensor<997xf32>)
      outs(%zero : tensor<f32>) dimensions = [0]
  return %y : tensor<f32>
})mlir";
  Generator generator(2);
  auto x = generator.values<float>(997);
  volatile float sum = 0;
  for (float value : x)
    sum = sum + value;
  for (JitOptimization optimization :
       {JitOptimization::CompileTime, JitOptimization::Speed}) {
    auto function = compile(source, optimization);
    ASSERT_TRUE(function);
    float result = 0;
    ASSERT_FALSE(bool(function->run({x.data()}, {&result})));
    EXPECT_EQ(result, sum);
  }
}

TEST_F(JitOperationsTest, FunctionsAreTheLibrarysOwn) {
  struct Function {
    StringRef op;
    float (*definition)(float);
  };
  const Function functions[] = {
      {"exp", std::exp},     {"log", std::log},     {"tanh", std::tanh},
      {"erf", std::erf},     {"sqrt", std::sqrt},   {"sin", std::sin},
      {"atan", std::atan},   {"floor", std::floor}, {"roundeven", std::rint},
      {"round", std::round}, {"absf", std::fabs},   {"log1p", std::log1p},
      {"expm1", std::expm1}};
  std::vector<float> x = {0.0f, 1e-6f, 0.3f,  0.5f, 1.5f,
                          2.5f, 3.25f, 7.75f, 42.0f};
  for (const Function &function : functions) {
    std::vector<float> expected;
    for (float value : x)
      expected.push_back(function.definition(value));
    std::string source = makeElementwise(
        "f32", x.size(), ("%r = math." + function.op + " %a : f32").str());
    EXPECT_THAT((apply<float, float>(source, x, x.size())),
                ElementsAreArray(expected))
        << function.op.str();
  }
}

TEST_F(JitOperationsTest, PowersOfFloatsAndIntegers) {
  std::string source = makeElementwise("f32", 3, R"(
    %c = arith.constant 2.5 : f32
    %r = math.powf %a, %c : f32)");
  EXPECT_THAT((apply<float, float>(source, {0.5f, 1.0f, 3.0f}, 3)),
              ElementsAre(std::pow(0.5f, 2.5f), 1.0f, std::pow(3.0f, 2.5f)));
  source = makeElementwise("i32", 3, R"(
    %c = arith.constant 3 : i32
    %r = math.ipowi %a, %c : i32)");
  EXPECT_THAT((apply<int32_t, int32_t>(source, {-2, 0, 5}, 3)),
              ElementsAre(-8, 0, 125));
}

TEST_F(JitOperationsTest, HalvesRoundAfterEveryOperation) {
  std::string source = makeElementwise("f16", 4, R"(
    %e = math.exp %a : f16
    %p = arith.mulf %e, %a : f16
    %r = arith.addf %p, %e : f16)");
  std::vector<_Float16> x = {_Float16(0.1f), _Float16(1.7f), _Float16(-3.3f),
                             _Float16(6.1f)};
  std::vector<_Float16> expected;
  for (_Float16 value : x) {
    auto exponential = _Float16(std::exp(float(value)));
    auto product = _Float16(float(exponential) * float(value));
    expected.push_back(_Float16(float(product) + float(exponential)));
  }
  EXPECT_EQ((apply<_Float16, _Float16>(source, x, 4)), expected);
}

/// To the nearest bf16, ties to even; of finite values.
float roundToBrainFloat(float value) {
  uint32_t bits = llvm::bit_cast<uint32_t>(value);
  bits += 0x7fff + ((bits >> 16) & 1);
  return llvm::bit_cast<float>(bits & 0xffff0000);
}

TEST_F(JitOperationsTest, BrainFloatsRoundAfterEveryOperation) {
  std::string source = makeElementwise("bf16", 64, R"(
    %e = math.tanh %a : bf16
    %p = arith.mulf %e, %a : bf16
    %r = arith.addf %p, %a : bf16)");
  Generator generator(3);
  std::vector<uint16_t> x, expected;
  for (float value : generator.values<float>(64)) {
    float narrow = roundToBrainFloat(value);
    float tangent = roundToBrainFloat(std::tanh(narrow));
    float product = roundToBrainFloat(tangent * narrow);
    x.push_back(llvm::bit_cast<uint32_t>(narrow) >> 16);
    expected.push_back(
        llvm::bit_cast<uint32_t>(roundToBrainFloat(product + narrow)) >> 16);
  }
  EXPECT_EQ((apply<uint16_t, uint16_t>(source, x, 64)), expected);
}

TEST_F(JitOperationsTest, DoublesConvertToHalvesInOneRounding) {
  // In two steps, the first would end on the tie that the second breaks down.
  std::vector<double> x = {1.0 + 0x1p-11 + 0x1p-40, 1.0, -65504.0};
  EXPECT_THAT((apply<double, _Float16>(R"mlir(
#id = affine_map<(d0) -> (d0)>
func.func @main(%x: tensor<3xf64>) -> tensor<3xf16> {
  %empty = tensor.empty() : tensor<3xf16>
  %y = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel"]}
      ins(%x : tensor<3xf64>) outs(%empty : tensor<3xf16>) {
  ^bb0(%a: f64, %o: f16):
    %r = arith.truncf %a : f64 to f16
    linalg.yield %r : f16
  } -> tensor<3xf16>
  return %y : tensor<3xf16>
})mlir",
                                       x, 3)),
              ElementsAre(_Float16(1.0f + 0x1p-10f), _Float16(1.0f),
                          _Float16(-65504.0f)));
}

//===----------------------------------------------------------------------===//
// Tensors
//===----------------------------------------------------------------------===//

TEST_F(JitOperationsTest, MovesData) {
  EXPECT_THAT((apply<int32_t, int32_t>(R"mlir(
func.func @main(%x: tensor<2x3xi32>) -> tensor<2x6xi32> {
  %zero = arith.constant 0 : i32
  %column = tensor.extract_slice %x[0, 1] [2, 2] [1, 1]
      : tensor<2x3xi32> to tensor<2x2xi32>
  %padded = tensor.pad %column low[0, 1] high[0, 0] {
  ^bb0(%i: index, %j: index):
    tensor.yield %zero : i32
  } : tensor<2x2xi32> to tensor<2x3xi32>
  %inserted = tensor.insert_slice %column into %x[0, 0] [2, 2] [1, 1]
      : tensor<2x2xi32> into tensor<2x3xi32>
  %y = tensor.concat dim(1) %padded, %inserted
      : (tensor<2x3xi32>, tensor<2x3xi32>) -> tensor<2x6xi32>
  return %y : tensor<2x6xi32>
})mlir",
                                       {1, 2, 3, 4, 5, 6}, 12)),
              ElementsAre(0, 2, 3, 2, 3, 3, 0, 5, 6, 5, 6, 6));
}

TEST_F(JitOperationsTest, GathersInBodies) {
  EXPECT_THAT((apply<int64_t, float>(R"mlir(
#id = affine_map<(d0) -> (d0)>
func.func @main(%i: tensor<4xi64>) -> tensor<4xf32> {
  %table = arith.constant dense<[0.5, 1.5, 2.5]> : tensor<3xf32>
  %empty = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [#id, #id],
                       iterator_types = ["parallel"]}
      ins(%i : tensor<4xi64>) outs(%empty : tensor<4xf32>) {
  ^bb0(%a: i64, %o: f32):
    %at = arith.index_cast %a : i64 to index
    %r = tensor.extract %table[%at] : tensor<3xf32>
    linalg.yield %r : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
})mlir",
                                     {2, 0, 1, 2}, 4)),
              ElementsAre(2.5f, 0.5f, 1.5f, 2.5f));
}

TEST_F(JitOperationsTest, RunsLoops) {
  EXPECT_THAT((apply<int32_t, int32_t>(R"mlir(
func.func @main(%x: tensor<3xi32>) -> tensor<3xi32> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %five = arith.constant 5 : index
  %y = scf.for %i = %zero to %five step %one iter_args(%v = %x)
      -> (tensor<3xi32>) {
    %empty = tensor.empty() : tensor<3xi32>
    %next = linalg.add ins(%v, %x : tensor<3xi32>, tensor<3xi32>)
        outs(%empty : tensor<3xi32>) -> tensor<3xi32>
    scf.yield %next : tensor<3xi32>
  }
  return %y : tensor<3xi32>
})mlir",
                                       {1, 2, 3}, 3)),
              ElementsAre(6, 12, 18));
}

TEST_F(JitOperationsTest, SoftmaxIsDecomposed) {
  std::vector<float> x = {1.0f, 2.0f, 4.0f};
  std::vector<float> expected;
  float sum = 0;
  for (float value : x)
    sum += expected.emplace_back(std::exp(value - 4.0f));
  for (float &value : expected)
    value /= sum;
  EXPECT_EQ((apply<float, float>(R"mlir(
func.func @main(%x: tensor<1x3xf32>) -> tensor<1x3xf32> {
  %empty = tensor.empty() : tensor<1x3xf32>
  %y = linalg.softmax dimension(1) ins(%x : tensor<1x3xf32>)
      outs(%empty : tensor<1x3xf32>) -> tensor<1x3xf32>
  return %y : tensor<1x3xf32>
})mlir",
                                 x, 3)),
            expected);
}

TEST_F(JitOperationsTest, GroupsKeepToThemselves) {
  // Two groups of one channel and one filter each: a depthwise convolution.
  std::string signature = "func.func @main(%x: tensor<1x2x3x3xf32>) -> ";
  std::string depthwise = signature + R"mlir(tensor<1x2x2x2xf32> {
  %w = arith.constant dense<[[[1.0, 2.0], [3.0, 4.0]],
                             [[5.0, 6.0], [7.0, 8.0]]]> : tensor<2x2x2xf32>
  %zero = arith.constant dense<0.0> : tensor<1x2x2x2xf32>
  %y = linalg.depthwise_conv_2d_nchw_chw
      ins(%x, %w : tensor<1x2x3x3xf32>, tensor<2x2x2xf32>)
      outs(%zero : tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  return %y : tensor<1x2x2x2xf32>
})mlir";
  std::string grouped = signature + R"mlir(tensor<1x2x1x2x2xf32> {
  %w = arith.constant dense<[[[[[1.0, 2.0], [3.0, 4.0]]]],
                             [[[[5.0, 6.0], [7.0, 8.0]]]]]>
      : tensor<2x1x1x2x2xf32>
  %groups = tensor.expand_shape %x [[0], [1, 2], [3], [4]]
      output_shape [1, 2, 1, 3, 3]
      : tensor<1x2x3x3xf32> into tensor<1x2x1x3x3xf32>
  %zero = arith.constant dense<0.0> : tensor<1x2x1x2x2xf32>
  %y = linalg.conv_2d_ngchw_gfchw
      ins(%groups, %w : tensor<1x2x1x3x3xf32>, tensor<2x1x1x2x2xf32>)
      outs(%zero : tensor<1x2x1x2x2xf32>) -> tensor<1x2x1x2x2xf32>
  return %y : tensor<1x2x1x2x2xf32>
})mlir";
  std::vector<float> x(18);
  std::iota(x.begin(), x.end(), 0.0f);
  std::vector<float> expected = {27,  37,  57,  67, // 0..8
                                 293, 319, 371, 397};
  EXPECT_EQ((apply<float, float>(depthwise, x, 8)), expected);
  EXPECT_EQ((apply<float, float>(grouped, x, 8)), expected);
}

TEST_F(JitOperationsTest, BatchedProductsOfTransposes) {
  EXPECT_THAT((apply<float, float>(R"mlir(
func.func @main(%x: tensor<2x1x2xf32>) -> tensor<2x2x2xf32> {
  %empty = tensor.empty() : tensor<2x2x1xf32>
  %t = linalg.transpose ins(%x : tensor<2x1x2xf32>)
      outs(%empty : tensor<2x2x1xf32>) permutation = [0, 2, 1]
  %zero = arith.constant dense<0.0> : tensor<2x2x2xf32>
  %y = linalg.batch_matmul ins(%t, %x : tensor<2x2x1xf32>, tensor<2x1x2xf32>)
      outs(%zero : tensor<2x2x2xf32>) -> tensor<2x2x2xf32>
  return %y : tensor<2x2x2xf32>
})mlir",
                                   {1, 2, 3, 4}, 8)),
              ElementsAre(1, 2, 2, 4, 9, 12, 12, 16));
}

TEST_F(JitOperationsTest, QuantizesAndDequantizes) {
  EXPECT_THAT((apply<float, float>(R"mlir(
!q = !quant.uniform<i8:f32, 0.5:3>
func.func @main(%x: tensor<3xf32>) -> tensor<3xf32> {
  %q = quant.qcast %x : tensor<3xf32> to tensor<3x!q>
  %y = quant.dcast %q : tensor<3x!q> to tensor<3xf32>
  return %y : tensor<3xf32>
})mlir",
                                   {1.0f, -2.5f, 0.0f}, 3)),
              ElementsAre(1.0f, -2.5f, 0.0f));
}

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

TEST_F(JitOperationsTest, LargeConstantsKeepTheirValues) {
  std::string hex = "0x04000000";
  for (int i = 0; i < 2048; ++i)
    hex += llvm::formatv("{0:x-2}{1:x-2}0000", i % 256, i / 256).str();
  auto function = compile(R"mlir(
func.func @main() -> (tensor<2048xi32>, tensor<2048xi32>, tensor<4096xf16>) {
  %r = arith.constant dense_resource<weights> : tensor<2048xi32>
  %d = arith.constant dense<")mlir" +
                          ("0x" + hex.substr(10)) + R"mlir("> : tensor<2048xi32>
  %s = arith.constant dense<1.5> : tensor<4096xf16>
  return %r, %d, %s : tensor<2048xi32>, tensor<2048xi32>, tensor<4096xf16>
}
{-# dialect_resources: { builtin: { weights: ")mlir" +
                          hex + "\" } } #-}");
  ASSERT_TRUE(function);
  EXPECT_TRUE(function->getInputs().empty());
  std::vector<int32_t> resource(2048), dense(2048), expected(2048);
  std::vector<_Float16> splat(4096);
  ASSERT_FALSE(
      bool(function->run({}, {resource.data(), dense.data(), splat.data()})));
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(resource, expected);
  EXPECT_EQ(dense, expected);
  EXPECT_EQ(splat, std::vector<_Float16>(4096, _Float16(1.5f)));
}

} // namespace
