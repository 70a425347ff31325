//===- TermTraining.h - Training for a term budget -------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Fine-tuning under term quantization (Kung, McDanel, Zhang, SC 2020). The
// network computes with weights of 8 bits within their term budget; gradients
// pass straight through the rounding to f32 master weights, which are rounded
// anew after every step.
//
// With a ladder of budgets (Zhang, McDanel, Kung, ASPLOS 2021) one set of
// weights serves all of them: the largest one's, whose largest terms are those
// of the smaller ones. In every step the network teaches a student of the next
// budget, in the order of a shuffle of all but the largest.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_TERMTRAINING_H
#define COLONNADE_TRAINING_TERMTRAINING_H

#include "colonnade/Dialect/Colonnade/Transforms/TermWeights.h"
#include "colonnade/Training/TrainingHook.h"

namespace colonnade {

class Dataset;

/// A resolution: the terms of an activation (0 for all) and of a group of
/// weights.
struct Rung {
  int64_t dataTerms = 0, budget = 0;
};

struct TermTrainingSettings {
  /// The largest one of the ladder, if there is one.
  TermBudget budget;
  /// From the lowest resolution to the network's own; empty for one budget.
  std::vector<Rung> ladder;
  /// Of the order of students.
  uint64_t seed = 1;
  /// A policy's file or name; empty for none.
  std::string policy;
  /// All of the above in the form that parse() takes.
  std::string text;

  /// Reads options in the form of pass options, "group=16 budget=10" or
  /// "group=16 ladder=2:8,2:10,3:14".
  static llvm::Expected<TermTrainingSettings> parse(llvm::StringRef options);
};

class TermTraining : public TrainingHook {
public:
  /// For a run on `@main` of `network`, which is in normal form and has
  /// constants for parameters. Says in remarks which layers are left at 8 bits
  /// and why; fails if all are.
  static llvm::Expected<std::unique_ptr<TermTraining>>
  create(mlir::ModuleOp network, const TermTrainingSettings &settings);

  /// The trainer's parameters become the rounded weights, which is what it
  /// evaluates and stores. Fails if the step has no student for the ladder, or
  /// not the ladder's data terms.
  llvm::Error begin(Trainer &trainer) override;
  llvm::Error afterStep(Trainer &trainer) override;

  const std::vector<Rung> &getLadder() const { return settings.ladder; }
  /// The share of `data` that each resolution of the ladder classifies
  /// correctly.
  llvm::Expected<std::vector<double>> evaluateLadder(Trainer &trainer,
                                                     const Dataset &data);

  std::pair<std::string, std::string> getFingerprint() const override;
  void addToCheckpoint(NamedArrays &checkpoint) const override;
  llvm::Error restore(const NamedArrays &checkpoint) override;

private:
  struct Layer {
    /// Number and name of the parameter.
    size_t parameter;
    std::string name;
    TermWeights weights;
    std::vector<float> master, rounded;
  };

  explicit TermTraining(const TermTrainingSettings &settings)
      : settings(settings) {}
  void addLayers(std::vector<TermWeights> weights, mlir::ModuleOp network);
  llvm::Error checkStep(const Trainer &trainer) const;
  /// Calls `visit` for all layers, on the context's threads.
  void forEachLayer(llvm::function_ref<void(Layer &)> visit);
  /// The student of a step, by its number.
  const Rung &getStudent(int64_t step) const;
  void setStudent(Trainer &trainer, const Rung &rung);
  /// The one of the next step; nothing without a ladder.
  void setNextStudent(Trainer &trainer);

  TermTrainingSettings settings;
  mlir::MLIRContext *context = nullptr;
  std::vector<Layer> layers;
  /// Numbers and names of all parameters that are no layer's.
  std::vector<std::pair<size_t, std::string>> others;
};

} // namespace colonnade

#endif // COLONNADE_TRAINING_TERMTRAINING_H
