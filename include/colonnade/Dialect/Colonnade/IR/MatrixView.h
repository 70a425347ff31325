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
/// order, count the columns.
class MatrixView {
public:
  /// `rowAxis` must be a dimension of `shape`, and `shape` must be static.
  MatrixView(llvm::ArrayRef<int64_t> shape, int64_t rowAxis);

  int64_t getRows() const { return rows; }
  int64_t getColumns() const { return outer * inner; }

  /// Row-major position in the tensor of a matrix element.
  int64_t getPosition(int64_t row, int64_t column) const {
    return (column / inner * rows + row) * inner + column % inner;
  }

  /// The tensor's values in the matrix's row-major order.
  std::vector<int8_t> toMatrix(llvm::ArrayRef<int8_t> tensor) const;
  /// Inverse of toMatrix.
  std::vector<int8_t> fromMatrix(llvm::ArrayRef<int8_t> matrix) const;

private:
  /// Products of the dimensions before and after the row axis.
  int64_t outer = 1, rows, inner = 1;
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
