//===- Hazards.h - Order, contents and bounds of accesses -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The half of program verification that depends on program order.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_SIMULATOR_HAZARDS_H
#define COLONNADE_LIB_SIMULATOR_HAZARDS_H

#include "colonnade/Simulator/ProgramVerifier.h"

namespace colonnade::sim {

/// Violations of a program whose parts are sound.
std::vector<Violation> findHazards(const Program &program);

} // namespace colonnade::sim

#endif // COLONNADE_LIB_SIMULATOR_HAZARDS_H
