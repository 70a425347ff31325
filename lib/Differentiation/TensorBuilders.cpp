//===- TensorBuilders.cpp - Tensors that gradients are made of ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "colonnade/Dialect/Colonnade/Transforms/ElementwiseCode.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace colonnade;

Value colonnade::createSplat(OpBuilder &builder, Location loc,
                             RankedTensorType type, double number) {
  Value value = createNumber(builder, loc, type.getElementType(), number);
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  return linalg::FillOp::create(builder, loc, value, empty).getResult(0);
}

Value colonnade::createNumber(OpBuilder &builder, Location loc, Type type,
                              double number) {
  if (auto tensorType = dyn_cast<RankedTensorType>(type))
    return createSplat(builder, loc, tensorType, number);
  return arith::ConstantOp::create(builder, loc,
                                   builder.getFloatAttr(type, number));
}

Value colonnade::createZero(OpBuilder &builder, Location loc, Type type) {
  return createNumber(builder, loc, type, 0);
}

Value colonnade::createSum(OpBuilder &builder, Value left, Value right) {
  Location loc = builder.getFusedLoc({left.getLoc(), right.getLoc()});
  auto type = dyn_cast<RankedTensorType>(left.getType());
  if (!type)
    return arith::AddFOp::create(builder, loc, left, right);
  return buildElementwise(builder, loc, type.dropEncoding(), {left, right},
                          [](ScalarBuilder &b, ValueRange args) {
                            return b.apply<arith::AddFOp>(args[0], args[1]);
                          });
}

Value colonnade::createSlice(OpBuilder &builder, Location loc, Value source,
                             ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes,
                             ArrayRef<int64_t> strides) {
  MLIRContext *context = builder.getContext();
  return tensor::ExtractSliceOp::create(
      builder, loc, source, getAsIndexOpFoldResult(context, offsets),
      getAsIndexOpFoldResult(context, sizes),
      getAsIndexOpFoldResult(context, strides));
}

Value colonnade::createInsertion(OpBuilder &builder, Location loc, Value part,
                                 Value target, ArrayRef<int64_t> offsets,
                                 ArrayRef<int64_t> sizes,
                                 ArrayRef<int64_t> strides) {
  MLIRContext *context = builder.getContext();
  return tensor::InsertSliceOp::create(
      builder, loc, part, target, getAsIndexOpFoldResult(context, offsets),
      getAsIndexOpFoldResult(context, sizes),
      getAsIndexOpFoldResult(context, strides));
}
