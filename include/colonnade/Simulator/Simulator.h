//===- Simulator.h - Running programs -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a program on data at the machine level: exact integer values from fast
// kernels, cycles from closed forms and the four queues. Values do not influence
// cycles, so the timing is known once the program is.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_SIMULATOR_H
#define COLONNADE_SIMULATOR_SIMULATOR_H

#include "colonnade/Simulator/Program.h"
#include "colonnade/Simulator/Timing.h"
#include <memory>

namespace colonnade::sim {

class Simulator {
public:
  virtual ~Simulator() = default;

  /// Verifies and prepares `program`. Fails with up to ten violations, one per
  /// line, each opened by its location and layer.
  static llvm::Expected<std::unique_ptr<Simulator>> create(Program program);

  /// One inference. `input` and `output` are the raw little-endian elements of
  /// the program's host tensors. Traps (a value that does not fit, an overflow
  /// of the vector unit) are errors that name the layer.
  virtual llvm::Error run(llvm::ArrayRef<uint8_t> input,
                          llvm::MutableArrayRef<uint8_t> output) = 0;

  virtual const Program &getProgram() const = 0;
  virtual const ProgramTiming &getTiming() const = 0;
};

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_SIMULATOR_H
