//===- ParallelLoops.h - Elementwise work on all cores ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the library has no kernel for runs as loops. Large ones are cut into
// ranges of their outermost loop, one for each thread of the pool that the
// library uses itself. No sum is cut, so results do not depend on the number of
// threads.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_PARALLELLOOPS_H
#define COLONNADE_LIB_EXECUTIONENGINE_PARALLELLOOPS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <string>
#include <vector>

namespace colonnade {

/// Joins loops of ops on buffers that run through memory in one go: long
/// innermost loops vectorize well.
void collapseLoops(mlir::ModuleOp module);

/// Whether to divide the outermost loop of `op` among threads.
bool isWorthThreads(mlir::linalg::LinalgOp op);

/// Marks a loop for outlineParallelLoops.
inline constexpr llvm::StringLiteral kParallelAttrName("colonnade.parallel");

/// Moves marked loops into functions (begin, end, values used...), called with
/// all iterations. Returns their names.
std::vector<std::string> outlineParallelLoops(mlir::ModuleOp module);

/// Has the pool call these functions instead, once they are in the LLVM
/// dialect.
void callFromAllThreads(mlir::ModuleOp module,
                        const std::vector<std::string> &functions);

/// Name of the function that does so: void(body, context, count), where body is
/// void(context, begin, end).
inline constexpr llvm::StringLiteral kParallelForName("colonnade_parallel_for");
void runParallelFor(void (*body)(void *, int64_t, int64_t), void *context,
                    int64_t count);

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_PARALLELLOOPS_H
