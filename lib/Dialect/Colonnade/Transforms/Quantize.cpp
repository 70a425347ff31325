//===- Quantize.cpp - Post-training quantization -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass: finds the function, works on a copy of it, and puts the integer
// function in its place only when everything succeeded.
//
//===----------------------------------------------------------------------===//

#include "Calibration.h"
#include "LayerPolicy.h"
#include "QuantizeBuilder.h"
#include "QuantizeIslands.h"
#include "QuantizePlan.h"
#include "QuantizedTypes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

namespace colonnade {

#define GEN_PASS_DEF_QUANTIZE
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"

namespace {

using namespace mlir;

constexpr int64_t kFewestOutputBits = 8, kMostOutputBits = 32;

class Quantize : public impl::QuantizeBase<Quantize> {
public:
  using QuantizeBase::QuantizeBase;
  void runOnOperation() override;

private:
  RangeSource getRangeSource() const;
  LogicalResult checkOptions();
  FailureOr<func::FuncOp> findFunction();
  FailureOr<func::FuncOp> quantize(func::FuncOp function);
  FailureOr<ActivationRanges> calibrate(func::FuncOp function,
                                        ArrayRef<Value> activations);
  /// Takes the bits of weights from the policy.
  LogicalResult applyPolicy(func::FuncOp function,
                            MutableArrayRef<QuantizableLayer> layers);
};

LogicalResult Quantize::checkOptions() {
  ModuleOp module = getOperation();
  if (outputBits < kFewestOutputBits || outputBits > kMostOutputBits)
    return emitError(module.getLoc(), "expected output-bits between ")
           << kFewestOutputBits << " and " << kMostOutputBits << ", got "
           << outputBits.getValue();
  return getRangeSource().check(module.getLoc());
}

RangeSource Quantize::getRangeSource() const {
  CalibrationOptions options;
  options.normalization = {mean, std, patches};
  options.limit = calibrationLimit;
  options.method = calibrationMethod;
  options.percentile = percentile;
  options.progress = progress;
  return {calibration, options, ranges, defaultRange, saveRanges};
}

FailureOr<func::FuncOp> Quantize::findFunction() {
  ModuleOp module = getOperation();
  auto function = module.lookupSymbol<func::FuncOp>("main");
  if (!function) {
    SmallVector<func::FuncOp> candidates;
    for (auto candidate : module.getOps<func::FuncOp>())
      if (candidate.isPublic())
        candidates.push_back(candidate);
    if (candidates.size() != 1)
      return emitError(module.getLoc(),
                       "expected a function '@main' or exactly one "
                       "public function to quantize, got ")
             << candidates.size() << " public ones";
    function = candidates.front();
  }
  if (!SymbolTable::symbolKnownUseEmpty(function, module))
    return emitError(function.getLoc(), "cannot quantize '@")
           << function.getName()
           << "': it is used inside the module, and its type would change "
              "(--inline inlines calls)";
  return function;
}

FailureOr<ActivationRanges> Quantize::calibrate(func::FuncOp function,
                                                ArrayRef<Value> activations) {
  return findRanges(function, activations, getRangeSource());
}

LogicalResult Quantize::applyPolicy(func::FuncOp function,
                                    MutableArrayRef<QuantizableLayer> layers) {
  FailureOr<LayerPolicy> read = LayerPolicy::read(&getContext(), policy);
  if (failed(read))
    return failure();
  FailureOr<LayerSettingsMap> settings = read->resolve(function);
  if (failed(settings))
    return failure();
  for (QuantizableLayer &layer : layers)
    layer.bits = settings->lookup(layer.op).bits.value_or(layer.bits);
  return success();
}

/// Quantizes `function` into a new one behind it.
FailureOr<func::FuncOp> Quantize::quantize(func::FuncOp function) {
  if (failed(checkBodies(function)))
    return failure();
  // Layers are recognised one op at a time, and each needs a range.
  RewritePatternSet patterns(&getContext());
  linalg::populateDecomposeLinalgOpsPattern(patterns);
  if (failed(applyPatternsGreedily(function, std::move(patterns))))
    return emitError(function.getLoc(),
                     "cannot decompose the function's linalg ops");
  Int8FormMap given = readInt8Forms(function);
  FailureOr<QuantizationPlan> plan = planQuantization(function, floatAdditions);
  if (failed(plan) || failed(applyPolicy(function, plan->layers)))
    return failure();
  llvm::erase_if(plan->measured,
                 [&](Value value) { return given.contains(value); });
  FailureOr<ActivationRanges> ranges = calibrate(function, plan->measured);
  if (failed(ranges))
    return failure();
  for (const auto &[value, integers] : given)
    (*ranges)[value] = integers.getRange();
  FailureOr<func::FuncOp> quantized = buildQuantizedFunction(
      function, plan->layers, *ranges, given, outputBits);
  if (failed(quantized) || failed(finishFloatOps(*quantized)))
    return failure();
  return quantized;
}

void Quantize::runOnOperation() {
  if (failed(checkOptions()))
    return signalPassFailure();
  FailureOr<func::FuncOp> function = findFunction();
  if (failed(function))
    return signalPassFailure();
  OwningOpRef<ModuleOp> scratch = ModuleOp::create(function->getLoc());
  auto copy = cast<func::FuncOp>((*function)->clone());
  scratch->push_back(copy);
  FailureOr<func::FuncOp> quantized = quantize(copy);
  if (failed(quantized))
    return signalPassFailure();
  (*quantized)->moveBefore(*function);
  function->erase();
}

} // namespace
} // namespace colonnade
