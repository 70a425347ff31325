//===- LowerToLLVM.h - From linalg on tensors to LLVM ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The parts of JitFunction::compile that work on IR: what the runner accepts,
// what it does to a function on tensors, and the upstream passes that lower it.
// Private to this library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_LOWERTOLLVM_H
#define COLONNADE_LIB_EXECUTIONENGINE_LOWERTOLLVM_H

#include "LibraryCalls.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <vector>

namespace colonnade {

/// Registers the dialects, external models and translations that the lowering
/// needs.
void registerExecutableDialects(mlir::DialectRegistry &registry);

/// Whether the runner can execute `function`; if not, emits a diagnostic at
/// the op or value at fault and returns the same text.
llvm::Error checkExecutable(mlir::func::FuncOp function);

/// A constant's elements, dense and row-major.
struct HoistedConstant {
  mlir::RankedTensorType type;
  std::unique_ptr<char[]> bytes;
};

/// Turns the large constants of `function` into trailing arguments; their
/// values are returned in the order of these.
std::vector<HoistedConstant> hoistConstants(mlir::func::FuncOp function);

/// The function alone as bytecode, without its large constants.
std::string serializeAlone(mlir::func::FuncOp function,
                           std::vector<HoistedConstant> &constants);

/// Leaves only ops that bufferize and then lower to loops. Results become
/// trailing memref arguments; the arguments before them are only read.
llvm::LogicalResult prepareTensors(mlir::ModuleOp module);

/// Rewrites convolutions and other reductions, on tensors, so that the
/// innermost loop is long, parallel and contiguous. Every output still adds up
/// in the order of the named op, so floating-point results stay the same.
llvm::LogicalResult orderReductions(mlir::ModuleOp module);

/// Orders the loops of reductions so that the innermost one runs along memory,
/// and permits LLVM to reassociate sums for it. Ops of which `isExcluded` says
/// so are left alone.
llvm::LogicalResult reassociateReductions(
    mlir::ModuleOp module,
    llvm::function_ref<bool(mlir::linalg::LinalgOp)> isExcluded);

/// Lowers all functions of `module` to structured ops on buffers, which are
/// allocated and freed; `usesLibrary` as lowerToLLVM has kernels.
llvm::LogicalResult lowerToBuffers(mlir::ModuleOp module, bool usesLibrary);

/// Lowers all functions of `module` to the LLVM dialect. With `kernels`,
/// elementwise ops are fused, and products and convolutions become calls of the
/// library's kernels, which are added there.
llvm::LogicalResult lowerToLLVM(mlir::ModuleOp module,
                                LibraryKernels *kernels = nullptr);

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_LOWERTOLLVM_H
