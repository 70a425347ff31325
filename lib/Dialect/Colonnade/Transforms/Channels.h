//===- Channels.h - Values that vary along some dimensions -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Biases and scales are constants that vary along the channels of a tensor:
// dimension 1 behind a convolution, the last one behind a matrix product, two
// once reshapes have split it. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CHANNELS_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CHANNELS_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>
#include <vector>

namespace colonnade {

/// Adjacent dimensions [begin, end) of a tensor; together they count its
/// channels, in row-major order.
struct ChannelRange {
  unsigned begin = 0, end = 0;

  bool contains(unsigned dim) const { return begin <= dim && dim < end; }
  int64_t getNumChannels(llvm::ArrayRef<int64_t> shape) const;
  bool operator==(const ChannelRange &) const = default;
};

/// The output channels of a contraction: of its result, and the dimension of
/// its second operand that counts them (the first of two for
/// conv_2d_ngchw_gfchw).
struct ContractionChannels {
  ChannelRange result, weights;
};

/// None for ops that quantization knows no weights of.
std::optional<ContractionChannels> getContractionChannels(mlir::Operation *op);

/// Where channels are after an op that moves elements: a reshape or transpose.
/// None when they are no adjacent dimensions any more.
std::optional<ChannelRange> moveChannels(mlir::Operation *op,
                                         ChannelRange channels);

/// Constants for a tensor that vary along `dims` (ascending) only.
struct ChannelValues {
  llvm::SmallVector<unsigned> dims;
  /// Row-major over the extents of `dims`; one value without dims.
  std::vector<double> values;

  bool isUniform() const { return dims.empty(); }
  /// The values along more dimensions, ascending, of a tensor of `shape`; none if
  /// they vary along others too.
  std::optional<std::vector<double>>
  getAlong(llvm::ArrayRef<int64_t> shape,
           llvm::ArrayRef<unsigned> moreDims) const;
  /// The value for each channel of a tensor of `shape`; none if they vary along
  /// other dimensions too.
  std::optional<std::vector<double>>
  getPerChannel(llvm::ArrayRef<int64_t> shape, ChannelRange channels) const;
  /// `dims` as one range, if they are adjacent.
  std::optional<ChannelRange> getRange() const;
};

/// The values of a constant that a linalg op over `loops` reads through `map`,
/// along the fewest loops; none if the map is no projected permutation.
std::optional<ChannelValues> getChannelValues(llvm::ArrayRef<float> values,
                                              llvm::ArrayRef<int64_t> shape,
                                              mlir::AffineMap map,
                                              llvm::ArrayRef<int64_t> loops);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_CHANNELS_H
