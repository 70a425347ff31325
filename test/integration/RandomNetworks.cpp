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

std::string NetworkGenerator::getType(ArrayRef<int64_t> shape) {
  std::string type = "tensor<";
  for (int64_t extent : shape)
    type += std::to_string(extent) + "x";
  return type + "f32>";
}

std::string NetworkGenerator::getMap(size_t rank, ArrayRef<int64_t> dims) {
  std::string loops, results;
  for (size_t loop = 0; loop < rank; ++loop)
    loops += formatv("{0}d{1}", loop ? ", " : "", loop).str();
  for (auto [index, dim] : llvm::enumerate(dims))
    results += formatv("{0}d{1}", index ? ", " : "", dim).str();
  return formatv("affine_map<({0}) -> ({1})>", loops, results);
}

std::string NetworkGenerator::getIdentity(size_t rank) {
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

std::string NetworkGenerator::emitFilled(ArrayRef<int64_t> shape,
                                         const std::string &value) {
  std::string empty = getName(), name = getName();
  text += formatv("  {0} = tensor.empty() : {2}\n"
                  "  {1} = linalg.fill ins({3} : f32) outs({0} : {2}) -> {2}\n",
                  empty, name, getType(shape), value);
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
// The network
//===----------------------------------------------------------------------===//

NetworkGenerator::Tensor NetworkGenerator::step(const Tensor &x) {
  using Step = Tensor (NetworkGenerator::*)(const Tensor &);
  static constexpr Step kAnywhere[] = {
      &NetworkGenerator::addBias,   &NetworkGenerator::scale,
      &NetworkGenerator::cutOff,    &NetworkGenerator::applyFunction,
      &NetworkGenerator::addBranch, &NetworkGenerator::gate,
      &NetworkGenerator::slice,     &NetworkGenerator::concatenate,
      &NetworkGenerator::transpose, &NetworkGenerator::applyGelu};
  static constexpr Step kOnImages[] = {&NetworkGenerator::convolveImage,
                                       &NetworkGenerator::convolveDepthwise,
                                       &NetworkGenerator::addConvolution,
                                       &NetworkGenerator::pool,
                                       &NetworkGenerator::pad,
                                       &NetworkGenerator::flatten};
  static constexpr Step kOnMatrices[] = {
      &NetworkGenerator::projectMatrix, &NetworkGenerator::multiplyBySelf,
      &NetworkGenerator::addProduct,    &NetworkGenerator::subtractMean,
      &NetworkGenerator::normalizeRows, &NetworkGenerator::softmax,
      &NetworkGenerator::unflatten,     &NetworkGenerator::pad};
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

RandomNetwork NetworkGenerator::generate(int64_t least, int64_t most) {
  text.clear();
  count = 0;
  Tensor x = {"%x", {1, 1, 28, 28}, 1, 0};
  for (int64_t steps = between(least, most); steps > 0; --steps)
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
