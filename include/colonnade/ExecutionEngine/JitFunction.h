//===- JitFunction.h - Running a function through MLIR's JIT ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The reference that every other way of running a program is compared with:
// plain linalg, lowered by upstream passes only and executed on the host. The
// quantize pass calibrates with it, and integration tests hold the simulator
// against it.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_EXECUTIONENGINE_JITFUNCTION_H
#define COLONNADE_EXECUTIONENGINE_JITFUNCTION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include <memory>
#include <vector>

namespace mlir {
class ExecutionEngine;
} // namespace mlir

namespace colonnade {

class AllocationMeter;
struct LibraryKernels;

/// What compilation spends its time on. Results do not depend on it, but for
/// Library: products and convolutions of f32 run in oneDNN, elementwise ops are
/// fused, and both use all cores. Sums are then in an order of oneDNN's or LLVM's
/// own: a function gives the same bits every time on one processor and with one
/// number of threads (OMP_NUM_THREADS), not necessarily on another.
enum class JitOptimization { CompileTime, Speed, Library };

/// A compiled function on tensors. Compilation leaves the given module alone
/// and uses a context of its own, so it may be called inside a pass.
///
/// But for Library, results do not depend on the machine: there is no fast-math
/// and no contraction, and every reduction runs in the order of its iteration
/// space.
class JitFunction {
public:
  /// One argument or result: extents and bytes per element. Buffers are dense
  /// and row-major; an i1 is a byte of 0 or 1.
  struct Buffer {
    llvm::SmallVector<int64_t, 4> shape;
    int64_t elementBytes = 4;

    int64_t getNumElements() const;
  };

  /// Compiles `name` of `module`: one block of arith, linalg, math, quant, scf
  /// and tensor ops (and affine.apply, tosa.apply_scale) on static tensors. Arguments and
  /// results have elements of f16, bf16, f32, f64, i1, i8, i16, i32 or i64.
  /// What the runner does not support is reported as a diagnostic at the op;
  /// the error returned repeats the first one's text.
  static llvm::Expected<std::unique_ptr<JitFunction>>
  compile(mlir::ModuleOp module, llvm::StringRef name,
          JitOptimization optimization = JitOptimization::Speed);

  ~JitFunction();

  llvm::ArrayRef<Buffer> getInputs() const { return inputs; }
  llvm::ArrayRef<Buffer> getOutputs() const { return outputs; }

  /// How many ops run in oneDNN; none if not compiled with Library. Contractions
  /// that do not are remarked (category `colonnade`, name `call-library`).
  size_t getNumLibraryOps() const;

  /// Runs the function: one pointer per argument and result, in order, to
  /// buffers as getInputs() and getOutputs() describe them. Inputs are only
  /// read. May be called from several threads at once, but for a function
  /// compiled with Library. Fails when the number of buffers is wrong.
  llvm::Error run(llvm::ArrayRef<const void *> inputBuffers,
                  llvm::ArrayRef<void *> outputBuffers) const;

  /// The most bytes that buffers of the function have taken at one time, in all
  /// runs since the last reset: counted where they are allocated. Arguments,
  /// results and large constants are the caller's or the function's, and not
  /// among them. Runs at the same time add up.
  int64_t getPeakBytes() const;
  void resetPeakBytes();
  /// Bytes that oneDNN's kernels keep for operands in layouts of their own, one
  /// after the other in the same memory; none if not compiled with Library.
  int64_t getScratchBytes() const;

private:
  JitFunction();

  llvm::Error load(mlir::func::FuncOp function, JitOptimization optimization);

  /// Large constants of the function are arguments between inputs and outputs.
  std::vector<Buffer> inputs, constants, outputs;
  std::vector<std::unique_ptr<char[]>> constantBytes;
  std::unique_ptr<AllocationMeter> meter;
  /// What the compiled code calls; null without Library.
  std::unique_ptr<LibraryKernels> kernels;
  std::unique_ptr<mlir::ExecutionEngine> engine;
  void (*entry)(void **) = nullptr;
};

} // namespace colonnade

#endif // COLONNADE_EXECUTIONENGINE_JITFUNCTION_H
