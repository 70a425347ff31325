//===- ArrayOperands.cpp - How contractions lie on the array -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ArrayOperands.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;

/// (filter axes, input channels) of the supported convolutions.
static void setConvolutionAxes(linalg::LinalgOp op, ArrayOperands &operands) {
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](linalg::Conv2DNgchwGfchwOp) {
        operands.kind = "grouped";
        operands.axes.block = 0;
        operands.axes.row = 1;
        operands.inputChannelAxis = 2;
      })
      .Case([&](linalg::DepthwiseConv2DNchwChwOp) {
        operands.kind = "depthwise";
        operands.axes.depthwiseBlocks = 1;
        operands.inputChannelAxis = 2;
      })
      .Case([&](linalg::Conv2DNchwFchwOp) {
        operands.kind = "conv";
        operands.inputChannelAxis = 1;
      });
}

static bool isConstant(OpOperand *operand) {
  return matchPattern(operand->get(), m_Constant());
}

static Objection matchConvolution(linalg::LinalgOp op,
                                  ArrayOperands &operands) {
  operands.data = op.getDpsInputOperand(0);
  operands.weights = op.getDpsInputOperand(1);
  setConvolutionAxes(op, operands);
  if (!isConstant(operands.weights))
    return std::string("the filter of a convolution must be constant; only "
                       "products of two activations take run-time weights");
  return std::nullopt;
}

/// Whether `map` indexes its operand by exactly these loops, in this order.
static bool isIndexedBy(AffineMap map, ArrayRef<unsigned> loops) {
  if (map.getNumResults() != loops.size())
    return false;
  for (auto [result, loop] : llvm::zip(map.getResults(), loops))
    if (result != getAffineDimExpr(loop, map.getContext()))
      return false;
  return true;
}

static int64_t findAxis(AffineMap map, unsigned loop) {
  for (auto [axis, result] : llvm::enumerate(map.getResults()))
    if (result == getAffineDimExpr(loop, map.getContext()))
      return axis;
  return -1;
}

/// Loops of a product are (batch,) m, n, k. Weights may have their dimensions
/// in any order, data and result lie in memory as they stream.
static Objection matchProduct(linalg::LinalgOp op, ArrayOperands &operands) {
  bool isBatched = isa<linalg::BatchMatmulOp>(op);
  unsigned m = isBatched, n = m + 1, k = m + 2;
  OpOperand *first = op.getDpsInputOperand(0);
  OpOperand *second = op.getDpsInputOperand(1);
  operands.kind = isBatched ? "batch_matmul" : "matmul";
  operands.isTransposed = isConstant(first) && !isConstant(second);
  operands.weights = operands.isTransposed ? first : second;
  operands.data = operands.isTransposed ? second : first;
  operands.isRunTime = !isConstant(operands.weights);
  AffineMap weightMap = op.getMatchingIndexingMap(operands.weights);
  operands.axes.row = findAxis(weightMap, operands.isTransposed ? m : n);
  operands.inputChannelAxis = findAxis(weightMap, k);
  SmallVector<unsigned> dataLoops = {m, k};
  if (operands.isTransposed)
    dataLoops = {k, n};
  if (isBatched) {
    operands.axes.block = findAxis(weightMap, 0);
    dataLoops.insert(dataLoops.begin(), 0);
  }
  if (operands.axes.row < 0 || operands.inputChannelAxis < 0 ||
      operands.axes.block == -1)
    return std::string("the weights of a product must be indexed by its loops, "
                       "without broadcasts");
  if (!isIndexedBy(op.getMatchingIndexingMap(operands.data), dataLoops))
    return std::string("the data of a product must be indexed in order: "
                       "transpose it before");
  return std::nullopt;
}

static Objection checkElementTypes(linalg::LinalgOp op) {
  auto isInteger = [](Value value, unsigned width) {
    auto type = dyn_cast<RankedTensorType>(value.getType());
    return type && type.hasStaticShape() &&
           type.getElementType().isSignlessInteger(width);
  };
  if (isInteger(op.getDpsInputs()[0], 8) &&
      isInteger(op.getDpsInputs()[1], 8) && isInteger(op->getResult(0), 32))
    return std::nullopt;
  return llvm::formatv("the array multiplies static i8 tensors into i32, got "
                       "{0} and {1} into {2}",
                       op.getDpsInputs()[0].getType(),
                       op.getDpsInputs()[1].getType(),
                       op->getResult(0).getType())
      .str();
}

Objection colonnade::matchArrayOperands(linalg::LinalgOp op,
                                        ArrayOperands &operands) {
  bool isProduct = isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op);
  bool isConvolution = isa<linalg::Conv2DNchwFchwOp, linalg::Conv2DNgchwGfchwOp,
                           linalg::DepthwiseConv2DNchwChwOp>(op);
  if (!isProduct && !isConvolution)
    return std::string(
        "the array runs linalg.conv_2d_nchw_fchw, linalg.conv_2d_ngchw_gfchw, "
        "linalg.depthwise_conv_2d_nchw_chw, linalg.matmul and "
        "linalg.batch_matmul");
  if (Objection objection = checkElementTypes(op))
    return objection;
  return isProduct ? matchProduct(op, operands)
                   : matchConvolution(op, operands);
}

/// Windowed ops have strides and dilations, and end their filters in the
/// kernel's height and width.
template <typename OpTy> static void setKernelOf(sim::Window &window, OpTy op) {
  auto strides = op.getStrides().template getValues<int64_t>();
  auto dilations = op.getDilations().template getValues<int64_t>();
  window.strideHeight = strides[0];
  window.strideWidth = strides[1];
  window.dilationHeight = dilations[0];
  window.dilationWidth = dilations[1];
  auto filter = cast<RankedTensorType>(op.getDpsInputs()[1].getType());
  ArrayRef<int64_t> kernel = filter.getShape().take_back(2);
  window.kernelHeight = kernel[0];
  window.kernelWidth = kernel[1];
}

void colonnade::setKernel(sim::Window &window, linalg::LinalgOp op) {
  llvm::TypeSwitch<Operation *>(op)
      .Case<linalg::Conv2DNchwFchwOp, linalg::Conv2DNgchwGfchwOp,
            linalg::DepthwiseConv2DNchwChwOp, linalg::PoolingNchwMaxOp,
            linalg::PoolingNchwSumOp>(
          [&](auto windowed) { setKernelOf(window, windowed); });
}
