//===- IterativePruning.h - Pruning while a network is trained -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Column combining's high utilization comes from joint optimization (Kung,
// McDanel, Zhang, ASPLOS 2019, section 4): weights are pruned by magnitude,
// their columns grouped, conflicts pruned, and the network trained on, event by
// event. What is decided at an event is here; training is not.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_PACKING_ITERATIVEPRUNING_H
#define COLONNADE_PACKING_ITERATIVEPRUNING_H

#include "colonnade/Packing/ConflictPruning.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace colonnade {

/// How many weights each event leaves.
enum class PruningSchedule : uint8_t {
  /// The authors' code: event i of n prunes a layer to the share of zeros
  /// sparsity (1 - (1 - i / n)^3) (1 - 1 / fan-in).
  Cubic,
  /// The paper: event i prunes the share 0.2 * 0.9^(i - 1) of what is left,
  /// until the share of zeros is the sparsity.
  Geometric,
};

struct IterativePruningOptions {
  GroupingOptions grouping;
  PruningSchedule schedule = PruningSchedule::Cubic;
  double sparsity = 0.8;
  int64_t events = 10;
};

/// Fails unless the sparsity is in [0, 1), there is an event, and the options
/// of grouping are good.
llvm::Error checkPruningOptions(const IterativePruningOptions &options);

/// Share of zeros that magnitude pruning brings a layer to at event `event`,
/// from 1 to options.events. It does not fall from event to event.
double getTargetSparsity(int64_t event, const IterativePruningOptions &options);

/// Makes the smallest magnitudes of `weights` zero, so many that their share of
/// zeros is the sparsity, rounded down to whole weights; more if more are zero
/// already. Of equal magnitudes the later go first.
PruningLoss pruneMagnitudes(llvm::MutableArrayRef<float> weights,
                            double sparsity);

/// One event on a row-major [rows x columns] filter matrix: magnitudes are
/// pruned, the columns grouped anew by `group`, conflicts pruned. Returns the
/// groups.
ColumnGroups
pruneAndCombine(llvm::MutableArrayRef<float> matrix, int64_t rows,
                int64_t columns, double sparsity,
                llvm::function_ref<ColumnGroups(const NonzeroPattern &)> group);

} // namespace colonnade

#endif // COLONNADE_PACKING_ITERATIVEPRUNING_H
