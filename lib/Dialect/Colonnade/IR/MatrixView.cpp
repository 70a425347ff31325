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

MatrixView::MatrixView(ArrayRef<int64_t> shape, int64_t rowAxis,
                       std::optional<int64_t> blockAxis)
    : rows(shape[rowAxis]) {
  for (int64_t size : shape.take_front(rowAxis))
    outer *= size;
  for (int64_t size : shape.drop_front(rowAxis + 1))
    inner *= size;
  if (!blockAxis)
    return;
  blocks = shape[*blockAxis];
  for (int64_t axis = *blockAxis + 1, e = shape.size(); axis < e; ++axis)
    if (axis != rowAxis)
      blockPitch *= shape[axis];
}

std::vector<int32_t> MatrixView::getBlockColumns(int64_t block) const {
  std::vector<int32_t> columns;
  for (int64_t column = 0; column < getColumns(); ++column)
    if (getBlock(column) == block)
      columns.push_back(column);
  return columns;
}

template <typename VisitFn> void MatrixView::walkRuns(VisitFn visit) const {
  // Few outer indices at a time, so that a transposition stays in cache.
  constexpr int64_t kOuter = 64;
  for (int64_t first = 0; first < outer; first += kOuter)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t i = first, end = std::min(first + kOuter, outer); i < end;
           ++i)
        visit((i * rows + row) * inner, (row * outer + i) * inner);
}

/// Copies a run; most often that is a single value, where a call would cost
/// more than the copy.
template <typename T> static void copyRun(const T *from, int64_t size, T *to) {
  if (size == 1)
    *to = *from;
  else
    std::copy_n(from, size, to);
}

template <typename T>
std::vector<T> MatrixView::copyToMatrix(ArrayRef<T> tensor) const {
  std::vector<T> matrix(tensor.size());
  walkRuns([&](int64_t position, int64_t element) {
    copyRun(tensor.data() + position, inner, matrix.data() + element);
  });
  return matrix;
}

template <typename T>
std::vector<T> MatrixView::copyFromMatrix(ArrayRef<T> matrix) const {
  std::vector<T> tensor(matrix.size());
  walkRuns([&](int64_t position, int64_t element) {
    copyRun(matrix.data() + element, inner, tensor.data() + position);
  });
  return tensor;
}

std::vector<int8_t> MatrixView::toMatrix(ArrayRef<int8_t> tensor) const {
  return copyToMatrix(tensor);
}

std::vector<float> MatrixView::toMatrix(ArrayRef<float> tensor) const {
  return copyToMatrix(tensor);
}

std::vector<int8_t> MatrixView::fromMatrix(ArrayRef<int8_t> matrix) const {
  return copyFromMatrix(matrix);
}

std::vector<float> MatrixView::fromMatrix(ArrayRef<float> matrix) const {
  return copyFromMatrix(matrix);
}

/// Row-major pitch, in elements, of each dimension.
static SmallVector<int64_t> getPitches(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> pitches(shape.size());
  int64_t pitch = 1;
  for (size_t axis = shape.size(); axis-- > 0; pitch *= shape[axis])
    pitches[axis] = pitch;
  return pitches;
}

BlockMatrixView::BlockMatrixView(ArrayRef<int64_t> shape,
                                 const WeightAxes &axes)
    : rows(shape[axes.row]), isDepthwise(axes.depthwiseBlocks != 0),
      offsets({0}) {
  SmallVector<int64_t> pitches = getPitches(shape);
  rowPitch = pitches[axes.row];
  if (axes.block) {
    blocks = shape[*axes.block];
    blockPitch = pitches[*axes.block];
  }
  for (auto [axis, size] : llvm::enumerate(shape)) {
    if (static_cast<int64_t>(axis) == axes.row ||
        static_cast<int64_t>(axis) == axes.block)
      continue;
    std::vector<int64_t> outer = std::move(offsets);
    offsets.clear();
    for (int64_t offset : outer)
      for (int64_t i = 0; i < size; ++i)
        offsets.push_back(offset + i * pitches[axis]);
  }
  columns = offsets.size();
  if (!isDepthwise)
    return;
  blocks = axes.depthwiseBlocks;
  rows /= blocks;
  columns *= rows;
  blockPitch = rows * rowPitch;
}

int64_t BlockMatrixView::getPosition(int64_t block, int64_t row,
                                     int64_t column) const {
  int64_t first = block * blockPitch + row * rowPitch;
  if (!isDepthwise)
    return first + offsets[column];
  int64_t taps = offsets.size();
  return column / taps == row ? first + offsets[column % taps] : -1;
}

std::vector<int8_t> BlockMatrixView::toMatrices(ArrayRef<int8_t> tensor) const {
  // Few columns at a time, so that a transposition stays in cache.
  constexpr int64_t kColumns = 64;
  std::vector<int8_t> matrices(blocks * rows * columns);
  for (int64_t block = 0; block < blocks; ++block)
    for (int64_t first = 0; first < columns; first += kColumns)
      for (int64_t row = 0; row < rows; ++row) {
        int8_t *line = matrices.data() + (block * rows + row) * columns;
        int64_t end = std::min(first + kColumns, columns);
        for (int64_t column = first; column < end; ++column)
          if (int64_t at = getPosition(block, row, column); at >= 0)
            line[column] = tensor[at];
      }
  return matrices;
}

std::vector<int8_t>
BlockMatrixView::fromMatrices(ArrayRef<int8_t> matrices) const {
  int64_t perRow = offsets.size();
  std::vector<int8_t> tensor(blocks * rows * perRow);
  const int8_t *next = matrices.data();
  for (int64_t block = 0; block < blocks; ++block)
    for (int64_t row = 0; row < rows; ++row)
      for (int64_t column = 0; column < columns; ++column, ++next)
        if (int64_t at = getPosition(block, row, column); at >= 0)
          tensor[at] = *next;
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
  if (!dense.isSplat()) {
    ArrayRef<char> data = dense.getRawData();
    return std::vector<int8_t>(data.begin(), data.end());
  }
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
