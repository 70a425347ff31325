//===- Schedule.cpp - Scheduling pass -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans, builds and checks: check() before, verify() after.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Systolic/Transforms/Schedule.h"
#include "ScheduleBuilder.h"
#include "colonnade/Dialect/Systolic/Transforms/Passes.h"
#include "colonnade/Target/ProgramExport.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

namespace colonnade::systolic {
#define GEN_PASS_DEF_SCHEDULE
#include "colonnade/Dialect/Systolic/Transforms/Passes.h.inc"
} // namespace colonnade::systolic

FailureOr<ProgramOp> systolic::scheduleFunction(func::FuncOp function,
                                                TargetAttr target) {
  FailureOr<NetworkPlan> plan = planNetwork(function, target);
  if (failed(plan))
    return failure();
  OpBuilder builder(function);
  return ScheduleBuilder(*plan, builder).build();
}

namespace {
struct Schedule : colonnade::systolic::impl::ScheduleBase<Schedule> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    auto target =
        module->getAttrOfType<TargetAttr>(SystolicDialect::getTargetAttrName());
    if (!target) {
      emitError(module.getLoc())
          << "no '" << SystolicDialect::getTargetAttrName()
          << "': run convert-linalg-to-systolic first";
      return signalPassFailure();
    }
    for (auto function :
         llvm::make_early_inc_range(module.getOps<func::FuncOp>()))
      if (failed(schedule(function, target)))
        return signalPassFailure();
  }

  LogicalResult schedule(func::FuncOp function, TargetAttr target) {
    FailureOr<ProgramOp> program = scheduleFunction(function, target);
    if (failed(program) || failed(verifySchedule(*program)))
      return failure();
    function.erase();
    return success();
  }
};
} // namespace
