//===- BlockRoundingCode.h - Rounding one value of a block ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The scalar code that block_quantize becomes: what loops over blocks have in
// their bodies. Its operations are those of lib/Numerics/BlockFloat.cpp, one
// for one, so that both give the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_BLOCKROUNDINGCODE_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_BLOCKROUNDINGCODE_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/Transforms/ScalarBuilder.h"

namespace colonnade {

/// What one op makes of its values: run-time parameters, computed before the
/// loops, and the bodies of the loops.
class BlockRoundingCode {
public:
  BlockRoundingCode(ScalarBuilder &builder, BlockQuantizeOp op);

  /// The rounded value of `value`, whose block has the largest magnitude of
  /// `largestBits`. `position` is its row-major position, for the noise.
  mlir::Value
  round(ScalarBuilder &builder, mlir::Value value, mlir::Value largestBits,
        llvm::function_ref<mlir::Value(ScalarBuilder &)> position) const;

private:
  void buildMantissa(ScalarBuilder &builder, mlir::Value operand);
  void buildCarry(ScalarBuilder &builder);
  void buildKey(ScalarBuilder &builder, mlir::Value counter);
  mlir::Value buildUnitField(ScalarBuilder &builder,
                             mlir::Value largestBits) const;
  mlir::Value buildThreshold(ScalarBuilder &builder,
                             mlir::Value position) const;
  mlir::Value roundMagnitude(
      ScalarBuilder &builder, mlir::Value magnitude,
      llvm::function_ref<mlir::Value(ScalarBuilder &)> position) const;

  BlockFormat format;
  RoundingAttr rounding;
  /// What rounding the largest magnitude up to the mantissa adds to its bits.
  mlir::Value carry;
  /// m, m - 1 and 2^m - 1.
  mlir::Value mantissa, mantissaLessOne, largestMantissa;
  mlir::Value keyLow, keyHigh;
};

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_BLOCKROUNDINGCODE_H
