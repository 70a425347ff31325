//===- Remarks.h - Remarks of Colonnade's passes ----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every contraction is accepted or left alone with a remark (mlir::remark,
// --remarks-filter=colonnade). This file holds what the passes share in saying
// so.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_REMARKS_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_REMARKS_H

#include "mlir/IR/Operation.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/Twine.h"

namespace colonnade {

/// The category of every remark of this project.
inline constexpr llvm::StringLiteral kRemarkCategory = "colonnade";

/// Options of a remark named `rule` about `op`, which is inside a function.
mlir::remark::RemarkOpts getRemarkOpts(llvm::StringRef rule,
                                       mlir::Operation *op);

/// Says that `rule` left `op` alone, and why.
void remarkMissed(llvm::StringRef rule, mlir::Operation *op,
                  const llvm::Twine &reason);

/// "12.3 %" of `part` in `whole`; "0.0 %" of nothing.
std::string formatPercent(double part, double whole);

/// "6x1x5x5".
std::string formatShape(llvm::ArrayRef<int64_t> shape);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_REMARKS_H
