//===- TrainingReport.cpp - What a training run prints -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "TrainingReport.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace colonnade;

void colonnade::printEpoch(const Training &training) {
  const EpochRecord &record = training.trainer->getLog().back();
  llvm::outs() << llvm::formatv(
      "epoch {0}: loss {1:f4}, training accuracy {2:f2} %", record.epoch,
      record.trainLoss, 100 * record.trainAccuracy);
  if (!std::isnan(record.testAccuracy))
    llvm::outs() << llvm::formatv(", test accuracy {0:f2} %",
                                  100 * record.testAccuracy);
  if (std::optional<double> drift = training.trainer->getDrift())
    llvm::outs() << llvm::formatv(", drift {0:e2}", *drift);
  llvm::outs() << llvm::formatv(", {0:f1} s", record.seconds);
  if (training.meter)
    llvm::outs() << llvm::formatv(", {0:f4} s on the target by now",
                                  training.meter->getSeconds());
  llvm::outs() << "\n";
  llvm::outs().flush();
}

/// What a step of the run took.
static void printMemory(const Trainer &trainer) {
  if (trainer.getPeakBytes() == 0)
    return; // A resumed run may have had no step left.
  llvm::outs() << llvm::formatv(
      "peak memory of a step: {0} bytes of buffers, {1} bytes of library "
      "scratch\n",
      trainer.getPeakBytes(), trainer.getScratchBytes());
}

/// What the network that is written is worth as it stands, in f32.
static llvm::Error printAccuracyInF32(const Trainer &trainer,
                                      const Dataset *test) {
  if (!trainer.hasFormat() || !test)
    return llvm::Error::success();
  llvm::Expected<double> accuracy = trainer.evaluateInF32(*test);
  if (!accuracy)
    return accuracy.takeError();
  llvm::outs() << llvm::formatv("test accuracy with products of f32: {0:f2} %\n",
                                100 * *accuracy);
  return llvm::Error::success();
}

/// What each resolution of a ladder is worth.
static llvm::Error printLadder(const Training &training,
                               const Dataset *test) {
  if (!training.terms || training.terms->getLadder().empty() || !test)
    return llvm::Error::success();
  auto accuracies =
      training.terms->evaluateLadder(*training.trainer, *test);
  if (!accuracies)
    return accuracies.takeError();
  for (auto [rung, accuracy] :
       llvm::zip_equal(training.terms->getLadder(), *accuracies))
    llvm::outs() << llvm::formatv(
        "data-terms {0}, budget {1}: test accuracy {2:f2} %\n",
        rung.dataTerms, rung.budget, 100 * accuracy);
  return llvm::Error::success();
}

llvm::Error colonnade::printRun(const Training &training, const Dataset *test) {
  if (llvm::Error error = printAccuracyInF32(*training.trainer, test))
    return error;
  printMemory(*training.trainer);
  if (training.meter)
    training.meter->print(llvm::outs());
  return printLadder(training, test);
}
