//===- Passes.h - Tensor-level passes of Colonnade -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Declares the passes of Passes.td: their options, their create functions and
// their registration.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_PASSES_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_PASSES_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Numerics/MagnitudeHistogram.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "llvm/Support/CommandLine.h"

namespace colonnade {

/// The values of an option that chooses a RangeMethod.
inline llvm::cl::ValuesClass getRangeMethodValues() {
  return llvm::cl::values(
      clEnumValN(RangeMethod::MinMax, "min-max", "the largest magnitude"),
      clEnumValN(RangeMethod::Percentile, "percentile",
                 "a magnitude that a share of the values does not exceed"),
      clEnumValN(RangeMethod::MeanSquaredError, "mse",
                 "the range with the least mean squared quantization error"));
}

#define GEN_PASS_DECL
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_PASSES_H
