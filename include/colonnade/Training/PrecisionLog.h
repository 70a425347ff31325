//===- PrecisionLog.h - Which precisions a run chose -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// FAST's claim is that precision may be low early and in the first layers and
// rises with time and depth. The log shows whether it did.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_PRECISIONLOG_H
#define COLONNADE_TRAINING_PRECISIONLOG_H

#include "colonnade/Training/FigureTable.h"
#include "colonnade/Training/TrainingHook.h"

namespace colonnade {

/// Keeps the mantissa bits of every layer's weights, activations and gradient,
/// of a step with the format fast-adaptive.
class PrecisionLog final : public TrainingHook {
public:
  llvm::Error begin(Trainer &trainer) override;
  llvm::Error afterStep(Trainer &trainer) override;
  /// That precisions are chosen; how is among the step's settings.
  std::pair<std::string, std::string> getFingerprint() const override;
  void addToCheckpoint(NamedArrays &checkpoint) const override;
  llvm::Error restore(const NamedArrays &checkpoint) override;

  /// A row for every step, from 0, that used other precisions than the one
  /// before: the step, then three columns `<layer>.weights`,
  /// `<layer>.activations` and `<layer>.gradient` for each layer.
  const FigureTable &getTable() const { return table; }

  /// Writes the log, whole or not at all: as JSON if the name ends in ".json",
  /// as SVG curves if it ends in ".svg", else as CSV. Curves are of means over
  /// a 40th of the steps done.
  llvm::Error write(llvm::StringRef path) const;

private:
  void printCurves(llvm::raw_ostream &stream) const;

  FigureTable table;
  int64_t steps = 0;
};

/// Mean bits over the layers, such as "W 2.5 A 3.0 G 4.0 bits"; empty for a
/// step that chooses no precisions.
std::string describePrecisions(const Trainer &trainer);

} // namespace colonnade

#endif // COLONNADE_TRAINING_PRECISIONLOG_H
