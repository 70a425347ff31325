//===- OnnxOperatorDraws.cpp - Operators with random attributes -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every function draws one node, or a few, from a, [1,4,6,6], to b; what it
// draws is always legal ONNX.
//
//===----------------------------------------------------------------------===//

#include "OnnxOperatorCases.h"
#include <random>

using namespace colonnade::test;

namespace {

constexpr int kShape[] = {1, 4, 6, 6};
using Numbers = std::vector<int>;

std::string text(int number) { return std::to_string(number); }

std::string text(const Numbers &numbers) {
  std::string list;
  for (int number : numbers)
    list += (list.empty() ? "" : ",") + text(number);
  return "[" + list + "]";
}

/// An operand that nodes name `name`.
std::string constant(const std::string &name, const Numbers &numbers) {
  return name + " = Constant <value_ints = " + text(numbers) + "> ()\n";
}

class Draw {
public:
  explicit Draw(unsigned seed) : random(seed) {}

  /// Both included.
  int pick(int least, int most) {
    return least + static_cast<int>(random() % (most - least + 1));
  }
  template <typename T> T choose(std::initializer_list<T> options) {
    return options.begin()[pick(0, options.size() - 1)];
  }
  Numbers pickList(int count, int least, int most) {
    Numbers list(count);
    for (int &number : list)
      number = pick(least, most);
    return list;
  }
  Numbers permute(Numbers list) {
    for (size_t i = list.size(); i > 1; --i)
      std::swap(list[i - 1], list[pick(0, i - 1)]);
    return list;
  }

private:
  std::mt19937 random;
};

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

OperatorCase drawConv(Draw &draw) {
  int groups = draw.choose({1, 2, 4}), filters = groups * draw.pick(1, 3);
  Numbers kernel = draw.pickList(2, 1, 3), strides = draw.pickList(2, 1, 2);
  Numbers dilations = draw.pickList(2, 1, 2), pads = draw.pickList(4, 0, 2);
  return {"Conv",
          "b = Conv <group = " + text(groups) + ", strides = " + text(strides) +
              ", dilations = " + text(dilations) + ", pads = " + text(pads) +
              "> (a, v, c)",
          "float" + text({filters, 4 / groups, kernel[0], kernel[1]}) +
              " v, float" + text(Numbers{filters}) + " c"};
}

OperatorCase drawConvTranspose(Draw &draw) {
  int groups = draw.choose({1, 2, 4}), filters = draw.pick(1, 3);
  Numbers kernel = draw.pickList(2, 1, 3), strides = draw.pickList(2, 1, 2);
  Numbers dilations = draw.pickList(2, 1, 2), pads = draw.pickList(4, 0, 1);
  Numbers added = {draw.pick(0, strides[0] - 1), draw.pick(0, strides[1] - 1)};
  return {"ConvTranspose",
          "b = ConvTranspose <group = " + text(groups) +
              ", strides = " + text(strides) +
              ", dilations = " + text(dilations) + ", pads = " + text(pads) +
              ", output_padding = " + text(added) + "> (a, v)",
          "float" + text({4, filters, kernel[0], kernel[1]}) + " v"};
}

OperatorCase drawGemm(Draw &draw) {
  int transposesData = draw.pick(0, 1), transposesWeights = draw.pick(0, 1);
  int rows = transposesData ? 9 : 16, filters = draw.pick(1, 12);
  Numbers shape =
      transposesWeights ? Numbers{filters, rows} : Numbers{rows, filters};
  return {"Gemm",
          constant("s", {9, 16}) + "r = Reshape(a, s)\nb = Gemm <transA = " +
              text(transposesData) + ", transB = " + text(transposesWeights) +
              ", alpha = 0.5, beta = 1.5> (r, v, c)",
          "float" + text(shape) + " v, float" + text(Numbers{filters}) + " c"};
}

OperatorCase drawRecurrence(Draw &draw) {
  bool isLstm = draw.pick(0, 1);
  int directions = draw.pick(1, 2), hidden = draw.pick(1, 4);
  int gates = (isLstm ? 4 : 3) * hidden;
  std::string direction =
      directions == 2 ? "bidirectional" : draw.choose({"forward", "reverse"});
  std::string nodes =
      constant("s", {3, 8, 6}) + "r = Reshape(a, s)\n" +
      (isLstm ? "b, h, k = LSTM <" : "b, h = GRU <") +
      (isLstm ? "" : "linear_before_reset = " + text(draw.pick(0, 1)) + ", ") +
      "direction = \"" + direction + "\", hidden_size = " + text(hidden) +
      "> (r, v, u, c)";
  return {isLstm ? "Lstm" : "Gru", nodes,
          "float" + text({directions, gates, 6}) + " v, float" +
              text({directions, gates, hidden}) + " u, float" +
              text({directions, 2 * gates}) + " c",
          15};
}

//===----------------------------------------------------------------------===//
// Windows, reductions and elements
//===----------------------------------------------------------------------===//

OperatorCase drawPool(Draw &draw) {
  std::string op = draw.choose({"MaxPool", "AveragePool"});
  Numbers kernel = draw.pickList(2, 2, 3), strides = draw.pickList(2, 1, 3);
  Numbers pads = draw.pickList(4, 0, 1);
  std::string count =
      op == "MaxPool" ? "" : ", count_include_pad = " + text(draw.pick(0, 1));
  return {op, "b = " + op + " <kernel_shape = " + text(kernel) +
                  ", strides = " + text(strides) + ", pads = " + text(pads) +
                  count + "> (a)"};
}

OperatorCase drawReduction(Draw &draw) {
  std::string op =
      draw.choose({"ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin"});
  Numbers axes = draw.permute({1, 2, -1});
  axes.resize(draw.pick(1, 3));
  std::string keep = "keepdims = " + text(draw.pick(0, 1));
  if (op == "ReduceSum")
    return {op, constant("s", axes) + "b = ReduceSum <" + keep + "> (a, s)"};
  return {op, "b = " + op + " <axes = " + text(axes) + ", " + keep + "> (a)"};
}

OperatorCase drawSoftmax(Draw &draw) {
  std::string op = draw.choose({"Softmax", "LogSoftmax"});
  return {op, "b = " + op + " <axis = " + text(draw.pick(-3, 3)) + "> (a)", "",
          15};
}

OperatorCase drawLayerNormalization(Draw &draw) {
  int axis = draw.pick(1, 3);
  Numbers shape(kShape + axis, kShape + 4);
  return {"LayerNormalization",
          "b = LayerNormalization <axis = " + text(axis) + "> (a, s, c)",
          "float" + text(shape) + " s, float" + text(shape) + " c"};
}

OperatorCase drawBroadcast(Draw &draw) {
  std::string op = draw.choose({"Add", "Sub", "Mul", "Max", "Min"});
  Numbers shape(kShape + draw.pick(1, 3), kShape + 4);
  for (int &extent : shape)
    extent = draw.pick(0, 1) ? extent : 1;
  bool isFirst = draw.pick(0, 1);
  return {op, "b = " + op + (isFirst ? "(c, a)" : "(a, c)"),
          "float" + text(shape) + " c"};
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

OperatorCase drawTranspose(Draw &draw) {
  return {"Transpose", "b = Transpose <perm = " +
                           text(draw.permute({0, 1, 2, 3})) + "> (a)"};
}

OperatorCase drawSlice(Draw &draw) {
  Numbers starts, ends, steps;
  for (int extent : {4, 6, 6}) {
    int step = draw.choose({-3, -2, -1, 1, 2, 3});
    int begin = draw.pick(0, extent - 1);
    int room = step < 0 ? begin / -step : (extent - 1 - begin) / step;
    int end = begin + step * (1 + draw.pick(0, room));
    starts.push_back(draw.pick(0, 1) ? begin : begin - extent);
    // Before the first one: any bound below the clamp.
    ends.push_back(end < 0 ? -100 : end);
    steps.push_back(step);
  }
  return {"Slice", constant("s", starts) + constant("e", ends) +
                       constant("d", {1, 2, 3}) + constant("t", steps) +
                       "b = Slice(a, s, e, d, t)"};
}

OperatorCase drawPad(Draw &draw) {
  std::string mode = draw.choose({"constant", "reflect", "edge"});
  Numbers pads = draw.pickList(8, 0, 3);
  pads[0] = pads[4] = 0;
  return {"Pad", constant("p", pads) +
                     "z = Constant <value_float = -0.75> ()\nb = Pad <mode = "
                     "\"" +
                     mode + "\"> (a, p, z)"};
}

OperatorCase drawGather(Draw &draw) {
  int axis = draw.pick(1, 3);
  Numbers indices =
      draw.pickList(draw.pick(1, 8), -kShape[axis], kShape[axis] - 1);
  return {"Gather", constant("i", indices) +
                        "b = Gather <axis = " + text(axis) + "> (a, i)"};
}

OperatorCase drawSplit(Draw &draw) {
  int axis = draw.pick(1, 3), first = draw.pick(1, kShape[axis] - 1);
  return {"SplitConcat", constant("n", {first, kShape[axis] - first}) +
                             "p, q = Split <axis = " + text(axis) +
                             "> (a, n)\nr = Neg(p)\nb = Concat <axis = " +
                             text(axis) + "> (q, r, p)"};
}

OperatorCase drawTile(Draw &draw) {
  Numbers repeats = draw.pickList(4, 1, 2);
  return {"Tile", constant("r", repeats) + "b = Tile(a, r)"};
}

OperatorCase drawResize(Draw &draw) {
  std::string mode = draw.choose({"nearest", "linear"});
  std::string coordinates = draw.choose(
      {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric"});
  std::string rounding =
      draw.choose({"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
  Numbers sizes = {1, 4, draw.pick(2, 12), draw.pick(2, 12)};
  return {"Resize", constant("s", sizes) + "b = Resize <mode = \"" + mode +
                        "\", coordinate_transformation_mode = \"" +
                        coordinates + "\", nearest_mode = \"" + rounding +
                        "\"> (a, , , s)"};
}

constexpr OperatorCase (*kDraws[])(Draw &) = {
    drawConv,      drawConvTranspose, drawGemm,    drawRecurrence,
    drawPool,      drawReduction,     drawSoftmax, drawLayerNormalization,
    drawBroadcast, drawTranspose,     drawSlice,   drawPad,
    drawGather,    drawSplit,         drawTile,    drawResize};

} // namespace

std::vector<OperatorCase> colonnade::test::drawOperatorCases(int count,
                                                             unsigned seed) {
  Draw draw(seed);
  std::vector<OperatorCase> cases;
  for (int index = 0; index < count; ++index) {
    cases.push_back(kDraws[index % std::size(kDraws)](draw));
    cases.back().name += std::to_string(index);
  }
  return cases;
}
