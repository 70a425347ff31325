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
#include "colonnade/Simulator/Timing.h"
#include "colonnade/Target/ProgramExport.h"
#include "mlir/IR/Remarks.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

namespace colonnade::systolic {
#define GEN_PASS_DEF_SCHEDULE
#include "colonnade/Dialect/Systolic/Transforms/Passes.h.inc"
} // namespace colonnade::systolic

/// When the layers of a plan end in its program.
static FailureOr<SmallVector<int64_t>> getLayerEnds(const NetworkPlan &plan,
                                                    ProgramOp op) {
  FailureOr<ExportedProgram> exported = exportProgram(op);
  if (failed(exported))
    return failure();
  llvm::Expected<sim::ProgramTiming> timing =
      sim::computeTiming(exported->program);
  if (!timing)
    return op.emitError() << "schedule: " << llvm::toString(timing.takeError());
  llvm::StringMap<int64_t> ends;
  for (auto [layer, times] :
       llvm::zip_equal(exported->program.layers, timing->layers))
    ends[layer.name] = times.end;
  SmallVector<int64_t> result;
  int64_t latest = 0;
  for (const LayerPlan &layer : plan.layers) {
    latest = std::max(latest, ends.lookup(layer.name));
    result.push_back(latest);
  }
  return result;
}

/// A remark for each tensor that is not in the data memory as long as it is
/// needed; an input that only comes late is.
static void reportStays(const NetworkPlan &plan) {
  int64_t layers = plan.layers.size();
  for (const auto &[root, tensor] : plan.tensors) {
    SmallVector<int64_t> users(tensor.makers);
    llvm::append_range(users, tensor.readers);
    llvm::erase_if(users, [&](int64_t l) { return l < 0 || l == layers; });
    int64_t inDram = llvm::count_if(users, [&, &tensor = tensor](int64_t l) {
      return !tensor.findStay(l);
    });
    if (tensor.constant || users.empty() ||
        (inDram == 0 && tensor.stays.size() <= 1))
      continue;
    const LayerPlan &first = plan.layers[*llvm::min_element(users)];
    remark::missed(first.op->getLoc(),
                   remark::RemarkOpts::name("spilled").category("systolic"))
        << remark::add("{0} of layer {1} leaves the data memory",
                       llvm::formatv("{0}", root.getType()).str(), first.name)
        << remark::metric("bytes", tensor.bytes)
        << remark::metric("stays", static_cast<int64_t>(tensor.stays.size()))
        << remark::metric("uses in DRAM", inDram);
  }
}

FailureOr<ProgramOp> systolic::scheduleFunction(func::FuncOp function,
                                                TargetAttr target) {
  OpBuilder builder(function);
  SmallVector<int64_t> layerEnds;
  while (true) {
    FailureOr<NetworkPlan> plan = planNetwork(function, target, layerEnds);
    if (failed(plan))
      return failure();
    FailureOr<ProgramOp> program = ScheduleBuilder(*plan, builder).build();
    bool isLast = !target.getDataEdram() || !layerEnds.empty();
    if (failed(program) || isLast) {
      reportStays(*plan);
      return program;
    }
    // What refreshes cost is known only once there is a schedule.
    FailureOr<SmallVector<int64_t>> ends = getLayerEnds(*plan, *program);
    program->erase();
    if (failed(ends))
      return failure();
    layerEnds = *ends;
  }
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
