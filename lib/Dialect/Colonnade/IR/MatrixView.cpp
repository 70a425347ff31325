//===- MatrixView.cpp - A tensor seen as a matrix -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Implements the index mapping and the access to int8 constants.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace colonnade {

MatrixView::MatrixView(ArrayRef<int64_t> shape, int64_t rowAxis)
    : rows(shape[rowAxis]) {
  for (int64_t size : shape.take_front(rowAxis))
    outer *= size;
  for (int64_t size : shape.drop_front(rowAxis + 1))
    inner *= size;
}

std::vector<int8_t> MatrixView::toMatrix(ArrayRef<int8_t> tensor) const {
  std::vector<int8_t> matrix;
  matrix.reserve(tensor.size());
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0, end = getColumns(); column < end; ++column)
      matrix.push_back(tensor[getPosition(row, column)]);
  return matrix;
}

std::vector<int8_t> MatrixView::fromMatrix(ArrayRef<int8_t> matrix) const {
  std::vector<int8_t> tensor(matrix.size());
  const int8_t *next = matrix.data();
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t column = 0, end = getColumns(); column < end; ++column)
      tensor[getPosition(row, column)] = *next++;
  return tensor;
}

std::optional<std::vector<int8_t>> readInt8Values(ElementsAttr elements) {
  if (!elements.getElementType().isInteger(8) ||
      !elements.getShapedType().hasStaticShape())
    return std::nullopt;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    ArrayRef<char> data;
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      data = blob->getData();
    if (static_cast<int64_t>(data.size()) != elements.getNumElements())
      return std::nullopt;
    return std::vector<int8_t>(data.begin(), data.end());
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return std::nullopt;
  auto values = dense.getValues<int8_t>();
  return std::vector<int8_t>(values.begin(), values.end());
}

ElementsAttr makeInt8Constant(RankedTensorType type, ArrayRef<int8_t> values) {
  return DenseElementsAttr::get(type, values);
}

ElementsAttr retypeConstant(ElementsAttr elements, ShapedType type) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements))
    return DenseResourceElementsAttr::get(type, resource.getRawHandle());
  if (auto dense = dyn_cast<DenseElementsAttr>(elements))
    return dense.reshape(type);
  return nullptr;
}

} // namespace colonnade
