//===- VectorClocks.h - What is over when an instruction starts -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Happens-before over the queues. Queues run in order, so one instruction
// number per queue says how much of it is known to be over. The array counts
// twice, because the shadow registers are free long before a stream's results
// are stored.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_VECTORCLOCKS_H
#define LIB_SIMULATOR_VECTORCLOCKS_H

#include "colonnade/Simulator/Program.h"

namespace colonnade::sim {

class VectorClocks {
public:
  explicit VectorClocks(const Program &program) : program(program) {
    doneClocks.reserve(program.instructions.size());
    swapClocks.reserve(program.instructions.size());
  }

  /// Goes on to the next instruction in program order.
  void advance();

  /// Whether `earlier` is over when the current instruction starts. Accesses of
  /// one queue follow each other in order.
  bool isOver(unsigned earlier) const;

  /// Whether the stream `earlier` has emptied the shadow registers by then.
  bool isSwapped(unsigned earlier) const { return start[SwapDone] > earlier; }

private:
  /// Streams of events; those of the queues first.
  enum Event : unsigned { SwapDone = kNumQueues, kNumEvents };
  /// For each kind of event: all instructions below this number are over.
  using Clock = std::array<unsigned, kNumEvents>;

  static void join(Clock &clock, const Clock &other);

  const Program &program;
  /// What is over at the start of the current instruction.
  Clock start = {};
  std::vector<Clock> doneClocks, swapClocks;
  /// Ends of the latest instruction of each queue, and start and swap of the
  /// latest stream.
  std::array<Clock, kNumQueues> queueDone = {};
  Clock lastStreamStart = {}, lastSwap = {};
};

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_VECTORCLOCKS_H
