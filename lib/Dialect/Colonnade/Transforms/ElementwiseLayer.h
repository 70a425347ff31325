//===- ElementwiseLayer.h - Elementwise linalg as layers -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalization and quantization both need to know what a float
// `linalg.generic` does to a tensor: add a bias, scale, cut off at zero, add
// another tensor. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ELEMENTWISELAYER_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ELEMENTWISELAYER_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>
#include <string>
#include <vector>

namespace colonnade {

/// The dimension that counts a tensor's channels: [n, c], [n, c, h, w].
inline constexpr unsigned kChannelDim = 1;

/// The f32 values of a constant in row-major order: dense, splat or
/// dense_resource. None for other kinds.
std::optional<std::vector<float>> readFloatValues(mlir::Attribute attribute);

/// A number for messages, in six significant digits.
std::string formatNumber(double value);

/// An elementwise op on a tensor, and constants that depend on the channel.
struct ElementwiseLayer {
  enum class Kind {
    /// data + values[channel]
    AddConstant,
    /// data * values[channel]
    MultiplyConstant,
    /// data / values[channel]
    DivideConstant,
    /// max(data, 0)
    Relu,
    /// data + other
    AddTensors
  };
  Kind kind = Kind::Relu;
  mlir::Value data, other;
  /// One value per channel; empty for Relu and AddTensors.
  std::vector<double> values;
};

/// What an all-parallel generic with one arithmetic op does. None when it is
/// something else; `whyNot` then says what.
std::optional<ElementwiseLayer>
matchElementwiseLayer(mlir::linalg::GenericOp op, std::string &whyNot);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ELEMENTWISELAYER_H
