//===- Calibration.cpp - Measuring the ranges of activations -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A copy of the function returns every activation instead of its results; the
// JIT runs it image by image. Every thread of the context records a share of
// the images; largest magnitudes and counts add up to the same in any order, so
// the ranges do not depend on the number of threads.
//
//===----------------------------------------------------------------------===//

#include "Calibration.h"
#include "RangesFile.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/ExecutionEngine/JitFunction.h"
#include "colonnade/Support/ProgressBar.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Threading.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"
#include <algorithm>
#include <cmath>
#include <mutex>
#include <optional>

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

/// An image and the activation that it makes infinite or NaN.
struct NonFiniteValue {
  int64_t image;
  Value value;
};

/// What one thread sees of the activations.
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

  /// Fails, and remembers the value at fault, when one is not finite.
  LogicalResult record(int64_t image) {
    for (auto [value, buffer, range] :
         llvm::zip_equal(values, buffers, largest)) {
      range = std::max(range, getLargestMagnitude(buffer));
      if (range >= kInfinityBits) {
        failure = {image, value};
        return mlir::failure();
      }
    }
    for (auto [histogram, buffer] : llvm::zip(histograms, buffers))
      histogram.add(buffer);
    return success();
  }

  /// The first of this recorder's images with a value that is not finite.
  const std::optional<NonFiniteValue> &getFailure() const { return failure; }

  /// Adds what `other`, of the same function, has recorded.
  void merge(const RangeRecorder &other) {
    for (auto [range, otherRange] : llvm::zip_equal(largest, other.largest))
      range = std::max(range, otherRange);
    for (auto [histogram, otherHistogram] :
         llvm::zip_equal(histograms, other.histograms))
      histogram.merge(otherHistogram);
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
  std::optional<NonFiniteValue> failure;
};

/// The images that all threads share, and how many of them are done.
class CalibrationRun {
public:
  CalibrationRun(const JitFunction &jit, const ImageSet &images,
                 const CalibrationOptions &options)
      : jit(jit), images(images), normalization(options.normalization),
        count(options.limit > 0 ? std::min(images.getCount(), options.limit)
                                : images.getCount()),
        progress(llvm::errs(), "calibrating", count, options.progress) {}

  int64_t getCount() const { return count; }

  /// Records every `stride`-th image from `first` on, up to one that makes a
  /// value that is not finite.
  llvm::Error record(RangeRecorder &recorder, int64_t first, int64_t stride) {
    SmallVector<void *> outputs = recorder.getOutputBuffers();
    for (int64_t image = first; image < count; image += stride) {
      images.getInput(image, normalization, recorder.getInputBuffer());
      const void *input = recorder.getInputBuffer().data();
      if (llvm::Error error = jit.run({input}, outputs))
        return error;
      if (failed(recorder.record(image)))
        break;
      std::lock_guard lock(progressMutex);
      progress.update(++done);
    }
    return llvm::Error::success();
  }

private:
  const JitFunction &jit;
  const ImageSet &images;
  const PixelNormalization &normalization;
  int64_t count;
  std::mutex progressMutex;
  int64_t done = 0;
  ProgressBar progress;
};

/// Emits an error for the first image that makes a value that is not finite:
/// recorders stop at theirs, so the first of all is the least of these.
LogicalResult checkFinite(ArrayRef<RangeRecorder> recorders) {
  std::optional<NonFiniteValue> first;
  for (const RangeRecorder &recorder : recorders)
    if (const auto &failure = recorder.getFailure();
        failure && (!first || failure->image < first->image))
      first = failure;
  if (!first)
    return success();
  return emitError(first->value.getLoc(), "cannot calibrate: this value is "
                                          "infinite or NaN for image ")
         << first->image;
}

/// Runs all images on the threads of `context`, a recorder each.
llvm::Error recordAll(CalibrationRun &run, MLIRContext *context,
                      MutableArrayRef<RangeRecorder> recorders) {
  std::vector<std::string> messages(recorders.size());
  parallelFor(context, 0, recorders.size(), [&](size_t index) {
    if (llvm::Error error =
            run.record(recorders[index], index, recorders.size()))
      messages[index] = llvm::toString(std::move(error));
  });
  for (StringRef message : messages)
    if (!message.empty())
      return llvm::createStringError(llvm::Twine(message));
  return llvm::Error::success();
}

} // namespace

FailureOr<ActivationRanges> measureRanges(func::FuncOp function,
                                          ArrayRef<Value> activations,
                                          const ImageSet &images,
                                          const CalibrationOptions &options) {
  OwningOpRef<ModuleOp> probe = makeProbe(function, activations);
  PassManager manager(function.getContext());
  manager.addPass(createStripEncodings());
  if (failed(manager.run(*probe)))
    return failure();
  auto jit = JitFunction::compile(*probe, function.getName());
  if (!jit) {
    // Already reported as a diagnostic.
    llvm::consumeError(jit.takeError());
    return failure();
  }
  MLIRContext *context = function.getContext();
  CalibrationRun run(**jit, images, options);
  int64_t threads =
      context->isMultithreadingEnabled()
          ? std::min<int64_t>(context->getNumThreads(), run.getCount())
          : 1;
  std::vector<RangeRecorder> recorders(
      threads, RangeRecorder(function, activations, options));
  if (llvm::Error error = recordAll(run, context, recorders))
    return emitError(function.getLoc(), llvm::toString(std::move(error)));
  if (failed(checkFinite(recorders)))
    return failure();
  for (const RangeRecorder &recorder : llvm::drop_begin(recorders))
    recorders.front().merge(recorder);
  return recorders.front().getRanges();
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
