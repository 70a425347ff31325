//===- Quantize.cpp - Post-training quantization -------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The pass: works on a copy of the function, and puts the integer function in
// its place only when everything succeeded.
//
//===----------------------------------------------------------------------===//

#include "QuantizeFunction.h"
#include "QuantizeIslands.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"

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
  QuantizationSettings getSettings() const;
};

QuantizationSettings Quantize::getSettings() const {
  CalibrationOptions options{{mean, std, patches},
                             calibrationLimit,
                             calibrationMethod,
                             percentile,
                             progress};
  return {{calibration, options, ranges, defaultRange, saveRanges},
          policy,
          floatAdditions,
          outputBits};
}

void Quantize::runOnOperation() {
  ModuleOp module = getOperation();
  QuantizationSettings settings = getSettings();
  if (outputBits < kFewestOutputBits || outputBits > kMostOutputBits) {
    emitError(module.getLoc(), "expected output-bits between ")
        << kFewestOutputBits << " and " << kMostOutputBits << ", got "
        << outputBits.getValue();
    return signalPassFailure();
  }
  if (failed(settings.ranges.check(module.getLoc())))
    return signalPassFailure();
  FailureOr<func::FuncOp> function = findQuantizableFunction(module);
  if (failed(function))
    return signalPassFailure();
  OwningOpRef<ModuleOp> scratch = ModuleOp::create(function->getLoc());
  auto copy = cast<func::FuncOp>((*function)->clone());
  scratch->push_back(copy);
  FailureOr<func::FuncOp> quantized = quantizeFunction(copy, settings);
  if (failed(quantized) || failed(finishFloatOps(*quantized)))
    return signalPassFailure();
  (*quantized)->moveBefore(*function);
  function->erase();
}

} // namespace
} // namespace colonnade
