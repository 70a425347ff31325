//===- MemoryPrediction.h - Buffers of a run before it ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A compiled function allocates buffers of known sizes in a known order. So
// what a run will take is known once the function is lowered to buffers,
// without compiling or running it.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_EXECUTIONENGINE_MEMORYPREDICTION_H
#define COLONNADE_EXECUTIONENGINE_MEMORYPREDICTION_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace colonnade {

/// Bytes of buffers in a part of a run.
struct MemorySegment {
  /// The most at one time.
  int64_t peak = 0;
  /// At the barrier that ends the part, with what it passes on; and without
  /// what nobody reads behind it.
  int64_t atEnd = 0, behind = 0;
};

/// The parts of a run of `function`, compiled as JitFunction compiles for
/// JitOptimization::Library, between its barriers (`colonnade.barrier`), of
/// which there may be none. As JitFunction::getPeakBytes, buffers of arguments,
/// results and large constants are not counted. Fails where a function cannot
/// be lowered.
llvm::Expected<std::vector<MemorySegment>>
predictMemory(mlir::func::FuncOp function);

/// The peak of all parts.
int64_t getPeak(llvm::ArrayRef<MemorySegment> segments);

} // namespace colonnade

#endif // COLONNADE_EXECUTIONENGINE_MEMORYPREDICTION_H
