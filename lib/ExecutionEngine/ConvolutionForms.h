//===- ConvolutionForms.h - Structured ops that convolve -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which loops of a structured op are those of a two-dimensional convolution.
// Named and generic ops are the same here: what counts are indexing maps and
// body.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_EXECUTIONENGINE_CONVOLUTIONFORMS_H
#define COLONNADE_LIB_EXECUTIONENGINE_CONVOLUTIONFORMS_H

#include "DnnlKernels.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>

namespace colonnade {

/// One dimension of a kernel: the loop that runs over it, if one does.
using Loop = std::optional<unsigned>;

/// acc + left * right of f32, in any order of operands.
bool isMultiplyAccumulate(mlir::linalg::LinalgOp op);

/// Which of two inputs and the result a loop indexes: bit i for operand i.
unsigned getReaders(mlir::linalg::LinalgOp op, unsigned loop);

struct ConvolutionForm {
  /// Whether the result are the filters.
  bool isFilterGradient;
  /// Which of the op's two inputs the images are.
  unsigned images;
  Loop image, channel, filter;
  std::array<Loop, 2> positions, taps;
  std::array<WindowSteps, 2> windows;

  unsigned getFiltersOperand() const {
    return isFilterGradient ? 2 : 1 - images;
  }
  unsigned getPositionsOperand() const {
    return isFilterGradient ? 1 - images : 2;
  }
};

/// The form of a multiply-accumulate that convolves, or sums up the gradient of
/// a convolution by its filters.
std::optional<ConvolutionForm> getConvolutionForm(mlir::linalg::LinalgOp op);

/// Replaces ops on tensors that convolve by the library's ops, together with
/// the pads before them, and, where they are a gradient by the images, with the
/// spreading of the cotangent, the turning of the filters and the slice behind.
/// Ops that the library has no kernel for are left alone.
void raiseConvolutions(mlir::ModuleOp module);

} // namespace colonnade

#endif // COLONNADE_LIB_EXECUTIONENGINE_CONVOLUTIONFORMS_H
