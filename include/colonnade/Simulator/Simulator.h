//===- Simulator.h - Running programs ---------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a program on data, at one of two fidelities, or only times it. The
// machine level takes
// values from fast integer kernels and cycles from closed forms; the cell level
// simulates every register of the array in every step, and checks on the way
// that the closed forms were right. Values do not influence cycles, so the
// timing is known once the program is.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_SIMULATOR_H
#define COLONNADE_SIMULATOR_SIMULATOR_H

#include "colonnade/Simulator/Activity.h"
#include "colonnade/Simulator/Timing.h"
#include <memory>

namespace colonnade::sim {

/// Timing: cycles and traffic without values; run() fails.
enum class Fidelity : uint8_t { Timing, Machine, Cell };

/// Which runs contribute to Activity::usefulWork.
enum class CountedRuns : uint8_t { First, All, None };

struct SimulationOptions {
  Fidelity fidelity = Fidelity::Machine;
  CountedRuns countedRuns = CountedRuns::First;
};

class Simulator {
public:
  virtual ~Simulator() = default;

  /// Verifies and prepares `program`. Fails with up to ten violations, one per
  /// line, each opened by its location and layer.
  static llvm::Expected<std::unique_ptr<Simulator>>
  create(Program program, SimulationOptions options = {});

  /// One run: an inference or a training step. `inputs` and `outputs` are the
  /// raw little-endian elements of the program's host tensors, in order and of
  /// exactly their sizes. Traps (a value that does not fit, an overflow, a
  /// promise that the data breaks at the cell level) are errors that name the
  /// layer.
  virtual llvm::Error
  run(llvm::ArrayRef<llvm::ArrayRef<uint8_t>> inputs,
      llvm::ArrayRef<llvm::MutableArrayRef<uint8_t>> outputs) = 0;

  /// The same for a program with one input and one output.
  llvm::Error run(llvm::ArrayRef<uint8_t> input,
                  llvm::MutableArrayRef<uint8_t> output) {
    return run(llvm::ArrayRef<llvm::ArrayRef<uint8_t>>(input),
               llvm::ArrayRef<llvm::MutableArrayRef<uint8_t>>(output));
  }

  virtual const Program &getProgram() const = 0;
  virtual const ProgramTiming &getTiming() const = 0;
  /// Counts for one image; its usefulWork covers the runs so far.
  virtual const Activity &getActivity() const = 0;
};

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_SIMULATOR_H
