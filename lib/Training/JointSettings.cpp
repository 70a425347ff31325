//===- JointSettings.cpp - Options of joint optimization ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads and checks the options, and places the rounds.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/JointOptimization.h"
#include "mlir/Pass/PassOptions.h"

using namespace mlir;
using namespace colonnade;

namespace {
struct JointOptions : PassPipelineOptions<JointOptions> {
  Option<int64_t> fanIn{
      *this, "fan-in",
      llvm::cl::desc("Most columns combined into one, 1 to 255"),
      llvm::cl::init(8)};
  Option<double> conflictLimit{
      *this, "conflict-limit",
      llvm::cl::desc("Most weights that a round prunes of a group to combine "
                     "its columns, as a share of the rows"),
      llvm::cl::init(0.5)};
  Option<double> sparsity{
      *this, "sparsity",
      llvm::cl::desc("Share of zeros that small weights are pruned to; a layer "
                     "that has it, by conflicts too, is pruned no further"),
      llvm::cl::init(0.8)};
  Option<PruningSchedule> schedule{
      *this, "schedule",
      llvm::cl::desc("How the share of zeros rises from round to round"),
      llvm::cl::values(
          clEnumValN(PruningSchedule::Cubic, "cubic",
                     "to sparsity (1 - (1 - i / n)^3) (1 - 1 / fan-in) at "
                     "round i of n, as in the authors' code"),
          clEnumValN(PruningSchedule::Geometric, "geometric",
                     "by 20 % of what is left, then 0.9 times that share from "
                     "round to round, as in the paper")),
      llvm::cl::init(PruningSchedule::Cubic)};
  Option<int64_t> events{
      *this, "events",
      llvm::cl::desc("Rounds (0: 10 of cubic; as many as geometric needs)"),
      llvm::cl::init(0)};
  Option<int64_t> endStep{
      *this, "end-step",
      llvm::cl::desc("Steps before the last round (0: half of the run)"),
      llvm::cl::init(0)};
  Option<std::string> algorithm{
      *this, "algorithm",
      llvm::cl::desc("Grouping algorithm: agglomerative or dense-first"),
      llvm::cl::init("agglomerative")};
  Option<std::string> policy{
      *this, "policy",
      llvm::cl::desc("JSON file, or name of a shipped one (paper), with "
                     "settings per layer; fan-in 1 leaves a layer alone")};
  Option<int64_t> arrayRows{*this, "array-rows",
                            llvm::cl::desc("Rows of the array, to count tiles"),
                            llvm::cl::init(32)};
  Option<int64_t> arrayColumns{
      *this, "array-columns",
      llvm::cl::desc("Columns of the array, to count tiles"),
      llvm::cl::init(32)};
};
} // namespace

/// Rounds of the authors' code.
static constexpr int64_t kCubicRounds = 10;
/// More than any reachable sparsity takes: 0.2 * 0.9^100 is nothing.
static constexpr int64_t kMostGeometricRounds = 100;

/// As many rounds as the options say or the schedule needs.
static llvm::Expected<int64_t>
countRounds(int64_t events, const IterativePruningOptions &pruning) {
  if (events != 0)
    return events;
  if (pruning.schedule == PruningSchedule::Cubic)
    return kCubicRounds;
  for (int64_t round = 1; round <= kMostGeometricRounds; ++round)
    if (getTargetSparsity(round, pruning) >= pruning.sparsity)
      return round;
  return llvm::createStringError(
      "the geometric schedule comes to a sparsity of %.3f at most, got %g: "
      "take schedule=cubic or prune less",
      getTargetSparsity(kMostGeometricRounds, pruning), pruning.sparsity);
}

static llvm::Error checkAtLeastOne(llvm::StringRef name, int64_t value) {
  if (value >= 1)
    return llvm::Error::success();
  return llvm::createStringError("expected " + name + " of at least 1, got " +
                                 Twine(value));
}

static llvm::Error checkSettings(const JointSettings &settings) {
  if (llvm::Error error = checkPruningOptions(settings.pruning))
    return error;
  // The promise of groups holds no more.
  constexpr int64_t kMostFanIn = 255;
  if (settings.pruning.grouping.fanIn > kMostFanIn)
    return llvm::createStringError("expected fan-in of at most " +
                                   Twine(kMostFanIn) + ", got " +
                                   Twine(settings.pruning.grouping.fanIn));
  if (settings.endStep < settings.pruning.events)
    return llvm::createStringError(
        "expected a step for each of the " + Twine(settings.pruning.events) +
        " rounds, got " + Twine(settings.endStep) +
        " steps before the last one: train longer, or with fewer events");
  if (llvm::Error error = checkAtLeastOne("array-rows", settings.arrayRows))
    return error;
  return checkAtLeastOne("array-columns", settings.arrayColumns);
}

llvm::Expected<JointSettings> JointSettings::parse(llvm::StringRef options,
                                                   int64_t totalSteps) {
  JointOptions parsed;
  std::string message;
  llvm::raw_string_ostream stream(message);
  if (failed(parsed.parseFromString(options, stream)))
    return llvm::createStringError(StringRef(message).trim());
  JointSettings settings;
  settings.pruning.grouping = {parsed.fanIn, parsed.conflictLimit};
  settings.pruning.schedule = parsed.schedule;
  settings.pruning.sparsity = parsed.sparsity;
  llvm::Expected<int64_t> rounds = countRounds(parsed.events, settings.pruning);
  if (!rounds)
    return rounds.takeError();
  settings.pruning.events = *rounds;
  auto algorithm = findGroupingAlgorithm(parsed.algorithm);
  if (!algorithm)
    return algorithm.takeError();
  settings.algorithm = *algorithm;
  settings.policy = parsed.policy;
  if (parsed.endStep == 0)
    parsed.endStep = totalSteps / 2;
  settings.endStep = parsed.endStep;
  settings.arrayRows = parsed.arrayRows;
  settings.arrayColumns = parsed.arrayColumns;
  if (llvm::Error error = checkSettings(settings))
    return std::move(error);
  llvm::raw_string_ostream text(settings.text);
  parsed.print(text);
  return settings;
}

int64_t JointSettings::getRoundStep(int64_t round) const {
  return endStep * round / pruning.events;
}

std::optional<int64_t> JointSettings::getRound(int64_t step) const {
  for (int64_t round = 1; round <= pruning.events; ++round)
    if (getRoundStep(round) == step)
      return round;
  return std::nullopt;
}
