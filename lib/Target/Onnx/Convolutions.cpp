//===- Convolutions.cpp - Conv
//---------------------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Conv in the forms that the compiler behind the importer knows: an explicit
// pad, a named op on zeros, and the bias added by a generic of its own.
//
//===----------------------------------------------------------------------===//

#include "Convolutions.h"
#include "OperandChecks.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace colonnade::onnximport {

/// The named op on padded operands, summing into zeros of type `type`.
template <typename OpTy>
static Value createNamed(ImplicitLocOpBuilder &builder, RankedTensorType type,
                         Value input, Value kernel, const Window &window) {
  return OpTy::create(builder, TypeRange{type}, ValueRange{input, kernel},
                      ValueRange{createZeroFilled(builder, type)},
                      builder.getI64TensorAttr(window.strides),
                      builder.getI64TensorAttr(window.dilations))
      .getResult(0);
}

/// [n, c, ...] -> [n, groups, c / groups, ...], or the same for dimension 0.
static SmallVector<int64_t> splitDimension(ArrayRef<int64_t> shape,
                                           unsigned dimension, int64_t groups) {
  SmallVector<int64_t> result(shape);
  result[dimension] /= groups;
  result.insert(result.begin() + dimension, groups);
  return result;
}

/// The convolution with groups as a dimension, for any spatial rank. Loops: n,
/// g, f, output positions, c, window positions.
static Value createGroupedGeneric(ImplicitLocOpBuilder &builder,
                                  RankedTensorType type, Value input,
                                  Value kernel, const Window &window) {
  unsigned rank = window.getRank();
  unsigned loops = 4 + 2 * rank;
  auto dim = [&](unsigned index) { return builder.getAffineDimExpr(index); };
  SmallVector<AffineExpr> inputs{dim(0), dim(1), dim(3 + rank)};
  SmallVector<AffineExpr> kernels{dim(1), dim(2), dim(3 + rank)};
  for (unsigned i = 0; i < rank; ++i) {
    AffineExpr tap = dim(4 + rank + i);
    inputs.push_back(dim(3 + i) * window.strides[i] +
                     tap * window.dilations[i]);
    kernels.push_back(tap);
  }
  MLIRContext *context = builder.getContext();
  return createContraction(builder, createZeroFilled(builder, type),
                           {input, AffineMap::get(loops, 0, inputs, context)},
                           {kernel, AffineMap::get(loops, 0, kernels, context)},
                           AffineMap::getMultiDimIdentityMap(loops, context)
                               .getMajorSubMap(3 + rank));
}

/// Convolves group by group: the channels of both operands split into groups.
static Value createGrouped(ImplicitLocOpBuilder &builder,
                           const Convolution &convolution, Value padded) {
  RankedTensorType type = convolution.type;
  int64_t groups = convolution.groups;
  RankedTensorType grouped =
      type.clone(splitDimension(type.getShape(), 1, groups));
  Value input = createReshape(builder, padded,
                              splitDimension(getShape(padded), 1, groups));
  Value kernel =
      createReshape(builder, convolution.kernel,
                    splitDimension(getShape(convolution.kernel), 0, groups));
  Value result = convolution.window.getRank() == 2
                     ? createNamed<linalg::Conv2DNgchwGfchwOp>(
                           builder, grouped, input, kernel, convolution.window)
                     : createGroupedGeneric(builder, grouped, input, kernel,
                                            convolution.window);
  return createReshape(builder, result, type.getShape());
}

/// One filter per channel.
static Value createDepthwise(ImplicitLocOpBuilder &builder,
                             const Convolution &convolution, Value padded) {
  ArrayRef<int64_t> shape = getShape(convolution.kernel);
  Value kernel = createReshape(builder, convolution.kernel,
                               {shape[0], shape[2], shape[3]});
  return createNamed<linalg::DepthwiseConv2DNchwChwOp>(
      builder, convolution.type, padded, kernel, convolution.window);
}

static bool isDepthwise(const Convolution &convolution) {
  return convolution.groups == getShape(convolution.input)[1] &&
         convolution.groups == convolution.type.getDimSize(1);
}

static Value createPlanar(ImplicitLocOpBuilder &builder,
                          const Convolution &convolution, Value padded) {
  if (convolution.groups == 1)
    return createNamed<linalg::Conv2DNchwFchwOp>(builder, convolution.type,
                                                 padded, convolution.kernel,
                                                 convolution.window);
  if (isDepthwise(convolution))
    return createDepthwise(builder, convolution, padded);
  return createGrouped(builder, convolution, padded);
}

/// A convolution along one dimension is one over images of height 1.
static Value createLinear(ImplicitLocOpBuilder &builder,
                          const Convolution &convolution) {
  ArrayRef<int64_t> shape = convolution.type.getShape();
  Convolution planar{createReshape(builder, convolution.input,
                                   withHeight(getShape(convolution.input))),
                     createReshape(builder, convolution.kernel,
                                   withHeight(getShape(convolution.kernel))),
                     convolution.type.clone(withHeight(shape)),
                     convolution.window.withLeadingDimension(),
                     convolution.groups};
  return createReshape(builder, createConvolution(builder, planar), shape);
}

Value createConvolution(ImplicitLocOpBuilder &builder,
                        const Convolution &convolution) {
  const Window &window = convolution.window;
  if (window.getRank() == 1)
    return createLinear(builder, convolution);
  Value padded =
      createPad(builder, convolution.input, window.getLow(), window.getHigh(),
                builder.getZeroAttr(getElementType(convolution.input)));
  return window.getRank() == 2 ? createPlanar(builder, convolution, padded)
                               : createGrouped(builder, convolution, padded);
}

FailureOr<int64_t> readGroups(NodeImporter &node, int64_t inputChannels,
                              int64_t outputChannels) {
  int64_t groups = node.getInteger("group", 1);
  if (groups > 0 && inputChannels % groups == 0 && outputChannels % groups == 0)
    return groups;
  return node.reject("expected 'group' to divide " + Twine(inputChannels) +
                     " input and " + Twine(outputChannels) +
                     " output channels, got " + Twine(groups));
}

LogicalResult checkKernelShape(NodeImporter &node, ArrayRef<int64_t> kernel) {
  if (!node.hasAttribute("kernel_shape") ||
      ArrayRef<int64_t>(node.getIntegers("kernel_shape")) == kernel)
    return success();
  return node.reject("'kernel_shape' is not the shape of the weights");
}

/// Rejects operands and results of shapes that no convolution has.
static LogicalResult checkShapes(NodeImporter &node, RankedTensorType input,
                                 RankedTensorType kernel,
                                 RankedTensorType result) {
  int64_t rank = input.getRank();
  if (rank > 5)
    return node.reject("convolves over " + Twine(rank - 2) +
                       " spatial dimensions; the importer handles up to 3");
  if (kernel.getRank() != rank || result.getRank() != rank)
    return node.reject("expected weights and result of " + Twine(rank) +
                       " dimensions, got " + Twine(kernel.getRank()) + " and " +
                       Twine(result.getRank()));
  if (result.getDimSize(0) != input.getDimSize(0) ||
      result.getDimSize(1) != kernel.getDimSize(0))
    return node.reject("expected a result of " + Twine(input.getDimSize(0)) +
                       " images and " + Twine(kernel.getDimSize(0)) +
                       " channels, got " + Twine(result.getDimSize(0)) +
                       " and " + Twine(result.getDimSize(1)));
  return checkKernelShape(node, kernel.getShape().drop_front(2));
}

FailureOr<Convolution> readConvolution(NodeImporter &node, unsigned inputIndex,
                                       unsigned kernelIndex) {
  if (failed(requireRank(node, inputIndex, 3)) ||
      failed(requireRank(node, kernelIndex, 3)))
    return failure();
  RankedTensorType input = node.getInputType(inputIndex);
  RankedTensorType kernel = node.getInputType(kernelIndex);
  RankedTensorType result = node.getResultType(0);
  if (failed(checkShapes(node, input, kernel, result)))
    return failure();
  FailureOr<int64_t> groups =
      readGroups(node, input.getDimSize(1), kernel.getDimSize(0));
  if (failed(groups))
    return failure();
  if (kernel.getDimSize(1) != input.getDimSize(1) / *groups)
    return node.reject(
        "expected weights for " + Twine(input.getDimSize(1) / *groups) +
        " input channels per group, got " + Twine(kernel.getDimSize(1)));
  FailureOr<Window> window = readWindow(node, kernel.getShape().drop_front(2),
                                        input.getShape().drop_front(2),
                                        result.getShape().drop_front(2));
  if (failed(window))
    return failure();
  return Convolution{node.getInput(inputIndex), node.getInput(kernelIndex),
                     result, std::move(*window), *groups};
}

static LogicalResult importConv(NodeImporter &node) {
  FailureOr<Convolution> convolution = readConvolution(node, 0, 1);
  if (failed(convolution))
    return failure();
  if (node.hasInput(2) &&
      failed(requireShape(node, 2, convolution->type.getDimSize(1))))
    return failure();
  Value result = createConvolution(node.builder, *convolution);
  if (node.hasInput(2))
    result = createAddBias(node.builder, result, node.getInput(2), 1);
  node.setResult(0, result);
  return success();
}

void addConvolutionOps(ImportTable &table) {
  table["Conv"] = importConv;
  table["ConvTranspose"] = importConvTranspose;
}

} // namespace colonnade::onnximport
