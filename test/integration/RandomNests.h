//===- RandomNests.h - Random networks of vector-unit ops ------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Draws networks of loop nests and data movement on small random shapes, for
// the property test that every level computes the same bits.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_RANDOMNESTS_H
#define COLONNADE_TEST_INTEGRATION_RANDOMNESTS_H

#include "../unit/Support/RandomCases.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace colonnade::test {

/// Builds `@main`: one i8 argument, `steps` random ops, and the last value as
/// result. No value can overflow, become infinite or be no number.
class RandomNests {
public:
  RandomNests(mlir::MLIRContext &context, RandomCases &cases);

  mlir::OwningOpRef<mlir::ModuleOp> build(int64_t steps);

private:
  using Shape = llvm::SmallVector<int64_t>;
  using BodyBuilder = llvm::function_ref<mlir::Value(mlir::ValueRange)>;

  mlir::Value addStep(mlir::Value value);
  mlir::Value addElementwise(mlir::Value value);
  mlir::Value addRequantization(mlir::Value value);
  mlir::Value addCombination(mlir::Value value);
  mlir::Value addReduction(mlir::Value value);
  mlir::Value addTranspose(mlir::Value value);
  mlir::Value addCollapse(mlir::Value value);
  mlir::Value addExpand(mlir::Value value);
  mlir::Value addSlice(mlir::Value value);
  mlir::Value addConcat(mlir::Value value);
  mlir::Value addPad(mlir::Value value);

  /// Any earlier value of that type, or a constant; broadcast where `mayBe`.
  mlir::Value getPartner(mlir::RankedTensorType type, bool mayBroadcast);
  mlir::Value makeConstant(mlir::RankedTensorType type);
  /// The value as f32 in [-128, 128].
  mlir::Value toFloat(mlir::Value value);
  mlir::Value createGeneric(mlir::ValueRange inputs, mlir::Type element,
                            BodyBuilder body);
  mlir::Value makeEmpty(llvm::ArrayRef<int64_t> shape, mlir::Type element);
  mlir::Value makeReal(double value);
  /// Keeps a number within [-128, 127].
  mlir::Value clamp(mlir::Value value);

  mlir::MLIRContext &context;
  RandomCases &cases;
  mlir::OpBuilder builder;
  mlir::Location loc;
  llvm::SmallVector<mlir::Value> values;
};

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_RANDOMNESTS_H
