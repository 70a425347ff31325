//===- ColonnadeOps.h - Ops that establish and drop promises ----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Declares the ops of the colonnade dialect, generated from ColonnadeOps.td and
// ReversibleOps.td.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_COLONNADEOPS_H
#define COLONNADE_DIALECT_COLONNADE_IR_COLONNADEOPS_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#define GET_OP_CLASSES
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h.inc"

#endif // COLONNADE_DIALECT_COLONNADE_IR_COLONNADEOPS_H
