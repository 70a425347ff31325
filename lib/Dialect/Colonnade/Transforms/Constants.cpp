//===- Constants.cpp - Reading and writing constant tensors --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Constants.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace colonnade {

std::optional<FloatConstant> FloatConstant::get(Attribute attribute) {
  FloatConstant constant;
  if (auto dense = dyn_cast_if_present<DenseElementsAttr>(attribute)) {
    if (!dense.getElementType().isF32())
      return std::nullopt;
    constant.shape = dense.getType().getShape();
    if (dense.isSplat())
      constant.owned.assign(dense.getNumElements(),
                            dense.getSplatValue<float>());
    else
      // Attributes store f32 as the host does, aligned for 64 bits.
      constant.values = {
          reinterpret_cast<const float *>(dense.getRawData().data()),
          size_t(dense.getNumElements())};
    return constant;
  }
  auto resource = dyn_cast_if_present<DenseF32ResourceElementsAttr>(attribute);
  std::optional<ArrayRef<float>> values =
      resource ? resource.tryGetAsArrayRef() : std::nullopt;
  if (!values)
    return std::nullopt;
  constant.shape = resource.getType().getShape();
  constant.values = *values;
  return constant;
}

std::optional<FloatConstant> FloatConstant::get(Value value) {
  Attribute attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  return get(attribute);
}

/// A blob that owns the vector it was made of.
template <typename T> static AsmResourceBlob makeBlob(std::vector<T> &&values) {
  auto *owner = new std::vector<T>(std::move(values));
  ArrayRef<T> elements(*owner);
  return AsmResourceBlob(
      {reinterpret_cast<const char *>(elements.data()),
       elements.size() * sizeof(T)},
      alignof(T), [owner](void *, size_t, size_t) { delete owner; },
      /*dataIsMutable=*/false);
}

template <typename T, typename ResourceAttrT>
static Value createLike(OpBuilder &builder, Value origin,
                        ArrayRef<int64_t> shape, Type element,
                        std::vector<T> &&values) {
  auto type = RankedTensorType::get(shape, element);
  Attribute attribute;
  matchPattern(origin, m_Constant(&attribute));
  if (auto resource =
          dyn_cast_if_present<DenseResourceElementsAttr>(attribute)) {
    DenseResourceElementsAttr stored = ResourceAttrT::get(
        type, resource.getRawHandle().getKey(), makeBlob(std::move(values)));
    return arith::ConstantOp::create(builder, origin.getLoc(), type, stored);
  }
  auto stored = DenseElementsAttr::get(type, ArrayRef<T>(values));
  return arith::ConstantOp::create(builder, origin.getLoc(), type, stored);
}

Value createConstantLike(OpBuilder &builder, Value origin,
                         ArrayRef<int64_t> shape, std::vector<float> &&values) {
  Value constant = createLike<float, DenseF32ResourceElementsAttr>(
      builder, origin, shape, builder.getF32Type(), std::move(values));
  if (ColonnadeDialect::isFrozen(origin))
    constant.getDefiningOp()->setAttr(ColonnadeDialect::getFrozenAttrName(),
                                      builder.getUnitAttr());
  return constant;
}

Value createConstantLike(OpBuilder &builder, Value origin,
                         ArrayRef<int64_t> shape,
                         std::vector<int8_t> &&values) {
  return createLike<int8_t, DenseI8ResourceElementsAttr>(
      builder, origin, shape, builder.getI8Type(), std::move(values));
}

void keepColumnsPromise(Value constant, Value origin) {
  ColumnsAttr columns = getColumnsPromise(origin.getType());
  if (!columns)
    return;
  auto op = constant.getDefiningOp<arith::ConstantOp>();
  RankedTensorType type = withPromises(
      cast<RankedTensorType>(constant.getType()), columns, TermsAttr());
  op.setValueAttr(retypeConstant(cast<ElementsAttr>(op.getValue()), type));
  constant.setType(type);
}

} // namespace colonnade
