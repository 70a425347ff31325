//===- Pads.cpp - ONNX Pad ------------------------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constant padding is one tensor.pad. Reflections and edges are slices of the
// tensor itself, put before and behind it, one dimension after the other.
// Negative widths cut off, in every mode, before anything is added.
//
//===----------------------------------------------------------------------===//

#include "Axes.h"
#include "Slices.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade::onnximport;
using llvm::Twine;

namespace {
struct Widths {
  SmallVector<int64_t> low, high;
};
} // namespace

/// An absurd width must not overflow a size.
static constexpr int64_t maxWidth = int64_t(1) << 31;

static FailureOr<Widths> getWidths(NodeImporter &node) {
  auto pads = getIntegerList(node, 11, 1, "pads");
  if (failed(pads))
    return failure();
  size_t rank = node.getInputType(0).getRank();
  if (!*pads || (*pads)->size() != 2 * rank)
    return node.reject("expected " + Twine(2 * rank) + " pads");
  for (int64_t width : **pads)
    if (width < -maxWidth || width > maxWidth)
      return node.reject("a pad of " + Twine(width) +
                         " exceeds the limit of 2147483648");
  ArrayRef<int64_t> both = **pads;
  return Widths{llvm::to_vector(both.take_front(rank)),
                llvm::to_vector(both.drop_front(rank))};
}

/// Cuts off what negative widths say, and leaves those at 0.
static FailureOr<Value> createCrop(NodeImporter &node, Widths &widths) {
  Value value = node.getInput(0);
  SmallVector<Positions> ranges;
  for (auto [size, low, high] :
       llvm::zip_equal(getShape(value), widths.low, widths.high)) {
    int64_t before = std::max<int64_t>(-low, 0);
    int64_t left = size - before - std::max<int64_t>(-high, 0);
    if (left < 0)
      return node.reject("negative pads cut off more than there is");
    ranges.push_back({before, left, 1});
    low = std::max<int64_t>(low, 0);
    high = std::max<int64_t>(high, 0);
  }
  return createStridedSlice(node.builder, value, ranges);
}

/// The padding element: an attribute before opset 11, an operand since.
static FailureOr<Value> createPadding(NodeImporter &node) {
  ImplicitLocOpBuilder &builder = node.builder;
  Type type = node.getInputType(0).getElementType();
  if (node.getOpset() < 11)
    return createNumber(builder, type, node.getFloat("value", 0));
  if (!node.hasInput(2))
    return createNumber(builder, type, 0);
  if (node.getInputType(2).getNumElements() != 1)
    return node.reject("expected a scalar as constant_value");
  if (DenseElementsAttr constant = node.getConstant(2))
    return Value(arith::ConstantOp::create(
        builder, cast<TypedAttr>(*constant.value_begin<Attribute>())));
  Value scalar = createReshape(builder, node.getInput(2), {});
  return Value(tensor::ExtractOp::create(builder, scalar, ValueRange()));
}

static LogicalResult importConstantPad(NodeImporter &node, Value value,
                                       const Widths &widths) {
  FailureOr<Value> padding = createPadding(node);
  if (failed(padding))
    return failure();
  RankedTensorType type = node.getResultType(0);
  if (type != value.getType()) {
    MLIRContext *context = node.builder.getContext();
    value = tensor::PadOp::create(
        node.builder, type, value, getAsIndexOpFoldResult(context, widths.low),
        getAsIndexOpFoldResult(context, widths.high), *padding);
  }
  node.setResult(0, value);
  return success();
}

/// `range` of one dimension, all of the others.
static Value createRange(ImplicitLocOpBuilder &builder, Value value,
                         unsigned dimension, Positions range) {
  SmallVector<Positions> ranges;
  for (int64_t size : getShape(value))
    ranges.push_back({0, size, 1});
  ranges[dimension] = range;
  return createStridedSlice(builder, value, ranges);
}

/// The element at `position` of a dimension, `count` times.
static Value createRepeat(ImplicitLocOpBuilder &builder, Value value,
                          unsigned dimension, int64_t position, int64_t count) {
  Value edge = createSlice(builder, value, dimension, position, 1);
  SmallVector<int64_t> shape(getShape(edge));
  shape[dimension] = count;
  return createElementwise(
      builder, getTensorType(value).clone(shape),
      broadcastTo(builder, edge, shape),
      [](ImplicitLocOpBuilder &, ValueRange args) { return args[0]; });
}

/// What stands before and behind the elements of one dimension.
static void addMargins(ImplicitLocOpBuilder &builder, Value value,
                       unsigned dimension, int64_t low, int64_t high,
                       bool reflects, SmallVectorImpl<Value> &parts) {
  int64_t size = getShape(value)[dimension];
  if (low > 0)
    parts.push_back(reflects
                        ? createRange(builder, value, dimension, {low, low, -1})
                        : createRepeat(builder, value, dimension, 0, low));
  parts.push_back(value);
  if (high > 0)
    parts.push_back(
        reflects ? createRange(builder, value, dimension, {size - 2, high, -1})
                 : createRepeat(builder, value, dimension, size - 1, high));
}

static LogicalResult importMirrorPad(NodeImporter &node, Value value,
                                     const Widths &widths, bool reflects) {
  for (auto [dimension, low, high] : llvm::enumerate(widths.low, widths.high)) {
    int64_t size = getShape(value)[dimension];
    int64_t limit = reflects ? size - 1 : (size > 0 ? maxWidth : 0);
    if (std::max(low, high) > limit)
      return node.reject("a pad of " + Twine(std::max(low, high)) +
                         " in dimension " + Twine(dimension) + " of size " +
                         Twine(size) + " exceeds the limit of " + Twine(limit));
    SmallVector<Value> parts;
    addMargins(node.builder, value, dimension, low, high, reflects, parts);
    if (parts.size() > 1)
      value = tensor::ConcatOp::create(node.builder, dimension, parts);
  }
  node.setResult(0, value);
  return success();
}

static LogicalResult importPad(NodeImporter &node) {
  FailureOr<Widths> widths = getWidths(node);
  if (failed(widths))
    return failure();
  FailureOr<Value> value = createCrop(node, *widths);
  if (failed(value))
    return failure();
  std::string mode = node.getString("mode", "constant");
  if (mode == "constant")
    return importConstantPad(node, *value, *widths);
  if (mode == "reflect" || mode == "edge")
    return importMirrorPad(node, *value, *widths, mode == "reflect");
  return node.reject("expected mode constant, reflect or edge, got '" + mode +
                     "'");
}

void colonnade::onnximport::addPadOps(ImportTable &table) {
  table["Pad"] = importPad;
}
