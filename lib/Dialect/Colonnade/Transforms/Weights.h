//===- Weights.h - Constant weights and their uses --------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the passes that establish promises on weights share: several
// contractions may read one constant, and it is changed once for all that read
// it alike.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_WEIGHTS_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_WEIGHTS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/MapVector.h"
#include <cstdint>
#include <optional>
#include <vector>

namespace colonnade {

/// Constants, each with the axis along which it is read, the axis of its blocks
/// and the policy entry (its source) that speaks of the reader, and the
/// operands of contractions that read it so. In program order.
using SharedWeights = llvm::MapVector<
    std::tuple<mlir::Value, int64_t, std::optional<int64_t>, llvm::StringRef>,
    llvm::SmallVector<mlir::OpOperand *>>;

/// The values of i8 weights in row-major order; none if they are no dense or
/// dense_resource constant.
std::optional<std::vector<int8_t>> readWeights(mlir::Value weights);

/// Why readWeights gives none.
inline constexpr llvm::StringLiteral kUnreadableWeights =
    "the weights are no dense or dense_resource constant with readable values";

/// Makes `uses` read a constant of type `promised`, whose promises `values`
/// keep, instead of `weights`.
void replaceWeights(mlir::Value weights, mlir::RankedTensorType promised,
                    llvm::ArrayRef<int8_t> values,
                    llvm::ArrayRef<mlir::OpOperand *> uses);

/// Erases those of the constants that nothing reads any more; they may stand
/// there twice.
void eraseUnused(llvm::ArrayRef<mlir::Value> constants);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_WEIGHTS_H
