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
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_TERMTRAINING_H
#define COLONNADE_TRAINING_TERMTRAINING_H

#include "colonnade/Dialect/Colonnade/Transforms/TermWeights.h"
#include "colonnade/Training/TrainingHook.h"

namespace colonnade {

struct TermTrainingSettings {
  TermBudget budget;
  /// A policy's file or name; empty for none.
  std::string policy;
  /// All of the above in the form that parse() takes.
  std::string text;

  /// Reads options in the form of pass options, "group=16 budget=10".
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
  /// evaluates and stores.
  llvm::Error begin(Trainer &trainer) override;
  llvm::Error afterStep(Trainer &trainer) override;

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

  TermTrainingSettings settings;
  std::vector<Layer> layers;
};

} // namespace colonnade

#endif // COLONNADE_TRAINING_TERMTRAINING_H
