//===- ColonnadeDialect.h - The colonnade dialect ---------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Declares the dialect class and its attributes: all that a user of the types
// needs.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_COLONNADEDIALECT_H
#define COLONNADE_DIALECT_COLONNADE_IR_COLONNADEDIALECT_H

#include "colonnade/Numerics/BlockFloat.h"
#include "colonnade/Numerics/Quantization.h"
#include "colonnade/Numerics/SignedDigits.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/TensorEncoding.h"

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h.inc"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "colonnade/Dialect/Colonnade/IR/ColonnadeAttributes.h.inc"

namespace mlir {
class FunctionOpInterface;
} // namespace mlir

namespace colonnade {
/// What argument `index` of a function is held as, by `colonnade.scale` and
/// `colonnade.zero_point`: 1.0 and 0 where there is none.
Int8Form getArgumentForm(mlir::FunctionOpInterface function,
                         unsigned index = 0);
} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_IR_COLONNADEDIALECT_H
