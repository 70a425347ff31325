//===- TrainingLog.h - What a training run reached, epoch by epoch -*- C++
//-*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The figures of a run, as a table for programs and as curves for people.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_TRAININGLOG_H
#define COLONNADE_TRAINING_TRAININGLOG_H

#include "colonnade/Support/NpyFile.h"

namespace colonnade {

struct EpochRecord {
  /// From 1, and the steps done by its end.
  int64_t epoch = 0, step = 0;
  /// Mean loss of its batches, each before its update.
  double trainLoss = 0;
  /// Shares of images classified correctly: the training images along the way,
  /// the test images at the end (NaN without a test set).
  double trainAccuracy = 0, testAccuracy = 0;
  /// Wall-clock time of the epoch, without the test.
  double seconds = 0;
};

using TrainingLog = std::vector<EpochRecord>;

/// Writes the log, whole or not at all: as JSON if the name ends in ".json",
/// as SVG curves if it ends in ".svg", else as CSV. A NaN is null or empty.
llvm::Error writeTrainingLog(llvm::StringRef path, const TrainingLog &log);

/// The log as float64 [epochs, 6] and back, for checkpoints. The second fails
/// for arrays of another type or shape.
NpyArray packTrainingLog(const TrainingLog &log);
llvm::Expected<TrainingLog> unpackTrainingLog(const NpyArray &array);

} // namespace colonnade

#endif // COLONNADE_TRAINING_TRAININGLOG_H
