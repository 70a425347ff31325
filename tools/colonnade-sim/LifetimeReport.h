//===- LifetimeReport.h - How long tensors are needed -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What `--lifetimes` writes and prints: every tensor of a simulated program as
// a line of CSV, and how long they live, what the traffic to DRAM is and where
// the energy goes.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TOOLS_COLONNADESIM_LIFETIMEREPORT_H
#define COLONNADE_TOOLS_COLONNADESIM_LIFETIMEREPORT_H

#include "colonnade/Simulator/Lifetimes.h"
#include "colonnade/Simulator/Simulator.h"
#include "llvm/Support/JSON.h"

namespace colonnade {

/// A line per tensor, in the order of first writes: memory (`data` or
/// `dram`), address and bytes of its buffer, first write and last use in
/// cycles, lifetime in cycles and microseconds, refreshed rows, and name, role
/// and location of the layers that write it first and use it last. Fails if the
/// file cannot be written.
llvm::Error writeLifetimes(llvm::StringRef path,
                           const sim::Simulator &simulator,
                           const sim::Lifetimes &lifetimes);

void printLifetimes(llvm::raw_ostream &os, const sim::Simulator &simulator,
                    const sim::Lifetimes &lifetimes);

/// The same figures, energies in picojoules.
llvm::json::Object getLifetimesJson(const sim::Simulator &simulator,
                                    const sim::Lifetimes &lifetimes);

} // namespace colonnade

#endif // COLONNADE_TOOLS_COLONNADESIM_LIFETIMEREPORT_H
