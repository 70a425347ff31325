//===- LibraryCalls.h - Structured ops as calls of a library ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which structured ops oneDNN computes, and how they are called. Named and
// generic ops are the same here: what counts are indexing maps and body.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_LIBRARYCALLS_H
#define COLONNADE_LIB_EXECUTIONENGINE_LIBRARYCALLS_H

#include "DnnlKernels.h"
#include "LibraryOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace colonnade {

/// Name of the function that compiled code calls: void(kernel, left, right,
/// result), a LibraryKernel and three addresses, each as i64.
inline constexpr llvm::StringLiteral
    kRunKernelName("colonnade_run_library_kernel");
void runLibraryKernel(int64_t kernel, int64_t left, int64_t right,
                      int64_t result);

/// The kernel of a convolution; null if the library has none. Tensors are taken
/// to be dense.
std::unique_ptr<LibraryKernel>
createConvolutionKernel(library::ConvolutionOp op, LibraryScratch &scratch);

/// Replaces products, where there is a kernel, and convolutions on buffers by
/// calls; a fill with zeros just before a product goes with it. Contractions that
/// stay, as loops, get a remark (category `colonnade`, name `call-library`).
mlir::LogicalResult callLibrary(mlir::ModuleOp module, LibraryKernels &kernels);

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_LIBRARYCALLS_H
