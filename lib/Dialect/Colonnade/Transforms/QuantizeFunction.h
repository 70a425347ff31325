//===- QuantizeFunction.h - Quantization of one function -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From a float function to an integer one, and what was decided on the way:
// --colonnade-quantize takes the function, --colonnade-fake-quantize the
// decisions. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEFUNCTION_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEFUNCTION_H

#include "Calibration.h"
#include "QuantizeValues.h"

namespace colonnade {

struct QuantizationSettings {
  RangeSource ranges;
  /// A policy's file or name; empty for none.
  std::string policy;
  bool floatAdditions = true;
  int64_t outputBits = 16;
};

/// `@main`, or the only public function, which nothing in the module may use.
/// Emits an error if there is none.
mlir::FailureOr<mlir::func::FuncOp>
findQuantizableFunction(mlir::ModuleOp module);

/// Brings the layers of `function` into the form that quantization knows, one
/// op each, and builds its quantized version behind it. Adds to `reads`, if
/// given, what layers of `function` read as int8. Emits an error when that
/// cannot be done; `function` stays a function of the same values.
mlir::FailureOr<mlir::func::FuncOp>
quantizeFunction(mlir::func::FuncOp function,
                 const QuantizationSettings &settings,
                 std::vector<Int8Read> *reads = nullptr);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEFUNCTION_H
