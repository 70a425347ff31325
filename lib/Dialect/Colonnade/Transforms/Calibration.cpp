//===- Calibration.cpp - Measuring the ranges of activations -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A copy of the function returns every activation instead of its results; the
// JIT runs it image by image.
//
//===----------------------------------------------------------------------===//

#include "Calibration.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include <algorithm>

using namespace mlir;

namespace colonnade {
namespace {

constexpr uint32_t kMagnitudeMask = 0x7fffffff;
constexpr uint32_t kInfinityBits = 0x7f800000;

/// Bits of the largest magnitude: IEEE magnitudes order like their bits, and
/// infinities and NaNs come out on top.
uint32_t getLargestMagnitude(ArrayRef<float> values) {
  uint32_t largest = 0;
  for (float value : values)
    largest =
        std::max(largest, llvm::bit_cast<uint32_t>(value) & kMagnitudeMask);
  return largest;
}

/// A module with a copy of `function` that returns `activations`.
OwningOpRef<ModuleOp> makeProbe(func::FuncOp function,
                                ArrayRef<Value> activations) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(function.getLoc());
  IRMapping mapping;
  auto probe = cast<func::FuncOp>(function->clone(mapping));
  module->push_back(probe);
  SmallVector<Value> results;
  SmallVector<Type> types;
  for (Value activation : activations) {
    results.push_back(mapping.lookup(activation));
    types.push_back(activation.getType());
  }
  probe.getBody().front().getTerminator()->setOperands(results);
  probe.removeResAttrsAttr();
  probe.setFunctionType(FunctionType::get(function.getContext(),
                                          function.getArgumentTypes(), types));
  return module;
}

class RangeRecorder {
public:
  RangeRecorder(func::FuncOp function, ArrayRef<Value> activations)
      : input(function.getArgument(0)), values(activations) {
    values.push_back(input);
    for (Value value : values)
      buffers.emplace_back(cast<ShapedType>(value.getType()).getNumElements());
    largest.assign(values.size(), 0);
  }

  MutableArrayRef<float> getInputBuffer() { return buffers.back(); }

  SmallVector<void *> getOutputBuffers() {
    SmallVector<void *> pointers;
    for (std::vector<float> &buffer : llvm::drop_end(buffers))
      pointers.push_back(buffer.data());
    return pointers;
  }

  LogicalResult record(int64_t image) {
    for (auto [value, buffer, range] :
         llvm::zip_equal(values, buffers, largest)) {
      range = std::max(range, getLargestMagnitude(buffer));
      if (range >= kInfinityBits)
        return emitError(value.getLoc(), "cannot calibrate: this value is "
                                         "infinite or NaN for image ")
               << image;
    }
    return success();
  }

  ActivationRanges getRanges() const {
    ActivationRanges ranges;
    for (auto [value, range] : llvm::zip_equal(values, largest))
      ranges[value] = llvm::bit_cast<float>(range);
    return ranges;
  }

private:
  Value input;
  /// The activations, then the input.
  SmallVector<Value> values;
  std::vector<std::vector<float>> buffers;
  std::vector<uint32_t> largest;
};

} // namespace

FailureOr<ActivationRanges> measureRanges(func::FuncOp function,
                                          ArrayRef<Value> activations,
                                          const ImageSet &images,
                                          const CalibrationOptions &options) {
  OwningOpRef<ModuleOp> probe = makeProbe(function, activations);
  auto jit = JitFunction::compile(*probe, function.getName());
  if (!jit) {
    // Already reported as a diagnostic.
    llvm::consumeError(jit.takeError());
    return failure();
  }
  int64_t count = images.getCount();
  if (options.limit > 0)
    count = std::min(count, options.limit);
  RangeRecorder recorder(function, activations);
  SmallVector<void *> outputs = recorder.getOutputBuffers();
  for (int64_t image = 0; image < count; ++image) {
    images.getInput(image, options.normalization, recorder.getInputBuffer());
    const void *input = recorder.getInputBuffer().data();
    if (llvm::Error error = (*jit)->run({input}, outputs))
      return emitError(function.getLoc(), llvm::toString(std::move(error)));
    if (failed(recorder.record(image)))
      return failure();
  }
  return recorder.getRanges();
}

} // namespace colonnade
