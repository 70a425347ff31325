//===- TensorBuilders.cpp - The tensor ops importers are made of ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See TensorBuilders.h.
//
//===----------------------------------------------------------------------===//

#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Traits.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace colonnade::onnximport {

RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

ArrayRef<int64_t> getShape(Value value) {
  return getTensorType(value).getShape();
}

Type getElementType(Value value) {
  return getTensorType(value).getElementType();
}

TypedAttr getNumberAttr(Type type, double number) {
  if (isa<FloatType>(type))
    return FloatAttr::get(type, number);
  return IntegerAttr::get(type, static_cast<int64_t>(number));
}

Value createNumber(ImplicitLocOpBuilder &builder, Type type, double number) {
  return arith::ConstantOp::create(builder, getNumberAttr(type, number));
}

TypedAttr getLeastAttr(Type type, Signedness signedness) {
  if (auto floatType = dyn_cast<FloatType>(type))
    return FloatAttr::get(type, APFloat::getInf(floatType.getFloatSemantics(),
                                                /*Negative=*/true));
  unsigned width = type.getIntOrFloatBitWidth();
  return IntegerAttr::get(type, signedness == Signedness::Unsigned
                                    ? APInt::getMinValue(width)
                                    : APInt::getSignedMinValue(width));
}

Value createFloats(ImplicitLocOpBuilder &builder, RankedTensorType type,
                   ArrayRef<double> values) {
  auto attributes = llvm::map_to_vector(values, [&](double value) {
    return Attribute(FloatAttr::get(type.getElementType(), value));
  });
  return arith::ConstantOp::create(builder,
                                   DenseElementsAttr::get(type, attributes));
}

Value createEmpty(ImplicitLocOpBuilder &builder, RankedTensorType type) {
  return tensor::EmptyOp::create(builder, type.getShape(),
                                 type.getElementType());
}

Value createFilled(ImplicitLocOpBuilder &builder, RankedTensorType type,
                   TypedAttr value) {
  Value scalar = arith::ConstantOp::create(builder, value);
  return linalg::FillOp::create(builder, scalar, createEmpty(builder, type))
      .getResult(0);
}

Value createZeroFilled(ImplicitLocOpBuilder &builder, RankedTensorType type) {
  return createFilled(builder, type,
                      builder.getZeroAttr(type.getElementType()));
}

/// One expand_shape or collapse_shape, or null if it takes both.
static Value createOneReshape(ImplicitLocOpBuilder &builder, Value value,
                              RankedTensorType type) {
  auto reassociation =
      getReassociationIndicesForReshape(getTensorType(value), type);
  if (!reassociation)
    return {};
  if (type.getRank() > getTensorType(value).getRank())
    return tensor::ExpandShapeOp::create(builder, type, value, *reassociation);
  return tensor::CollapseShapeOp::create(builder, type, value, *reassociation);
}

Value createReshape(ImplicitLocOpBuilder &builder, Value value,
                    ArrayRef<int64_t> shape) {
  RankedTensorType type = getTensorType(value).clone(shape);
  if (type == value.getType())
    return value;
  // No reassociation is found through sizes of 0.
  if (type.getNumElements() == 0)
    return createEmpty(builder, type);
  if (Value reshaped = createOneReshape(builder, value, type))
    return reshaped;
  RankedTensorType flat = type.clone({type.getNumElements()});
  return createOneReshape(builder, createOneReshape(builder, value, flat),
                          type);
}

Value createTranspose(ImplicitLocOpBuilder &builder, Value value,
                      ArrayRef<int64_t> permutation) {
  if (llvm::equal(permutation, llvm::seq<int64_t>(0, static_cast<int64_t>(
                                                         permutation.size()))))
    return value;
  RankedTensorType type = getTensorType(value).clone(
      applyPermutation(getShape(value), permutation));
  return linalg::TransposeOp::create(builder, value, createEmpty(builder, type),
                                     permutation)
      ->getResult(0);
}

Value createPad(ImplicitLocOpBuilder &builder, Value value,
                ArrayRef<int64_t> low, ArrayRef<int64_t> high,
                TypedAttr padding) {
  auto isZero = [](int64_t width) { return width == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return value;
  SmallVector<int64_t> shape(getShape(value));
  for (auto [size, before, after] : llvm::zip_equal(shape, low, high))
    size += before + after;
  Value scalar = arith::ConstantOp::create(builder, padding);
  return tensor::PadOp::create(
      builder, getTensorType(value).clone(shape), value,
      getAsIndexOpFoldResult(builder.getContext(), low),
      getAsIndexOpFoldResult(builder.getContext(), high), scalar);
}

Value createSlice(ImplicitLocOpBuilder &builder, Value value, int64_t dimension,
                  int64_t begin, int64_t size) {
  SmallVector<int64_t> sizes(getShape(value));
  if (sizes[dimension] == size)
    return value;
  SmallVector<int64_t> offsets(sizes.size(), 0), strides(sizes.size(), 1);
  offsets[dimension] = begin;
  sizes[dimension] = size;
  MLIRContext *context = builder.getContext();
  return tensor::ExtractSliceOp::create(
      builder, value, getAsIndexOpFoldResult(context, offsets),
      getAsIndexOpFoldResult(context, sizes),
      getAsIndexOpFoldResult(context, strides));
}

MappedValue mapTo(Value value, unsigned resultRank,
                  ArrayRef<unsigned> dimensions) {
  MLIRContext *context = value.getContext();
  auto expressions = llvm::map_to_vector(dimensions, [&](unsigned dimension) {
    return getAffineDimExpr(dimension, context);
  });
  return {value, AffineMap::get(resultRank, 0, expressions, context)};
}

bool broadcastsTo(ArrayRef<int64_t> from, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> broadcast;
  return OpTrait::util::getBroadcastedShape(from, shape, broadcast) &&
         ArrayRef<int64_t>(broadcast) == shape;
}

MappedValue broadcastTo(ImplicitLocOpBuilder &builder, Value value,
                        ArrayRef<int64_t> resultShape) {
  ArrayRef<int64_t> shape = getShape(value);
  unsigned offset = resultShape.size() - shape.size();
  SmallVector<unsigned> dimensions;
  SmallVector<int64_t> spanned;
  for (auto [index, size] : llvm::enumerate(shape)) {
    if (size == 1 && resultShape[offset + index] != 1)
      continue;
    dimensions.push_back(offset + index);
    spanned.push_back(size);
  }
  return mapTo(createReshape(builder, value, spanned), resultShape.size(),
               dimensions);
}

/// Builds a generic that computes `type`; loops whose numbers are in `reduced`
/// are reductions into `init`.
static Value createGeneric(ImplicitLocOpBuilder &builder, Value init,
                           ArrayRef<MappedValue> operands, AffineMap resultMap,
                           ElementFunction body) {
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (const MappedValue &operand : operands) {
    inputs.push_back(operand.value);
    maps.push_back(operand.map);
  }
  maps.push_back(resultMap);
  SmallVector<utils::IteratorType> iterators(resultMap.getNumDims(),
                                             utils::IteratorType::reduction);
  for (AffineExpr expression : resultMap.getResults())
    iterators[cast<AffineDimExpr>(expression).getPosition()] =
        utils::IteratorType::parallel;
  return linalg::GenericOp::create(
             builder, init.getType(), inputs, init, maps, iterators,
             [&](OpBuilder &nested, Location loc, ValueRange arguments) {
               ImplicitLocOpBuilder located(loc, nested);
               linalg::YieldOp::create(located, body(located, arguments));
             })
      .getResult(0);
}

Value createElementwise(ImplicitLocOpBuilder &builder, RankedTensorType type,
                        ArrayRef<MappedValue> operands, ElementFunction body) {
  return createGeneric(builder, createEmpty(builder, type), operands,
                       builder.getMultiDimIdentityMap(type.getRank()), body);
}

/// `value`, read element by element.
static MappedValue mapIdentity(ImplicitLocOpBuilder &builder, Value value) {
  return {value,
          builder.getMultiDimIdentityMap(getTensorType(value).getRank())};
}

Value createUnary(ImplicitLocOpBuilder &builder, Value value,
                  function_ref<Value(ImplicitLocOpBuilder &, Value)> body) {
  return createElementwise(builder, getTensorType(value),
                           mapIdentity(builder, value),
                           [&](ImplicitLocOpBuilder &nested, ValueRange args) {
                             return body(nested, args[0]);
                           });
}

Value createScaleBy(ImplicitLocOpBuilder &builder, Value value, double number) {
  if (number == 1)
    return value;
  Value factor = createNumber(builder, getElementType(value), number);
  return createUnary(builder, value,
                     [&](ImplicitLocOpBuilder &nested, Value element) -> Value {
                       return arith::MulFOp::create(nested, element, factor);
                     });
}

Value createAdd(ImplicitLocOpBuilder &builder, Value value,
                MappedValue addend) {
  return createElementwise(
      builder, getTensorType(value), {mapIdentity(builder, value), addend},
      [](ImplicitLocOpBuilder &nested, ValueRange args) -> Value {
        if (isa<FloatType>(args[0].getType()))
          return arith::AddFOp::create(nested, args[0], args[1]);
        return arith::AddIOp::create(nested, args[0], args[1]);
      });
}

Value createAddBias(ImplicitLocOpBuilder &builder, Value value, Value bias,
                    unsigned dimension) {
  return createAdd(builder, value,
                   mapTo(bias, getTensorType(value).getRank(), dimension));
}

/// elements = {left, right, sum}
static Value createMultiplyAdd(ImplicitLocOpBuilder &builder,
                               ValueRange elements) {
  if (isa<FloatType>(elements[2].getType())) {
    Value product = arith::MulFOp::create(builder, elements[0], elements[1]);
    return arith::AddFOp::create(builder, elements[2], product);
  }
  Value product = arith::MulIOp::create(builder, elements[0], elements[1]);
  return arith::AddIOp::create(builder, elements[2], product);
}

Value createContraction(ImplicitLocOpBuilder &builder, Value init,
                        MappedValue left, MappedValue right, AffineMap result) {
  return createGeneric(builder, init, {left, right}, result, createMultiplyAdd);
}

Value createReduction(ImplicitLocOpBuilder &builder, Value value,
                      ArrayRef<unsigned> reduced, TypedAttr init,
                      ElementFunction body) {
  ArrayRef<int64_t> shape = getShape(value);
  SmallVector<unsigned> kept;
  SmallVector<int64_t> keptShape;
  for (unsigned dimension = 0; dimension < shape.size(); ++dimension) {
    if (llvm::is_contained(reduced, dimension))
      continue;
    kept.push_back(dimension);
    keptShape.push_back(shape[dimension]);
  }
  auto type = RankedTensorType::get(keptShape, init.getType());
  Value accumulator = createFilled(builder, type, init);
  return createGeneric(builder, accumulator, mapIdentity(builder, value),
                       mapTo(accumulator, shape.size(), kept).map,
                       [&](ImplicitLocOpBuilder &nested, ValueRange args) {
                         return body(nested, {args[1], args[0]});
                       });
}

Value createSum(ImplicitLocOpBuilder &builder, Value value,
                ArrayRef<unsigned> reduced) {
  return createReduction(
      builder, value, reduced, builder.getZeroAttr(getElementType(value)),
      [](ImplicitLocOpBuilder &nested, ValueRange args) -> Value {
        return arith::AddFOp::create(nested, args);
      });
}

} // namespace colonnade::onnximport
