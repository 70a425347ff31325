//===- ScheduleCorruptions.h - Ways to break a schedule ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Mistakes that a scheduler could make, each of them made in a schedule that is
// right. Every whole network offers a place for every one of them, and the
// verifier has to notice them all.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_INTEGRATION_SCHEDULECORRUPTIONS_H
#define COLONNADE_TEST_INTEGRATION_SCHEDULECORRUPTIONS_H

#include "colonnade/Simulator/Program.h"

namespace colonnade::test {

struct ScheduleCorruption {
  const char *name;
  /// Makes the mistake; false if the program has no place for it.
  bool (*apply)(sim::Program &program);
  /// Part of one of the verifier's messages.
  const char *message;
};

llvm::ArrayRef<ScheduleCorruption> getScheduleCorruptions();

/// The same for programs that multiply blocks. Not every program has a place
/// for each of them.
llvm::ArrayRef<ScheduleCorruption> getBlockCorruptions();

} // namespace colonnade::test

#endif // COLONNADE_TEST_INTEGRATION_SCHEDULECORRUPTIONS_H
