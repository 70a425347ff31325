//===- QuantizedForm.h - What a quantized network may hold -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The ops and types that quantization may leave, written down a second time and
// without its code: what it promises to the passes behind it.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_LIB_QUANTIZEDFORM_H
#define COLONNADE_TEST_LIB_QUANTIZEDFORM_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include <string>

namespace colonnade::test {

/// The first op of a quantized function that does not belong there, with its
/// text; empty if all do.
std::string getFormObjection(mlir::func::FuncOp function);

} // namespace colonnade::test

#endif // COLONNADE_TEST_LIB_QUANTIZEDFORM_H
