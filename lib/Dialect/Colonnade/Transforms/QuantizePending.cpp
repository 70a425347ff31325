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
#include <cmath>
#include <limits>

using namespace mlir;

namespace colonnade {

using Kind = ElementwiseLayer::Kind;

static constexpr double kLargestInt32 = std::numeric_limits<int32_t>::max();
static constexpr double kLargestInt8 = 128;
/// Two tensors are added at a scale this many bits finer than the result's, or
/// fewer if the sum would not fit.
static constexpr int kSumFractionBits = 16;

PendingValue PendingValue::get(Value source, ArrayRef<double> scales,
                               ArrayRef<double> bounds) {
  PendingValue value;
  value.first = source;
  llvm::append_range(value.scales, scales);
  llvm::append_range(value.bounds, bounds);
  value.biases.assign(scales.size(), 0.0);
  // An int8 tensor is a layer's finished result, accumulators are not.
  if (cast<ShapedType>(source.getType()).getElementType().isInteger(32))
    value.locations.push_back(source.getLoc());
  return value;
}

PendingValue PendingValue::get(Value source, double scale, double bound) {
  int64_t channels = cast<ShapedType>(source.getType()).getDimSize(kChannelDim);
  return get(source, SmallVector<double>(channels, scale),
             SmallVector<double>(channels, bound));
}

PendingValue PendingValue::getSum(Value first, double firstScale, Value second,
                                  double secondScale, Location loc) {
  PendingValue value;
  value.first = first;
  value.second = second;
  value.scales = {firstScale, secondScale};
  value.locations.push_back(loc);
  return value;
}

bool PendingValue::accepts(Kind kind) const {
  switch (kind) {
  case Kind::Relu:
    return true;
  case Kind::AddConstant:
    return !isSum() && !relu;
  case Kind::MultiplyConstant:
  case Kind::DivideConstant:
    return !isSum();
  case Kind::AddTensors:
    return false;
  }
  llvm_unreachable("every kind of layer returns");
}

void PendingValue::apply(const ElementwiseLayer &layer, Location loc) {
  locations.push_back(loc);
  if (layer.kind == Kind::Relu) {
    relu = true;
    return;
  }
  for (auto [scale, bias, value] :
       llvm::zip_equal(scales, biases, layer.values)) {
    if (layer.kind == Kind::AddConstant) {
      bias += value;
      continue;
    }
    double factor = layer.kind == Kind::DivideConstant ? 1 / value : value;
    scale *= factor;
    bias *= factor;
  }
}

Location PendingValue::getLoc() const {
  if (locations.empty())
    return first.getLoc();
  return FusedLoc::get(first.getContext(), locations);
}

std::optional<double> PendingValue::getInt8Scale() const {
  bool isInt8 = cast<ShapedType>(first.getType()).getElementType().isInteger(8);
  bool unbiased = llvm::all_of(biases, [](double bias) { return bias == 0; });
  if (isSum() || !isInt8 || !unbiased || !llvm::all_equal(scales))
    return std::nullopt;
  return scales.front();
}

Value PendingValue::createInt8(OpBuilder &builder) const {
  return relu ? createRelu(builder, getLoc(), first) : first;
}

FailureOr<Value> PendingValue::rescale(OpBuilder &builder, double scale,
                                       ResultRange range) const {
  if (relu)
    range.low = 0;
  return isSum() ? rescaleSum(builder, scale, range)
                 : rescaleChannels(builder, scale, range);
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

FailureOr<Value> PendingValue::rescaleChannels(OpBuilder &builder, double scale,
                                               ResultRange range) const {
  SmallVector<Rescale> rescales;
  SmallVector<int32_t> integerBiases;
  bool biased = llvm::any_of(biases, [](double bias) { return bias != 0; });
  for (auto [channel, bias] : llvm::enumerate(biases)) {
    double integerBias = std::round(bias / scales[channel]);
    FailureOr<Rescale> channelRescale =
        getChannelRescale(channel, integerBias, scale);
    if (failed(channelRescale))
      return failure();
    rescales.push_back(*channelRescale);
    if (biased)
      integerBiases.push_back(int32_t(integerBias));
  }
  return createRescale(builder, getLoc(), first, integerBiases, rescales,
                       range);
}

FailureOr<Value> PendingValue::rescaleSum(OpBuilder &builder, double scale,
                                          ResultRange range) const {
  double largest = kLargestInt8 * (scales[0] + scales[1]) / scale;
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
  return createRescaledAdd(builder, getLoc(), first, second, toCommon,
                           get(std::ldexp(1.0, -fractionBits)), range);
}

} // namespace colonnade
