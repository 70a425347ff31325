//===- ArrayTiming.cpp - Closed forms of the array's timing ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The closed-form implementation of ArrayTimingModel, and the messages of the
// traps that both implementations share.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/ArrayTiming.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include <optional>

using namespace colonnade;
using namespace colonnade::sim;

int64_t sim::alignStart(int64_t ready, int64_t stepCycles,
                        const StreamTimes &previous,
                        int64_t previousStepCycles) {
  int64_t candidate = std::max(ready, previous.inputFree);
  if (candidate >= previous.done)
    return candidate;
  if (stepCycles != previousStepCycles)
    return previous.done;
  return previous.start + llvm::alignTo(candidate - previous.start, stepCycles);
}

namespace {

class ClosedFormArray final : public ArrayTimingModel {
public:
  explicit ClosedFormArray(int64_t columns) : columns(columns) {}

  int64_t getEarliestStart(int64_t ready, int64_t stepCycles) const override {
    return alignStart(ready, stepCycles, previous, previousStepCycles);
  }

  llvm::Expected<LoadTimes> load(int64_t start, const LoadJob &job) override {
    if (shadow || start < previous.swapped)
      return llvm::createStringError(
          llvm::formatv(
              "loading a tile at cycle {0} overwrites shadow "
              "registers that wait to be swapped in{1}",
              start,
              shadow
                  ? std::string()
                  : llvm::formatv(" until cycle {0}", previous.swapped).str())
              .str());
    shadow = job.tile;
    loaded = start + job.cycles;
    return LoadTimes{start, loaded};
  }

  llvm::Expected<StreamTimes> stream(int64_t ready,
                                     const StreamJob &job) override {
    if (shadow != job.tile)
      return llvm::createStringError(
          "the shadow registers do not hold the tile that is swapped in");
    StreamTimes times;
    times.start = getEarliestStart(std::max(ready, loaded), job.stepCycles);
    times.swapped =
        times.start + job.stepCycles * (job.rows + job.columns - 2) + 1;
    times.inputFree = times.start + job.stepCycles * job.vectors;
    times.done = std::max(
        previous.done,
        times.start + job.stepCycles * (job.vectors + job.rows + columns - 2));
    shadow.reset();
    previous = times;
    previousStepCycles = job.stepCycles;
    return times;
  }

  llvm::Error finish() override { return llvm::Error::success(); }

private:
  int64_t columns;
  std::optional<WeightTile> shadow;
  int64_t loaded = 0;
  StreamTimes previous;
  int64_t previousStepCycles = 1;
};

} // namespace

std::unique_ptr<ArrayTimingModel> sim::createClosedFormArray(int64_t columns) {
  return std::make_unique<ClosedFormArray>(columns);
}
