//===- RandomTensorContractions.cpp - Families of random tensor ops -------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Contractions, convolutions and pooling.
//
//===----------------------------------------------------------------------===//

#include "RandomTensorPrograms.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

using Programs = RandomTensorPrograms;

//===----------------------------------------------------------------------===//
// Contractions
//===----------------------------------------------------------------------===//

Value Programs::addMatmul(Value value) {
  value = toRank(value, 2);
  int64_t columns = cases.getInteger(1, 4);
  Value weights = addArgument({getShape(value)[1], columns});
  // Accumulates on an argument, as a bias is.
  Value init = addArgument({getShape(value)[0], columns});
  return linalg::MatmulOp::create(builder, ValueRange{value, weights}, init)
      .getResult(0);
}

Value Programs::addBatchMatmul(Value value) {
  value = toRank(value, 3);
  ArrayRef<int64_t> shape = getShape(value);
  int64_t columns = cases.getInteger(1, 4);
  Value weights = addArgument({shape[0], shape[2], columns});
  Value init = createFilled({shape[0], shape[1], columns}, 0);
  return linalg::BatchMatmulOp::create(builder, ValueRange{value, weights},
                                       init)
      .getResult(0);
}

/// value[a, b, c] * weights[c, d, a] -> result[d, b] or [d, a, b].
Value Programs::addGenericContraction(Value value) {
  value = toRank(value, 3);
  ArrayRef<int64_t> shape = getShape(value);
  int64_t columns = cases.getInteger(1, 4);
  Value weights = addArgument({shape[2], columns, shape[0]});
  Shape result = {columns, shape[0], shape[1]};
  Loops loops = {3, 0, 1};
  if (cases.getInteger(0, 1)) {
    result.erase(result.begin() + 1);
    loops.erase(loops.begin() + 1);
  }
  return createGeneric(
      {{value, {0, 1, 2}}, {weights, {2, 3, 0}}}, createFilled(result, 0),
      loops, [&](ValueRange x) -> Value {
        Value product = arith::MulFOp::create(builder, x[0], x[1]);
        return arith::AddFOp::create(builder, x[2], product);
      });
}

/// Products of each row with each row of the same batch, and those with the
/// rows: both operands depend on one value.
Value Programs::addAttention(Value value) {
  value = toRank(value, 3);
  ArrayRef<int64_t> shape = getShape(value);
  auto multiply = [&](ValueRange x) -> Value {
    Value product = arith::MulFOp::create(builder, x[0], x[1]);
    return arith::AddFOp::create(builder, product, x[2]);
  };
  Value scores = createGeneric({{value, {0, 1, 3}}, {value, {0, 2, 3}}},
                               createFilled({shape[0], shape[1], shape[1]}, 0),
                               {0, 1, 2}, multiply);
  Value init = createFilled(shape, 0);
  return linalg::BatchMatmulOp::create(builder, ValueRange{scores, value}, init)
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

Programs::Window Programs::drawWindow(int64_t extent) {
  int64_t kernel = cases.getInteger(1, std::min<int64_t>(3, extent));
  int64_t reach = kernel == 1 ? 2 : (extent - 1) / (kernel - 1);
  return {kernel, cases.getInteger(1, 2),
          cases.getInteger(1, std::min<int64_t>(2, reach))};
}

template <typename OpT>
Value Programs::createWindowed(Value value, Value filter,
                               ArrayRef<int64_t> outer, double init,
                               ArrayRef<Window> windows) {
  SmallVector<int64_t> shape(outer), strides, dilations;
  ArrayRef<int64_t> extents = getShape(value).take_back(windows.size());
  for (auto [window, extent] : llvm::zip_equal(windows, extents)) {
    shape.push_back(window.getCount(extent));
    strides.push_back(window.stride);
    dilations.push_back(window.dilation);
  }
  Value filled = createFilled(shape, init);
  return OpT::create(builder, filled.getType(), ValueRange{value, filter},
                     filled, builder.getI64TensorAttr(strides),
                     builder.getI64TensorAttr(dilations))
      .getResult(0);
}

Value Programs::addConvolution(Value value) {
  value = padRandomly(toRank(value, 4), 2);
  ArrayRef<int64_t> shape = getShape(value);
  Window rows = drawWindow(shape[2]), columns = drawWindow(shape[3]);
  int64_t filters = cases.getInteger(1, 3);
  Value filter = addArgument({filters, shape[1], rows.kernel, columns.kernel});
  return createWindowed<linalg::Conv2DNchwFchwOp>(
      value, filter, {shape[0], filters}, 0, {rows, columns});
}

Value Programs::addGroupedConvolution(Value value) {
  value = padRandomly(toRank(value, 4), 2);
  Shape shape(getShape(value));
  int64_t groups = shape[1] % 2 == 0 ? 2 : 1, channels = shape[1] / groups;
  value = reshape(value, {shape[0], groups, channels, shape[2], shape[3]});
  Window rows = drawWindow(shape[2]), columns = drawWindow(shape[3]);
  Value filter =
      addArgument({groups, 2, channels, rows.kernel, columns.kernel});
  Value result = createWindowed<linalg::Conv2DNgchwGfchwOp>(
      value, filter, {shape[0], groups, 2}, 0, {rows, columns});
  return toRank(result, 4);
}

Value Programs::addDepthwiseConvolution(Value value) {
  value = padRandomly(toRank(value, 4), 2);
  ArrayRef<int64_t> shape = getShape(value);
  Window rows = drawWindow(shape[2]), columns = drawWindow(shape[3]);
  Value filter = addArgument({shape[1], rows.kernel, columns.kernel});
  return createWindowed<linalg::DepthwiseConv2DNchwChwOp>(
      value, filter, shape.take_front(2), 0, {rows, columns});
}

Value Programs::addConvolution1D(Value value) {
  value = padRandomly(toRank(value, 3), 1);
  ArrayRef<int64_t> shape = getShape(value);
  Window window = drawWindow(shape[2]);
  int64_t filters = cases.getInteger(1, 3);
  Value filter = addArgument({filters, shape[1], window.kernel});
  return createWindowed<linalg::Conv1DNcwFcwOp>(value, filter,
                                                {shape[0], filters}, 0, window);
}

Value Programs::addSumPooling(Value value) {
  value = toRank(value, 4);
  ArrayRef<int64_t> shape = getShape(value);
  Window rows = drawWindow(shape[2]), columns = drawWindow(shape[3]);
  Value filter = tensor::EmptyOp::create(builder, {rows.kernel, columns.kernel},
                                         builder.getF64Type());
  return createWindowed<linalg::PoolingNchwSumOp>(
      value, filter, shape.take_front(2), 0, {rows, columns});
}

Value Programs::addMaxPooling(Value value) {
  value = toRank(value, 4);
  ArrayRef<int64_t> shape = getShape(value);
  Window rows = drawWindow(shape[2]), columns = drawWindow(shape[3]);
  Value filter = tensor::EmptyOp::create(builder, {rows.kernel, columns.kernel},
                                         builder.getF64Type());
  return createWindowed<linalg::PoolingNchwMaxOp>(
      value, filter, shape.take_front(2),
      -std::numeric_limits<double>::infinity(), {rows, columns});
}

/// A convolution of a function of image times filter: its derivative by the
/// image needs the image at the window's place.
Value Programs::addNonlinearWindows(Value value) {
  value = toRank(value, 2);
  ArrayRef<int64_t> shape = getShape(value);
  Window window = drawWindow(shape[1]);
  Value filter = addArgument(window.kernel);
  Value init = createFilled({shape[0], window.getCount(shape[1])}, 0);
  AffineExpr row, place, tap;
  bindDims(builder.getContext(), row, place, tap);
  SmallVector<AffineMap> maps = AffineMap::inferFromExprList(
      ArrayRef<ArrayRef<AffineExpr>>{
          {row, place * window.stride + tap * window.dilation},
          {tap},
          {row, place}},
      builder.getContext());
  using utils::IteratorType;
  return linalg::GenericOp::create(
             builder, init.getType(), ValueRange{value, filter}, init, maps,
             {IteratorType::parallel, IteratorType::parallel,
              IteratorType::reduction},
             [&](OpBuilder &nested, Location loc, ValueRange x) {
               Value product = arith::MulFOp::create(nested, loc, x[0], x[1]);
               Value element = math::SinOp::create(nested, loc, product);
               Value sum = arith::AddFOp::create(nested, loc, x[2], element);
               linalg::YieldOp::create(nested, loc, sum);
             })
      .getResult(0);
}
