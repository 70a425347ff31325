//===- MatrixView.h - A tensor seen as a matrix -----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Column combining works on a matrix of output channels by inputs; filters are
// tensors of any rank and order. This file maps between the two, and reads and
// makes int8 constants of every kind.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_MATRIXVIEW_H
#define COLONNADE_DIALECT_COLONNADE_IR_MATRIXVIEW_H

#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace colonnade {

/// A tensor of static shape seen as a [rows x columns] matrix: dimension
/// `rowAxis` counts the rows, the other dimensions, flattened in row-major
/// order, count the columns. With a `blockAxis`, one of those, it is several
/// matrices side by side, though not always one after the other.
class MatrixView {
public:
  /// The axes must be two dimensions of `shape`, and `shape` must be static but
  /// for the rows.
  MatrixView(llvm::ArrayRef<int64_t> shape, int64_t rowAxis,
             std::optional<int64_t> blockAxis = std::nullopt);

  int64_t getRows() const { return rows; }
  int64_t getColumns() const { return outer * inner; }

  int64_t getBlocks() const { return blocks; }
  int64_t getBlock(int64_t column) const {
    return column / blockPitch % blocks;
  }
  /// The columns of a block in ascending order.
  std::vector<int32_t> getBlockColumns(int64_t block) const;

  /// Row-major position in the tensor of a matrix element.
  int64_t getPosition(int64_t row, int64_t column) const {
    return (column / inner * rows + row) * inner + column % inner;
  }

  /// From a matrix element to the next one of its column, in the tensor.
  int64_t getRowPitch() const { return inner; }

  /// The tensor's values in the matrix's row-major order.
  std::vector<int8_t> toMatrix(llvm::ArrayRef<int8_t> tensor) const;
  std::vector<float> toMatrix(llvm::ArrayRef<float> tensor) const;
  /// Inverse of toMatrix.
  std::vector<int8_t> fromMatrix(llvm::ArrayRef<int8_t> matrix) const;
  std::vector<float> fromMatrix(llvm::ArrayRef<float> matrix) const;

private:
  /// Calls `visit(position, element)` for each run of `inner` elements, which
  /// follow each other in the tensor and in the matrix: where it starts in the
  /// one and the other.
  template <typename VisitFn> void walkRuns(VisitFn visit) const;
  template <typename T>
  std::vector<T> copyToMatrix(llvm::ArrayRef<T> tensor) const;
  template <typename T>
  std::vector<T> copyFromMatrix(llvm::ArrayRef<T> matrix) const;

  /// Products of the dimensions before and after the row axis.
  int64_t outer = 1, rows, inner = 1;
  /// From a column to the same one of the next block.
  int64_t blocks = 1, blockPitch = 1;
};

/// Which dimensions of a weight tensor count what.
struct WeightAxes {
  /// Output channels: the rows of a block.
  int64_t row = 0;
  /// The blocks of a grouped convolution or a batched product.
  std::optional<int64_t> block;
  /// Each channel has columns of its own: not 0 if so, and then the number of
  /// blocks that the channels are cut into.
  int64_t depthwiseBlocks = 0;
};

/// A weight tensor of static shape seen as a block-diagonal matrix. The
/// dimensions that count neither rows nor blocks, flattened in row-major order,
/// count the columns of a block. A depthwise block has as many columns for each
/// of its rows, which is zero in those of the others.
class BlockMatrixView {
public:
  BlockMatrixView(llvm::ArrayRef<int64_t> shape, const WeightAxes &axes);

  int64_t getBlocks() const { return blocks; }
  /// Of one block.
  int64_t getRows() const { return rows; }
  int64_t getColumns() const { return columns; }

  /// Row-major position in the tensor of a matrix element; -1 for an element
  /// that is always zero.
  int64_t getPosition(int64_t block, int64_t row, int64_t column) const;

  /// The tensor's values as [blocks x rows x columns] matrices.
  std::vector<int8_t> toMatrices(llvm::ArrayRef<int8_t> tensor) const;
  /// Inverse of toMatrices.
  std::vector<int8_t> fromMatrices(llvm::ArrayRef<int8_t> matrices) const;

private:
  int64_t blocks = 1, rows = 1, columns = 1;
  int64_t blockPitch = 0, rowPitch = 0;
  bool isDepthwise = false;
  /// Positions of a row's own elements from its first one.
  std::vector<int64_t> offsets;
};

/// The values of an i8 constant in row-major order: dense, splat or
/// dense_resource. None for other kinds and for resources without data.
std::optional<std::vector<int8_t>> readInt8Values(mlir::ElementsAttr elements);

/// A dense constant of `type`, which has element type i8 and a static shape.
mlir::ElementsAttr makeInt8Constant(mlir::RankedTensorType type,
                                    llvm::ArrayRef<int8_t> values);

/// The same values under another type of the same shape and element type
/// (another encoding); null for other kinds than dense, splat and
/// dense_resource. Copies no values of a dense_resource.
mlir::ElementsAttr retypeConstant(mlir::ElementsAttr elements,
                                  mlir::ShapedType type);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_IR_MATRIXVIEW_H
