//===- PlanActivations.cpp - What training keeps in memory ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Chooses for each coupling of a network between storing activations, inverting
// and checkpoints. What these cost is in ActivationCosts.h, how the choice is
// made in ActivationPlanning.h; here it becomes attributes, remarks and a
// picture, and the program that it makes is held against the limit.
//
//===----------------------------------------------------------------------===//

#include "ActivationCosts.h"
#include "ActivationProbes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "colonnade/Differentiation/DifferentiableOpInterface.h"
#include "colonnade/Support/FileOutput.h"
#include "colonnade/Support/LinePlot.h"
#include "colonnade/Training/Passes.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

namespace colonnade {
#define GEN_PASS_DEF_PLANACTIVATIONS
#include "colonnade/Training/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr llvm::StringLiteral kRule("plan-activations");

/// Says what each coupling keeps and computes again, and what all of them do
/// beside the plans that know one answer only.
static void remarkPlan(func::FuncOp function, const ActivationChain &chain,
                       const ActivationSchedule &schedule, int64_t limit) {
  size_t previous = 0;
  for (size_t i = 0; i < chain.blocks.size(); ++i) {
    const size_t *place = llvm::find(chain.places, i);
    size_t option = schedule.options[i];
    const PlanStep &step = chain.blocks[i].getStep(previous, option);
    previous = option;
    if (place == chain.places.end())
      continue;
    ReversibleOp op = chain.couplings[place - chain.places.begin()];
    remark::passed(op.getLoc(), getRemarkOpts(kRule, op))
        << remark::metric("Activations",
                          stringifyActivationPlan(kActivationPlans[option]))
        << remark::metric("KeptBytes", step.kept)
        << remark::metric("PeakBytes", step.peak)
        << remark::metric("Time", step.time);
  }
  auto store =
      evaluateOptions(chain.blocks, chain.getUniform(ActivationPlan::Store));
  auto invert =
      evaluateOptions(chain.blocks, chain.getUniform(ActivationPlan::Invert));
  remark::passed(function.getLoc(), getRemarkOpts(kRule, function))
      << remark::metric("Limit", limit)
      << remark::metric("PeakBytes", schedule.peak)
      << remark::metric("Time", schedule.time)
      << remark::metric("StoreAllPeakBytes", store.peak)
      << remark::metric("StoreAllTime", store.time)
      << remark::metric("InvertAllPeakBytes", invert.peak)
      << remark::metric("InvertAllTime", invert.time);
}

/// Bytes in use while each block runs, and all that is computed again by then.
static std::pair<PlotSeries, PlotSeries>
getSeries(const std::string &name, const ActivationChain &chain,
          const std::vector<size_t> &options) {
  std::pair<PlotSeries, PlotSeries> series{{name, {}}, {name, {}}};
  int64_t kept = 0, time = 0;
  size_t previous = 0;
  for (size_t i = 0; i < chain.blocks.size(); ++i) {
    const PlanStep &step = chain.blocks[i].getStep(previous, options[i]);
    previous = options[i];
    time += step.time;
    double block = static_cast<double>(i);
    series.first.points.push_back(
        {block, static_cast<double>(kept + step.peak) / (1 << 20)});
    series.second.points.push_back({block, static_cast<double>(time) / 1e9});
    kept += step.kept;
  }
  return series;
}

static llvm::Error writePlot(StringRef path, const ActivationChain &chain,
                             const ActivationSchedule &schedule) {
  std::vector<LinePlot> plots(2);
  plots[0] = {"Memory while a block runs", "block", "MiB", {}};
  plots[1] = {"Computed again", "block", "10^9 operations", {}};
  for (const auto &[name, options] :
       {std::pair<std::string, std::vector<size_t>>("plan", schedule.options),
        {"store all", chain.getUniform(ActivationPlan::Store)},
        {"invert all", chain.getUniform(ActivationPlan::Invert)}}) {
    auto [bytes, time] = getSeries(name, chain, options);
    plots[0].series.push_back(bytes);
    plots[1].series.push_back(time);
  }
  return writeFile(path,
                   [&](llvm::raw_ostream &stream) { printSvg(stream, plots); });
}

static InFlightDiagnostic rejectLimit(func::FuncOp function, int64_t limit,
                                      int64_t least) {
  return function.emitError("cannot be trained within ")
         << limit << " bytes of buffers: the least of all plans is " << least
         << "; raise memory-limit or make the batch smaller";
}

/// Sets the fastest plan that fits, and returns it with the peak of the program
/// that it makes. Parts may take some percent less or more than they do
/// together; where the program exceeds the limit, the plan for a lower one is
/// taken.
static FailureOr<ActivationSchedule>
setPlan(func::FuncOp function, const ActivationChain &chain, int64_t limit) {
  int64_t allowed = limit;
  std::optional<int64_t> least;
  while (auto schedule = findFastestSchedule(chain.blocks, allowed)) {
    for (auto [coupling, place] :
         llvm::zip_equal(chain.couplings, chain.places)) {
      ReversibleOp op = coupling;
      op.setActivations(kActivationPlans[schedule->options[place]]);
    }
    FailureOr<int64_t> peak = measureWhole(function);
    if (failed(peak))
      return failure();
    least = std::min(least.value_or(*peak), *peak);
    // Each turn rules out the plan that it has tried.
    allowed = schedule->peak - std::max<int64_t>(1, *peak - limit);
    schedule->peak = *peak;
    if (*peak <= limit)
      return *schedule;
  }
  return rejectLimit(function, limit,
                     least.value_or(findLeastPeak(chain.blocks)));
}

namespace {
struct PlanActivations : colonnade::impl::PlanActivationsBase<PlanActivations> {
  using PlanActivationsBase::PlanActivationsBase;

  void getDependentDialects(DialectRegistry &registry) const override {
    PlanActivationsBase::getDependentDialects(registry);
    registerGradients(registry);
  }

  LogicalResult plan(func::FuncOp target);

  void runOnOperation() override {
    auto target = getOperation().lookupSymbol<func::FuncOp>(function);
    if (!target || !target.getBody().hasOneBlock()) {
      getOperation().emitError("expected a function '@")
          << function << "' of one block";
      return signalPassFailure();
    }
    if (failed(plan(target)))
      signalPassFailure();
  }
};
} // namespace

LogicalResult PlanActivations::plan(func::FuncOp target) {
  if (memoryLimit < 1)
    return target.emitError("expected memory-limit of at least 1 byte, got ")
           << memoryLimit.getValue();
  FailureOr<ActivationChain> chain = buildActivationChain(target);
  if (failed(chain))
    return failure();
  if (chain->couplings.empty())
    return target.emitError("has no colonnade.reversible to plan: "
                            "--colonnade-make-reversible makes some");
  FailureOr<ActivationSchedule> schedule = setPlan(target, *chain, memoryLimit);
  if (failed(schedule))
    return failure();
  remarkPlan(target, *chain, *schedule, memoryLimit);
  if (plot.empty())
    return success();
  if (llvm::Error error = writePlot(plot, *chain, *schedule))
    return target.emitError("cannot write the plan: ")
           << llvm::toString(std::move(error));
  return success();
}
