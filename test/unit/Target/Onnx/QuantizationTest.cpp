//===- QuantizationTest.cpp - Quantized ONNX, bit for bit -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the quantizing ops compute against ONNX's definition evaluated plainly,
// on data with ties and values out of range; and that a model's own scales are
// found in quantized types.
//
//===----------------------------------------------------------------------===//

#include "RunModel.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "gmock/gmock.h"
#include <cmath>

using namespace mlir;
using namespace colonnade::test;
using ::testing::HasSubstr;

/// Rounded half to even, shifted, saturated.
template <typename T> static T quantize(float scaled, float zeroPoint) {
  float shifted = std::nearbyintf(scaled) + zeroPoint;
  return static_cast<T>(std::clamp<float>(
      shifted, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}

/// Scales that are powers of two put many quotients on ties.
static std::vector<float> makeScales(std::mt19937 &random, size_t count) {
  std::vector<float> scales(count);
  for (size_t index = 0; index < count; ++index)
    scales[index] = index % 2 ? 1.0f / 32 : (1 + random() % 100) / 4096.0f;
  return scales;
}

/// Quantizes and dequantizes 2x4x3 floats with a scale per channel, once with
/// known parameters and once with parameters given at run time.
template <typename T>
static void checkRoundTrip(const std::string &type, bool isKnown) {
  std::mt19937 random(7);
  std::vector<float> x = makeFloats(random, 24), scales = makeScales(random, 4);
  std::vector<T> zeroPoints(4);
  for (T &zeroPoint : zeroPoints)
    zeroPoint = static_cast<T>(random());
  onnx::ModelProto model = parseModel(
      "main (float[2,4,3] x, float[4] s, " + type + "[4] z) => (" + type +
          "[2,4,3] q, float[2,4,3] y) { q = QuantizeLinear <axis = 1> (x, s, z)"
          " y = DequantizeLinear <axis = -2> (q, s, z) }",
      13);
  std::vector<std::vector<char>> arguments{toBytes(x)};
  if (isKnown) {
    model = bindInput(bindInput(model, "s", toBytes(scales)), "z",
                      toBytes(zeroPoints));
  } else {
    arguments.push_back(toBytes(scales));
    arguments.push_back(toBytes(zeroPoints));
  }
  auto results = runModel(model, arguments);
  ASSERT_EQ(results.size(), 2u);
  std::vector<T> stored = fromBytes<T>(results[0]);
  std::vector<float> y = fromBytes<float>(results[1]);
  for (size_t index = 0; index < x.size(); ++index) {
    size_t channel = index / 3 % 4;
    T expected = quantize<T>(x[index] / scales[channel], zeroPoints[channel]);
    EXPECT_EQ(stored[index], expected) << "element " << index;
    EXPECT_EQ(y[index], (static_cast<float>(expected) -
                         static_cast<float>(zeroPoints[channel])) *
                            scales[channel]);
  }
}

TEST(QuantizationTest, RoundTripIsExact) {
  for (bool isKnown : {false, true}) {
    checkRoundTrip<int8_t>("int8", isKnown);
    checkRoundTrip<uint8_t>("uint8", isKnown);
  }
}

TEST(QuantizationTest, TiesGoToEvenAndValuesSaturate) {
  std::vector<float> x{0.5f,   1.5f,   2.5f,  -0.5f,  -1.5f,
                       126.5f, 127.5f, 1e30f, -1e30f, -128.5f};
  onnx::ModelProto model = bindInput(
      bindInput(parseModel("main (float[10] x, float s, int8 z) => (int8[10] q)"
                           " { q = QuantizeLinear(x, s, z) }",
                           13),
                "s", toBytes<float>({1.0f})),
      "z", toBytes<int8_t>({0}));
  auto results = runModel(model, {toBytes(x)});
  ASSERT_EQ(results.size(), 1u);
  EXPECT_EQ(fromBytes<int8_t>(results[0]),
            (std::vector<int8_t>{0, 2, 2, 0, -2, 126, 127, 127, -128, -128}));
}

TEST(QuantizationTest, KnownScalesBecomeQuantizedTypes) {
  onnx::ModelProto model = bindInput(
      bindInput(
          parseModel("main (uint8[4] x, float s, uint8 z) => (float[4] y) "
                     "{ y = DequantizeLinear(x, s, z) }",
                     13),
          "s", toBytes<float>({0.25f})),
      "z", toBytes<uint8_t>({200}));
  ImportedModel imported(model);
  ASSERT_TRUE(imported) << imported.getErrors();
  Operation *dequantize = imported.getResult().getDefiningOp();
  ASSERT_EQ(dequantize->getName().getStringRef(), "quant.dcast");
  auto type = dyn_cast<quant::UniformQuantizedType>(
      cast<RankedTensorType>(dequantize->getOperand(0).getType())
          .getElementType());
  ASSERT_TRUE(type);
  EXPECT_EQ(type.getScale(), 0.25);
  EXPECT_EQ(type.getZeroPoint(), 200);
  EXPECT_FALSE(type.isSigned());
}

TEST(QuantizationTest, ScalesBelowZeroAreRefused) {
  onnx::ModelProto model =
      bindInput(parseModel("main (uint8[4] x, float s) => (float[4] y) "
                           "{ y = DequantizeLinear(x, s) }",
                           13),
                "s", toBytes<float>({-0.5f}));
  ImportedModel imported(model);
  EXPECT_FALSE(imported);
  EXPECT_THAT(imported.getErrors(), HasSubstr("expected scales above 0"));
}

/// A 2-D QLinearConv with a pad of 1 and a scale and zero point per filter.
TEST(QuantizationTest, ConvolutionPerChannelIsExact) {
  constexpr int channels = 2, filters = 3, size = 4;
  std::mt19937 random(11);
  std::vector<uint8_t> x = makeBytes(random, channels * size * size);
  std::vector<uint8_t> weightBytes = makeBytes(random, filters * channels * 9);
  std::vector<int8_t> w(weightBytes.begin(), weightBytes.end());
  std::vector<float> scales{1.0f / 64, 1.0f / 128, 3.0f / 512};
  std::vector<int8_t> zeroPoints{-3, 0, 7};
  std::vector<int32_t> bias{100, -2000, 7};
  onnx::ModelProto model =
      parseModel("main (uint8[1,2,4,4] x, float xs, uint8 xz, int8[3,2,3,3] w, "
                 "float[3] ws, int8[3] wz, float ys, uint8 yz, int32[3] b) => "
                 "(uint8[1,3,4,4] y) { y = QLinearConv <pads = [1,1,1,1]> "
                 "(x, xs, xz, w, ws, wz, ys, yz, b) }",
                 13);
  const uint8_t xZero = 130, yZero = 120;
  auto results =
      runModel(model, {toBytes(x), toBytes<float>({0.5f}),
                       toBytes<uint8_t>({xZero}), toBytes(w), toBytes(scales),
                       toBytes(zeroPoints), toBytes<float>({2.0f}),
                       toBytes<uint8_t>({yZero}), toBytes(bias)});
  ASSERT_EQ(results.size(), 1u);
  std::vector<uint8_t> y = fromBytes<uint8_t>(results[0]);
  for (int filter = 0; filter < filters; ++filter)
    for (int row = 0; row < size; ++row)
      for (int column = 0; column < size; ++column) {
        int32_t sum = bias[filter];
        for (int tap = 0; tap < channels * 9; ++tap) {
          int channel = tap / 9, r = row + tap % 9 / 3 - 1,
              c = column + tap % 3 - 1;
          if (r < 0 || r >= size || c < 0 || c >= size)
            continue;
          sum += (x[(channel * size + r) * size + c] - xZero) *
                 (w[filter * channels * 9 + tap] - zeroPoints[filter]);
        }
        float multiplier = 0.5f * scales[filter] / 2.0f;
        EXPECT_EQ(y[(filter * size + row) * size + column],
                  quantize<uint8_t>(sum * multiplier, yZero));
      }
}
