//===- ProgramExport.h - From IR to the simulator's program -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Flattens a `systolic.program`: loops run, addresses become numbers, tokens
// become instruction indices.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TARGET_PROGRAMEXPORT_H
#define COLONNADE_TARGET_PROGRAMEXPORT_H

#include "colonnade/Dialect/Systolic/IR/Systolic.h"

namespace colonnade {

struct ExportedProgram {
  sim::Program program;
  /// The op that each instruction came from.
  std::vector<mlir::Operation *> origins;
};

/// Flattens `op`, which has been verified. Emits an error and fails where an
/// index is not computable or the program is larger than 10^8 instructions.
mlir::FailureOr<ExportedProgram> exportProgram(systolic::ProgramOp op);

/// Runs the simulator's program checks on `op` and emits each violation at the
/// op it came from.
mlir::LogicalResult verifySchedule(systolic::ProgramOp op);

} // namespace colonnade

#endif // COLONNADE_TARGET_PROGRAMEXPORT_H
