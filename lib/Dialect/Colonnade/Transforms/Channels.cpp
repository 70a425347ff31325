//===- Channels.cpp - Values that vary along some dimensions -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Channels.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace colonnade {

int64_t ChannelRange::getNumChannels(ArrayRef<int64_t> shape) const {
  return llvm::product_of(shape.slice(begin, end - begin));
}

std::optional<ContractionChannels> getContractionChannels(Operation *op) {
  if (auto matmul = dyn_cast<linalg::MatmulOp>(op))
    if (matmul.hasUserDefinedMaps())
      return std::nullopt;
  if (auto matmul = dyn_cast<linalg::BatchMatmulOp>(op))
    if (matmul.hasUserDefinedMaps())
      return std::nullopt;
  using Result = std::optional<ContractionChannels>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<linalg::Conv2DNchwFchwOp, linalg::DepthwiseConv2DNchwChwOp>(
          [](auto) -> Result {
            return {{{1, 2}, {0, 1}}};
          })
      .Case<linalg::Conv2DNgchwGfchwOp>([](auto) -> Result {
        return {{{1, 3}, {0, 2}}};
      })
      .Case<linalg::MatmulOp>([](auto) -> Result {
        return {{{1, 2}, {1, 2}}};
      })
      .Case<linalg::BatchMatmulOp>([](auto) -> Result {
        return {{{2, 3}, {2, 3}}};
      })
      .Default([](Operation *) -> Result { return std::nullopt; });
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

/// The dimensions of `shape` in [begin, end) without extents of 1 at either
/// side; at least one.
static ChannelRange trimUnits(ArrayRef<int64_t> shape, unsigned begin,
                              unsigned end) {
  while (end - begin > 1 && shape[begin] == 1)
    ++begin;
  while (end - begin > 1 && shape[end - 1] == 1)
    --end;
  return {begin, end};
}

/// The groups of a reshape that hold `channels` of its larger shape, if the
/// groups hold nothing else.
static std::optional<ChannelRange>
collapseChannels(ArrayRef<ReassociationIndices> groups, ArrayRef<int64_t> shape,
                 ChannelRange channels) {
  std::optional<ChannelRange> result;
  for (auto [index, group] : llvm::enumerate(groups)) {
    bool holds = llvm::any_of(
        group, [&](int64_t dim) { return channels.contains(dim); });
    bool holdsOthers = llvm::any_of(group, [&](int64_t dim) {
      return !channels.contains(dim) && shape[dim] != 1;
    });
    if (holds && holdsOthers)
      return std::nullopt;
    if (holds)
      result = {result ? result->begin : unsigned(index), unsigned(index) + 1};
  }
  return result;
}

/// The dimensions that `channels` become when each is split into a group.
static ChannelRange expandChannels(ArrayRef<ReassociationIndices> groups,
                                   ArrayRef<int64_t> shape,
                                   ChannelRange channels) {
  return trimUnits(shape, groups[channels.begin].front(),
                   groups[channels.end - 1].back() + 1);
}

static std::optional<ChannelRange> transposeChannels(ArrayRef<int64_t> order,
                                                     ChannelRange channels) {
  auto first = llvm::find(order, channels.begin);
  for (unsigned dim = channels.begin; dim < channels.end; ++dim)
    if (size_t(std::distance(first, order.end())) <= dim - channels.begin ||
        first[dim - channels.begin] != dim)
      return std::nullopt;
  unsigned begin = std::distance(order.begin(), first);
  return ChannelRange{begin, begin + channels.end - channels.begin};
}

std::optional<ChannelRange> moveChannels(Operation *op, ChannelRange channels) {
  if (auto collapse = dyn_cast<tensor::CollapseShapeOp>(op))
    return collapseChannels(collapse.getReassociationIndices(),
                            collapse.getSrcType().getShape(), channels);
  if (auto expand = dyn_cast<tensor::ExpandShapeOp>(op))
    return expandChannels(expand.getReassociationIndices(),
                          expand.getResultType().getShape(), channels);
  if (auto transpose = dyn_cast<linalg::TransposeOp>(op))
    return transposeChannels(transpose.getPermutation(), channels);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

std::optional<std::vector<double>>
ChannelValues::getAlong(ArrayRef<int64_t> shape,
                        ArrayRef<unsigned> moreDims) const {
  if (!llvm::all_of(dims, [&](unsigned dim) {
        return llvm::is_contained(moreDims, dim);
      }))
    return std::nullopt;
  int64_t count = 1;
  for (unsigned dim : moreDims)
    count *= shape[dim];
  std::vector<double> result(count);
  for (int64_t place = 0; place < count; ++place) {
    // From the innermost dimension on: the index along each, and the position
    // among the values.
    int64_t rest = place, position = 0, stride = 1;
    for (unsigned dim : llvm::reverse(moreDims)) {
      int64_t index = rest % shape[dim];
      rest /= shape[dim];
      if (!llvm::is_contained(dims, dim))
        continue;
      position += index * stride;
      stride *= shape[dim];
    }
    result[place] = values[position];
  }
  return result;
}

std::optional<std::vector<double>>
ChannelValues::getPerChannel(ArrayRef<int64_t> shape,
                             ChannelRange channels) const {
  return getAlong(shape,
                  llvm::to_vector(llvm::seq(channels.begin, channels.end)));
}

std::optional<ChannelRange> ChannelValues::getRange() const {
  if (dims.empty() || dims.back() - dims.front() + 1 != dims.size())
    return std::nullopt;
  return ChannelRange{dims.front(), dims.back() + 1};
}

namespace {

/// A constant and the loop that each of its dimensions counts along.
struct LoopedConstant {
  SmallVector<unsigned> loops;
  SmallVector<int64_t> shape;
  std::vector<double> values;

  /// Elements between neighbours along an axis.
  int64_t getStride(unsigned axis) const {
    return llvm::product_of(ArrayRef(shape).drop_front(axis + 1));
  }
  bool varies(unsigned axis) const;
  void drop(unsigned axis);
  void swapWithNext(unsigned axis);
};

bool LoopedConstant::varies(unsigned axis) const {
  int64_t stride = getStride(axis), extent = shape[axis];
  for (auto [position, value] : llvm::enumerate(values)) {
    int64_t index = int64_t(position) / stride % extent;
    double first = values[position - index * stride];
    if (value != first && !(std::isnan(value) && std::isnan(first)))
      return true;
  }
  return false;
}

/// Keeps the elements of index 0 along an axis.
void LoopedConstant::drop(unsigned axis) {
  int64_t stride = getStride(axis), extent = shape[axis];
  std::vector<double> kept;
  for (size_t block = 0; block < values.size(); block += stride * extent)
    kept.insert(kept.end(), values.begin() + block,
                values.begin() + block + stride);
  values = std::move(kept);
  shape.erase(shape.begin() + axis);
  loops.erase(loops.begin() + axis);
}

void LoopedConstant::swapWithNext(unsigned axis) {
  int64_t rows = shape[axis], columns = shape[axis + 1];
  int64_t inner = getStride(axis + 1);
  std::vector<double> swapped(values.size());
  for (size_t position = 0; position < values.size(); ++position) {
    int64_t rest = int64_t(position) / inner;
    int64_t column = rest % columns, row = rest / columns % rows;
    int64_t block = rest / columns / rows;
    swapped[((block * columns + column) * rows + row) * inner +
            int64_t(position) % inner] = values[position];
  }
  values = std::move(swapped);
  std::swap(shape[axis], shape[axis + 1]);
  std::swap(loops[axis], loops[axis + 1]);
}

} // namespace

std::optional<ChannelValues> getChannelValues(ArrayRef<float> values,
                                              ArrayRef<int64_t> shape,
                                              AffineMap map,
                                              ArrayRef<int64_t> loops) {
  LoopedConstant constant;
  constant.values.assign(values.begin(), values.end());
  for (auto [axis, expression] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expression);
    if (!dim && shape[axis] != 1)
      return std::nullopt;
    // Constant 0 or a loop of one step: an axis of one element either way.
    constant.loops.push_back(dim ? dim.getPosition() : loops.size());
    constant.shape.push_back(shape[axis]);
  }
  for (unsigned axis = constant.shape.size(); axis-- > 0;)
    if (!constant.varies(axis))
      constant.drop(axis);
  for (size_t pass = 0; pass < constant.loops.size(); ++pass)
    for (size_t axis = 0; axis + 1 < constant.loops.size(); ++axis)
      if (constant.loops[axis] > constant.loops[axis + 1])
        constant.swapWithNext(axis);
  return ChannelValues{constant.loops, std::move(constant.values)};
}

} // namespace colonnade
