//===- PromisedZeros.h - Pruned weights stay pruned ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A network whose columns have been combined can be trained on: weights that
// promise columns keep their zeros, and so the promise.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_PROMISEDZEROS_H
#define COLONNADE_TRAINING_PROMISEDZEROS_H

#include "colonnade/Training/TrainingHook.h"
#include "mlir/IR/BuiltinOps.h"

namespace colonnade {

class PromisedZeros : public TrainingHook {
public:
  /// For a run on `@main` of `network`, whose parameters are constants.
  explicit PromisedZeros(mlir::ModuleOp network);

  /// Whether no parameter promises columns.
  bool empty() const { return zeros.empty(); }

  llvm::Error begin(Trainer &trainer) override { return afterStep(trainer); }
  llvm::Error afterStep(Trainer &trainer) override;

  /// Which weights are zero follows from the network.
  std::pair<std::string, std::string> getFingerprint() const override;
  void addToCheckpoint(NamedArrays &checkpoint) const override {}
  llvm::Error restore(const NamedArrays &checkpoint) override {
    return llvm::Error::success();
  }

private:
  /// A parameter that promises columns, and 0 for each of its zeros.
  struct Zeros {
    size_t parameter;
    std::vector<uint8_t> mask;
  };
  std::vector<Zeros> zeros;
};

} // namespace colonnade

#endif // COLONNADE_TRAINING_PROMISEDZEROS_H
