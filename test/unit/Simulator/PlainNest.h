//===- PlainNest.h - Loop nests, one element at a time ----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The definition of a nest, written for clarity: it visits every index in
// order, evaluates the body on one element and counts cycles by walking groups
// of lanes and stages. It shares no code with the vector unit.
//
//===----------------------------------------------------------------------===//

#ifndef TEST_UNIT_SIMULATOR_PLAINNEST_H
#define TEST_UNIT_SIMULATOR_PLAINNEST_H

#include "MachineState.h"
#include "RandomTiles.h"
#include "colonnade/Numerics/TermSelection.h"

namespace colonnade::sim {

enum class PlainOutcome {
  Done,
  Trapped,
  /// The result depends on the payload of a NaN, which nothing specifies.
  Unspecified
};

/// Runs a nest whose body has only this many, valid operations.
PlainOutcome runPlainNest(MachineState &state, const NestPass &nest,
                          llvm::ArrayRef<TermLookupTable> tables);

/// Cycles of the nest, group by group and stage by stage.
int64_t countPlainCycles(const MachineDescription &machine,
                         const NestPass &nest);

/// A valid nest over memories that are filled with random elements; fewer
/// special values and more small loops than there are in the wild.
NestPass makeNest(Random &random, MachineState &state);

} // namespace colonnade::sim

#endif // TEST_UNIT_SIMULATOR_PLAINNEST_H
