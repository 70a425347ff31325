//===- TrainerCheckpoint.cpp - Cutting a run into pieces ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What the rest of a run depends on, and the settings that it must share with
// the run that was cut off.
//
//===----------------------------------------------------------------------===//

#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Training/Trainer.h"
#include "colonnade/Training/TrainingHook.h"

using namespace mlir;
using namespace colonnade;

/// Arrays of a checkpoint that are not tensors of the step begin like this.
static constexpr llvm::StringLiteral kProgress("training.progress");
static constexpr llvm::StringLiteral kSums("training.sums");
static constexpr llvm::StringLiteral kLog("training.log");

std::map<std::string, std::string> Trainer::getFingerprint() const {
  std::map<std::string, std::string> fingerprint = {
      {"batch", std::to_string(settings.batch)},
      {"seed", std::to_string(settings.seed)},
      {"training_step", settings.stepOptions}};
  if (!settings.fakeQuantizeOptions.empty())
    fingerprint["fake_quantize"] =
        settings.fakeQuantizeOptions + ", scales " + fakeQuantizeDigest;
  if (!frozenDigest.empty())
    fingerprint["frozen"] = frozenDigest;
  if (!couplings.empty())
    fingerprint["couplings"] = couplings;
  for (const TrainingHook *hook : hooks)
    fingerprint.insert(hook->getFingerprint());
  return fingerprint;
}

NamedArrays Trainer::getCheckpoint() const {
  NamedArrays checkpoint;
  checkpoint.metadata = getFingerprint();
  for (auto [name, array] : llvm::zip_equal(names, current))
    checkpoint.arrays[name] = array;
  checkpoint.arrays[kProgress.str()] =
      NpyArray::get<int64_t>({step, correct, seen}, {3});
  checkpoint.arrays[kSums.str()] = NpyArray::get<double>({lossSum}, {1});
  checkpoint.arrays[kLog.str()] = packTrainingLog(log);
  for (const TrainingHook *hook : hooks)
    hook->addToCheckpoint(checkpoint);
  return checkpoint;
}

/// The array of this name, type and shape.
static llvm::Expected<const NpyArray *> findArray(const NamedArrays &checkpoint,
                                                  const std::string &name,
                                                  const NpyArray &like) {
  auto found = checkpoint.arrays.find(name);
  if (found != checkpoint.arrays.end() && found->second.type == like.type &&
      found->second.shape == like.shape)
    return &found->second;
  return llvm::createStringError(
      "has no array '" + name +
      "' of the type and shape that this network "
      "needs: resume with the network that it was made of");
}

static llvm::Error
checkFingerprint(const std::map<std::string, std::string> &expected,
                 const NamedArrays &checkpoint) {
  // Settings that only one of the two has count as empty in the other.
  std::map<std::string, std::string> made = checkpoint.metadata, run = expected;
  for (const auto &[key, value] : checkpoint.metadata)
    run.try_emplace(key);
  for (const auto &[key, value] : run)
    if (made[key] != value)
      return llvm::createStringError("was made with " + key + " '" + made[key] +
                                     "', this run has '" + value +
                                     "': resume with the same settings");
  return llvm::Error::success();
}

llvm::Error Trainer::restore(const NamedArrays &checkpoint) {
  if (llvm::Error error = checkFingerprint(getFingerprint(), checkpoint))
    return error;
  std::vector<NpyArray> restored;
  for (auto [name, array] : llvm::zip_equal(names, current)) {
    auto found = findArray(checkpoint, name, array);
    if (!found)
      return found.takeError();
    restored.push_back(**found);
  }
  auto progress = findArray(checkpoint, kProgress.str(),
                            NpyArray::get<int64_t>({0, 0, 0}, {3}));
  if (!progress)
    return progress.takeError();
  auto sums =
      findArray(checkpoint, kSums.str(), NpyArray::get<double>({0}, {1}));
  if (!sums)
    return sums.takeError();
  llvm::Expected<const NpyArray *> logArray = checkpoint.find(kLog.str());
  if (!logArray)
    return logArray.takeError();
  llvm::Expected<TrainingLog> restoredLog = unpackTrainingLog(**logArray);
  if (!restoredLog)
    return restoredLog.takeError();
  for (TrainingHook *hook : hooks)
    if (llvm::Error error = hook->restore(checkpoint))
      return error;

  auto counts = llvm::cantFail((*progress)->getValues<int64_t>());
  current = std::move(restored);
  step = counts[0];
  correct = counts[1];
  seen = counts[2];
  lossSum = llvm::cantFail((*sums)->getValues<double>()).front();
  log = std::move(*restoredLog);
  return llvm::Error::success();
}
