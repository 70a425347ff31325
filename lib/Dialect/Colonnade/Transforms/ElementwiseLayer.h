//===- ElementwiseLayer.h - Elementwise linalg as layers -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normalization and quantization both need to know what a float
// `linalg.generic` does to a tensor: add a bias, scale, cut off at a bound, add
// another tensor. Private to the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ELEMENTWISELAYER_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ELEMENTWISELAYER_H

#include "Channels.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include <optional>
#include <string>
#include <vector>

namespace colonnade {

/// A number for messages, in six significant digits.
std::string formatNumber(double value);

/// An elementwise op on a tensor, and constants.
struct ElementwiseLayer {
  enum class Kind {
    /// data + values
    AddConstant,
    /// data * values
    MultiplyConstant,
    /// data / values
    DivideConstant,
    /// max(data, values), for instance relu
    Maximum,
    /// min(data, values)
    Minimum,
    /// data + other
    AddTensors
  };
  Kind kind = Kind::AddTensors;
  mlir::Value data, other;
  /// Without elements for AddTensors.
  ChannelValues values;

  /// Whether the layer multiplies or divides.
  bool scales() const {
    return kind == Kind::MultiplyConstant || kind == Kind::DivideConstant;
  }
  /// The bound of Maximum or Minimum, if it is one for all channels.
  std::optional<double> getBound() const;
};

/// What an all-parallel generic with one arithmetic op does; none when it is
/// something else.
std::optional<ElementwiseLayer>
matchElementwiseLayer(mlir::linalg::GenericOp op);

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_ELEMENTWISELAYER_H
