//===- ScalarBuilders.h - ONNX arithmetic on single elements ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bodies of elementwise generics: one operator of ONNX is several of arith,
// by element type and, since linalg's integers are signless, by signedness.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_SCALARBUILDERS_H
#define COLONNADE_LIB_TARGET_ONNX_SCALARBUILDERS_H

#include "NodeImporter.h"

namespace colonnade::onnximport {

/// Builds the op on floats or the one on integers of that signedness.
template <typename FloatOp, typename SignedOp, typename UnsignedOp = SignedOp>
mlir::Value createArithmetic(mlir::ImplicitLocOpBuilder &builder,
                             Signedness signedness, mlir::Value left,
                             mlir::Value right) {
  if (mlir::isa<mlir::FloatType>(left.getType()))
    return FloatOp::create(builder, left, right);
  if (signedness == Signedness::Unsigned)
    return UnsignedOp::create(builder, left, right);
  return SignedOp::create(builder, left, right);
}

mlir::Value createAddition(mlir::ImplicitLocOpBuilder &builder,
                           Signedness signedness, mlir::Value left,
                           mlir::Value right);
/// The larger or the smaller; NaN if either is.
mlir::Value createMaximum(mlir::ImplicitLocOpBuilder &builder,
                          Signedness signedness, mlir::Value left,
                          mlir::Value right);
mlir::Value createMinimum(mlir::ImplicitLocOpBuilder &builder,
                          Signedness signedness, mlir::Value left,
                          mlir::Value right);

/// `value` as ONNX's Cast does: towards zero to integers, "is not 0" to bool.
mlir::Value createCast(mlir::ImplicitLocOpBuilder &builder, mlir::Value value,
                       Signedness from, mlir::Type type, Signedness to);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_SCALARBUILDERS_H
