//===- ResizeTable.h - Which inputs a resized position takes ----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// ONNX's Resize is separable and its coordinates are known at import time. All
// its modes come down to a table per axis: which inputs each output position
// takes, with which weights.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_RESIZETABLE_H
#define COLONNADE_LIB_TARGET_ONNX_RESIZETABLE_H

#include "llvm/ADT/SmallVector.h"
#include <cstdint>

namespace colonnade::onnximport {

enum class ResizeMode { Nearest, Linear, Cubic };

/// How a position of the output is mapped to the input.
enum class ResizeCoordinates {
  HalfPixel,
  PytorchHalfPixel,
  AlignCorners,
  Asymmetric,
  TfHalfPixelForNn,
  TfCropAndResize
};

enum class NearestRounding { PreferFloor, PreferCeil, Floor, Ceil };

struct ResizeOptions {
  ResizeMode mode = ResizeMode::Nearest;
  ResizeCoordinates coordinates = ResizeCoordinates::HalfPixel;
  NearestRounding rounding = NearestRounding::PreferFloor;
  double cubicCoefficient = -0.75;
  /// Weights of positions outside are 0 and the others sum up to 1.
  bool excludesOutside = false;
  /// What positions outside of the region of interest become.
  double extrapolation = 0;
};

/// One dimension: sizes, the factor that the model gives (the output's size
/// may be rounded) and the region of interest as a part of the input.
struct ResizeAxis {
  int64_t input = 0, output = 0;
  double scale = 1;
  double regionBegin = 0, regionEnd = 1;
};

/// output[p] = offsets[p] + sum over taps t of
///             weights[t][p] * input[positions[t][p]]
struct ResizeTable {
  llvm::SmallVector<llvm::SmallVector<int64_t>> positions;
  llvm::SmallVector<llvm::SmallVector<double>> weights;
  llvm::SmallVector<double> offsets;

  /// Every position takes the same position of the input.
  bool isIdentity(const ResizeAxis &axis) const;
  /// One tap with weight 1 that repeats every input output / input times.
  bool isRepetition(const ResizeAxis &axis) const;
};

ResizeTable computeResizeTable(const ResizeOptions &options,
                               const ResizeAxis &axis);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_RESIZETABLE_H
