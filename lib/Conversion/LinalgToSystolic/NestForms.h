//===- NestForms.h - The forms that loop nests have -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A training step says much in ways that the vector unit does not have: numbers
// outside of tensors, positions of loops, ops with several results. All of it
// can be said by nests over tensors; these rewrites do, before layers are
// mapped. What they cannot rewrite they leave alone, and legality rejects it.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_NESTFORMS_H
#define COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_NESTFORMS_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace colonnade {

/// All of the following, in the order that they need.
void rewriteToNestForms(mlir::func::FuncOp function);

/// f32 tensors rounded to bf16 and back: the rounding alone, on bits.
void roundBrainFloats(mlir::func::FuncOp function);

/// Elementwise ops on tensors become linalg.generic.
void generalizeElementwise(mlir::func::FuncOp function);

/// An scf.if whose branches may both run computes both and selects.
void selectBranches(mlir::func::FuncOp function);

/// Numbers computed at run time become tensors without dimensions: what
/// computes them a linalg.generic, what reads them one more input.
void makeScalarsTensors(mlir::func::FuncOp function);

/// `op` again with `inputs` behind its own, read by `maps`, and an argument of
/// its body for each; replaces `op`, whose body moves.
mlir::linalg::GenericOp addInputs(mlir::linalg::GenericOp op,
                                  mlir::ValueRange inputs,
                                  llvm::ArrayRef<mlir::AffineMap> maps);

/// Positions of loops (linalg.index) become inputs: constants that count, i32.
void readIndicesFromConstants(mlir::func::FuncOp function);

/// An op with several results becomes one op each.
void splitResults(mlir::func::FuncOp function);

/// Insertions get a target of their own where many start from one constant, and
/// slices of constants become constants.
void separateInsertions(mlir::func::FuncOp function);

} // namespace colonnade

#endif // COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_NESTFORMS_H
