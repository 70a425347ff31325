//===- Constants.h - Reading and writing constant tensors ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Weights are dense in small networks and dense_resource in large ones, of
// hundreds of megabytes. Both are read in place, and what replaces a resource
// is a resource. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CONSTANTS_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CONSTANTS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include <optional>
#include <vector>

namespace colonnade {

/// The f32 elements of a constant, in row-major order.
class FloatConstant {
public:
  /// None if `value` is no dense or dense_resource constant of f32.
  static std::optional<FloatConstant> get(mlir::Value value);

  llvm::ArrayRef<float> getValues() const {
    return owned.empty() ? values : llvm::ArrayRef<float>(owned);
  }
  llvm::ArrayRef<int64_t> getShape() const { return shape; }

private:
  static std::optional<FloatConstant> get(mlir::Attribute attribute);

  llvm::ArrayRef<float> values;
  llvm::ArrayRef<int64_t> shape;
  /// A splat's elements.
  std::vector<float> owned;
};

/// A constant of these elements, stored as that of `origin` is.
mlir::Value createConstantLike(mlir::OpBuilder &builder, mlir::Value origin,
                               llvm::ArrayRef<int64_t> shape,
                               std::vector<float> &&values);
mlir::Value createConstantLike(mlir::OpBuilder &builder, mlir::Value origin,
                               llvm::ArrayRef<int64_t> shape,
                               std::vector<int8_t> &&values);

/// Gives a constant the `columns` promise of `origin`, if it has one: for
/// values that are zero wherever the origin's are, in the same shape.
void keepColumnsPromise(mlir::Value constant, mlir::Value origin);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CONSTANTS_H
