//===- VerifySchedule.cpp - Schedule checking pass -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs the program checks on schedules that may have been edited by hand.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Systolic/Transforms/Passes.h"
#include "colonnade/Target/ProgramExport.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

namespace colonnade::systolic {
#define GEN_PASS_DEF_VERIFYSCHEDULE
#include "colonnade/Dialect/Systolic/Transforms/Passes.h.inc"
} // namespace colonnade::systolic

namespace {
struct VerifySchedule
    : colonnade::systolic::impl::VerifyScheduleBase<VerifySchedule> {
  void runOnOperation() override {
    WalkResult result = getOperation().walk([](ProgramOp program) {
      return failed(colonnade::verifySchedule(program))
                 ? WalkResult::interrupt()
                 : WalkResult::skip();
    });
    if (result.wasInterrupted())
      return signalPassFailure();
    markAllAnalysesPreserved();
  }
};
} // namespace
