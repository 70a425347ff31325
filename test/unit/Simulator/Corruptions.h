//===- Corruptions.h - Ways to break a program ------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each corruption turns a valid program into an invalid one, and knows what the
// verifier has to say about it.
//
//===----------------------------------------------------------------------===//

#ifndef TEST_UNIT_SIMULATOR_CORRUPTIONS_H
#define TEST_UNIT_SIMULATOR_CORRUPTIONS_H

#include "RandomTiles.h"

namespace colonnade::sim {

struct Corruption {
  const char *name;
  /// Corrupts the program; false where there is nothing of the kind to corrupt.
  bool (*apply)(Program &program, Random &random);
  /// Part of one of the messages.
  const char *message;
  /// Whether an instruction, and so a layer, is to blame.
  bool namesLayer = true;
};

/// Those of weights and tiles; of addresses, copies and tokens; and of windows,
/// bodies and nests.
llvm::ArrayRef<Corruption> getWeightCorruptions();
llvm::ArrayRef<Corruption> getAccessCorruptions();
llvm::ArrayRef<Corruption> getPassCorruptions();
/// All of them.
std::vector<Corruption> getCorruptions();

/// A random instruction with a payload of the given kind, and the payload; null
/// where there is none.
template <typename Kind> Kind *pick(Program &program, Random &random) {
  std::vector<Kind *> found;
  for (Instruction &instruction : program.instructions)
    if (auto *payload = std::get_if<Kind>(&instruction.payload))
      found.push_back(payload);
  return found.empty() ? nullptr : found[random.between(0, found.size() - 1)];
}

/// The copy's longest dimension, runs included.
int64_t &getLargestCount(DmaCopy &copy);

} // namespace colonnade::sim

#endif // TEST_UNIT_SIMULATOR_CORRUPTIONS_H
