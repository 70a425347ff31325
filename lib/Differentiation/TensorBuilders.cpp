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

Value colonnade::createElementwise(
    OpBuilder &builder, Location loc, ValueRange tensors,
    function_ref<Value(OpBuilder &, Location, ValueRange)> body) {
  auto type = cast<RankedTensorType>(tensors.front().getType());
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  SmallVector<AffineMap> maps(tensors.size() + 1,
                              builder.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  return linalg::GenericOp::create(
             builder, loc, empty.getType(), tensors, empty, maps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange args) {
               linalg::YieldOp::create(nested, loc, body(nested, loc, args));
             })
      .getResult(0);
}

Value colonnade::createSum(OpBuilder &builder, Value left, Value right) {
  Location loc = builder.getFusedLoc({left.getLoc(), right.getLoc()});
  auto add = [](OpBuilder &b, Location loc, ValueRange args) -> Value {
    return arith::AddFOp::create(b, loc, args[0], args[1]);
  };
  if (!isa<RankedTensorType>(left.getType()))
    return add(builder, loc, {left, right});
  return createElementwise(builder, loc, {left, right}, add);
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
