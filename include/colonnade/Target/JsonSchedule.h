//===- JsonSchedule.h - Schedules as JSON -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Emits the flat form of a schedule for tools that do not read MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TARGET_JSONSCHEDULE_H
#define COLONNADE_TARGET_JSONSCHEDULE_H

#include "colonnade/Simulator/Program.h"

namespace llvm {
class raw_ostream;
} // namespace llvm

namespace colonnade {

/// Writes `program` as one JSON object: target name and hash, host tensors,
/// packed weights, constants, layers and instructions in program order. Each
/// instruction has its queue, its layer, and the instructions it waits for.
void writeJsonSchedule(llvm::raw_ostream &os, const sim::Program &program);

/// --systolic-to-json: every systolic.program of a module, verified first.
void registerJsonScheduleTranslation();

} // namespace colonnade

#endif // COLONNADE_TARGET_JSONSCHEDULE_H
