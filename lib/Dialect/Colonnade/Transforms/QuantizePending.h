//===- QuantizePending.h - Integers with a meaning pending -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between a contraction and the int8 tensor that the next one reads lie bias,
// scale and relu. They are collected here and become one rescale. Private to
// the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEPENDING_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEPENDING_H

#include "ElementwiseLayer.h"
#include "QuantizeBodies.h"
#include <optional>

namespace colonnade {

/// A real tensor, given by integers and what they mean: either
///   relu?(source * scale[c] + bias[c])  for an i8 or i32 tensor, or
///   relu?(first * firstScale + second * secondScale)  for two i8 tensors.
class PendingValue {
public:
  /// source * scale; `bound` is the largest magnitude of an integer of source.
  static PendingValue get(mlir::Value source, double scale, double bound);

  /// source * scale[c], with the largest magnitude per channel.
  static PendingValue get(mlir::Value source, llvm::ArrayRef<double> scales,
                          llvm::ArrayRef<double> bounds);

  static PendingValue getSum(mlir::Value first, double firstScale,
                             mlir::Value second, double secondScale,
                             mlir::Location loc);

  bool isSum() const { return bool(second); }
  mlir::Value getFirst() const { return first; }

  /// Whether a layer can be applied without rounding first.
  bool accepts(ElementwiseLayer::Kind kind) const;
  /// Applies a layer that is accepted.
  void apply(const ElementwiseLayer &layer, mlir::Location loc);

  /// The same integers in another shape with the same channels.
  void reshape(mlir::Value source) { first = source; }

  /// If the value needs no rescale to be int8: the scale of the integers.
  std::optional<double> getInt8Scale() const;

  /// The integers themselves with relu applied, at the scale getInt8Scale().
  mlir::Value createInt8(mlir::OpBuilder &builder) const;

  /// The value as integers at `scale`, in `range`. Emits an error when a bias,
  /// a sum or a rescale does not fit into 32 bits.
  mlir::FailureOr<mlir::Value> rescale(mlir::OpBuilder &builder, double scale,
                                       ResultRange range) const;

private:
  mlir::Location getLoc() const;
  mlir::FailureOr<mlir::Value> rescaleChannels(mlir::OpBuilder &builder,
                                               double scale,
                                               ResultRange range) const;
  mlir::FailureOr<mlir::Value>
  rescaleSum(mlir::OpBuilder &builder, double scale, ResultRange range) const;
  mlir::FailureOr<Rescale> getChannelRescale(int64_t channel, double bias,
                                             double scale) const;

  mlir::Value first, second;
  /// Per channel; for a sum, of the first and of the second tensor.
  llvm::SmallVector<double> scales;
  /// Per channel; for a sum, empty.
  llvm::SmallVector<double> biases, bounds;
  bool relu = false;
  /// Of the layers collected.
  llvm::SmallVector<mlir::Location> locations;
};

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEPENDING_H
