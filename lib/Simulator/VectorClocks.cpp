//===- VectorClocks.cpp - What is over when an instruction starts ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "VectorClocks.h"

using namespace colonnade;
using namespace colonnade::sim;

void VectorClocks::join(Clock &clock, const Clock &other) {
  for (unsigned i = 0; i < kNumEvents; ++i)
    clock[i] = std::max(clock[i], other[i]);
}

bool VectorClocks::isOver(unsigned earlier) const {
  Queue queue = program.instructions[earlier].getQueue();
  unsigned current = doneClocks.size() - 1;
  return queue == program.instructions[current].getQueue() ||
         start[static_cast<unsigned>(queue)] > earlier;
}

/// A stream starts after the previous one's start (its results may still be on
/// their way); other instructions start after the previous one of their queue
/// has ended.
void VectorClocks::advance() {
  unsigned index = doneClocks.size();
  const Instruction &instruction = program.instructions[index];
  auto queue = static_cast<unsigned>(instruction.getQueue());
  bool isStream = instruction.getQueue() == Queue::Array;
  start = isStream ? lastStreamStart : queueDone[queue];
  for (const Token &token : instruction.after)
    join(start, token.swapped ? swapClocks[token.instruction]
                              : doneClocks[token.instruction]);
  Clock done = start;
  if (isStream) {
    lastStreamStart = start;
    join(lastSwap, start);
    lastSwap[SwapDone] = index + 1;
    join(done, lastSwap);
    join(done, queueDone[queue]);
  }
  done[queue] = index + 1;
  queueDone[queue] = done;
  doneClocks.push_back(done);
  swapClocks.push_back(lastSwap);
}
