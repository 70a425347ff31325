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
#include "QuantizeBuilder.h"
#include "QuantizeLayers.h"
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
  LogicalResult checkOptions();
  FailureOr<func::FuncOp> findFunction();
  FailureOr<func::FuncOp> quantize(func::FuncOp function);
  FailureOr<ActivationRanges> calibrate(func::FuncOp function,
                                        ArrayRef<QuantizableLayer> layers);
};

LogicalResult Quantize::checkOptions() {
  ModuleOp module = getOperation();
  if (outputBits < kFewestOutputBits || outputBits > kMostOutputBits)
    return emitError(module.getLoc(), "expected output-bits between ")
           << kFewestOutputBits << " and " << kMostOutputBits << ", got "
           << outputBits.getValue();
  if (calibrationLimit < 0)
    return emitError(module.getLoc(),
                     "expected calibration-limit of at least 0 (0: all "
                     "images), got ")
           << calibrationLimit.getValue();
  if (llvm::Error error = PixelNormalization{mean, std}.check())
    return emitError(module.getLoc(), llvm::toString(std::move(error)));
  if (calibration.empty())
    return emitError(
        module.getLoc(),
        "quantization needs images to measure activations on: give "
        "calibration=<file.npy>, uint8 or float32 [count, ...]");
  return success();
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

FailureOr<ActivationRanges>
Quantize::calibrate(func::FuncOp function, ArrayRef<QuantizableLayer> layers) {
  llvm::Expected<ImageSet> images = ImageSet::read(calibration);
  if (!images)
    return emitError(function.getLoc(), "cannot calibrate: ")
           << llvm::toString(images.takeError());
  auto input = cast<ShapedType>(function.getArgument(0).getType());
  if (llvm::Error error = images->checkImageShape(input.getShape()))
    return emitError(function.getLoc(), "cannot calibrate: ")
           << llvm::toString(std::move(error));
  SmallVector<Value> activations;
  for (const QuantizableLayer &layer : layers)
    activations.push_back(layer.op->getResult(0));
  return measureRanges(function, activations, *images,
                       {{mean, std}, calibrationLimit});
}

/// Quantizes `function` into a new one behind it.
FailureOr<func::FuncOp> Quantize::quantize(func::FuncOp function) {
  // Layers are recognised one op at a time, and each needs a range.
  RewritePatternSet patterns(&getContext());
  linalg::populateDecomposeLinalgOpsPattern(patterns);
  if (failed(applyPatternsGreedily(function, std::move(patterns))))
    return emitError(function.getLoc(),
                     "cannot decompose the function's linalg ops");
  FailureOr<std::vector<QuantizableLayer>> layers =
      matchQuantizableFunction(function);
  if (failed(layers))
    return failure();
  FailureOr<ActivationRanges> ranges = calibrate(function, *layers);
  if (failed(ranges))
    return failure();
  return buildQuantizedFunction(function, *layers, *ranges, outputBits);
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
