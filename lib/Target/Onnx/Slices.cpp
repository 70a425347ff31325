//===- Slices.cpp - ONNX Slice --------------------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Bounds follow ONNX: negative ones count from the back, and
// those outside the tensor are clamped.
//
//===----------------------------------------------------------------------===//

#include "Slices.h"
#include "Axes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade::onnximport;
using llvm::Twine;

/// A generic over `value`, which reads `dimension` from the back.
static Value createBackwardRead(ImplicitLocOpBuilder &builder, Value value,
                                int64_t dimension) {
  RankedTensorType type = getTensorType(value);
  AffineExpr backward =
      type.getDimSize(dimension) - 1 - builder.getAffineDimExpr(dimension);
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  AffineMap map = identity.replace(builder.getAffineDimExpr(dimension),
                                   backward, type.getRank(), 0);
  return createElementwise(
      builder, type, MappedValue{value, map},
      [](ImplicitLocOpBuilder &, ValueRange args) { return args[0]; });
}

/// Position by position from the last one, so that a reversal is movement like
/// any other, as long as that is few enough slices.
static Value createReverse(ImplicitLocOpBuilder &builder, Value value,
                           int64_t dimension) {
  int64_t size = getTensorType(value).getDimSize(dimension);
  if (size > maxJoinedSlices)
    return createBackwardRead(builder, value, dimension);
  SmallVector<Positions> positions;
  for (int64_t position = size; position-- > 0;)
    positions.push_back({position, 1, 1});
  return createJoinedSlices(builder, value, dimension, positions);
}

Value colonnade::onnximport::createStridedSlice(ImplicitLocOpBuilder &builder,
                                                Value value,
                                                ArrayRef<Positions> ranges) {
  SmallVector<int64_t> offsets, sizes, strides;
  SmallVector<bool> reversed;
  for (const Positions &range : ranges) {
    int64_t last = range.begin + (range.size - 1) * range.step;
    reversed.push_back(range.step < 0 && range.size > 1);
    offsets.push_back(reversed.back() ? last : range.begin);
    sizes.push_back(range.size);
    strides.push_back(range.size > 1 ? std::abs(range.step) : 1);
  }
  RankedTensorType type = getTensorType(value).clone(sizes);
  if (type.getNumElements() == 0)
    return createEmpty(builder, type);
  if (type != value.getType()) {
    MLIRContext *context = builder.getContext();
    value = tensor::ExtractSliceOp::create(
        builder, type, value, getAsIndexOpFoldResult(context, offsets),
        getAsIndexOpFoldResult(context, sizes),
        getAsIndexOpFoldResult(context, strides));
  }
  for (auto [dimension, isReversed] : llvm::enumerate(reversed))
    if (isReversed)
      value = createReverse(builder, value, dimension);
  return value;
}

Value colonnade::onnximport::createJoinedSlices(ImplicitLocOpBuilder &builder,
                                                Value value, int64_t dimension,
                                                ArrayRef<Positions> ranges) {
  SmallVector<Positions> slice;
  for (int64_t size : getTensorType(value).getShape())
    slice.push_back({0, size, 1});
  SmallVector<Value> slices;
  for (const Positions &range : ranges) {
    slice[dimension] = range;
    slices.push_back(createStridedSlice(builder, value, slice));
  }
  return slices.size() == 1
             ? slices.front()
             : tensor::ConcatOp::create(builder, dimension, slices);
}

namespace {
/// What a Slice node says, by the axes it names.
struct SliceBounds {
  SmallVector<int64_t> starts, ends, axes, steps;
};
} // namespace

/// Attributes before opset 10, operands since.
static FailureOr<SliceBounds> getBounds(NodeImporter &node) {
  SliceBounds bounds;
  StringRef names[] = {"starts", "ends", "axes", "steps"};
  SmallVector<int64_t> *lists[] = {&bounds.starts, &bounds.ends, &bounds.axes,
                                   &bounds.steps};
  for (unsigned index = 0; index < 4; ++index) {
    auto list = getIntegerList(node, 10, index + 1, names[index]);
    if (failed(list))
      return failure();
    if (*list)
      *lists[index] = **list;
    else if (index == 2)
      bounds.axes =
          llvm::to_vector(llvm::seq<int64_t>(0, bounds.starts.size()));
    else if (index == 3)
      bounds.steps.assign(bounds.starts.size(), 1);
    if (lists[index]->size() != bounds.starts.size())
      return node.reject("expected " + Twine(bounds.starts.size()) + " " +
                         names[index] + ", got " + Twine(lists[index]->size()));
  }
  return bounds;
}

/// The positions from `start` to before `end`, clamped to a dimension's size.
static Positions clampRange(int64_t start, int64_t end, int64_t step,
                            int64_t size) {
  // Bounds are often INT64_MAX or INT64_MIN: never add to them unclamped.
  auto clamp = [&](int64_t bound, int64_t low, int64_t high) {
    return std::clamp(bound < 0 ? std::max(bound, -size - 1) + size : bound,
                      low, high);
  };
  bool forward = step > 0;
  int64_t begin = clamp(start, 0, forward ? size : size - 1);
  int64_t stop = forward ? clamp(end, 0, size) : clamp(end, -1, size - 1);
  int64_t span = forward ? stop - begin : begin - stop;
  // The unsigned negation of INT64_MIN is its magnitude.
  uint64_t stride = forward ? step : -static_cast<uint64_t>(step);
  int64_t count = span <= 0 ? 0 : llvm::divideCeil(uint64_t(span), stride);
  return {begin, count, count > 1 ? step : 1};
}

static LogicalResult importSlice(NodeImporter &node) {
  ArrayRef<int64_t> shape = node.getInputType(0).getShape();
  FailureOr<SliceBounds> bounds = getBounds(node);
  if (failed(bounds))
    return failure();
  SmallVector<Positions> ranges;
  for (int64_t size : shape)
    ranges.push_back({0, size, 1});
  for (auto [start, end, axis, step] : llvm::zip_equal(
           bounds->starts, bounds->ends, bounds->axes, bounds->steps)) {
    FailureOr<int64_t> dimension = normalizeAxis(node, axis, shape.size());
    if (failed(dimension))
      return failure();
    if (step == 0)
      return node.reject("expected steps other than 0");
    ranges[*dimension] = clampRange(start, end, step, shape[*dimension]);
  }
  node.setResult(0, createStridedSlice(node.builder, node.getInput(0), ranges));
  return success();
}

void colonnade::onnximport::addSliceOps(ImportTable &table) {
  table["Slice"] = importSlice;
}
