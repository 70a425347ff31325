//===- ScalarInterpreter.h - Scalar code, op by op -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An evaluation of scalar code that shares nothing with LLVM's: every op alone,
// by the host's arithmetic. It knows the ops that a vector unit has, and
// nothing else.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_UNIT_DIALECT_COLONNADE_TRANSFORMS_SCALARINTERPRETER_H
#define COLONNADE_TEST_UNIT_DIALECT_COLONNADE_TRANSFORMS_SCALARINTERPRETER_H

#include "mlir/IR/Block.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/DenseMap.h"
#include <cstdint>
#include <string>
#include <vector>

namespace colonnade::test {

/// Evaluates a block of f32, i32 and i1 scalars that yields one f32.
class ScalarInterpreter {
public:
  explicit ScalarInterpreter(mlir::Block &block);

  /// The first op that is no lane operation, or the first conversion to an
  /// integer that was out of range; empty if all is well.
  const std::string &getObjection() const { return objection; }

  /// The yielded value for these bits of the block's f32 arguments.
  float evaluate(llvm::ArrayRef<float> arguments);

private:
  void step(mlir::Operation &op);
  void reject(mlir::Operation &op, llvm::StringRef reason);
  float getReal(mlir::Value value) const;
  int32_t getInteger(mlir::Value value) const;
  void setReal(mlir::Operation &op, float value);
  void setInteger(mlir::Operation &op, int32_t value);
  void setConstant(mlir::Operation &op);
  void compareReals(mlir::Operation &op);
  bool stepReal(mlir::Operation &op);
  bool stepInteger(mlir::Operation &op);
  bool stepConversion(mlir::Operation &op);

  mlir::Block &block;
  /// Every value as 32 bits.
  llvm::DenseMap<mlir::Value, uint32_t> bits;
  std::string objection;
};

} // namespace colonnade::test

#endif // COLONNADE_TEST_UNIT_DIALECT_COLONNADE_TRANSFORMS_SCALARINTERPRETER_H
