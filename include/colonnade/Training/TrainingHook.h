//===- TrainingHook.h - What else happens to parameters --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Gradient descent is one thing that changes the weights of a network; pruning
// and rounding them for the machine are others, which take turns with it. They
// have a state of their own, which is part of the run's.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_TRAININGHOOK_H
#define COLONNADE_TRAINING_TRAININGHOOK_H

#include "colonnade/Support/SafetensorsFile.h"

namespace colonnade {

class Trainer;

class TrainingHook {
public:
  virtual ~TrainingHook() = default;

  /// Before the first step, and after every step: may change parameters and the
  /// optimizer's state.
  virtual llvm::Error begin(Trainer &trainer) = 0;
  virtual llvm::Error afterStep(Trainer &trainer) = 0;

  /// The setting that a checkpoint must have in common with the run: what it is
  /// called and its value.
  virtual std::pair<std::string, std::string> getFingerprint() const = 0;
  /// Adds the hook's state, and takes it back, for parameters that the trainer
  /// restores itself. Restoring changes nothing if it fails.
  virtual void addToCheckpoint(NamedArrays &checkpoint) const = 0;
  virtual llvm::Error restore(const NamedArrays &checkpoint) = 0;
};

} // namespace colonnade

#endif // COLONNADE_TRAINING_TRAININGHOOK_H
