//===- ScalarFunctions.h - Functions of one number --------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What random programs apply to elements, and what each has to be right of.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_SCALARFUNCTIONS_H
#define COLONNADE_TEST_INTEGRATION_SCALARFUNCTIONS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade::test {

/// A function that is smooth and defined everywhere.
struct ScalarFunction {
  const char *name;
  mlir::Value (*create)(mlir::ImplicitLocOpBuilder &builder, mlir::Value x);
};

/// One for each op of arith and math on floats. The first keeps values small.
llvm::ArrayRef<ScalarFunction> getScalarFunctions();

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_SCALARFUNCTIONS_H
