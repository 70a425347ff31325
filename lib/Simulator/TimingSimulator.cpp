//===- TimingSimulator.cpp - Programs without values ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cycles and traffic follow from the program alone. Programs too large to be
// run are still timed: no memory is allocated and no tile prepared.
//
//===----------------------------------------------------------------------===//

#include "ProgramSimulator.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class TimingSimulator final : public Simulator {
public:
  TimingSimulator(Program source, ProgramTiming times)
      : program(std::move(source)), timing(std::move(times)),
        activity(countActivity(program, timing)) {}

  llvm::Error run(llvm::ArrayRef<llvm::ArrayRef<uint8_t>>,
                  llvm::ArrayRef<llvm::MutableArrayRef<uint8_t>>) override {
    return llvm::createStringError(
        "program '" + program.name +
        "': values are not simulated at the timing fidelity; choose machine or "
        "cell");
  }
  const Program &getProgram() const override { return program; }
  const ProgramTiming &getTiming() const override { return timing; }
  const Activity &getActivity() const override { return activity; }

private:
  Program program;
  ProgramTiming timing;
  Activity activity;
};

} // namespace

std::unique_ptr<Simulator> sim::createTimingSimulator(Program program,
                                                      ProgramTiming timing) {
  return std::make_unique<TimingSimulator>(std::move(program),
                                           std::move(timing));
}
