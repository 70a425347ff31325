//===- TrainingReport.h - What a training run prints ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Lines for people, which tools/results reads too.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TOOLS_COLONNADE_TRAIN_TRAININGREPORT_H
#define COLONNADE_TOOLS_COLONNADE_TRAIN_TRAININGREPORT_H

#include "TrainingHooks.h"

namespace colonnade {

/// Of the epoch that has just ended.
void printEpoch(const Training &training);

/// Of the whole run: what the network is worth in other formats and resolutions
/// than the one it was tested in, what a step took, and what it costs on the
/// target. `test` may be null.
llvm::Error printRun(const Training &training, const Dataset *test);

} // namespace colonnade

#endif // COLONNADE_TOOLS_COLONNADE_TRAIN_TRAININGREPORT_H
