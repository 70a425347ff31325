//===- ConstantEvaluator.h - Shape arithmetic at import time ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX models compute shapes with the same operators as data. Rather than
// giving every operator a second meaning here, the evaluator runs the few kinds
// of ops that the importers emit, on small constants, through MLIR's own
// folders: whatever can be imported folds.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_CONSTANTEVALUATOR_H
#define COLONNADE_LIB_TARGET_ONNX_CONSTANTEVALUATOR_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Value.h"

namespace colonnade::onnximport {

/// The elements of `results`, or failure if they depend on more than small
/// constants, or on ops that the evaluator does not run.
mlir::FailureOr<llvm::SmallVector<mlir::ElementsAttr>>
evaluateConstants(llvm::ArrayRef<mlir::Value> results);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_CONSTANTEVALUATOR_H
