//===- WindowRange.h - Where a tap meets the tensor -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// For one tap of a sliding window, the positions of a band whose element lies
// inside the tensor; the others read padding. Shared by the array's operand
// gathering and the vector unit's reductions.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_WINDOWRANGE_H
#define LIB_SIMULATOR_WINDOWRANGE_H

#include "colonnade/Simulator/Program.h"
#include <algorithm>

namespace colonnade::sim {

struct TapRange {
  /// Input row and column that the tap reads at the band's first position.
  int64_t firstRow = 0, firstColumn = 0;
  int64_t rowStride = 1, columnStride = 1;
  /// Lines [firstLine, lastLine) of the band, and positions [begin, end) of
  /// each line, whose element lies inside the tensor.
  int64_t firstLine = 0, lastLine = 0;
  int64_t begin = 0, end = 0;

  int64_t getRow(int64_t line) const { return firstRow + line * rowStride; }
  int64_t getColumn(int64_t position) const {
    return firstColumn + position * columnStride;
  }
};

/// First p in [0, count] with start + p * stride >= bound.
inline int64_t getFirstAtLeast(int64_t start, int64_t stride, int64_t bound,
                               int64_t count) {
  int64_t distance = std::max<int64_t>(0, bound - start);
  return std::min(count, (distance + stride - 1) / stride);
}

/// `tap` counts row-major through the kernel; `band` is clamped.
inline TapRange getTapRange(const Window &window, const Band &band,
                            int64_t tap) {
  TapRange range;
  range.rowStride = window.strideHeight;
  range.columnStride = window.strideWidth;
  range.firstRow = band.row * window.strideHeight - window.padTop +
                   tap / window.kernelWidth * window.dilationHeight;
  range.firstColumn = band.column * window.strideWidth - window.padLeft +
                      tap % window.kernelWidth * window.dilationWidth;
  range.firstLine =
      getFirstAtLeast(range.firstRow, range.rowStride, 0, band.height);
  range.lastLine = getFirstAtLeast(range.firstRow, range.rowStride,
                                   window.height, band.height);
  range.begin =
      getFirstAtLeast(range.firstColumn, range.columnStride, 0, band.width);
  range.end = getFirstAtLeast(range.firstColumn, range.columnStride,
                              window.width, band.width);
  return range;
}

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_WINDOWRANGE_H
