//===- PruningLog.h - What each round of pruning left ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The figures that column combining is judged by, from round to round of joint
// optimization: how full the packed array is, and what the network is worth.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_PRUNINGLOG_H
#define COLONNADE_TRAINING_PRUNINGLOG_H

#include "colonnade/Support/NpyFile.h"
#include <cmath>

namespace colonnade {

/// A round: weights are pruned and columns combined, then the network trained
/// until the next round. Sizes are of all layers that are combined.
struct PruningRound {
  /// From 1, and the steps done when it begins.
  int64_t round = 0, step = 0;
  /// The share of zeros that the schedule asks of a layer of the options'
  /// fan-in, and the share that there is after conflicts are pruned too.
  double targetSparsity = 0, sparsity = 0;
  /// Nonzeros in the cells of the packed matrices.
  double utilization = 0;
  /// Columns of the filter matrices, groups, and tiles of the array that the
  /// matrices take as they are and packed.
  int64_t columns = 0, groups = 0, denseTiles = 0, tiles = 0;
  /// Shares of the test images classified correctly after pruning, and at the
  /// end of the round's training; NaN without a test set.
  double prunedAccuracy = std::nan(""), retrainedAccuracy = std::nan("");
};

using PruningLog = std::vector<PruningRound>;

/// Writes the log, whole or not at all: as JSON if the name ends in ".json",
/// as SVG curves over the rounds if it ends in ".svg", else as CSV.
llvm::Error writePruningLog(llvm::StringRef path, const PruningLog &log);

/// The log as an array and back, for checkpoints. The second fails for arrays
/// of another type or shape.
NpyArray packPruningLog(const PruningLog &log);
llvm::Expected<PruningLog> unpackPruningLog(const NpyArray &array);

} // namespace colonnade

#endif // COLONNADE_TRAINING_PRUNINGLOG_H
