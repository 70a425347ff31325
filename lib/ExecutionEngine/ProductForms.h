//===- ProductForms.h - Structured ops that are matrix products -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops of a structured op are those of a batched matrix product. Several
// loops may be rows, columns, batch or what is summed up; those that lie in
// memory as one become one.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_PRODUCTFORMS_H
#define COLONNADE_LIB_EXECUTIONENGINE_PRODUCTFORMS_H

#include "DnnlKernels.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>

namespace colonnade {

/// Whether the op, on tensors or buffers, is of a form that the library may
/// have a kernel for: an f32 multiply-accumulate of two operands, each loop of
/// which indexes at least two of operands and result.
bool hasProductForm(mlir::linalg::LinalgOp op);

/// A product as the library takes it.
struct Product {
  ProductShape shape;
  /// The op's second operand is the left one.
  bool swapsOperands;
};

/// The product that an op of product form computes on buffers; none if its
/// loops are more than the library's, even where neighbours are joined.
std::optional<Product> getProduct(mlir::linalg::LinalgOp op, bool accumulates);

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_PRODUCTFORMS_H
