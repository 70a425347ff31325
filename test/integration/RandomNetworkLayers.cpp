//===- RandomNetworkLayers.cpp - Steps that compute ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions, poolings, elementwise code and normalizations of the generated
// networks, each with what it makes of the range and of the error.
//
//===----------------------------------------------------------------------===//

#include "RandomNetworks.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace colonnade::test;
using llvm::ArrayRef;
using llvm::formatv;

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

std::pair<double, double> NetworkGenerator::contract(double range, double error,
                                                     int64_t terms) {
  double rounded = error + getRounding(range);
  return {terms * range,
          terms * (rounded + (range + rounded) / 254) + terms * range * 1e-5};
}

NetworkGenerator::Tensor NetworkGenerator::convolve(const Tensor &x,
                                                    int64_t filters) {
  int64_t channels = x.shape[1];
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

NetworkGenerator::Tensor NetworkGenerator::multiplyMatrix(const Tensor &x,
                                                          int64_t columns) {
  int64_t rows = x.shape[0], depth = x.shape[1];
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
// Poolings
//===----------------------------------------------------------------------===//

/// A maximum, a sum or a mean of 2 x 2 elements.
NetworkGenerator::Tensor NetworkGenerator::pool(const Tensor &x) {
  int64_t kind = between(0, 2), terms = kind == 0 ? 1 : 4;
  Tensor y;
  y.shape = {1, x.shape[1], x.shape[2] - 1, x.shape[3] - 1};
  std::string window = getName();
  text += formatv("  {0} = tensor.empty() : tensor<2x2xf32>\n", window);
  std::string init = emitFilled(y.shape, kind == 0 ? "%lowest" : "%zero");
  y.name = getName();
  text += formatv("  {0} = linalg.pooling_nchw_{1} ins({2}, {3} : {4}, "
                  "tensor<2x2xf32>) outs({5} : {6}) -> {6}\n",
                  y.name, kind == 0 ? "max" : "sum", x.name, window,
                  getType(x.shape), init, getType(y.shape));
  y.range = terms * x.range;
  y.error = terms * (x.error + getRounding(x.range));
  if (kind != 2)
    return y;
  return emitUnary(y,
                   "    %c = arith.constant 0.25 : f32\n"
                   "    %r = arith.mulf %a0, %c : f32\n",
                   y.range / 4, (y.error + getRounding(y.range)) / 4);
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

/// x / 2 * (1 + erf(x / sqrt(2))), whose slope is at most 1.13.
NetworkGenerator::Tensor NetworkGenerator::applyGelu(const Tensor &x) {
  return emitUnary(x,
                   "    %root = arith.constant 0.70710678 : f32\n"
                   "    %m = arith.mulf %a0, %root : f32\n"
                   "    %e = math.erf %m : f32\n"
                   "    %one = arith.constant 1.0 : f32\n"
                   "    %s = arith.addf %one, %e : f32\n"
                   "    %half = arith.constant 0.5 : f32\n"
                   "    %t = arith.mulf %a0, %half : f32\n"
                   "    %r = arith.mulf %t, %s : f32\n",
                   x.range,
                   1.13 * (x.error + getRounding(x.range)) + x.range * 1e-5);
}

NetworkGenerator::Tensor NetworkGenerator::addBranch(const Tensor &x) {
  Tensor branch = between(0, 1) ? applyFunction(x) : cutOff(x);
  double range = x.range + branch.range;
  return emitBinary(x, branch, "arith.addf", range,
                    x.error + branch.error + 3 * getRounding(range));
}

/// x, less its last row and column, plus a convolution of it.
NetworkGenerator::Tensor NetworkGenerator::addConvolution(const Tensor &x) {
  // So that the weights stay small.
  bool isSmall = x.shape[1] <= 8;
  Tensor branch = isSmall ? convolve(x, x.shape[1]) : convolveDepthwise(x);
  Tensor rest = emitSlice(x, {0, 0, 0, 0}, branch.shape, {1, 1, 1, 1});
  double range = rest.range + branch.range;
  return emitBinary(rest, branch, "arith.addf", range,
                    rest.error + branch.error + 3 * getRounding(range));
}

/// x, plus a product of it with a square matrix.
NetworkGenerator::Tensor NetworkGenerator::addProduct(const Tensor &x) {
  if (x.shape[1] > 64)
    return addBranch(x);
  Tensor branch = multiplyMatrix(x, x.shape[1]);
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
// Along rows
//===----------------------------------------------------------------------===//

std::string NetworkGenerator::emitRowReduction(const Tensor &x,
                                               const std::string &op,
                                               const std::string &initial) {
  int64_t rows = x.shape[0];
  std::string init = emitFilled(rows, initial), result = getName();
  text +=
      formatv("  {0} = linalg.generic {{indexing_maps = [{1}, {2}], "
              "iterator_types = [\"parallel\", \"reduction\"]}\n      ins({3} "
              ": {4}) outs({5} : {6}) {{\n  ^bb0(%a: f32, %o: f32):\n"
              "    %s = {7} %o, %a : f32\n    linalg.yield %s : f32\n"
              "  } -> {6}\n",
              result, getIdentity(2), getMap(2, 0), x.name, getType(x.shape),
              init, getType(rows), op);
  return result;
}

std::string NetworkGenerator::emitOverRows(const Tensor &x,
                                           const std::string &row,
                                           const std::string &body) {
  return emitGeneric(x.shape, {x.name, row},
                     {getType(x.shape), getType(x.shape[0])},
                     {getIdentity(2), getMap(2, 0)}, body);
}

/// x - mean of its row, as in a normalization.
NetworkGenerator::Tensor NetworkGenerator::subtractMean(const Tensor &x) {
  std::string sum = emitRowReduction(x, "arith.addf", "%zero");
  std::string body = formatv("    %n = arith.constant {0}.0 : f32\n"
                             "    %m = arith.divf %a1, %n : f32\n"
                             "    %r = arith.subf %a0, %m : f32\n",
                             x.shape[1]);
  return {emitOverRows(x, sum, body), x.shape, 2 * x.range,
          2 * (x.error + getRounding(x.range))};
}

/// (x - mean) / sqrt(variance + epsilon) of each row: the result y is at most
/// the root of the row's length, and its derivative by x, (1 - 1/n - y y'/n)
/// over the root, adds up to at most (2 + |y|) / sqrt(epsilon) along a row.
NetworkGenerator::Tensor NetworkGenerator::normalizeRows(const Tensor &x) {
  double least = x.range / 4, root = std::sqrt(double(x.shape[1]));
  Tensor centred = subtractMean(x), squares = centred;
  squares.name = emitBinary(centred, centred, "arith.mulf", 0, 0).name;
  std::string sum = emitRowReduction(squares, "arith.addf", "%zero");
  std::string body = formatv("    %n = arith.constant {0}.0 : f32\n"
                             "    %v = arith.divf %a1, %n : f32\n"
                             "    %e = arith.constant {1:E} : f32\n"
                             "    %w = arith.addf %v, %e : f32\n"
                             "    %q = math.sqrt %w : f32\n"
                             "    %r = arith.divf %a0, %q : f32\n",
                             x.shape[1], least * least);
  return {emitOverRows(centred, sum, body), x.shape, root,
          (2 + root) / least * (x.error + getRounding(x.range)) + 1e-4 * root};
}

/// exp(x - maximum) over the sum of its row: the derivative by x, p (1 - p'),
/// adds up to at most 1/2 along a row.
NetworkGenerator::Tensor NetworkGenerator::softmax(const Tensor &x) {
  std::string most = emitRowReduction(x, "arith.maximumf", "%lowest");
  Tensor powers = x;
  powers.name = emitOverRows(x, most,
                             "    %d = arith.subf %a0, %a1 : f32\n"
                             "    %r = math.exp %d : f32\n");
  std::string sum = emitRowReduction(powers, "arith.addf", "%zero");
  return {emitOverRows(powers, sum, "    %r = arith.divf %a0, %a1 : f32\n"),
          x.shape, 1, (x.error + getRounding(x.range)) / 2 + 1e-4};
}
