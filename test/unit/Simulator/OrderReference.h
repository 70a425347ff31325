//===- OrderReference.h - Order of accesses by plain search -----*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The happens-before check of the verifier once more, as plainly as possible: a
// graph of events, reachability by search, and every element's bytes.
//
//===----------------------------------------------------------------------===//

#ifndef TEST_UNIT_SIMULATOR_ORDERREFERENCE_H
#define TEST_UNIT_SIMULATOR_ORDERREFERENCE_H

#include "colonnade/Simulator/Program.h"

namespace colonnade::sim {

/// Whether two accesses of a valid program to the same byte or to the shadow
/// registers, one of them a write, may run in either order or at once.
bool hasUnorderedAccesses(const Program &program);

} // namespace colonnade::sim

#endif // TEST_UNIT_SIMULATOR_ORDERREFERENCE_H
