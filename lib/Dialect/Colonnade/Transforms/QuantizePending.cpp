//===- QuantizePending.cpp - Integers with a meaning pending -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The affine function of the integers that is still to be applied, and the
// proof that applying it overflows nowhere.
//
//===----------------------------------------------------------------------===//

#include "QuantizePending.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/STLExtras.h"
#include <algorithm>
#include <cmath>
#include <limits>

using namespace mlir;

namespace colonnade {

using Kind = ElementwiseLayer::Kind;

static constexpr double kLargestInt32 = std::numeric_limits<int32_t>::max();
static constexpr double kLargestInt8 = 128;
static constexpr int32_t kLowestInt8 = std::numeric_limits<int8_t>::min();
static constexpr int32_t kHighestInt8 = std::numeric_limits<int8_t>::max();
/// Two tensors are added at a scale this many bits finer than the result's, or
/// fewer if the sum would not fit.
static constexpr int kSumFractionBits = 16;

//===----------------------------------------------------------------------===//
// The form
//===----------------------------------------------------------------------===//

/// Whether constants vary along channels only, or are the first to vary.
static bool fitChannels(const ChannelValues &values,
                        std::optional<ChannelRange> channels) {
  if (values.isUniform())
    return true;
  if (!channels)
    return values.getRange().has_value();
  return llvm::all_of(values.dims,
                      [&](unsigned dim) { return channels->contains(dim); });
}

bool PendingForm::accepts(const ElementwiseLayer &layer) const {
  if (layer.kind == Kind::AddTensors)
    return false;
  if (layer.kind == Kind::Maximum || layer.kind == Kind::Minimum)
    return layer.getBound() && !std::isnan(*layer.getBound());
  bool fits = !isSum && fitChannels(layer.values, channels);
  if (layer.kind == Kind::AddConstant)
    return fits && !isBounded &&
           llvm::all_of(layer.values.values,
                        [](double value) { return std::isfinite(value); });
  // A factor of 0 or below would lose the values, or the order of the bounds.
  return fits && llvm::all_of(layer.values.values, [](double value) {
           return value > 0 && std::isfinite(value);
         });
}

void PendingForm::apply(const ElementwiseLayer &layer) {
  if (layer.getBound())
    isBounded = true;
  else if (!channels)
    channels = layer.values.getRange();
}

std::optional<PendingForm> PendingForm::reshape(Operation *op) const {
  if (isSum)
    return std::nullopt;
  PendingForm reshaped = *this;
  if (channels)
    reshaped.channels = moveChannels(op, *channels);
  if (channels && !reshaped.channels)
    return std::nullopt;
  return reshaped;
}

//===----------------------------------------------------------------------===//
// The value
//===----------------------------------------------------------------------===//

static ArrayRef<int64_t> getShape(Value value) {
  return cast<RankedTensorType>(value.getType()).getShape();
}

static bool isInt8(Value value) {
  return cast<RankedTensorType>(value.getType()).getElementType().isInteger(8);
}

PendingValue PendingValue::get(Value source, double scale, double bound,
                               double zeroPoint) {
  PendingValue value;
  value.first = source;
  value.scales = {scale};
  value.bounds = {bound};
  value.biases = {zeroPoint == 0 ? 0.0 : -scale * zeroPoint};
  // An int8 tensor is a layer's finished result, accumulators are not.
  if (!isInt8(source))
    value.locations.push_back(source.getLoc());
  return value;
}

PendingValue PendingValue::get(Value source, ChannelRange channels,
                               ArrayRef<double> scales,
                               ArrayRef<double> bounds) {
  PendingValue value = get(source, /*scale=*/0, /*bound=*/0);
  value.form.channels = channels;
  value.scales.assign(scales.begin(), scales.end());
  value.bounds.assign(bounds.begin(), bounds.end());
  value.biases.assign(scales.size(), 0.0);
  return value;
}

PendingValue PendingValue::getSum(Value first, double firstScale,
                                  int32_t firstZeroPoint, Value second,
                                  double secondScale, int32_t secondZeroPoint,
                                  Location loc) {
  PendingValue value;
  value.first = first;
  value.second = second;
  value.form.isSum = true;
  value.scales = {firstScale, secondScale};
  value.zeroPoints = {firstZeroPoint, secondZeroPoint};
  value.locations.push_back(loc);
  return value;
}

void PendingValue::addBiases(ArrayRef<double> added) {
  for (auto [bias, addend] : llvm::zip_equal(biases, added))
    bias += addend;
}

/// Lets what is the same for all channels vary.
void PendingValue::setChannels(ChannelRange channels) {
  form.channels = channels;
  size_t count = channels.getNumChannels(getShape(first));
  for (SmallVector<double> *values : {&scales, &biases, &bounds})
    values->resize(count, values->front());
}

void PendingValue::applyBound(Kind kind, double bound) {
  auto cut = [&](double value) {
    return kind == Kind::Maximum ? std::max(value, bound)
                                 : std::min(value, bound);
  };
  low = cut(low);
  high = cut(high);
}

void PendingValue::apply(const ElementwiseLayer &layer, Location loc) {
  locations.push_back(loc);
  PendingForm applied = form;
  applied.apply(layer);
  if (applied.channels && !form.channels)
    setChannels(*applied.channels);
  form = applied;
  if (std::optional<double> bound = layer.getBound())
    return applyBound(layer.kind, *bound);
  // Without channels, and only then, there is one value for all of them.
  std::vector<double> values =
      form.channels
          ? *layer.values.getPerChannel(getShape(first), *form.channels)
          : layer.values.values;
  for (auto [scale, bias, value] : llvm::zip_equal(scales, biases, values)) {
    if (layer.kind == Kind::AddConstant) {
      bias += value;
      continue;
    }
    double factor = layer.kind == Kind::DivideConstant ? 1 / value : value;
    scale *= factor;
    bias *= factor;
  }
}

void PendingValue::reshape(Value source, const PendingForm &reshaped) {
  first = source;
  form = reshaped;
}

Location PendingValue::getLoc() const {
  if (locations.empty())
    return first.getLoc();
  return FusedLoc::get(first.getContext(), locations);
}

std::optional<double> PendingValue::getInt8Scale() const {
  bool unbiased = llvm::all_of(biases, [](double bias) { return bias == 0; });
  if (form.isSum || !isInt8(first) || !unbiased || !llvm::all_equal(scales))
    return std::nullopt;
  return scales.front();
}

/// `range` within the bounds, as integers at `scale`.
ResultRange PendingValue::getBoundedRange(double scale,
                                          ResultRange range) const {
  auto clamp = [&](double bound) {
    return int32_t(std::clamp<double>(
        std::round(bound / scale) + range.zeroPoint, range.low, range.high));
  };
  ResultRange bounded = range;
  bounded.low = clamp(low);
  bounded.high = clamp(high);
  return bounded;
}

Value PendingValue::createInt8(OpBuilder &builder) const {
  if (!form.isBounded)
    return first;
  ResultRange int8 = {kLowestInt8, kHighestInt8};
  return createClamped(builder, getLoc(), first,
                       getBoundedRange(scales.front(), int8));
}

Value PendingValue::getSameInt8(double scale, int32_t zeroPoint) const {
  if (form.isSum || !isInt8(first))
    return {};
  double bias = zeroPoint == 0 ? 0.0 : -scale * zeroPoint;
  bool isSame =
      llvm::all_of(scales, [&](double other) { return other == scale; }) &&
      llvm::all_of(biases, [&](double other) { return other == bias; });
  // The bounds of the model's own integers leave all of them.
  ResultRange all = {kLowestInt8, kHighestInt8, /*isInt8=*/true, zeroPoint};
  ResultRange bounded = getBoundedRange(scale, all);
  return isSame && bounded.low == all.low && bounded.high == all.high ? first
                                                                      : Value();
}

FailureOr<Value> PendingValue::rescale(OpBuilder &builder, double scale,
                                       ResultRange range) const {
  range = getBoundedRange(scale, range);
  return form.isSum ? rescaleSum(builder, scale, range)
                    : rescaleChannels(builder, scale, range);
}

Value PendingValue::dequantize(OpBuilder &builder) const {
  if (form.isSum)
    return createRealSum(builder, getLoc(), first, second, zeroPoints, scales,
                         {low, high});
  return createReal(builder, getLoc(), first,
                    form.channels.value_or(ChannelRange()), scales, biases,
                    {low, high});
}

/// The rescale of one channel to `scale`, whose bias is `bias` at the scale of
/// the integers.
FailureOr<Rescale> PendingValue::getChannelRescale(int64_t channel, double bias,
                                                   double scale) const {
  double largest = bounds[channel] + std::fabs(bias);
  if (!(largest <= kLargestInt32))
    return emitError(getLoc(), "cannot quantize channel ")
           << channel << ": its bias is " << formatNumber(bias)
           << " at the accumulators' scale of " << formatNumber(scales[channel])
           << ", which together with sums of up to "
           << formatNumber(bounds[channel])
           << " exceeds the largest 32-bit integer by "
           << formatNumber(largest - kLargestInt32)
           << "; larger weights in this channel would make the scale coarser";
  double factor = scales[channel] / scale;
  llvm::Expected<Rescale> rescale = getRescale(factor);
  if (!rescale)
    return emitError(getLoc(), "cannot quantize channel ")
           << channel << ": " << llvm::toString(rescale.takeError());
  if (largest * factor >= kLargestInt32)
    return emitError(getLoc(), "cannot quantize channel ")
           << channel << ": sums of up to " << formatNumber(largest)
           << " rescaled by " << formatNumber(factor)
           << " exceed the largest 32-bit integer; calibrate on images that "
              "use more of this channel's range, or lower output-bits";
  return *rescale;
}

/// Where a tensor without channels of its own is given some: the dimension that
/// counts them behind convolutions, if it has that many.
static ChannelRange getDefaultChannels(Value source) {
  unsigned rank = getShape(source).size();
  return {std::min(rank, 2u) - std::min(rank, 1u), std::min(rank, 2u)};
}

FailureOr<Value> PendingValue::rescaleChannels(OpBuilder &builder, double scale,
                                               ResultRange range) const {
  PendingValue varying = *this;
  if (!form.channels)
    varying.setChannels(getDefaultChannels(first));
  SmallVector<Rescale> rescales;
  SmallVector<int32_t> integerBiases;
  bool biased = llvm::any_of(biases, [](double bias) { return bias != 0; });
  for (auto [channel, bias] : llvm::enumerate(varying.biases)) {
    double integerBias = std::round(bias / varying.scales[channel]);
    FailureOr<Rescale> channelRescale =
        varying.getChannelRescale(channel, integerBias, scale);
    if (failed(channelRescale))
      return failure();
    rescales.push_back(*channelRescale);
    if (biased)
      integerBiases.push_back(int32_t(integerBias));
  }
  return createRescale(builder, getLoc(), first, *varying.form.channels,
                       integerBiases, rescales, range);
}

FailureOr<Value> PendingValue::rescaleSum(OpBuilder &builder, double scale,
                                          ResultRange range) const {
  double largest = 0;
  for (auto [operandScale, zeroPoint] : llvm::zip_equal(scales, zeroPoints))
    largest += (kLargestInt8 + std::abs(zeroPoint)) * operandScale / scale;
  int fractionBits = kSumFractionBits;
  // One bit is left for what rounding adds.
  while (fractionBits > 0 &&
         std::ldexp(largest, fractionBits) > kLargestInt32 / 2)
    --fractionBits;
  if (std::ldexp(largest, fractionBits) > kLargestInt32 / 2)
    return emitError(getLoc(), "cannot quantize this addition: its operands' "
                               "scales ")
           << formatNumber(scales[0]) << " and " << formatNumber(scales[1])
           << " are too large for the result's scale " << formatNumber(scale)
           << ", sums of up to " << formatNumber(largest)
           << " exceed 30 bits; calibrate on images that use more of the "
              "result's range, or lower output-bits";
  // Cannot fail: the factors are positive and below 2^29 by the check above.
  auto get = [](double factor) { return llvm::cantFail(getRescale(factor)); };
  SmallVector<Rescale> toCommon;
  for (double operandScale : scales)
    toCommon.push_back(get(std::ldexp(operandScale / scale, fractionBits)));
  return createRescaledAdd(builder, getLoc(), first, second, zeroPoints,
                           toCommon, get(std::ldexp(1.0, -fractionBits)),
                           range);
}

} // namespace colonnade
