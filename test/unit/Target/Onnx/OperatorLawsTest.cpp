//===- OperatorLawsTest.cpp - Laws that imported operators keep -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX's own cases leave attributes out (directions, lengths of sequences,
// groups of transposed convolutions). Here these are held against laws that
// relate two models, exactly.
//
//===----------------------------------------------------------------------===//

#include "RunModel.h"
#include "gmock/gmock.h"
#include <numeric>

using namespace colonnade::test;
using ::testing::HasSubstr;

static std::vector<float>
runFloats(const onnx::ModelProto &model,
          const std::vector<std::vector<char>> &args) {
  auto results = runModel(model, args);
  return results.empty() ? std::vector<float>() : fromBytes<float>(results[0]);
}

//===----------------------------------------------------------------------===//
// ConvTranspose
//===----------------------------------------------------------------------===//

namespace {
struct TransposedCase {
  int groups, channels, filters, size, kernel, stride, dilation, padBegin,
      padEnd, outputPadding;

  int getOutput() const {
    return stride * (size - 1) + outputPadding + (kernel - 1) * dilation + 1 -
           padBegin - padEnd;
  }
};
} // namespace

static TransposedCase makeTransposedCase(std::mt19937 &random) {
  auto pick = [&](int least, int most) {
    return least + static_cast<int>(random() % (most - least + 1));
  };
  TransposedCase result;
  result.groups = pick(1, 3);
  result.channels = pick(1, 2);
  result.filters = pick(1, 2);
  result.size = pick(1, 5);
  result.kernel = pick(1, 4);
  result.stride = pick(1, 3);
  result.dilation = pick(1, 2);
  result.padBegin = pick(0, 3);
  result.padEnd = pick(0, 3);
  result.outputPadding = pick(0, result.stride - 1);
  return result;
}

static onnx::ModelProto makeTransposedModel(const TransposedCase &c) {
  auto text = [](int number) { return std::to_string(number); };
  std::string graph =
      "main (float[1," + text(c.groups * c.channels) + "," + text(c.size) +
      "] x, float[" + text(c.groups * c.channels) + "," + text(c.filters) +
      "," + text(c.kernel) + "] w) => (float[1," + text(c.groups * c.filters) +
      "," + text(c.getOutput()) +
      "] y) { y = ConvTranspose <group = " + text(c.groups) + ", strides = [" +
      text(c.stride) + "], dilations = [" + text(c.dilation) + "], pads = [" +
      text(c.padBegin) + "," + text(c.padEnd) + "], output_padding = [" +
      text(c.outputPadding) + "]> (x, w) }";
  return parseModel(graph, 13);
}

/// Every input element scatters its products.
static std::vector<float> scatter(const TransposedCase &c,
                                  const std::vector<float> &x,
                                  const std::vector<float> &w) {
  std::vector<float> y(c.groups * c.filters * c.getOutput(), 0);
  for (int channel = 0; channel < c.groups * c.channels; ++channel)
    for (int filter = 0; filter < c.filters; ++filter)
      for (int at = 0; at < c.size; ++at)
        for (int tap = 0; tap < c.kernel; ++tap) {
          int to = at * c.stride + tap * c.dilation - c.padBegin;
          if (to < 0 || to >= c.getOutput())
            continue;
          int output = channel / c.channels * c.filters + filter;
          y[output * c.getOutput() + to] +=
              x[channel * c.size + at] *
              w[(channel * c.filters + filter) * c.kernel + tap];
        }
  return y;
}

/// Sums of these numbers are exact in any order.
TEST(OperatorLawsTest, TransposedConvolutionScatters) {
  std::mt19937 random(3);
  int count = 0;
  while (count < 20) {
    TransposedCase c = makeTransposedCase(random);
    if (c.getOutput() < 1)
      continue;
    ++count;
    std::vector<float> x = makeFloats(random, c.groups * c.channels * c.size);
    std::vector<float> w =
        makeFloats(random, c.groups * c.channels * c.filters * c.kernel);
    onnx::ModelProto model = makeTransposedModel(c);
    std::vector<float> expected = scatter(c, x, w);
    EXPECT_EQ(runFloats(model, {toBytes(x), toBytes(w)}), expected);
    EXPECT_EQ(runFloats(bindInput(model, "w", toBytes(w)), {toBytes(x)}),
              expected);
  }
}

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

static std::string printShape(llvm::ArrayRef<int64_t> shape) {
  std::string text;
  for (int64_t extent : shape)
    text += (text.empty() ? "" : ",") + std::to_string(extent);
  return text;
}

/// What is looked up at run time and what is cut out at import time.
TEST(OperatorLawsTest, ConstantIndicesGatherSlices) {
  std::mt19937 random(5);
  for (int i = 0; i < 40; ++i) {
    int64_t axis = random() % 3, size = 1 + random() % 6;
    std::vector<int64_t> indices(1 + random() % 8), shape = {2, 3, 4};
    shape[axis] = size;
    std::vector<int64_t> resultShape = shape;
    resultShape[axis] = indices.size();
    for (int64_t &index : indices)
      index = static_cast<int64_t>(random() % (2 * size)) - size;
    onnx::ModelProto model =
        parseModel("main (float[" + printShape(shape) + "] x, int64[" +
                       std::to_string(indices.size()) + "] i) => (float[" +
                       printShape(resultShape) + "] y) { y = Gather <axis = " +
                       std::to_string(axis) + "> (x, i) }",
                   13);
    std::vector<float> x = makeFloats(random, shape[0] * shape[1] * shape[2]);
    onnx::ModelProto bound = bindInput(model, "i", toBytes(indices));
    EXPECT_EQ(ImportedModel(bound).countOps("tensor.extract"), 0u);
    EXPECT_EQ(runFloats(bound, {toBytes(x)}),
              runFloats(model, {toBytes(x), toBytes(indices)}));
  }
}

/// Backward indices are one slice each; ops without end would never compile.
TEST(OperatorLawsTest, MoreSlicesThanALookupIsWorthAreLookedUp) {
  for (int64_t count : {1024, 1025}) {
    std::string size = std::to_string(count);
    std::vector<int64_t> backward(count);
    std::iota(backward.rbegin(), backward.rend(), 0);
    onnx::ModelProto model =
        parseModel("main (float[" + size + "] x, int64[" + size +
                       "] i) => (float[" + size + "] y) { y = Gather(x, i) }",
                   13);
    ImportedModel imported(bindInput(model, "i", toBytes(backward)));
    ASSERT_TRUE(imported) << imported.getErrors();
    EXPECT_EQ(imported.countOps("tensor.extract"), count > 1024 ? 1u : 0u);
  }
}

//===----------------------------------------------------------------------===//
// Recurrent layers
//===----------------------------------------------------------------------===//

namespace {
/// A layer over 4 steps of a batch of 2 with 3 inputs and 2 hidden units.
struct RecurrentCase {
  std::string op;
  int gates;
  std::string attributes;
};
} // namespace

static const RecurrentCase recurrentCases[] = {
    {"RNN", 1, ""},
    {"GRU", 3, ""},
    {"GRU", 3, ", linear_before_reset = 1, clip = 0.5"},
    {"LSTM", 4, ""},
    {"LSTM", 4, ", activations = [\"HardSigmoid\", \"Softsign\", \"Elu\"]"}};

static std::string makeRecurrentGraph(const RecurrentCase &c,
                                      const std::string &direction,
                                      int directions, int steps,
                                      const std::string &attributes) {
  std::string d = std::to_string(directions), s = std::to_string(steps);
  std::string rows = std::to_string(2 * c.gates);
  return "main (float[" + s + ",2,3] x, float[" + d + "," + rows +
         ",3] w, float[" + d + "," + rows + ",2] r, float[" + d + "," +
         std::to_string(4 * c.gates) + "] b, int32[2] l) => (float[" + s + "," +
         d + ",2,2] y) { y = " + c.op + " <hidden_size = 2, direction = \"" +
         direction + "\"" + attributes + "> (x, w, r, b, l) }";
}

/// Steps in reverse order; each has `width` elements.
static std::vector<float> reverseSteps(const std::vector<float> &values,
                                       size_t width) {
  std::vector<float> result;
  for (size_t at = values.size(); at > 0; at -= width)
    result.insert(result.end(), values.begin() + at - width,
                  values.begin() + at);
  return result;
}

namespace {
struct RecurrentOperands {
  std::vector<float> x, w, r, b;

  RecurrentOperands(std::mt19937 &random, int gates, int directions)
      : x(makeFloats(random, 24)),
        w(makeFloats(random, directions * 6 * gates)),
        r(makeFloats(random, directions * 4 * gates)),
        b(makeFloats(random, directions * 4 * gates)) {}

  std::vector<std::vector<char>> get(std::vector<int32_t> lengths = {4,
                                                                     4}) const {
    return {toBytes(x), toBytes(w), toBytes(r), toBytes(b), toBytes(lengths)};
  }
};
} // namespace

TEST(OperatorLawsTest, ReverseLayerIsForwardOnTheReversedSequence) {
  std::mt19937 random(5);
  for (const RecurrentCase &c : recurrentCases) {
    RecurrentOperands operands(random, c.gates, 1);
    auto reverse = runFloats(
        parseModel(makeRecurrentGraph(c, "reverse", 1, 4, c.attributes), 13),
        operands.get());
    operands.x = reverseSteps(operands.x, 6);
    auto forward = runFloats(
        parseModel(makeRecurrentGraph(c, "forward", 1, 4, c.attributes), 13),
        operands.get());
    EXPECT_EQ(reverse, reverseSteps(forward, 4)) << c.op;
    EXPECT_FALSE(reverse.empty());
  }
}

/// The activations of a bidirectional layer are given twice, so the default
/// ones are tested only.
TEST(OperatorLawsTest, BidirectionalLayerIsOneOfEachDirection) {
  std::mt19937 random(6);
  for (const RecurrentCase &c :
       {recurrentCases[0], recurrentCases[1], recurrentCases[3]}) {
    RecurrentOperands both(random, c.gates, 2);
    auto joined = runFloats(
        parseModel(makeRecurrentGraph(c, "bidirectional", 2, 4, ""), 13),
        both.get());
    ASSERT_EQ(joined.size(), 32u);
    for (size_t part : {0, 1}) {
      RecurrentOperands one = both;
      auto take = [&](std::vector<float> &values) {
        size_t half = values.size() / 2;
        values = std::vector<float>(values.begin() + part * half,
                                    values.begin() + (part + 1) * half);
      };
      take(one.w);
      take(one.r);
      take(one.b);
      auto alone =
          runFloats(parseModel(makeRecurrentGraph(
                                   c, part ? "reverse" : "forward", 1, 4, ""),
                               13),
                    one.get());
      for (size_t at = 0; at < alone.size(); ++at)
        EXPECT_EQ(joined[(at / 4 * 2 + part) * 4 + at % 4], alone[at]);
    }
  }
}

/// What a sequence of length 2 gives in a batch of longer ones is what it gives
/// alone, and zeros after.
TEST(OperatorLawsTest, ShortSequencesEndEarly) {
  std::mt19937 random(8);
  for (const RecurrentCase &c : recurrentCases)
    for (const std::string direction : {"forward", "reverse"}) {
      RecurrentOperands operands(random, c.gates, 1);
      auto padded = runFloats(
          parseModel(makeRecurrentGraph(c, direction, 1, 4, c.attributes), 13),
          operands.get({4, 2}));
      operands.x.resize(12);
      auto cut = runFloats(
          parseModel(makeRecurrentGraph(c, direction, 1, 2, c.attributes), 13),
          operands.get({2, 2}));
      ASSERT_EQ(padded.size(), 16u);
      ASSERT_EQ(cut.size(), 8u);
      for (size_t step = 0; step < 4; ++step)
        for (size_t unit = 0; unit < 2; ++unit)
          EXPECT_EQ(padded[step * 4 + 2 + unit],
                    step < 2 ? cut[step * 4 + 2 + unit] : 0)
              << c.op << " " << direction;
    }
}

//===----------------------------------------------------------------------===//
// Refusals
//===----------------------------------------------------------------------===//

TEST(OperatorLawsTest, RefusalsNameValueAndLimit) {
  const std::pair<const char *, const char *> cases[] = {
      {"main (float[1,4,5,5] x, float[4,1,3,3] w) => (float[1,4,3,3] y) "
       "{ y = Conv <group = 3> (x, w) }",
       "expected 'group' to divide 4 input and 4 output channels, got 3"},
      {"main (float[1,1,5,5] x) => (float[1,1,3,3] y) "
       "{ y = AveragePool <kernel_shape = [1, 1], pads = [9, 0, 0, 0]> (x) }",
       "a window lies in the padding as a whole"},
      {"main (float[1,1,5,5] x, float[1] s, float[1] b, float[1] m, float[1] v)"
       " => (float[1,1,5,5] y, float[1] a, float[1] c, float[1] d, float[1] e) "
       "{ y, a, c, d, e = BatchNormalization (x, s, b, m, v) }",
       "result 1 is a statistic of training"},
      {"main (float[4,1,3] x, float[1,8,3] w, float[1,8,2] r) => "
       "(float[4,1,1,2] y) { y = LSTM <hidden_size = 2, input_forget = 1> "
       "(x, w, r) }",
       "'input_forget' 1 couples two gates"},
      {"main (float[4,1,3] x, float[1,2,3] w, float[1,2,2] r) => "
       "(float[4,1,1,2] y) { y = RNN <hidden_size = 2, activations = "
       "[\"Affine\"]> (x, w, r) }",
       "activation 'Affine' needs a value in 'activation_alpha'"}};
  for (const auto &[graph, message] : cases) {
    ImportedModel model(graph, 13);
    EXPECT_FALSE(model);
    EXPECT_THAT(model.getErrors(), HasSubstr(message));
  }
}
