//===- InferencePreconditions.cpp - What ONNX takes for granted -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "InferencePreconditions.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/ADT/StringSwitch.h"
#include <limits>
#include <optional>

using namespace llvm;
using namespace colonnade::onnximport;

/// Products of two such numbers do not overflow.
static constexpr int64_t maxNumber = std::numeric_limits<int32_t>::max();

/// The rank of operand `index`, or nothing if it has none.
static std::optional<int64_t> getRank(const onnx::GraphProto &graph,
                                      int index) {
  const onnx::NodeProto &node = graph.node(0);
  if (index >= node.input_size())
    return std::nullopt;
  for (const onnx::ValueInfoProto &input : graph.input())
    if (input.name() == node.input(index) &&
        input.type().tensor_type().has_shape())
      return input.type().tensor_type().shape().dim_size();
  return std::nullopt;
}

namespace {
/// An attribute of an op with windows: how many numbers it has for each spatial
/// dimension, and the least of them.
struct WindowAttribute {
  int64_t perDimension, least;
};
} // namespace

static std::optional<WindowAttribute> getWindowAttribute(StringRef name) {
  using Result = std::optional<WindowAttribute>;
  return StringSwitch<Result>(name)
      .Cases({"kernel_shape", "strides", "dilations"}, WindowAttribute{1, 1})
      .Cases({"output_padding", "output_shape"}, WindowAttribute{1, 0})
      .Case("pads", WindowAttribute{2, -maxNumber})
      .Default(std::nullopt);
}

static Error checkNumber(StringRef name, int64_t number, int64_t least) {
  if (number < least || number > maxNumber)
    return createStringError("expected " + name + " from " + Twine(least) +
                             " to " + Twine(maxNumber) + ", got " +
                             Twine(number));
  return Error::success();
}

static Error checkWindowAttribute(const onnx::AttributeProto &attribute,
                                  int64_t spatialRank) {
  if (attribute.name() == "group")
    return checkNumber("group", attribute.i(), 1);
  auto window = getWindowAttribute(attribute.name());
  if (!window)
    return Error::success();
  int64_t count = window->perDimension * spatialRank;
  if (attribute.ints_size() != count)
    return createStringError("expected " + Twine(count) + " numbers as " +
                             attribute.name() + ", got " +
                             Twine(attribute.ints_size()));
  for (int64_t number : attribute.ints())
    if (Error error = checkNumber(attribute.name(), number, window->least))
      return error;
  return Error::success();
}

/// Convolutions and pools; `weights` is the operand that must have the data's
/// rank, or -1.
static Error checkWindow(const onnx::GraphProto &graph, int weights) {
  std::optional<int64_t> rank = getRank(graph, 0);
  if (!rank)
    return Error::success();
  if (*rank < 3)
    return createStringError("expected data of rank 3 or more, got rank " +
                             Twine(*rank));
  std::optional<int64_t> weightRank =
      weights < 0 ? rank : getRank(graph, weights);
  if (weightRank && *weightRank != *rank)
    return createStringError("data of rank " + Twine(*rank) +
                             ", but weights of rank " + Twine(*weightRank));
  for (const onnx::AttributeProto &attribute : graph.node(0).attribute())
    if (Error error = checkWindowAttribute(attribute, *rank - 2))
      return error;
  return Error::success();
}

static Error checkLayerAxis(const onnx::GraphProto &graph) {
  std::optional<int64_t> rank = getRank(graph, 0);
  for (const onnx::AttributeProto &attribute : graph.node(0).attribute())
    if (rank && attribute.name() == "axis" &&
        (attribute.i() < -*rank || attribute.i() >= *rank))
      return createStringError("expected an axis from " + Twine(-*rank) +
                               " to " + Twine(*rank - 1) + ", got " +
                               Twine(attribute.i()));
  return Error::success();
}

Error colonnade::onnximport::checkPreconditions(const onnx::GraphProto &graph) {
  StringRef op = graph.node(0).op_type();
  if (op == "Conv" || op == "ConvTranspose" || op == "ConvInteger")
    return checkWindow(graph, 1);
  if (op == "QLinearConv")
    return checkWindow(graph, 3);
  if (op == "MaxPool" || op == "AveragePool")
    return checkWindow(graph, -1);
  if (op == "LayerNormalization")
    return checkLayerAxis(graph);
  return Error::success();
}
