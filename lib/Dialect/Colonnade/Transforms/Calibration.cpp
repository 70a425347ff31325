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
#include "RangesFile.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Support/ProgressBar.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cmath>

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
  RangeRecorder(func::FuncOp function, ArrayRef<Value> activations,
                const CalibrationOptions &options)
      : options(options), values(activations) {
    values.push_back(function.getArgument(0));
    for (Value value : values)
      buffers.emplace_back(cast<ShapedType>(value.getType()).getNumElements());
    largest.assign(values.size(), 0);
    if (options.method != RangeMethod::MinMax)
      histograms.resize(values.size());
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
    for (auto [histogram, buffer] : llvm::zip(histograms, buffers))
      histogram.add(buffer);
    return success();
  }

  ActivationRanges getRanges() const {
    ActivationRanges ranges;
    for (auto [index, value] : llvm::enumerate(values))
      ranges[value] = getRange(index);
    return ranges;
  }

private:
  double getRange(size_t index) const {
    // Network results have bits enough to keep their largest values.
    bool isResult =
        llvm::all_of(values[index].getUsers(), llvm::IsaPred<func::ReturnOp>);
    switch (isResult ? RangeMethod::MinMax : options.method) {
    case RangeMethod::MinMax:
      return llvm::bit_cast<float>(largest[index]);
    case RangeMethod::Percentile:
      return histograms[index].getPercentile(options.percentile);
    case RangeMethod::MeanSquaredError:
      return histograms[index].getLeastErrorRange();
    }
    llvm_unreachable("unknown method");
  }

  const CalibrationOptions &options;
  /// The activations, then the input.
  SmallVector<Value> values;
  std::vector<std::vector<float>> buffers;
  std::vector<uint32_t> largest;
  /// Empty if the largest magnitudes suffice.
  std::vector<MagnitudeHistogram> histograms;
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
  RangeRecorder recorder(function, activations, options);
  SmallVector<void *> outputs = recorder.getOutputBuffers();
  ProgressBar progress(llvm::errs(), "calibrating", count, options.progress);
  for (int64_t image = 0; image < count; ++image) {
    images.getInput(image, options.normalization, recorder.getInputBuffer());
    const void *input = recorder.getInputBuffer().data();
    if (llvm::Error error = (*jit)->run({input}, outputs))
      return emitError(function.getLoc(), llvm::toString(std::move(error)));
    if (failed(recorder.record(image)))
      return failure();
    progress.update(image + 1);
  }
  return recorder.getRanges();
}

LogicalResult RangeSource::check(Location location) const {
  if (calibration.limit < 0)
    return emitError(location, "expected calibration-limit of at least 0 (0: "
                               "all images), got ")
           << calibration.limit;
  if (!(calibration.percentile > 0 && calibration.percentile <= 100))
    return emitError(location, "expected percentile above 0 and up to 100, "
                               "got ")
           << llvm::formatv("{0}", calibration.percentile).str();
  if (!std::isfinite(defaultRange) || defaultRange < 0)
    return emitError(location, "expected a finite default-range of at least 0 "
                               "(0: none), got ")
           << llvm::formatv("{0}", defaultRange).str();
  if (llvm::Error error = calibration.normalization.check())
    return emitError(location, llvm::toString(std::move(error)));
  if (!images.empty() && (!ranges.empty() || defaultRange != 0))
    return emitError(location, "calibration= measures all ranges: ranges= and "
                               "default-range= cannot be given with it");
  if (images.empty() && ranges.empty() && defaultRange == 0)
    return emitError(
        location, "quantization needs images to measure activations on: give "
                  "calibration=<file.npy>, uint8 or float32 [count, ...], or "
                  "ranges=<file.json> of an earlier run");
  return success();
}

static FailureOr<ActivationRanges> measureFile(func::FuncOp function,
                                               ArrayRef<Value> activations,
                                               const RangeSource &source) {
  llvm::Expected<ImageSet> images = ImageSet::read(source.images);
  if (!images)
    return emitError(function.getLoc(), "cannot calibrate: ")
           << llvm::toString(images.takeError());
  auto input = cast<ShapedType>(function.getArgument(0).getType());
  if (llvm::Error error = images->checkImageShape(
          input.getShape(), source.calibration.normalization))
    return emitError(function.getLoc(), "cannot calibrate: ")
           << llvm::toString(std::move(error));
  return measureRanges(function, activations, *images, source.calibration);
}

FailureOr<ActivationRanges> findRanges(func::FuncOp function,
                                       ArrayRef<Value> activations,
                                       const RangeSource &source) {
  // In the order of the network.
  SmallVector<Value> values = {function.getArgument(0)};
  llvm::append_range(values, activations);
  FailureOr<ActivationRanges> ranges;
  if (!source.images.empty()) {
    ranges = measureFile(function, activations, source);
  } else if (!source.ranges.empty()) {
    ranges = loadRanges(function.getContext(), source.ranges, values,
                        source.defaultRange);
  } else {
    ranges = ActivationRanges();
    for (Value value : values)
      (*ranges)[value] = source.defaultRange;
  }
  if (failed(ranges))
    return failure();
  if (!source.saveRanges.empty() &&
      failed(saveRanges(function.getLoc(), source.saveRanges, values, *ranges)))
    return failure();
  return ranges;
}

} // namespace colonnade
