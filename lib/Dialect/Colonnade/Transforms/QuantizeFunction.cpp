//===- QuantizeFunction.cpp - Quantization of one function ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "QuantizeFunction.h"
#include "LayerPolicy.h"
#include "QuantizeBuilder.h"
#include "QuantizePlan.h"
#include "QuantizedTypes.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;

namespace colonnade {

FailureOr<func::FuncOp> findQuantizableFunction(ModuleOp module) {
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

/// Takes the bits of weights from the policy.
static LogicalResult applyPolicy(func::FuncOp function, StringRef policy,
                                 MutableArrayRef<QuantizableLayer> layers) {
  FailureOr<LayerSettingsMap> settings = readLayerSettings(function, policy);
  if (failed(settings))
    return failure();
  for (QuantizableLayer &layer : layers)
    layer.bits = settings->lookup(layer.op).bits.value_or(layer.bits);
  return success();
}

/// Layers are recognised one op at a time, and each needs a range.
static LogicalResult decomposeLayers(func::FuncOp function) {
  RewritePatternSet patterns(function.getContext());
  linalg::populateDecomposeLinalgOpsPattern(patterns);
  // Constants may be parameters, which are known by their order.
  auto config =
      GreedyRewriteConfig().enableConstantCSE(false).enableFolding(false);
  if (succeeded(applyPatternsGreedily(function, std::move(patterns), config)))
    return success();
  return emitError(function.getLoc(),
                   "cannot decompose the function's linalg ops");
}

FailureOr<func::FuncOp> quantizeFunction(func::FuncOp function,
                                         const QuantizationSettings &settings,
                                         std::vector<Int8Read> *reads) {
  if (failed(checkBodies(function)) || failed(decomposeLayers(function)))
    return failure();
  Int8FormMap given = readInt8Forms(function);
  FailureOr<QuantizationPlan> plan =
      planQuantization(function, settings.floatAdditions);
  if (failed(plan) ||
      failed(applyPolicy(function, settings.policy, plan->layers)))
    return failure();
  llvm::erase_if(plan->measured,
                 [&](Value value) { return given.contains(value); });
  FailureOr<ActivationRanges> ranges =
      findRanges(function, plan->measured, settings.ranges);
  if (failed(ranges))
    return failure();
  for (const auto &[value, integers] : given)
    (*ranges)[value] = integers.getRange();
  return buildQuantizedFunction(function, plan->layers, *ranges, given,
                                settings.outputBits, reads);
}

} // namespace colonnade
