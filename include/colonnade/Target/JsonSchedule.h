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

namespace colonnade {

/// --systolic-to-json: an array with one object for each systolic.program
/// directly in the module, verified first: target name and hash, host tensors,
/// packed weights, constants and instructions in program order. Each
/// instruction has its queue, its layer, and the instructions it waits for.
void registerJsonScheduleTranslation();

} // namespace colonnade

#endif // COLONNADE_TARGET_JSONSCHEDULE_H
