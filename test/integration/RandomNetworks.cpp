//===- RandomNetworks.cpp - Generated float networks ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Every op may round its operands to int8 first, which moves
// them by half a step of at most range / 127; that is counted whether the
// quantizer does so or not.
//
//===----------------------------------------------------------------------===//

#include "RandomNetworks.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cmath>

using namespace colonnade::test;
using llvm::ArrayRef;
using llvm::formatv;

/// Half a step of int8, and what f32 itself rounds.
static double getRounding(double range) { return range / 254 + range * 1e-5; }

static std::string getType(ArrayRef<int64_t> shape) {
  std::string type = "tensor<";
  for (int64_t extent : shape)
    type += std::to_string(extent) + "x";
  return type + "f32>";
}

/// (d0, d1, ...) -> (those of `dims`)
static std::string getMap(size_t rank, ArrayRef<int64_t> dims) {
  std::string loops, results;
  for (size_t loop = 0; loop < rank; ++loop)
    loops += formatv("{0}d{1}", loop ? ", " : "", loop).str();
  for (auto [index, dim] : llvm::enumerate(dims))
    results += formatv("{0}d{1}", index ? ", " : "", dim).str();
  return formatv("affine_map<({0}) -> ({1})>", loops, results);
}

static std::string getIdentity(size_t rank) {
  return getMap(rank, llvm::to_vector(llvm::seq<int64_t>(0, rank)));
}

std::vector<double> NetworkGenerator::getReals(int64_t count) {
  std::vector<double> values;
  while (int64_t(values.size()) < count)
    values.push_back(getReal());
  return values;
}

//===----------------------------------------------------------------------===//
// Text
//===----------------------------------------------------------------------===//

/// The values in row-major order, nested in brackets.
static std::string nest(ArrayRef<int64_t> shape, ArrayRef<double> values) {
  if (shape.empty())
    return formatv("{0:F6}", values.front());
  size_t part = values.size() / shape.front();
  std::string result = "[";
  for (int64_t index = 0; index < shape.front(); ++index)
    result += (index ? ", " : "") +
              nest(shape.drop_front(), values.slice(index * part, part));
  return result + "]";
}

std::string NetworkGenerator::emitConstant(ArrayRef<int64_t> shape,
                                           ArrayRef<double> values) {
  std::string name = getName();
  text += formatv("  {0} = arith.constant dense<{1}> : {2}\n", name,
                  nest(shape, values), getType(shape));
  return name;
}

std::string NetworkGenerator::emitFilled(ArrayRef<int64_t> shape) {
  std::string empty = getName(), name = getName();
  text +=
      formatv("  {0} = tensor.empty() : {2}\n"
              "  {1} = linalg.fill ins(%zero : f32) outs({0} : {2}) -> {2}\n",
              empty, name, getType(shape));
  return name;
}

/// `body` computes %r of the operands %a0, %a1, ...
std::string NetworkGenerator::emitGeneric(ArrayRef<int64_t> shape,
                                          ArrayRef<std::string> operands,
                                          ArrayRef<std::string> types,
                                          ArrayRef<std::string> maps,
                                          const std::string &body) {
  std::string init = emitFilled(shape), name = getName();
  std::string iterators, arguments;
  for (size_t loop = 0; loop < shape.size(); ++loop)
    iterators += loop ? ", \"parallel\"" : "\"parallel\"";
  for (size_t index = 0; index < operands.size(); ++index)
    arguments += formatv("%a{0}: f32, ", index).str();
  text +=
      formatv("  {0} = linalg.generic {{indexing_maps = [{1}, {2}], "
              "iterator_types = [{3}]}\n      ins({4} : {5}) outs({6} : {7}) "
              "{{\n  ^bb0({8}%o: f32):\n{9}    linalg.yield %r : f32\n  } "
              "-> {7}\n",
              name, llvm::join(maps, ", "), getIdentity(shape.size()),
              iterators, llvm::join(operands, ", "), llvm::join(types, ", "),
              init, getType(shape), arguments, body);
  return name;
}

NetworkGenerator::Tensor NetworkGenerator::emitUnary(const Tensor &x,
                                                     const std::string &body,
                                                     double range,
                                                     double error) {
  std::string type = getType(x.shape);
  return {emitGeneric(x.shape, x.name, type, getIdentity(x.shape.size()), body),
          x.shape, range, error};
}

NetworkGenerator::Tensor NetworkGenerator::emitBinary(const Tensor &x,
                                                      const Tensor &y,
                                                      const std::string &op,
                                                      double range,
                                                      double error) {
  std::string type = getType(x.shape), map = getIdentity(x.shape.size());
  return {emitGeneric(x.shape, {x.name, y.name}, {type, type}, {map, map},
                      formatv("    %r = {0} %a0, %a1 : f32\n", op)),
          x.shape, range, error};
}

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

/// What a sum of `terms` products with weights of up to 1 makes of `x`: the
/// weights are off by half a step of at most 1 / 127.
static std::pair<double, double> contract(double range, double error,
                                          int64_t terms) {
  double rounded = error + getRounding(range);
  return {terms * range,
          terms * (rounded + (range + rounded) / 254) + terms * range * 1e-5};
}

NetworkGenerator::Tensor NetworkGenerator::convolve(const Tensor &x) {
  int64_t filters = between(1, 3), channels = x.shape[1];
  std::vector<double> values = getReals(filters * channels * 4);
  std::string weights = emitConstant({filters, channels, 2, 2}, values);
  Tensor y;
  y.shape = {1, filters, x.shape[2] - 1, x.shape[3] - 1};
  std::string init = emitFilled(y.shape);
  y.name = getName();
  text += formatv("  {0} = linalg.conv_2d_nchw_fchw ins({1}, {2} : {3}, {4}) "
                  "outs({5} : {6}) -> {6}\n",
                  y.name, x.name, weights, getType(x.shape),
                  getType({filters, channels, 2, 2}), init, getType(y.shape));
  std::tie(y.range, y.error) = contract(x.range, x.error, channels * 4);
  return y;
}

NetworkGenerator::Tensor NetworkGenerator::convolveDepthwise(const Tensor &x) {
  int64_t channels = x.shape[1];
  std::vector<double> values = getReals(channels * 4);
  std::string weights = emitConstant({channels, 2, 2}, values);
  Tensor y;
  y.shape = {1, channels, x.shape[2] - 1, x.shape[3] - 1};
  std::string init = emitFilled(y.shape);
  y.name = getName();
  text += formatv("  {0} = linalg.depthwise_conv_2d_nchw_chw ins({1}, {2} : "
                  "{3}, {4}) outs({5} : {6}) -> {6}\n",
                  y.name, x.name, weights, getType(x.shape),
                  getType({channels, 2, 2}), init, getType(y.shape));
  std::tie(y.range, y.error) = contract(x.range, x.error, 4);
  return y;
}

NetworkGenerator::Tensor NetworkGenerator::multiplyMatrix(const Tensor &x) {
  int64_t rows = x.shape[0], depth = x.shape[1], columns = between(2, 6);
  std::vector<double> values = getReals(depth * columns);
  std::string weights = emitConstant({depth, columns}, values);
  Tensor y;
  y.shape = {rows, columns};
  std::string init = emitFilled(y.shape);
  y.name = getName();
  text += formatv("  {0} = linalg.matmul ins({1}, {2} : {3}, {4}) "
                  "outs({5} : {6}) -> {6}\n",
                  y.name, x.name, weights, getType(x.shape),
                  getType({depth, columns}), init, getType(y.shape));
  std::tie(y.range, y.error) = contract(x.range, x.error, depth);
  return y;
}

/// x^T x, of two activations.
NetworkGenerator::Tensor NetworkGenerator::multiplyBySelf(const Tensor &x) {
  // So that the result, and the time to compute it, stays small.
  if (x.shape[1] > 64)
    return transpose(x);
  Tensor left = transpose(x), y;
  int64_t depth = x.shape[0];
  y.shape = {x.shape[1], x.shape[1]};
  std::string init = emitFilled(y.shape);
  y.name = getName();
  text += formatv("  {0} = linalg.matmul ins({1}, {2} : {3}, {4}) "
                  "outs({5} : {6}) -> {6}\n",
                  y.name, left.name, x.name, getType(left.shape),
                  getType(x.shape), init, getType(y.shape));
  double error = x.error + 2 * getRounding(x.range);
  y.range = depth * x.range * x.range;
  y.error = depth * error * (2 * x.range + error) + y.range * 1e-5;
  return y;
}

//===----------------------------------------------------------------------===//
// Elementwise
//===----------------------------------------------------------------------===//

/// Along the channels, or along whatever dimension.
NetworkGenerator::Tensor NetworkGenerator::addBias(const Tensor &x) {
  int64_t dim = between(0, x.shape.size() - 1);
  std::vector<double> values = getReals(x.shape[dim]);
  std::string bias = emitConstant(x.shape[dim], values);
  size_t rank = x.shape.size();
  return {emitGeneric(x.shape, {x.name, bias},
                      {getType(x.shape), getType(x.shape[dim])},
                      {getIdentity(rank), getMap(rank, dim)},
                      "    %r = arith.addf %a0, %a1 : f32\n"),
          x.shape, x.range + 1, x.error + 2 * getRounding(x.range + 1)};
}

NetworkGenerator::Tensor NetworkGenerator::scale(const Tensor &x) {
  double factor = getReal();
  return emitUnary(x,
                   formatv("    %c = arith.constant {0:F6} : f32\n"
                           "    %r = arith.mulf %a0, %c : f32\n",
                           factor),
                   x.range * std::fabs(factor),
                   std::fabs(factor) * (x.error + getRounding(x.range)));
}

NetworkGenerator::Tensor NetworkGenerator::cutOff(const Tensor &x) {
  double high = x.range * double(between(2, 10)) / 10;
  return emitUnary(x,
                   formatv("    %h = arith.constant {0:F6} : f32\n"
                           "    %m = arith.maximumf %a0, %zero : f32\n"
                           "    %r = arith.minimumf %m, %h : f32\n",
                           high),
                   high, x.error + 2 * getRounding(x.range));
}

/// Functions that move no two values apart.
NetworkGenerator::Tensor NetworkGenerator::applyFunction(const Tensor &x) {
  const char *bodies[] = {
      "    %r = math.tanh %a0 : f32\n",
      "    %n = arith.negf %a0 : f32\n    %e = math.exp %n : f32\n"
      "    %one = arith.constant 1.0 : f32\n"
      "    %s = arith.addf %one, %e : f32\n"
      "    %r = arith.divf %one, %s : f32\n",
      "    %r = math.absf %a0 : f32\n", "    %r = math.sin %a0 : f32\n"};
  int64_t kind = between(0, 3);
  double range = kind == 2 ? x.range : 1;
  return emitUnary(x, bodies[kind], range,
                   x.error + getRounding(x.range) + 1e-5);
}

NetworkGenerator::Tensor NetworkGenerator::addBranch(const Tensor &x) {
  Tensor branch = between(0, 1) ? applyFunction(x) : cutOff(x);
  double range = x.range + branch.range;
  return emitBinary(x, branch, "arith.addf", range,
                    x.error + branch.error + 3 * getRounding(range));
}

NetworkGenerator::Tensor NetworkGenerator::gate(const Tensor &x) {
  Tensor factor = applyFunction(x);
  double error = x.error + getRounding(x.range);
  double factorError = factor.error + getRounding(factor.range);
  return emitBinary(x, factor, "arith.mulf", x.range * factor.range,
                    error * factor.range + factorError * x.range +
                        error * factorError);
}

//===----------------------------------------------------------------------===//
// Movement and reductions
//===----------------------------------------------------------------------===//

NetworkGenerator::Tensor NetworkGenerator::pool(const Tensor &x) {
  bool isMaximum = between(0, 1);
  Tensor y;
  y.shape = {1, x.shape[1], x.shape[2] - 1, x.shape[3] - 1};
  y.name = getName();
  std::string window = getName(), empty = getName(), init = getName();
  text += formatv("  {0} = tensor.empty() : tensor<2x2xf32>\n"
                  "  {1} = tensor.empty() : {3}\n"
                  "  {2} = linalg.fill ins({4} : f32) outs({1} : {3}) -> {3}\n",
                  window, empty, init, getType(y.shape),
                  isMaximum ? "%lowest" : "%zero");
  text += formatv("  {0} = linalg.pooling_nchw_{1} ins({2}, {3} : {4}, "
                  "tensor<2x2xf32>) outs({5} : {6}) -> {6}\n",
                  y.name, isMaximum ? "max" : "sum", x.name, window,
                  getType(x.shape), init, getType(y.shape));
  int64_t terms = isMaximum ? 1 : 4;
  y.range = terms * x.range;
  y.error = terms * (x.error + getRounding(x.range));
  return y;
}

NetworkGenerator::Tensor NetworkGenerator::pad(const Tensor &x) {
  // Networks are of one image.
  int64_t dim = between(x.shape.size() == 4 ? 1 : 0, x.shape.size() - 1);
  Tensor y = {getName(), x.shape, x.range, x.error + getRounding(x.range)};
  y.shape[dim] += 1;
  std::string low, high, indices;
  for (size_t axis = 0; axis < x.shape.size(); ++axis) {
    low += axis ? ", 0" : "0";
    high += formatv("{0}{1}", axis ? ", " : "", int64_t(axis) == dim ? 1 : 0);
    indices += formatv("{0}%i{1}: index", axis ? ", " : "", axis).str();
  }
  text += formatv("  {0} = tensor.pad {1} low[{2}] high[{3}] {{\n"
                  "  ^bb0({4}):\n    tensor.yield %zero : f32\n"
                  "  } : {5} to {6}\n",
                  y.name, x.name, low, high, indices, getType(x.shape),
                  getType(y.shape));
  return y;
}

/// Every second element along one dimension.
NetworkGenerator::Tensor NetworkGenerator::slice(const Tensor &x) {
  int64_t dim = between(0, x.shape.size() - 1);
  Tensor y = {getName(), x.shape, x.range, x.error + getRounding(x.range)};
  y.shape[dim] = (x.shape[dim] + 1) / 2;
  std::string offsets, sizes, strides;
  for (size_t axis = 0; axis < x.shape.size(); ++axis) {
    const char *comma = axis ? ", " : "";
    offsets += formatv("{0}0", comma);
    sizes += formatv("{0}{1}", comma, y.shape[axis]).str();
    strides += formatv("{0}{1}", comma, int64_t(axis) == dim ? 2 : 1).str();
  }
  text += formatv("  {0} = tensor.extract_slice {1}[{2}] [{3}] [{4}] : {5} to "
                  "{6}\n",
                  y.name, x.name, offsets, sizes, strides, getType(x.shape),
                  getType(y.shape));
  return y;
}

NetworkGenerator::Tensor NetworkGenerator::concatenate(const Tensor &x) {
  Tensor other = between(0, 1) ? cutOff(x) : applyFunction(x);
  int64_t dim = between(0, 1);
  Tensor y = {getName(), x.shape, std::max(x.range, other.range)};
  y.shape[dim] *= 2;
  y.error = std::max(x.error, other.error) + 2 * getRounding(y.range);
  text += formatv("  {0} = tensor.concat dim({1}) {2}, {3} : ({4}, {4}) -> "
                  "{5}\n",
                  y.name, dim, x.name, other.name, getType(x.shape),
                  getType(y.shape));
  if (dim == 0 && y.shape.size() == 4) {
    // Two images; convolutions are of one.
    Tensor first = {getName(), x.shape, y.range, y.error};
    text += formatv("  {0} = tensor.extract_slice {1}[1, 0, 0, 0] "
                    "[1, {2}, {3}, {4}] [1, 1, 1, 1] : {5} to {6}\n",
                    first.name, y.name, x.shape[1], x.shape[2], x.shape[3],
                    getType(y.shape), getType(x.shape));
    return first;
  }
  return y;
}

NetworkGenerator::Tensor NetworkGenerator::transpose(const Tensor &x) {
  Tensor y = {getName(), x.shape, x.range, x.error + getRounding(x.range)};
  size_t last = x.shape.size() - 1;
  std::swap(y.shape[last - 1], y.shape[last]);
  std::string empty = getName();
  text += formatv("  {0} = tensor.empty() : {1}\n", empty, getType(y.shape));
  text += formatv("  {0} = linalg.transpose ins({1} : {2}) outs({3} : {4}) "
                  "permutation = [{5}]\n",
                  y.name, x.name, getType(x.shape), empty, getType(y.shape),
                  last == 1 ? "1, 0" : "0, 1, 3, 2");
  return y;
}

/// [1, c, h, w]  ->  [c * h, w]
NetworkGenerator::Tensor NetworkGenerator::flatten(const Tensor &x) {
  Tensor y = {getName(),
              {x.shape[1] * x.shape[2], x.shape[3]},
              x.range,
              x.error + getRounding(x.range)};
  text += formatv("  {0} = tensor.collapse_shape {1} [[0, 1, 2], [3]] : {2} "
                  "into {3}\n",
                  y.name, x.name, getType(x.shape), getType(y.shape));
  return y;
}

/// x - mean of its row, as in a normalization.
NetworkGenerator::Tensor NetworkGenerator::subtractMean(const Tensor &x) {
  int64_t rows = x.shape[0], columns = x.shape[1];
  std::string init = emitFilled(rows), sum = getName();
  text +=
      formatv("  {0} = linalg.generic {{indexing_maps = [{1}, {2}], "
              "iterator_types = [\"parallel\", \"reduction\"]}\n      ins({3} "
              ": {4}) outs({5} : {6}) {{\n  ^bb0(%a: f32, %o: f32):\n"
              "    %s = arith.addf %o, %a : f32\n    linalg.yield %s : f32\n"
              "  } -> {6}\n",
              sum, getIdentity(2), getMap(2, 0), x.name, getType(x.shape), init,
              getType(rows));
  std::string body = formatv("    %n = arith.constant {0}.0 : f32\n"
                             "    %m = arith.divf %a1, %n : f32\n"
                             "    %r = arith.subf %a0, %m : f32\n",
                             columns);
  return {emitGeneric(x.shape, {x.name, sum}, {getType(x.shape), getType(rows)},
                      {getIdentity(2), getMap(2, 0)}, body),
          x.shape, 2 * x.range, 2 * (x.error + getRounding(x.range))};
}

//===----------------------------------------------------------------------===//
// The network
//===----------------------------------------------------------------------===//

NetworkGenerator::Tensor NetworkGenerator::step(const Tensor &x) {
  using Step = Tensor (NetworkGenerator::*)(const Tensor &);
  static constexpr Step kAnywhere[] = {
      &NetworkGenerator::addBias,   &NetworkGenerator::scale,
      &NetworkGenerator::cutOff,    &NetworkGenerator::applyFunction,
      &NetworkGenerator::addBranch, &NetworkGenerator::gate,
      &NetworkGenerator::slice,     &NetworkGenerator::concatenate,
      &NetworkGenerator::transpose};
  static constexpr Step kOnImages[] = {
      &NetworkGenerator::convolve, &NetworkGenerator::convolveDepthwise,
      &NetworkGenerator::pool, &NetworkGenerator::pad,
      &NetworkGenerator::flatten};
  static constexpr Step kOnMatrices[] = {
      &NetworkGenerator::multiplyMatrix, &NetworkGenerator::multiplyBySelf,
      &NetworkGenerator::subtractMean, &NetworkGenerator::pad};
  auto choose = [&](ArrayRef<Step> steps) {
    return (this->*steps[between(0, steps.size() - 1)])(x);
  };
  bool isImage = x.shape.size() == 4;
  bool isSmall = isImage && (x.shape[2] < 4 || x.shape[3] < 4);
  if (isSmall)
    return flatten(x);
  if (between(0, 1))
    return choose(kAnywhere);
  return isImage ? choose(kOnImages) : choose(kOnMatrices);
}

RandomNetwork NetworkGenerator::generate() {
  text.clear();
  count = 0;
  Tensor x = {"%x", {1, 1, 28, 28}, 1, 0};
  for (int64_t steps = between(2, 9); steps > 0; --steps)
    x = step(x);
  RandomNetwork network;
  network.source = formatv("func.func @main(%x: tensor<1x1x28x28xf32>) -> {0} "
                           "{{\n  %zero = arith.constant 0.0 : f32\n"
                           "  %lowest = arith.constant 0xFF800000 : f32\n"
                           "{1}  return {2} : {0}\n}\n",
                           getType(x.shape), text, x.name);
  network.outputElements = llvm::product_of(x.shape);
  network.bound = x.error + getRounding(x.range);
  return network;
}
