//===- TargetFile.h - Reading and finding target files ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Target descriptions also come as JSON files with the fields of
// `#systolic.target`. There is one reader: it fills the attribute, whose
// verifier checks both forms.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_SYSTOLIC_IR_TARGETFILE_H
#define COLONNADE_DIALECT_SYSTOLIC_IR_TARGETFILE_H

#include "colonnade/Dialect/Systolic/IR/Systolic.h"

namespace colonnade::systolic {

/// Reads a JSON target. `path` is a file, or, where no such file exists, the
/// name of a shipped target with or without ".json". Errors are emitted at
/// `path` and name the field, its value and the limit.
mlir::FailureOr<TargetAttr> readTargetFile(mlir::MLIRContext *context,
                                           llvm::StringRef path);

/// Parses the text of a JSON target; `name` is used in messages.
mlir::FailureOr<TargetAttr> parseTarget(mlir::MLIRContext *context,
                                        llvm::StringRef text,
                                        llvm::StringRef name);

/// Names of the shipped targets, without ".json".
llvm::ArrayRef<llvm::StringRef> getShippedTargetNames();

} // namespace colonnade::systolic

#endif // COLONNADE_DIALECT_SYSTOLIC_IR_TARGETFILE_H
