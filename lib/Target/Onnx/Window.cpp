//===- Window.cpp - How convolutions and pools slide ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Window.h. Attribute values are bounded before anything is computed with
// them: a corrupt model must not overflow the shapes.
//
//===----------------------------------------------------------------------===//

#include "Window.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace colonnade::onnximport {

/// No stride, dilation or padding of a tensor that fits memory is larger.
static constexpr int64_t maxAttribute = int64_t(1) << 24;

static SmallVector<int64_t> prepend(ArrayRef<int64_t> values, size_t count,
                                    int64_t value) {
  SmallVector<int64_t> result(count, value);
  llvm::append_range(result, values);
  return result;
}

SmallVector<int64_t> Window::getLow() const { return prepend(padsBegin, 2, 0); }

SmallVector<int64_t> Window::getHigh() const {
  SmallVector<int64_t> high = prepend(padsEnd, 2, 0);
  for (auto [index, more] : llvm::enumerate(overhang))
    high[2 + index] += more;
  return high;
}

Window Window::withLeadingDimension() const {
  return {prepend(kernel, 1, 1),    prepend(strides, 1, 1),
          prepend(dilations, 1, 1), prepend(padsBegin, 1, 0),
          prepend(padsEnd, 1, 0),   prepend(overhang, 1, 0)};
}

SmallVector<int64_t> withHeight(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> result(shape);
  if (shape.size() == 3)
    result.insert(result.begin() + 2, 1);
  return result;
}

FailureOr<SmallVector<int64_t>>
readSpatialAttribute(NodeImporter &node, StringRef name, unsigned count,
                     int64_t least, int64_t otherwise) {
  if (!node.hasAttribute(name))
    return SmallVector<int64_t>(count, otherwise);
  SmallVector<int64_t> values = node.getIntegers(name);
  if (values.size() != count)
    return node.reject("expected " + Twine(count) + " values of '" + name +
                       "', got " + Twine(values.size()));
  for (int64_t value : values)
    if (value < least || value > maxAttribute)
      return node.reject("expected '" + name + "' from " + Twine(least) +
                         " to " + Twine(maxAttribute) + ", got " +
                         Twine(value));
  return values;
}

FailureOr<std::string> readAutoPad(NodeImporter &node) {
  std::string autoPad = node.getString("auto_pad", "NOTSET");
  if (llvm::is_contained({"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"},
                         StringRef(autoPad)))
    return autoPad;
  return node.reject("expected 'auto_pad' NOTSET, SAME_UPPER, SAME_LOWER or "
                     "VALID, got '" +
                     Twine(autoPad) + "'");
}

void splitSamePadding(StringRef autoPad, int64_t total, int64_t &begin,
                      int64_t &end) {
  int64_t less = total / 2;
  begin = autoPad == "SAME_UPPER" ? less : total - less;
  end = total - begin;
}

/// Sets the padding from `pads`.
static LogicalResult readPads(NodeImporter &node, Window &window) {
  unsigned rank = window.getRank();
  FailureOr<SmallVector<int64_t>> pads =
      readSpatialAttribute(node, "pads", 2 * rank, 0, 0);
  if (failed(pads))
    return failure();
  ArrayRef<int64_t> all(*pads);
  window.padsBegin.assign(all.begin(), all.begin() + rank);
  window.padsEnd.assign(all.begin() + rank, all.end());
  return success();
}

/// Sets the padding that makes the output as large as the input over stride.
static void computeSamePads(Window &window, StringRef autoPad,
                            ArrayRef<int64_t> input) {
  for (unsigned i = 0; i < window.getRank(); ++i) {
    int64_t positions = llvm::divideCeilSigned(input[i], window.strides[i]);
    int64_t total = std::max<int64_t>((positions - 1) * window.strides[i] +
                                          window.getExtent(i) - input[i],
                                      0);
    splitSamePadding(autoPad, total, window.padsBegin[i], window.padsEnd[i]);
  }
}

static LogicalResult readPadding(NodeImporter &node, Window &window,
                                 ArrayRef<int64_t> input) {
  FailureOr<std::string> autoPad = readAutoPad(node);
  if (failed(autoPad))
    return failure();
  if (*autoPad == "NOTSET")
    return readPads(node, window);
  window.padsBegin.assign(window.getRank(), 0);
  window.padsEnd.assign(window.getRank(), 0);
  if (*autoPad != "VALID")
    computeSamePads(window, *autoPad, input);
  return success();
}

/// Sets the overhang and checks that the output's shape is the window's.
static LogicalResult fitOutput(NodeImporter &node, Window &window,
                               ArrayRef<int64_t> input,
                               ArrayRef<int64_t> output) {
  bool roundsUp = node.getInteger("ceil_mode", 0) != 0;
  for (unsigned i = 0; i < window.getRank(); ++i) {
    int64_t padded = input[i] + window.padsBegin[i] + window.padsEnd[i];
    int64_t slack = padded - window.getExtent(i);
    if (slack < 0)
      return node.reject("the kernel spans " + Twine(window.getExtent(i)) +
                         " positions of spatial dimension " + Twine(i) +
                         ", but the padded input has " + Twine(padded));
    int64_t stride = window.strides[i];
    int64_t positions =
        1 + (roundsUp ? llvm::divideCeilSigned(slack, stride) : slack / stride);
    if (output[i] != positions)
      return node.reject("expected " + Twine(positions) +
                         " outputs in spatial dimension " + Twine(i) +
                         ", the model says " + Twine(output[i]));
    window.overhang.push_back(
        std::max<int64_t>((positions - 1) * stride - slack, 0));
  }
  return success();
}

FailureOr<Window> readWindow(NodeImporter &node, ArrayRef<int64_t> kernel,
                             ArrayRef<int64_t> input,
                             ArrayRef<int64_t> output) {
  unsigned rank = input.size();
  if (kernel.size() != rank || output.size() != rank)
    return node.reject("expected a kernel and an output of " + Twine(rank) +
                       " spatial dimensions, got " + Twine(kernel.size()) +
                       " and " + Twine(output.size()));
  for (int64_t size : kernel)
    if (size < 1 || size > maxAttribute)
      return node.reject("expected a kernel size from 1 to " +
                         Twine(maxAttribute) + ", got " + Twine(size));
  FailureOr<SmallVector<int64_t>> strides =
      readSpatialAttribute(node, "strides", rank, 1, 1);
  FailureOr<SmallVector<int64_t>> dilations =
      readSpatialAttribute(node, "dilations", rank, 1, 1);
  if (failed(strides) || failed(dilations))
    return failure();
  Window window;
  window.kernel.assign(kernel.begin(), kernel.end());
  window.strides = std::move(*strides);
  window.dilations = std::move(*dilations);
  if (failed(readPadding(node, window, input)) ||
      failed(fitOutput(node, window, input, output)))
    return failure();
  return window;
}

} // namespace colonnade::onnximport
