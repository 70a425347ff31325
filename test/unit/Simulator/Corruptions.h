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

llvm::ArrayRef<Corruption> getCorruptions();

/// The copy's longest dimension, runs included.
int64_t &getLargestCount(DmaCopy &copy);

} // namespace colonnade::sim

#endif // TEST_UNIT_SIMULATOR_CORRUPTIONS_H
