//===- Trainer.h - Running the training step over a data set ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Compiles a network's training step once and runs it batch by batch. A run is
// a function of network, data, settings and seed: cut into pieces by
// checkpoints it gives the same bits as in one go.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_TRAINER_H
#define COLONNADE_TRAINING_TRAINER_H

#include "colonnade/Numerics/BlockFloat.h"
#include "colonnade/Support/SafetensorsFile.h"
#include "colonnade/Training/Dataset.h"
#include "colonnade/Training/TrainingLog.h"
#include "mlir/IR/BuiltinOps.h"
#include <memory>

namespace mlir::func {
class FuncOp;
} // namespace mlir::func

namespace colonnade {

class JitFunction;
class TrainingHook;

/// Of a network of one input and one result of logits.
struct NetworkShape {
  /// Of one input, without the batch.
  std::vector<int64_t> input;
  int64_t classes = 0;
};

/// Shape of `@main` of a module. Fails if it is no function of one input
/// [batch, ...] to f32 logits [batch, classes], with static shapes.
llvm::Expected<NetworkShape> getNetworkShape(mlir::ModuleOp module);

/// The mantissa bits that a step of the format fast-adaptive uses for a layer's
/// weights, activations and gradient.
struct LayerMantissas {
  std::string name;
  std::array<int32_t, 3> bits;
};

struct TrainingSettings {
  int64_t batch = 128;
  uint64_t seed = 1;
  /// Options of --colonnade-training-step.
  std::string stepOptions;
  /// Options of --colonnade-fake-quantize, which the network is trained and
  /// evaluated with; empty for none.
  std::string fakeQuantizeOptions;
  /// Of a step's buffers, in bytes (--colonnade-plan-activations); 0 for none.
  int64_t memoryLimit = 0;
  /// What the drift of reconstructed streams (measure-drift of
  /// --colonnade-training-step) must not exceed in any step; none does not
  /// measure it.
  std::optional<double> maxDrift;
};

class Trainer {
public:
  /// Compiles the step of `@main` of `network`, which has a batch of 1 and is
  /// left alone. Fails after diagnostics for networks that cannot be trained.
  static llvm::Expected<std::unique_ptr<Trainer>>
  create(mlir::ModuleOp network, const TrainingSettings &settings);
  ~Trainer();

  /// Has `hook`, which outlives the trainer, begin and from now on called with
  /// every step, after the hooks that were added before.
  llvm::Error addHook(TrainingHook &hook);

  /// Steps done, and steps of an epoch over a data set: images that fill no
  /// batch are left out of an epoch, by chance others in each.
  int64_t getStep() const { return step; }
  int64_t getStepsPerEpoch(const Dataset &data) const {
    return data.getCount() / settings.batch;
  }

  /// Fails unless the data makes at least one batch.
  llvm::Error checkCount(const Dataset &data) const;

  /// The values of a parameter, by its place in collectParameters, and those of
  /// the optimizer's state that belong to them.
  llvm::MutableArrayRef<float> getParameter(size_t index);
  llvm::ArrayRef<float> getParameter(size_t index) const;
  llvm::SmallVector<llvm::MutableArrayRef<float>>
  getOptimizerState(size_t index);
  /// Makes the values of a parameter whose element of `mask` is 0, and the
  /// optimizer's state for them, zero.
  void applyMask(size_t index, llvm::ArrayRef<uint8_t> mask);

  /// The blocks that the step's products multiply, with their widest mantissas;
  /// none if they multiply other floats.
  std::optional<BlockFormat> getBlockFormat() const { return blockFormat; }
  /// A tensor of the step's state by its name; null if the step has none such.
  const NpyArray *findState(llvm::StringRef name) const;
  NpyArray *findState(llvm::StringRef name);
  /// The most terms that products of the network read of an activation; 0 if
  /// they read all.
  int64_t getDataTerms() const { return dataTerms; }
  /// What the last step used, in the layers' order; none where precisions are
  /// not chosen.
  std::vector<LayerMantissas> getMantissas() const;

  /// The most bytes that buffers of a step have taken at one time, without
  /// parameters and state, and those that oneDNN keeps for its own layouts.
  int64_t getPeakBytes() const;
  int64_t getScratchBytes() const;

  /// Does the next step on its batch of `data`, which has been checked; adds up
  /// the epoch's figures.
  llvm::Error runStep(const Dataset &data);
  /// Figures of the epoch so far.
  double getMeanLoss() const;
  double getTrainAccuracy() const;
  /// The largest drift of any step; none if it is not measured.
  std::optional<double> getDrift() const;
  /// Ends an epoch: its figures go to the log.
  void finishEpoch(double testAccuracy, double seconds);
  const TrainingLog &getLog() const { return log; }

  /// Whether the step rounds what products multiply to a number format.
  bool hasFormat() const { return evaluation != nullptr; }
  /// Share of the images that the network classifies correctly with its products
  /// in the step's format and the precisions that the last step used.
  llvm::Expected<double> evaluate(const Dataset &data) const;
  /// The same with products of f32, as the network is stored.
  llvm::Expected<double> evaluateInF32(const Dataset &data) const;
  /// The same of the student that the next step has; the step has one.
  llvm::Expected<double> evaluateStudent(const Dataset &data) const;

  /// Everything that the rest of the run depends on, and back. Restoring fails
  /// if the checkpoint is of another network, other settings or another seed.
  NamedArrays getCheckpoint() const;
  llvm::Error restore(const NamedArrays &checkpoint);

  /// Puts the parameters and running statistics into the constants of
  /// `network`, the module given to create() or a clone of it.
  void storeParameters(mlir::ModuleOp network) const;

private:
  Trainer() = default;

  llvm::Error compile(mlir::ModuleOp network);
  /// What the state of `step`, the step of `network`, begins with.
  void initializeState(mlir::func::FuncOp network, mlir::func::FuncOp step);
  /// Fails if a step's drift exceeds the bound.
  llvm::Error checkDrift(double drift);
  /// What a checkpoint must have in common with this run.
  std::map<std::string, std::string> getFingerprint() const;

  TrainingSettings settings;
  /// Of the scales and terms of activations; empty without them.
  std::string fakeQuantizeDigest;
  /// Of the weights that are not trained, and the network's couplings; empty
  /// without them.
  std::string frozenDigest, couplings;
  int64_t dataTerms = 0;
  std::vector<TrainingHook *> hooks;
  int64_t classes = 0;
  std::optional<BlockFormat> blockFormat;
  /// Parameters and running statistics.
  llvm::SmallVector<const void *> getNetworkArguments() const;
  /// Runs a network whose arguments but the images are given.
  llvm::Expected<double> evaluate(const JitFunction &function,
                                  llvm::SmallVector<const void *> arguments,
                                  const Dataset &data) const;

  /// The network is there in the step's format too, unless that is f32, and as
  /// the student with distillation.
  std::unique_ptr<JitFunction> stepFunction, network, evaluation, student;
  /// Of parameters, then of optimizer state; the step writes into `next`.
  std::vector<std::string> names;
  size_t parameterCount = 0;
  /// Of the running statistics, in the order of collectStatistics.
  std::vector<size_t> statistics;
  /// The optimizer's arrays of each parameter.
  std::vector<llvm::SmallVector<size_t, 2>> states;
  std::vector<NpyArray> current, next;

  int64_t step = 0;
  double lossSum = 0, largestDrift = 0;
  int64_t correct = 0, seen = 0;
  TrainingLog log;
  /// The order of the epoch that the next step is in.
  std::vector<uint32_t> order;
  int64_t orderEpoch = -1;
};

} // namespace colonnade

#endif // COLONNADE_TRAINING_TRAINER_H
