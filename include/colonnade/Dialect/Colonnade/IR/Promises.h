//===- Promises.h - Reading, making and checking promises -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an encoding promises, said once: the passes that establish promises, the
// folders, the check on constants and the lowering all ask here.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_IR_PROMISES_H
#define COLONNADE_DIALECT_COLONNADE_IR_PROMISES_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Packing/ConflictPruning.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <vector>

namespace colonnade {

/// The encoding of a tensor type; null when there is none.
EncodingAttr getEncoding(mlir::Type type);

/// The promise of that kind of a tensor type; null when there is none.
ColumnsAttr getColumnsPromise(mlir::Type type);
TermsAttr getTermsPromise(mlir::Type type);
FixedPointAttr getFixedPointPromise(mlir::Type type);

/// The same type without a Colonnade encoding. Encodings of other dialects
/// stay.
mlir::RankedTensorType dropEncoding(mlir::RankedTensorType type);

/// The same type with these promises in place of its encoding; either may be
/// null. Both null drops the encoding.
mlir::RankedTensorType withPromises(mlir::RankedTensorType type,
                                    ColumnsAttr columns, TermsAttr terms);

/// The i32 tensor of the shape that promises `fixed_point` of that fraction.
mlir::RankedTensorType getFixedPointType(mlir::RankedTensorType shape,
                                         int64_t fraction);

/// The index of the value at a row-major position, for messages.
llvm::SmallVector<int64_t> getElementIndex(mlir::RankedTensorType type,
                                           int64_t position);

/// Values that share a term budget.
struct TermRun {
  /// Number of the line along the axis (row-major over the other dimensions),
  /// or the matrix row if the promise is packed.
  int64_t line;
  /// First index along the line; if the promise is packed, the first group of
  /// columns.
  int64_t start;
  /// Row-major positions of the values in the tensor; -1 for a packed column
  /// whose value in this row is zero.
  llvm::SmallVector<int64_t> positions;
};

/// Calls `visit` for every run of the `terms` promise of `type`, line by line.
/// `type` is static and promises `terms`; `values` are the tensor's values,
/// which keep the `columns` promise if there is one (used by packed runs only).
void walkTermRuns(mlir::RankedTensorType type, llvm::ArrayRef<int8_t> values,
                  llvm::function_ref<void(const TermRun &)> visit);

/// Establishes the `columns` promise of `type` in `values` by pruning.
PruningLoss pruneToColumns(mlir::RankedTensorType type,
                           llvm::MutableArrayRef<int8_t> values);

/// Establishes the `terms` promise of `type` in `values` by term selection.
void selectToTerms(mlir::RankedTensorType type,
                   llvm::MutableArrayRef<int8_t> values);

/// Whether columns assigned -1 by `type`'s `columns` promise are all zero in
/// `values`. The first one that is not is reported through `emitError`, if
/// given.
mlir::LogicalResult checkUnassignedColumns(
    mlir::RankedTensorType type, llvm::ArrayRef<int8_t> values,
    llvm::function_ref<mlir::InFlightDiagnostic()> emitError = nullptr);

/// Whether `values` keep every promise of `type`. The first breach of each
/// promise is reported through `emitError`: row, group or run, and the numbers.
/// True for types without an encoding.
mlir::LogicalResult
checkPromises(mlir::RankedTensorType type, llvm::ArrayRef<int8_t> values,
              llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

/// The same for a constant, `block_float` promises included. A constant whose values cannot be read (a
/// dense_resource without data, an opaque attribute) is an error.
mlir::LogicalResult
checkPromise(mlir::RankedTensorType type, mlir::ElementsAttr elements,
             llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_IR_PROMISES_H
