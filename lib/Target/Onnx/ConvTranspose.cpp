//===- ConvTranspose.cpp - Convolution run backwards ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A transposed convolution is a convolution of stride 1: the input spread out
// by the stride, with zeros between and around, and the weights read backwards
// with input and output channels swapped (Dumoulin and Visin, A guide to
// convolution arithmetic for deep learning, section 4). Every op behind the
// importer that handles convolutions handles it then.
//
//===----------------------------------------------------------------------===//

#include "Convolutions.h"
#include "OperandChecks.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace colonnade::onnximport {

namespace {
/// Where the elements of the input lie along one dimension of the spread-out
/// one.
struct Spread {
  /// Elements [begin, begin + count) of the input, at offset, offset + stride,
  /// ... of `size` positions.
  int64_t begin, count, offset, stride, size;
};
} // namespace

/// Weights as [groups, input channels, output channels, window].
static SmallVector<int64_t, 4> getGroupedShape(RankedTensorType type,
                                               int64_t groups) {
  int64_t window = 1;
  for (int64_t size : type.getShape().drop_front(2))
    window *= size;
  return {groups, type.getDimSize(0) / groups, type.getDimSize(1), window};
}

/// [groups * output channels, input channels, window...].
static RankedTensorType getSwappedType(RankedTensorType type, int64_t groups) {
  SmallVector<int64_t> shape(type.getShape());
  shape[0] = type.getDimSize(1) * groups;
  shape[1] = type.getDimSize(0) / groups;
  return type.clone(shape);
}

/// Swaps and reverses known weights at import time.
static DenseElementsAttr swapConstant(DenseElementsAttr weights,
                                      int64_t groups) {
  auto type = cast<RankedTensorType>(weights.getType());
  RankedTensorType swapped = getSwappedType(type, groups);
  if (weights.isSplat())
    return weights.resizeSplat(swapped);
  SmallVector<int64_t, 4> shape = getGroupedShape(type, groups);
  int64_t inputs = shape[1], outputs = shape[2], window = shape[3];
  size_t width = type.getElementTypeBitWidth() / 8;
  ArrayRef<char> source = weights.getRawData();
  std::vector<char> target(source.size());
  char *next = target.data();
  for (int64_t group = 0; group < groups; ++group)
    for (int64_t output = 0; output < outputs; ++output)
      for (int64_t input = 0; input < inputs; ++input)
        for (int64_t at = window; at-- > 0; next += width) {
          int64_t index =
              ((group * inputs + input) * outputs + output) * window + at;
          std::copy_n(source.data() + index * width, width, next);
        }
  return DenseElementsAttr::getFromRawBuffer(swapped, target);
}

/// Swaps and reverses weights that are known at run time only.
static Value createSwapped(ImplicitLocOpBuilder &builder, Value weights,
                           int64_t groups) {
  RankedTensorType type = getTensorType(weights);
  SmallVector<int64_t, 4> shape = getGroupedShape(type, groups);
  Value grouped = createReshape(builder, weights, shape);
  AffineExpr group, output, input, at;
  bindDims(builder.getContext(), group, output, input, at);
  AffineMap reversed = AffineMap::get(
      4, 0, {group, input, output, shape[3] - 1 - at}, builder.getContext());
  Value swapped = createElementwise(
      builder, type.clone({shape[0], shape[2], shape[1], shape[3]}),
      MappedValue{grouped, reversed},
      [](ImplicitLocOpBuilder &, ValueRange elements) { return elements[0]; });
  return createReshape(builder, swapped,
                       getSwappedType(type, groups).getShape());
}

static Value createKernel(NodeImporter &node, int64_t groups) {
  if (DenseElementsAttr weights = node.getConstant(1))
    return arith::ConstantOp::create(node.builder,
                                     swapConstant(weights, groups));
  return createSwapped(node.builder, node.getInput(1), groups);
}

/// The padding in front of a dimension of `input` elements. What the shape of
/// the output takes beyond the input's reach lies behind.
static int64_t getPadBegin(StringRef autoPad, int64_t total) {
  int64_t begin = 0, end = 0;
  splitSamePadding(autoPad, std::max<int64_t>(total, 0), begin, end);
  return begin;
}

namespace {
/// The attributes of one ConvTranspose, one value per spatial dimension.
struct TransposedWindow {
  SmallVector<int64_t> strides, dilations, outputPadding, pads;
  std::string autoPad;

  /// The output's size without padding taken off.
  int64_t getReach(unsigned dimension, int64_t input, int64_t extent) const {
    return strides[dimension] * (input - 1) + outputPadding[dimension] + extent;
  }
};
} // namespace

static FailureOr<TransposedWindow> readAttributes(NodeImporter &node,
                                                  unsigned rank) {
  auto strides = readSpatialAttribute(node, "strides", rank, 1, 1);
  auto dilations = readSpatialAttribute(node, "dilations", rank, 1, 1);
  auto padding = readSpatialAttribute(node, "output_padding", rank, 0, 0);
  auto pads = readSpatialAttribute(node, "pads", 2 * rank, 0, 0);
  FailureOr<std::string> autoPad = readAutoPad(node);
  if (failed(strides) || failed(dilations) || failed(padding) || failed(pads) ||
      failed(autoPad))
    return failure();
  return TransposedWindow{*strides, *dilations, *padding, *pads, *autoPad};
}

/// The padding in front of one dimension; fails if the output's size is not
/// the one that the attributes give.
static FailureOr<int64_t> findPadBegin(NodeImporter &node,
                                       const TransposedWindow &window,
                                       unsigned dimension, int64_t reach,
                                       int64_t input, int64_t output) {
  bool givesShape = node.hasAttribute("output_shape");
  bool isSame = StringRef(window.autoPad).starts_with("SAME");
  unsigned rank = window.strides.size();
  int64_t expected = output;
  if (!givesShape && isSame)
    expected = input * window.strides[dimension];
  else if (!givesShape && window.autoPad == "VALID")
    expected = reach;
  else if (!givesShape)
    expected = reach - window.pads[dimension] - window.pads[rank + dimension];
  if (expected != output)
    return node.reject("expected " + Twine(expected) +
                       " outputs in spatial dimension " + Twine(dimension) +
                       ", the model says " + Twine(output));
  if (givesShape || isSame)
    return getPadBegin(window.autoPad, reach - output);
  return window.autoPad == "VALID" ? 0 : window.pads[dimension];
}

/// Lays the elements of one dimension out so that a convolution of stride 1
/// with a kernel of `extent` positions gives `output` positions.
static Spread spreadOut(int64_t input, int64_t output, int64_t stride,
                        int64_t extent, int64_t padBegin) {
  int64_t size = output + extent - 1;
  int64_t first = extent - 1 - padBegin;
  int64_t begin =
      first < 0 ? std::min(llvm::divideCeilSigned(-first, stride), input) : 0;
  int64_t offset = first + begin * stride;
  int64_t fitting =
      offset < size ? llvm::divideCeilSigned(size - offset, stride) : 0;
  return {begin, std::min(input - begin, fitting), offset, stride, size};
}

/// The elements of `input` between zeros.
static Value createSpreadInput(ImplicitLocOpBuilder &builder, Value input,
                               ArrayRef<Spread> spreads) {
  SmallVector<int64_t> shape(getShape(input)), sizes(shape),
      offsets(shape.size(), 0), strides(shape.size(), 1);
  for (auto [index, spread] : llvm::enumerate(spreads)) {
    unsigned dimension = 2 + index;
    input = createSlice(builder, input, dimension, spread.begin, spread.count);
    shape[dimension] = spread.size;
    sizes[dimension] = spread.count;
    offsets[dimension] = spread.offset;
    strides[dimension] = spread.stride;
  }
  Value zeros = createZeroFilled(builder, getTensorType(input).clone(shape));
  if (llvm::is_contained(sizes, 0))
    return zeros;
  MLIRContext *context = builder.getContext();
  return tensor::InsertSliceOp::create(
      builder, input, zeros, getAsIndexOpFoldResult(context, offsets),
      getAsIndexOpFoldResult(context, sizes),
      getAsIndexOpFoldResult(context, strides));
}

/// Rejects operands of shapes that no transposed convolution has.
static FailureOr<int64_t> checkOperands(NodeImporter &node) {
  if (failed(requireRank(node, 0, 3)) || failed(requireRank(node, 1, 3)))
    return failure();
  RankedTensorType input = node.getInputType(0), kernel = node.getInputType(1);
  RankedTensorType result = node.getResultType(0);
  int64_t rank = input.getRank();
  if (rank > 5 || kernel.getRank() != rank || result.getRank() != rank)
    return node.reject("expected data, weights and result of the same 3 to 5 "
                       "dimensions, got " +
                       Twine(rank) + ", " + Twine(kernel.getRank()) + " and " +
                       Twine(result.getRank()));
  FailureOr<int64_t> groups =
      readGroups(node, input.getDimSize(1), result.getDimSize(1));
  if (failed(groups))
    return failure();
  if (kernel.getDimSize(0) != input.getDimSize(1) ||
      kernel.getDimSize(1) * *groups != result.getDimSize(1))
    return node.reject("expected weights from " + Twine(input.getDimSize(1)) +
                       " to " + Twine(result.getDimSize(1) / *groups) +
                       " channels, got " + Twine(kernel.getDimSize(0)) +
                       " to " + Twine(kernel.getDimSize(1)));
  if (failed(checkKernelShape(node, kernel.getShape().drop_front(2))))
    return failure();
  if (node.hasInput(2) && failed(requireShape(node, 2, result.getDimSize(1))))
    return failure();
  return groups;
}

/// How each spatial dimension of the input is spread out.
static FailureOr<SmallVector<Spread>>
readSpreads(NodeImporter &node, const TransposedWindow &window) {
  ArrayRef<int64_t> input = node.getInputType(0).getShape().drop_front(2);
  ArrayRef<int64_t> kernel = node.getInputType(1).getShape().drop_front(2);
  ArrayRef<int64_t> output = node.getResultType(0).getShape().drop_front(2);
  SmallVector<Spread> spreads;
  for (unsigned i = 0; i < input.size(); ++i) {
    int64_t extent = (kernel[i] - 1) * window.dilations[i] + 1;
    int64_t reach = window.getReach(i, input[i], extent);
    FailureOr<int64_t> padBegin =
        findPadBegin(node, window, i, reach, input[i], output[i]);
    if (failed(padBegin))
      return failure();
    spreads.push_back(
        spreadOut(input[i], output[i], window.strides[i], extent, *padBegin));
  }
  return spreads;
}

LogicalResult importConvTranspose(NodeImporter &node) {
  FailureOr<int64_t> groups = checkOperands(node);
  if (failed(groups))
    return failure();
  unsigned rank = node.getInputType(0).getRank() - 2;
  FailureOr<TransposedWindow> attributes = readAttributes(node, rank);
  if (failed(attributes))
    return failure();
  FailureOr<SmallVector<Spread>> spreads = readSpreads(node, *attributes);
  if (failed(spreads))
    return failure();
  Window window{
      SmallVector<int64_t>(node.getInputType(1).getShape().drop_front(2)),
      SmallVector<int64_t>(rank, 1),
      attributes->dilations,
      SmallVector<int64_t>(rank, 0),
      SmallVector<int64_t>(rank, 0),
      SmallVector<int64_t>(rank, 0)};
  Value input = createSpreadInput(node.builder, node.getInput(0), *spreads);
  Value result = createConvolution(
      node.builder, {input, createKernel(node, *groups), node.getResultType(0),
                     std::move(window), *groups});
  if (node.hasInput(2))
    result = createAddBias(node.builder, result, node.getInput(2), 1);
  node.setResult(0, result);
  return success();
}

} // namespace colonnade::onnximport
