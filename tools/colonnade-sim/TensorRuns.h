//===- TensorRuns.h - Runs on named tensors ---------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A training step takes and makes many tensors, some of them state. The host's
// loop over steps is here: what a run returns under the name of an input is
// that input in the next run.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TOOLS_COLONNADESIM_TENSORRUNS_H
#define COLONNADE_TOOLS_COLONNADESIM_TENSORRUNS_H

#include "colonnade/Simulator/Simulator.h"
#include "colonnade/Support/SafetensorsFile.h"

namespace colonnade {

/// Runs the program `runs` times on `inputs`, arrays by name, and returns what
/// the last run made. A host tensor without a name is called "input<i>" or
/// "output<i>", by its position. Fails, naming the tensor, when one is missing,
/// unknown, or of another type or shape, and on what Simulator::run fails on.
llvm::Expected<NamedArrays> runTensors(sim::Simulator &simulator,
                                       const NamedArrays &inputs, int64_t runs);

} // namespace colonnade

#endif // COLONNADE_TOOLS_COLONNADESIM_TENSORRUNS_H
