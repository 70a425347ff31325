//===- Loss.h - Losses as IR -----------------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Losses are ordinary linalg, which the differentiation pass takes like the
// network before them.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_TRAINING_LOSS_H
#define COLONNADE_LIB_TRAINING_LOSS_H

#include "mlir/IR/ImplicitLocOpBuilder.h"

namespace colonnade {

/// The mean over a batch of -log(softmax(logits)[label]), tensor<f32>, of
/// logits [batch, classes] of f32 and labels [batch] of i32 in [0, classes).
/// The largest logit of a row is taken off before exponentials.
mlir::Value createCrossEntropy(mlir::ImplicitLocOpBuilder &builder,
                               mlir::Value logits, mlir::Value labels);

/// What a student learns from a teacher.
struct DistillationSettings {
  /// d, in (0, 1]; 0 for no student.
  double weight = 0;
  /// T, which logits are divided by.
  double temperature = 4;

  bool hasStudent() const { return weight > 0; }
};

struct DistillationLoss {
  /// A tensor<f32>.
  mlir::Value loss;
  /// Makes what the student learns of the teacher; gradients stop here.
  mlir::Operation *constant;
};

/// d T^2 KL(softmax(teacher / T) || softmax(student / T)) + (1 - d) / 2
/// (cross-entropy of teacher + cross-entropy of student), means over a batch
/// (Zhang, McDanel, Kung, ASPLOS 2021, section 5; Hinton, Vinyals, Dean, arXiv
/// 1503.02531). Both have logits [batch, classes], labels are as above.
DistillationLoss createDistillationLoss(mlir::ImplicitLocOpBuilder &builder,
                                        mlir::Value teacher,
                                        mlir::Value student, mlir::Value labels,
                                        const DistillationSettings &settings);

} // namespace colonnade

#endif // COLONNADE_LIB_TRAINING_LOSS_H
