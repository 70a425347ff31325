//===- Window.h - How convolutions and pools slide --------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions and pools share their attributes: kernel, strides, dilations,
// pads, auto_pad, ceil_mode. They are read and checked here, once, so that an
// importer only sees widths for which every window lies in the padded input.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TARGET_ONNX_WINDOW_H
#define COLONNADE_LIB_TARGET_ONNX_WINDOW_H

#include "NodeImporter.h"

namespace colonnade::onnximport {

/// A window over the spatial dimensions (those after batch and channel).
struct Window {
  llvm::SmallVector<int64_t> kernel, strides, dilations;
  /// Padding of the input, as the model says it.
  llvm::SmallVector<int64_t> padsBegin, padsEnd;
  /// What ceil_mode needs behind `padsEnd` for the last window to fit.
  llvm::SmallVector<int64_t> overhang;

  unsigned getRank() const { return kernel.size(); }
  /// Positions that a dilated kernel spans.
  int64_t getExtent(unsigned dimension) const {
    return (kernel[dimension] - 1) * dilations[dimension] + 1;
  }
  /// Padding of a whole tensor with batch and channel in front.
  llvm::SmallVector<int64_t> getLow() const;
  llvm::SmallVector<int64_t> getHigh() const;
  /// The window as it slides over an input with a new dimension of size 1 in
  /// front of the spatial ones.
  Window withLeadingDimension() const;
};

/// Reads strides, dilations and padding of a node with this kernel; `input` and
/// `output` are the spatial shapes. Emits an error if a value is not in its
/// range or the output's shape is another than ONNX defines.
mlir::FailureOr<Window> readWindow(NodeImporter &node,
                                   llvm::ArrayRef<int64_t> kernel,
                                   llvm::ArrayRef<int64_t> input,
                                   llvm::ArrayRef<int64_t> output);

/// An attribute with one value per spatial dimension, each from `least` up.
/// `otherwise` is the value of all if the node does not have it.
mlir::FailureOr<llvm::SmallVector<int64_t>>
readSpatialAttribute(NodeImporter &node, llvm::StringRef name, unsigned count,
                     int64_t least, int64_t otherwise);

/// Splits what SAME_UPPER or SAME_LOWER adds in total.
void splitSamePadding(llvm::StringRef autoPad, int64_t total, int64_t &begin,
                      int64_t &end);

/// auto_pad, or an error if it is none of ONNX's values.
mlir::FailureOr<std::string> readAutoPad(NodeImporter &node);

/// [n, c, w] -> [n, c, 1, w]: what has one spatial dimension gets a height.
llvm::SmallVector<int64_t> withHeight(llvm::ArrayRef<int64_t> shape);

} // namespace colonnade::onnximport

#endif // COLONNADE_LIB_TARGET_ONNX_WINDOW_H
