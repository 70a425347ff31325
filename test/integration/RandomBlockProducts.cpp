//===- RandomBlockProducts.cpp - Functions that multiply blocks -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "RandomBlockProducts.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace colonnade;
using namespace colonnade::test;

using Shape = llvm::SmallVector<int64_t>;

static std::string printType(llvm::ArrayRef<int64_t> shape) {
  std::string text = "tensor<";
  for (int64_t extent : shape)
    text += std::to_string(extent) + "x";
  return text + "f32>";
}

/// `loops` -> (`indices`).
static std::string printMap(llvm::StringRef loops, llvm::StringRef indices) {
  return ("affine_map<(" + loops + ") -> (" + indices + ")>").str();
}

/// %<result> += %<left> * %<right>, from zero. Iterators are one letter each:
/// p or r.
static std::string
printContraction(llvm::StringRef result, llvm::StringRef left,
                 llvm::ArrayRef<int64_t> leftShape, llvm::StringRef right,
                 llvm::ArrayRef<int64_t> rightShape,
                 llvm::ArrayRef<int64_t> resultShape,
                 llvm::ArrayRef<std::string> maps, llvm::StringRef iterators) {
  std::string names;
  for (char kind : iterators)
    names += std::string(names.empty() ? "" : ", ") +
             (kind == 'p' ? "\"parallel\"" : "\"reduction\"");
  return llvm::formatv(R"mlir(
  %{0}e = tensor.empty() : {1}
  %{0}z = linalg.fill ins(%zero : f32) outs(%{0}e : {1}) -> {1}
  %{0} = linalg.generic {{indexing_maps = [{2}], iterator_types = [{3}]}
      ins(%{4}, %{5} : {6}, {7}) outs(%{0}z : {1}) {{
  ^bb0(%a: f32, %b: f32, %s: f32):
    %p = arith.mulf %a, %b : f32
    %t = arith.addf %s, %p : f32
    linalg.yield %t : f32
  } -> {1}
)mlir",
                       result, printType(resultShape), llvm::join(maps, ", "),
                       names, left, right, printType(leftShape),
                       printType(rightShape))
      .str();
}

std::string RandomBlockProducts::drawRounding() {
  static const char *const kinds[] = {"nearest", "truncate"};
  static const char *const noisy[] = {"stochastic", "unbiased"};
  if (random.getInteger(0, 2))
    return std::string(kinds[random.getInteger(0, 1)]) + ">";
  return llvm::formatv("{0}, seed = {1}, noise_bits = {2}> counter(%c)",
                       noisy[random.getInteger(0, 1)],
                       random.getInteger(0, 1000), random.getInteger(1, 24));
}

std::string RandomBlockProducts::round(const std::string &name,
                                       const std::string &suffix,
                                       llvm::ArrayRef<int64_t> shape,
                                       int64_t axis) {
  int64_t mantissa = random.getInteger(2, cell.mantissaBits);
  int64_t chosen = random.getInteger(2, cell.mantissaBits);
  std::string type = printType(shape), rounding = drawRounding();
  std::string encoded =
      type.substr(0, type.size() - 1) +
      llvm::formatv(", #colonnade.encoding<block_float = "
                    "<axis = {0}, group = {1}, exponent = "
                    "{2}, mantissa = {3}>>>",
                    axis, cell.group, random.getInteger(2, cell.exponentBits),
                    mantissa)
          .str();
  // The mantissa operand comes in front of the counter.
  std::string bits = llvm::formatv("mantissa(%bits{0})", chosen);
  size_t end = rounding.find('>') + 1;
  if (random.getInteger(0, 1))
    rounding.insert(end, " " + bits);
  return llvm::formatv(R"mlir(
  %{0}{1}r = colonnade.block_quantize %{0} rounding = <{2} : {3} to {4}
  %{0}{1} = colonnade.drop_encoding %{0}{1}r : {4} to {3}
)mlir",
                       name, suffix, rounding, type, encoded)
      .str();
}

/// `@main` of f32 tensors and a counter, with the constants that bodies use.
static std::string printFunction(llvm::ArrayRef<std::string> arguments,
                                 llvm::StringRef body,
                                 llvm::ArrayRef<std::string> results,
                                 llvm::ArrayRef<std::string> types) {
  std::string text =
      llvm::formatv("func.func @main({0}, %counter: tensor<i64>) -> ({1}) {{\n"
                    "  %zero = arith.constant 0.0 : f32\n"
                    "  %c = tensor.extract %counter[] : tensor<i64>\n",
                    llvm::join(arguments, ", "), llvm::join(types, ", "));
  for (int64_t bits = 2; bits <= BlockFormat::kMaxMantissaBits; ++bits)
    text += llvm::formatv("  %bits{0} = arith.constant {0} : i32\n", bits);
  return text + body.str() + "  return " + llvm::join(results, ", ") + " : " +
         llvm::join(types, ", ") + "\n}\n";
}

/// A parameter is what the array holds.
static std::string printArgument(llvm::StringRef name,
                                 llvm::ArrayRef<int64_t> shape,
                                 bool isParameter) {
  return llvm::formatv("%{0}: {1}{2}", name, printType(shape),
                       isParameter
                           ? " {colonnade.parameter = \"" + name.str() + "\"}"
                           : "")
      .str();
}

//===----------------------------------------------------------------------===//
// Single products
//===----------------------------------------------------------------------===//

std::string RandomBlockProducts::drawProduct() {
  // Loops: batch, rows, columns, reduction, and a second reduction.
  int64_t b = drawExtent(3), m = drawExtent(20), n = drawExtent(20),
          k = drawExtent(30), l = random.getInteger(0, 3) ? 1 : drawExtent(3);
  struct Dimension {
    char loop;
    int64_t extent;
  };
  auto shuffle = [&](llvm::SmallVector<Dimension> dimensions) {
    for (size_t i = dimensions.size(); i-- > 1;)
      std::swap(dimensions[i],
                dimensions[random.getInteger(0, static_cast<int64_t>(i))]);
    return dimensions;
  };
  auto left = shuffle({{'b', b}, {'m', m}, {'k', k}, {'l', l}});
  auto right = shuffle({{'b', b}, {'n', n}, {'k', k}, {'l', l}});
  auto result = shuffle({{'b', b}, {'m', m}, {'n', n}});
  auto getShape = [](llvm::ArrayRef<Dimension> dimensions) {
    Shape shape;
    for (Dimension d : dimensions)
      shape.push_back(d.extent);
    return shape;
  };
  auto getMap = [](llvm::ArrayRef<Dimension> dimensions) {
    std::string indices;
    for (Dimension d : dimensions)
      indices += (indices.empty() ? "" : ", ") + std::string(1, d.loop);
    return printMap("b, k, m, l, n", indices);
  };
  auto getAxis = [](llvm::ArrayRef<Dimension> dimensions) {
    return llvm::find_if(dimensions,
                         [](Dimension d) { return d.loop == 'k'; }) -
           dimensions.begin();
  };
  Shape x = getShape(left), w = getShape(right), y = getShape(result);
  std::string body =
      round("x", "q", x, getAxis(left)) + round("w", "q", w, getAxis(right)) +
      printContraction("y", "xq", x, "wq", w, y,
                       {getMap(left), getMap(right), getMap(result)}, "prprp");
  return printFunction({printArgument("x", x, random.getInteger(0, 2) == 0),
                        printArgument("w", w, random.getInteger(0, 1))},
                       body, {"%y"}, {printType(y)});
}

namespace {
struct ConvolutionShape {
  int64_t batch, groups, inputs, outputs, height, width, kernelHeight,
      kernelWidth, stride, dilation, pad;

  static ConvolutionShape draw(RandomCases &random) {
    ConvolutionShape s{};
    s.batch = random.getInteger(1, 5);
    s.groups = random.getInteger(0, 2) ? 1 : 2;
    s.inputs = random.getInteger(1, 9);
    s.outputs = random.getInteger(1, 9);
    s.kernelHeight = random.getInteger(1, 3);
    s.kernelWidth = random.getInteger(1, 3);
    s.stride = random.getInteger(1, 2);
    s.dilation = random.getInteger(1, 2);
    s.pad = random.getInteger(0, 1);
    s.height = random.getInteger(5, 8);
    s.width = random.getInteger(5, 8);
    return s;
  }
  int64_t getOut(int64_t extent, int64_t kernel) const {
    return (extent + 2 * pad - (kernel - 1) * dilation - 1) / stride + 1;
  }
};
} // namespace

std::string RandomBlockProducts::drawConvolution() {
  ConvolutionShape s = ConvolutionShape::draw(random);
  Shape x = {s.batch, s.groups, s.inputs, s.height, s.width};
  Shape p = {s.batch, s.groups, s.inputs, s.height + 2 * s.pad,
             s.width + 2 * s.pad};
  Shape w = {s.groups, s.outputs, s.inputs, s.kernelHeight, s.kernelWidth};
  Shape y = {s.batch, s.groups, s.outputs, s.getOut(s.height, s.kernelHeight),
             s.getOut(s.width, s.kernelWidth)};
  std::string loops = "n, g, f, y, x, c, i, j";
  std::string window = llvm::formatv(
      "n, g, c, y * {0} + i * {1}, x * {0} + j * {1}", s.stride, s.dilation);
  std::string pad = llvm::formatv(R"mlir(
  %xp = tensor.pad %x low[0, 0, 0, {0}, {0}] high[0, 0, 0, {0}, {0}] {{
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index, %i4: index):
    tensor.yield %zero : f32
  } : {1} to {2}
)mlir",
                                  s.pad, printType(x), printType(p));
  std::string body = pad + round("xp", "q", p, 2) + round("w", "q", w, 2) +
                     printContraction("y", "xpq", p, "wq", w, y,
                                      {printMap(loops, window),
                                       printMap(loops, "g, f, c, i, j"),
                                       printMap(loops, "n, g, f, y, x")},
                                      "ppppprrr");
  return printFunction(
      {printArgument("x", x, false), printArgument("w", w, true)}, body, {"%y"},
      {printType(y)});
}

//===----------------------------------------------------------------------===//
// The products of a layer's training
//===----------------------------------------------------------------------===//

std::string RandomBlockProducts::drawLinearStep() {
  int64_t batch = drawExtent(12), in = drawExtent(24), out = drawExtent(24);
  Shape x = {batch, in}, w = {in, out}, g = {batch, out};
  std::string loops = "n, i, o";
  std::string X = printMap(loops, "n, i"), W = printMap(loops, "i, o"),
              G = printMap(loops, "n, o");
  std::string body =
      round("x", "f", x, 1) + round("w", "f", w, 0) +
      printContraction("y", "xf", x, "wf", w, g, {X, W, G}, "prp") +
      round("w", "b", w, 1) + round("g", "a", g, 1) +
      printContraction("dx", "wb", w, "ga", g, x, {W, G, X}, "ppr") +
      round("x", "b", x, 0) + round("g", "b", g, 0) +
      printContraction("dw", "xb", x, "gb", g, w, {X, G, W}, "rpp");
  return printFunction(
      {printArgument("x", x, false), printArgument("w", w, true),
       printArgument("g", g, false)},
      body, {"%y", "%dx", "%dw"}, {printType(g), printType(x), printType(w)});
}

std::string RandomBlockProducts::drawConvolutionStep() {
  ConvolutionShape s = ConvolutionShape::draw(random);
  int64_t kh = s.kernelHeight, kw = s.kernelWidth;
  int64_t oh = s.height - kh + 1, ow = s.width - kw + 1;
  Shape x = {s.batch, s.inputs, s.height, s.width};
  Shape w = {s.outputs, s.inputs, kh, kw};
  Shape g = {s.batch, s.outputs, oh, ow};
  Shape padded = {s.batch, s.outputs, oh + 2 * (kh - 1), ow + 2 * (kw - 1)};
  std::string loops = "n, f, y, x, c, i, j",
              X = printMap(loops, "n, c, y + i, x + j"),
              W = printMap(loops, "f, c, i, j"),
              G = printMap(loops, "n, f, y, x");
  std::string flip = llvm::formatv(
      R"mlir(
  %flipe = tensor.empty() : {0}
  %flip = linalg.generic {{indexing_maps = [{1}, {2}],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%wb : {0}) outs(%flipe : {0}) {{
  ^bb0(%a: f32, %b: f32):
    linalg.yield %a : f32
  } -> {0}
  %gp = tensor.pad %ga low[0, 0, {3}, {4}] high[0, 0, {3}, {4}] {{
  ^bb0(%i0: index, %i1: index, %i2: index, %i3: index):
    tensor.yield %zero : f32
  } : {5} to {6}
)mlir",
      printType(w),
      printMap("f, c, i, j",
               llvm::formatv("f, c, -i + {0}, -j + {1}", kh - 1, kw - 1).str()),
      printMap("f, c, i, j", "f, c, i, j"), kh - 1, kw - 1, printType(g),
      printType(padded));
  std::string body =
      round("x", "f", x, 1) + round("w", "f", w, 1) +
      printContraction("y", "xf", x, "wf", w, g, {X, W, G}, "pppprrr") +
      round("w", "b", w, 0) + round("g", "a", g, 1) + flip +
      printContraction("dx", "flip", w, "gp", padded, x,
                       {printMap("n, c, y, x, f, i, j", "f, c, i, j"),
                        printMap("n, c, y, x, f, i, j", "n, f, y + i, x + j"),
                        printMap("n, c, y, x, f, i, j", "n, c, y, x")},
                       "pppprrr") +
      round("x", "b", x, 0) + round("g", "b", g, 0) +
      printContraction("dw", "xb", x, "gb", g, w, {X, G, W}, "rprrppp");
  return printFunction(
      {printArgument("x", x, false), printArgument("w", w, true),
       printArgument("g", g, false)},
      body, {"%y", "%dx", "%dw"}, {printType(g), printType(x), printType(w)});
}
