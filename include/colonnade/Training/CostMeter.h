//===- CostMeter.h - What a training run would have cost -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Adds up, step by step, what the products of a run cost on a machine of block
// cells at the precisions that each step used: the time to an accuracy is the
// meter's when the log reaches it.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_COSTMETER_H
#define COLONNADE_TRAINING_COSTMETER_H

#include "colonnade/Training/FigureTable.h"
#include "colonnade/Training/StepCost.h"
#include "colonnade/Training/TrainingHook.h"

namespace colonnade {

class CostMeter : public TrainingHook {
public:
  /// `format` is the step's; where its precisions change, they are read from
  /// the step's state.
  CostMeter(StepCost cost, const BlockFormat &format);

  llvm::Error begin(Trainer &) override { return llvm::Error::success(); }
  llvm::Error afterStep(Trainer &trainer) override;
  std::pair<std::string, std::string> getFingerprint() const override;
  void addToCheckpoint(NamedArrays &checkpoint) const override;
  llvm::Error restore(const NamedArrays &checkpoint) override;

  /// Of all steps so far.
  int64_t getCycles() const;
  double getSeconds() const;

  /// A row for each step: its number, cycles, seconds and joules up to its end,
  /// the mean mantissa bits of its layers' weights, activations and gradients,
  /// and those of every layer.
  const FigureTable &getTable() const { return table; }

  /// The layers, with the precisions and costs of the last step.
  void print(llvm::raw_ostream &stream);

private:
  LayerPrecision getPrecision(const Trainer &trainer,
                              const LayerPasses &layer) const;

  StepCost cost;
  BlockFormat format;
  /// Of the last step.
  std::vector<LayerPrecision> precisions;
  FigureTable table;
};

/// Writes a meter's table, whole or not at all: as JSON if the name ends in
/// ".json", as SVG curves if it ends in ".svg", else as CSV.
llvm::Error writeCostLog(llvm::StringRef path, const CostMeter &meter);

} // namespace colonnade

#endif // COLONNADE_TRAINING_COSTMETER_H
