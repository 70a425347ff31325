//===- BatchNorm.h - Batch normalization in linalg -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the ops of batch normalization compute, and the loops over a tensor with
// channels that they, their gradients and their running statistics are made of.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_DIALECT_COLONNADE_TRANSFORMS_BATCHNORM_H
#define COLONNADE_DIALECT_COLONNADE_TRANSFORMS_BATCHNORM_H

#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade {

/// Builds structured ops over a tensor whose dimension `axis` are channels.
/// Operands of rank 1 have an element per channel, others the tensor's shape.
class ChannelBuilder {
public:
  using Body = llvm::function_ref<mlir::Value(mlir::ImplicitLocOpBuilder &,
                                              mlir::ValueRange)>;

  ChannelBuilder(mlir::OpBuilder &builder, mlir::Location loc,
                 mlir::Value tensor, int64_t axis)
      : builder(loc, builder), tensor(tensor), axis(axis) {}

  /// A tensor of the shape, element by element.
  mlir::Value mapElements(mlir::ValueRange operands, Body body);
  /// An element per channel of operands that have one.
  mlir::Value mapChannels(mlir::ValueRange operands, Body body);
  /// The sum of a term over all elements of a channel. For each index of the
  /// leading dimension first, then of these: f32 sums of many images stay exact
  /// to the last digits. The shape must be static.
  mlir::Value sum(mlir::ValueRange operands, Body term);

  /// A number of the tensor's element type.
  mlir::Value createNumber(double number);
  /// How many elements a channel has.
  int64_t getElementsPerChannel() const;

private:
  mlir::RankedTensorType getType() const {
    return mlir::cast<mlir::RankedTensorType>(tensor.getType());
  }
  mlir::Value createGeneric(mlir::ValueRange operands, unsigned loops,
                            llvm::ArrayRef<unsigned> resultLoops,
                            unsigned channelLoop, mlir::Value init, Body body);
  mlir::Value createZeros(llvm::ArrayRef<int64_t> shape);

  mlir::ImplicitLocOpBuilder builder;
  mlir::Value tensor;
  unsigned axis;
};

/// 1 / sqrt(variance + epsilon), an element per channel.
mlir::Value buildInverseDeviation(ChannelBuilder &channels,
                                  mlir::Value variance, double epsilon);

/// The result of the op. Of constant f32 parameters factor and offset are
/// computed in double and rounded once.
mlir::Value buildBatchNorm(mlir::OpBuilder &builder, BatchNormInferenceOp op);

/// The results of the op.
llvm::SmallVector<mlir::Value> buildBatchNorm(mlir::OpBuilder &builder,
                                              BatchNormTrainingOp op);

/// Replaces the ops of batch normalization in `root` by what they compute.
void lowerBatchNorms(mlir::Operation *root);

/// The normalizations in `root` that training makes normalize by the batch: all
/// but those by frozen statistics.
llvm::SmallVector<BatchNormInferenceOp>
collectTrainedBatchNorms(mlir::Operation *root);

/// A normalization by a batch, and the running statistics after it.
struct BatchNormStep {
  mlir::Value result, mean, variance;
};

/// Builds what training does in place of the op; see the ops for the formulas.
/// Fails, with an error, where a channel has no two elements: their variance
/// has no unbiased estimate.
mlir::FailureOr<BatchNormStep> buildBatchNormStep(mlir::OpBuilder &builder,
                                                  BatchNormInferenceOp op);

} // namespace colonnade

#endif // COLONNADE_DIALECT_COLONNADE_TRANSFORMS_BATCHNORM_H
