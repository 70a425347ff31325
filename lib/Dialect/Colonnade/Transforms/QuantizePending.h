//===- QuantizePending.h - Integers with a meaning pending -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Between a contraction and the int8 tensor that the next one reads lie bias,
// scale and bounds. They are collected here and become one rescale. Private to
// the transforms library.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEPENDING_H
#define COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEPENDING_H

#include "ElementwiseLayer.h"
#include "QuantizeBodies.h"
#include <limits>
#include <optional>

namespace colonnade {

/// What can still be applied to integers without rounding them first.
struct PendingForm {
  /// Of two tensors.
  bool isSum = false;
  /// Cut off at a bound, so that additions come too late.
  bool isBounded = false;
  /// The dimensions along which scale and bias vary; none if they do not.
  std::optional<ChannelRange> channels;

  bool accepts(const ElementwiseLayer &layer) const;
  /// The form after a layer that is accepted.
  void apply(const ElementwiseLayer &layer);
  /// The form after a reshape, if channels stay channels.
  std::optional<PendingForm> reshape(mlir::Operation *op) const;
};

/// A real tensor, given by integers and what they mean: either
///   clamp(source * scale[c] + bias[c])  for an i8 or i32 tensor, or
///   clamp(first * firstScale + second * secondScale)  for two i8 tensors.
class PendingValue {
public:
  /// (source - zeroPoint) * scale; `bound` is the largest magnitude of an
  /// integer of source.
  static PendingValue get(mlir::Value source, double scale, double bound,
                          double zeroPoint = 0);

  /// source * scale[c], with the largest magnitude per channel.
  static PendingValue get(mlir::Value source, ChannelRange channels,
                          llvm::ArrayRef<double> scales,
                          llvm::ArrayRef<double> bounds);

  static PendingValue getSum(mlir::Value first, double firstScale,
                             int32_t firstZeroPoint, mlir::Value second,
                             double secondScale, int32_t secondZeroPoint,
                             mlir::Location loc);

  /// Adds a bias per channel, which the form must have.
  void addBiases(llvm::ArrayRef<double> added);

  const PendingForm &getForm() const { return form; }
  mlir::Value getFirst() const { return first; }

  /// Applies a layer that the form accepts.
  void apply(const ElementwiseLayer &layer, mlir::Location loc);

  /// The same integers in another shape and the form that goes with it.
  void reshape(mlir::Value source, const PendingForm &reshaped);

  /// If the value needs no rescale to be int8: the scale of the integers.
  std::optional<double> getInt8Scale() const;

  /// The integers themselves within the bounds, at the scale getInt8Scale().
  mlir::Value createInt8(mlir::OpBuilder &builder) const;

  /// The integers themselves, if they are int8 at this scale and zero point and
  /// no bound cuts any off; else null.
  mlir::Value getSameInt8(double scale, int32_t zeroPoint) const;

  /// The value as integers at `scale`, in `range`. Emits an error when a bias,
  /// a sum or a rescale does not fit into 32 bits.
  mlir::FailureOr<mlir::Value> rescale(mlir::OpBuilder &builder, double scale,
                                       ResultRange range) const;

  /// The value as f32, from the integers without rounding in between.
  mlir::Value dequantize(mlir::OpBuilder &builder) const;

private:
  mlir::Location getLoc() const;
  void setChannels(ChannelRange channels);
  void applyBound(ElementwiseLayer::Kind kind, double bound);
  ResultRange getBoundedRange(double scale, ResultRange range) const;
  mlir::FailureOr<mlir::Value> rescaleChannels(mlir::OpBuilder &builder,
                                               double scale,
                                               ResultRange range) const;
  mlir::FailureOr<mlir::Value>
  rescaleSum(mlir::OpBuilder &builder, double scale, ResultRange range) const;
  mlir::FailureOr<Rescale> getChannelRescale(int64_t channel, double bias,
                                             double scale) const;

  mlir::Value first, second;
  PendingForm form;
  /// Per channel, or one for all; for a sum, of the first and second tensor.
  llvm::SmallVector<double> scales;
  /// Per channel, or one for all; for a sum, empty.
  llvm::SmallVector<double> biases, bounds;
  /// Of the two tensors of a sum.
  llvm::SmallVector<int32_t, 2> zeroPoints;
  /// Of the real value.
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  /// Of the layers collected.
  llvm::SmallVector<mlir::Location> locations;
};

} // namespace colonnade

#endif // COLONNADE_LIB_DIALECT_COLONNADE_TRANSFORMS_QUANTIZEPENDING_H
