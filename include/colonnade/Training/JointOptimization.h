//===- JointOptimization.h - Pruning and combining in training -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Column combining under joint optimization (Kung, McDanel, Zhang, ASPLOS 2019,
// section 4): from round to round small weights are pruned, the columns of
// every filter matrix grouped anew and conflicts pruned, until it has few enough
// nonzeros; between rounds the network is trained with what is left. The
// matrices are those that --colonnade-combine-columns sees, and the result
// promises the groups.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_JOINTOPTIMIZATION_H
#define COLONNADE_TRAINING_JOINTOPTIMIZATION_H

#include "colonnade/Packing/IterativePruning.h"
#include "colonnade/Training/Dataset.h"
#include "colonnade/Training/PruningLog.h"
#include "colonnade/Training/TrainingHook.h"
#include "mlir/IR/BuiltinOps.h"

namespace colonnade {

struct FilterMatrix;

struct JointSettings {
  IterativePruningOptions pruning;
  const GroupingAlgorithm *algorithm = nullptr;
  /// A policy's file or name; empty for none.
  std::string policy;
  /// Steps of training before the last round.
  int64_t endStep = 0;
  /// The array whose tiles are counted.
  int64_t arrayRows = 32, arrayColumns = 32;
  /// All of the above in the form that parse() takes.
  std::string text;

  /// Reads options in the form of pass options, "fan-in=8 sparsity=0.8". Where
  /// they give no end-step, the last round begins after half of `totalSteps`,
  /// the steps of the run.
  static llvm::Expected<JointSettings> parse(llvm::StringRef options,
                                             int64_t totalSteps);

  /// The steps before a round, which is from 1 to pruning.events: evenly
  /// spaced.
  int64_t getRoundStep(int64_t round) const;
  /// The round that begins after so many steps, if one does.
  std::optional<int64_t> getRound(int64_t step) const;
};

class JointOptimization : public TrainingHook {
public:
  /// For a run on `@main` of `network`, whose parameters are constants. Says in
  /// remarks which layers are not combined and why; fails if none is.
  static llvm::Expected<std::unique_ptr<JointOptimization>>
  create(mlir::ModuleOp network, const JointSettings &settings);
  ~JointOptimization() override;

  /// The images that rounds are judged by; they outlive the training. Without
  /// them the log has no accuracies.
  void setTestData(const Dataset &data) { testData = &data; }

  llvm::Error begin(Trainer &trainer) override;
  llvm::Error afterStep(Trainer &trainer) override;
  /// Completes the log after the last step.
  llvm::Error finish(Trainer &trainer);
  const PruningLog &getLog() const { return log; }

  std::pair<std::string, std::string> getFingerprint() const override;
  void addToCheckpoint(NamedArrays &checkpoint) const override;
  llvm::Error restore(const NamedArrays &checkpoint) override;

  /// Puts promises of the groups into the types of the constants of `network`,
  /// which hold the parameters at the end of the run.
  void storePromises(mlir::ModuleOp network) const;

private:
  struct Layer;

  explicit JointOptimization(const JointSettings &settings);

  void addLayers(std::vector<FilterMatrix> matrices, mlir::ModuleOp network);
  void pruneLayer(Layer &layer, int64_t round, Trainer &trainer);
  llvm::Error runRound(int64_t round, Trainer &trainer);
  /// Makes pruned weights, and the optimizer's state for them, zero.
  void applyMasks(Trainer &trainer) const;
  PruningRound measure(int64_t round, const Trainer &trainer) const;
  llvm::Expected<double> evaluate(const Trainer &trainer) const;

  JointSettings settings;
  std::vector<Layer> layers;
  const Dataset *testData = nullptr;
  PruningLog log;
};

} // namespace colonnade

#endif // COLONNADE_TRAINING_JOINTOPTIMIZATION_H
