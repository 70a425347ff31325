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
#include "colonnade/Numerics/SignedDigits.h"
#include "mlir/IR/Attributes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/TensorEncoding.h"

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "colonnade/Dialect/Colonnade/IR/ColonnadeAttributes.h.inc"

#endif // COLONNADE_DIALECT_COLONNADE_IR_COLONNADEDIALECT_H
