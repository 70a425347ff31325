//===- RandomNetworkViews.cpp - Steps that move -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Pads, slices, concatenations, transposes and reshapes of the generated
// networks: no value changes but by being rounded.
//
//===----------------------------------------------------------------------===//

#include "RandomNetworks.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>

using namespace colonnade::test;
using llvm::ArrayRef;
using llvm::formatv;

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

NetworkGenerator::Tensor
NetworkGenerator::emitSlice(const Tensor &x, ArrayRef<int64_t> offsets,
                            ArrayRef<int64_t> sizes,
                            ArrayRef<int64_t> strides) {
  Tensor y = {getName(), llvm::SmallVector<int64_t>(sizes), x.range,
              x.error + getRounding(x.range)};
  text +=
      formatv("  {0} = tensor.extract_slice {1}[{2:$[, ]}] [{3:$[, ]}] "
              "[{4:$[, ]}] : {5} to {6}\n",
              y.name, x.name, llvm::make_range(offsets.begin(), offsets.end()),
              llvm::make_range(sizes.begin(), sizes.end()),
              llvm::make_range(strides.begin(), strides.end()),
              getType(x.shape), getType(y.shape));
  return y;
}

/// Every second element along one dimension.
NetworkGenerator::Tensor NetworkGenerator::slice(const Tensor &x) {
  int64_t dim = between(0, x.shape.size() - 1);
  llvm::SmallVector<int64_t> sizes = x.shape, offsets(x.shape.size(), 0),
                             strides(x.shape.size(), 1);
  sizes[dim] = (x.shape[dim] + 1) / 2;
  strides[dim] = 2;
  return emitSlice(x, offsets, sizes, strides);
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
  // Two images; convolutions are of one.
  if (dim == 0 && y.shape.size() == 4)
    return emitSlice(y, {1, 0, 0, 0}, x.shape, {1, 1, 1, 1});
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

/// [c * h, w]  ->  [1, c, h, w]
NetworkGenerator::Tensor NetworkGenerator::unflatten(const Tensor &x) {
  int64_t channels = between(1, 3);
  if (x.shape[0] % channels != 0)
    channels = 1;
  Tensor y = {getName(),
              {1, channels, x.shape[0] / channels, x.shape[1]},
              x.range,
              x.error + getRounding(x.range)};
  text +=
      formatv("  {0} = tensor.expand_shape {1} [[0, 1, 2], [3]] output_shape "
              "[1, {2}, {3}, {4}] : {5} into {6}\n",
              y.name, x.name, y.shape[1], y.shape[2], y.shape[3],
              getType(x.shape), getType(y.shape));
  return y;
}
