//===- OutlineParameters.h - Weights as arguments --------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A shipped network holds its weights as constants; training changes them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIFFERENTIATION_OUTLINEPARAMETERS_H
#define COLONNADE_DIFFERENTIATION_OUTLINEPARAMETERS_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace colonnade {

/// Argument attribute that marks a parameter and holds its name.
inline constexpr llvm::StringLiteral kParameterAttribute =
    ColonnadeDialect::getParameterAttrName();

/// Argument attribute that marks state, like running statistics, with its name.
inline constexpr llvm::StringLiteral kStateAttribute =
    ColonnadeDialect::getStateAttrName();

struct Parameter {
  mlir::arith::ConstantOp constant;
  /// From the constant's location (an ONNX initializer's name), else
  /// "parameter<N>"; unique in the function.
  std::string name;
};

/// The weights of a function that can be trained: f32 constants of rank 1 and
/// more and of several elements (of one too, where a batch normalization scales
/// its only channel), in the order in which they stand. What an op only
/// accumulates on is none, nor is what is marked `colonnade.frozen`.
llvm::SmallVector<Parameter> collectParameters(mlir::func::FuncOp function);

/// The running statistics of a function: constants that a batch normalization
/// normalizes by, in the order in which they stand.
llvm::SmallVector<Parameter> collectStatistics(mlir::func::FuncOp function);

/// Gives the constant its name for good: those without one are called by their
/// number, which changes with the parameters beside them.
void nameConstant(Parameter parameter);

/// Makes the parameters leading arguments, marked by kParameterAttribute, and
/// running statistics the ones behind them, marked by kStateAttribute.
void outlineParameters(mlir::func::FuncOp function);

} // namespace colonnade

#endif // COLONNADE_DIFFERENTIATION_OUTLINEPARAMETERS_H
