//===- BlockFloat.cpp - Block floating point ------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every step is a float or integer operation without rounding of its own
// (scaling by powers of two, sums below 2^24), in the order in which the code
// that `colonnade.block_quantize` becomes does them: both give the same bits.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/BlockFloat.h"
#include "llvm/ADT/SmallVectorExtras.h"
#include "llvm/ADT/bit.h"
#include <algorithm>
#include <cmath>
#include <limits>
#include <system_error>
#include <vector>

using namespace colonnade;

static constexpr uint32_t signBit = 0x80000000;
static constexpr uint32_t infinityBits = 0x7f800000;
static constexpr int fractionBits = 23;
static constexpr int floatBias = 127;

//===----------------------------------------------------------------------===//
// Parameters
//===----------------------------------------------------------------------===//

llvm::ArrayRef<BlockRounding> colonnade::getAllBlockRoundings() {
  static constexpr BlockRounding all[] = {BlockRounding::Truncate,
                                          BlockRounding::Nearest,
                                          BlockRounding::Stochastic,
                                          BlockRounding::Unbiased};
  return all;
}

llvm::StringRef colonnade::stringifyBlockRounding(BlockRounding rounding) {
  switch (rounding) {
  case BlockRounding::Truncate:
    return "truncate";
  case BlockRounding::Nearest:
    return "nearest";
  case BlockRounding::Stochastic:
    return "stochastic";
  case BlockRounding::Unbiased:
    return "unbiased";
  }
  llvm_unreachable("all roundings have a name");
}

std::optional<BlockRounding>
colonnade::symbolizeBlockRounding(llvm::StringRef name) {
  for (BlockRounding rounding : getAllBlockRoundings())
    if (stringifyBlockRounding(rounding) == name)
      return rounding;
  return std::nullopt;
}

// A unit of 2^-126 has the field 1, and is 2^(m - 1) below the exponent.
int64_t BlockFormat::getMinField() const {
  return std::max<int64_t>(floatBias - getBias(), mantissaBits);
}

int64_t BlockFormat::getMaxField() const {
  int64_t largestCode = (int64_t(1) << exponentBits) - 1;
  // 255 is the field of infinities and NaNs.
  return std::min<int64_t>(floatBias + largestCode - getBias(), 254);
}

static llvm::Error checkRange(llvm::StringRef what, int64_t value, int64_t low,
                              int64_t high) {
  if (value >= low && value <= high)
    return llvm::Error::success();
  return llvm::createStringError("expected " + what + " in [" +
                                 llvm::Twine(low) + ", " + llvm::Twine(high) +
                                 "], got " + llvm::Twine(value));
}

llvm::Error BlockFormat::check() const {
  if (llvm::Error error = checkRange("group", group, 1, kMaxGroup))
    return error;
  if (llvm::Error error = checkRange("exponent", exponentBits, kMinExponentBits,
                                     kMaxExponentBits))
    return error;
  return checkRange("mantissa", mantissaBits, kMinMantissaBits,
                    kMaxMantissaBits);
}

BlockFormat BlockFormat::withMantissaBits(int64_t bits) const {
  BlockFormat format = *this;
  format.mantissaBits = std::clamp(bits, kMinMantissaBits, mantissaBits);
  return format;
}

llvm::Error BlockNoise::check() const {
  return checkRange("noise_bits", bits, 1, kMaxBits);
}

llvm::ArrayRef<NamedBlockFormat> colonnade::getNamedBlockFormats() {
  // MSFP-12: sign and 3 bits; MX: 8-bit elements, the sign among them.
  static constexpr NamedBlockFormat formats[] = {
      {"m2", {16, 8, 2}}, {"m3", {16, 8, 3}},     {"m4", {16, 8, 4}},
      {"m8", {16, 8, 8}}, {"msfp12", {16, 8, 3}}, {"mx", {32, 8, 7}}};
  return formats;
}

std::optional<BlockFormat> colonnade::findBlockFormat(llvm::StringRef name) {
  for (const NamedBlockFormat &known : getNamedBlockFormats())
    if (known.name == name)
      return known.format;
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Noise
//===----------------------------------------------------------------------===//

uint64_t noise::mixKey(uint64_t value) {
  value = (value ^ (value >> kKeyShifts[0])) * kKeyFactors[0];
  value = (value ^ (value >> kKeyShifts[1])) * kKeyFactors[1];
  return value ^ (value >> kKeyShifts[2]);
}

uint64_t noise::getKey(const BlockNoise &noise) {
  return mixKey(mixKey(noise.seed) + noise.counter);
}

uint32_t noise::draw(uint64_t key, uint32_t position) {
  uint32_t value = position ^ static_cast<uint32_t>(key);
  value = (value ^ (value >> kDrawShifts[0])) * kDrawFactors[0];
  value ^= static_cast<uint32_t>(key >> 32);
  value = (value ^ (value >> kDrawShifts[1])) * kDrawFactors[1];
  return value ^ (value >> kDrawShifts[2]);
}

//===----------------------------------------------------------------------===//
// Rounding
//===----------------------------------------------------------------------===//

namespace {

/// What the values of a block have in common.
struct BlockScale {
  /// 2^(E - m + 1), or NaN for a block with an infinity or a NaN.
  float unit;
  float inverseUnit;
  /// 2^m - 1.
  float largest;
};

/// Rounds magnitudes, given in units.
class MagnitudeRounder {
public:
  MagnitudeRounder(const BlockRounder &rounder)
      : rounding(rounder.rounding), key(noise::getKey(rounder.noise)),
        noiseBits(rounder.noise.bits) {}

  float round(float magnitude, uint32_t position) const {
    // Sums of at least 2^23 are rounded to integers, ties to even.
    constexpr float integers = float(1 << fractionBits);
    float nearest = (magnitude + integers) - integers;
    if (rounding == BlockRounding::Nearest)
      return nearest;
    float truncated = nearest - (nearest > magnitude ? 1.0f : 0.0f);
    if (rounding == BlockRounding::Truncate)
      return truncated;
    float fraction = magnitude - truncated;
    return truncated + (fraction >= getThreshold(position) ? 1.0f : 0.0f);
  }

private:
  /// 1 minus the noise: fractions from here on are carried over 1 by it.
  float getThreshold(uint32_t position) const {
    uint32_t drawn = noise::draw(key, position) >> (32 - noiseBits);
    auto distance = static_cast<int32_t>((uint32_t(1) << noiseBits) - drawn);
    return float(distance) *
           llvm::bit_cast<float>(static_cast<uint32_t>(floatBias - noiseBits)
                                 << fractionBits);
  }

  BlockRounding rounding;
  uint64_t key;
  int64_t noiseBits;
};

} // namespace

static uint32_t getBits(float value) { return llvm::bit_cast<uint32_t>(value); }

static float makePowerOfTwo(int64_t field) {
  return llvm::bit_cast<float>(static_cast<uint32_t>(field) << fractionBits);
}

/// The exponent field that a block with this largest magnitude shares.
static int64_t getSharedField(uint32_t largestBits, const BlockFormat &format,
                              BlockRounding rounding) {
  // What rounding the magnitude up to m bits adds to its bits at most.
  uint32_t carry = rounding == BlockRounding::Unbiased
                       ? (1u << (fractionBits + 1 - format.mantissaBits)) - 1
                       : 0;
  return std::clamp<int64_t>((largestBits + carry) >> fractionBits,
                             format.getMinField(), format.getMaxField());
}

static BlockScale getScale(uint32_t largestBits, const BlockFormat &format,
                           BlockRounding rounding) {
  int64_t unitField =
      getSharedField(largestBits, format, rounding) - format.mantissaBits + 1;
  BlockScale scale{makePowerOfTwo(unitField),
                   makePowerOfTwo(2 * floatBias - unitField),
                   float((1 << format.mantissaBits) - 1)};
  if (largestBits >= infinityBits)
    scale.unit = std::numeric_limits<float>::quiet_NaN();
  return scale;
}

/// The magnitude in units: an integer in [0, 2^m - 1].
static float getMantissa(float value, const BlockScale &scale,
                         const MagnitudeRounder &rounder, uint32_t position) {
  float magnitude = std::fabs(value) * scale.inverseUnit;
  // NaNs too are replaced.
  float saturated = magnitude < scale.largest ? magnitude : scale.largest;
  return rounder.round(saturated, position);
}

static float quantize(float value, const BlockScale &scale,
                      const MagnitudeRounder &rounder, uint32_t position) {
  float mantissa = getMantissa(value, scale, rounder, position);
  uint32_t sign = getBits(value) & signBit;
  return llvm::bit_cast<float>(getBits(mantissa * scale.unit) | sign);
}

//===----------------------------------------------------------------------===//
// Blocks of tensors
//===----------------------------------------------------------------------===//

BlockLines BlockLines::get(llvm::ArrayRef<int64_t> shape, int64_t axis) {
  BlockLines lines;
  for (int64_t extent : shape.take_front(axis))
    lines.outer *= extent;
  lines.length = shape[axis];
  for (int64_t extent : shape.drop_front(axis + 1))
    lines.inner *= extent;
  return lines;
}

static uint32_t getLargestBits(llvm::ArrayRef<float> values, int64_t first,
                               int64_t count, int64_t pitch) {
  uint32_t largest = 0;
  for (int64_t index = 0; index < count; ++index)
    largest =
        std::max(largest, getBits(values[first + index * pitch]) & ~signBit);
  return largest;
}

/// Calls `visit(first, count)` for every block: the position of its first value
/// and its size; values are `lines.inner` apart. Stops when `visit` returns
/// false.
template <typename VisitFn>
static void walkBlocks(const BlockLines &lines, int64_t group, VisitFn visit) {
  for (int64_t outer = 0; outer < lines.outer; ++outer)
    for (int64_t start = 0; start < lines.length; start += group)
      for (int64_t inner = 0; inner < lines.inner; ++inner)
        if (!visit((outer * lines.length + start) * lines.inner + inner,
                   std::min(group, lines.length - start)))
          return;
}

void colonnade::quantizeBlocks(llvm::MutableArrayRef<float> values,
                               const BlockLines &lines,
                               const BlockFormat &format,
                               const BlockRounder &rounder) {
  MagnitudeRounder round(rounder);
  walkBlocks(lines, format.group, [&](int64_t first, int64_t count) {
    BlockScale scale =
        getScale(getLargestBits(values, first, count, lines.inner), format,
                 rounder.rounding);
    for (int64_t index = 0; index < count; ++index) {
      int64_t position = first + index * lines.inner;
      values[position] = quantize(values[position], scale, round,
                                  static_cast<uint32_t>(position));
    }
    return true;
  });
}

void colonnade::quantizeBlock(llvm::MutableArrayRef<float> values,
                              const BlockFormat &format,
                              const BlockRounder &rounder, uint32_t position,
                              uint32_t pitch) {
  MagnitudeRounder round(rounder);
  BlockScale scale = getScale(getLargestBits(values, 0, values.size(), 1),
                              format, rounder.rounding);
  for (float &value : values) {
    value = quantize(value, scale, round, position);
    position += pitch;
  }
}

std::optional<int64_t>
colonnade::findUnrepresentable(llvm::ArrayRef<float> values,
                               const BlockLines &lines,
                               const BlockFormat &format) {
  MagnitudeRounder round({BlockRounding::Truncate, {}});
  std::optional<int64_t> found;
  walkBlocks(lines, format.group, [&](int64_t first, int64_t count) {
    BlockScale scale =
        getScale(getLargestBits(values, first, count, lines.inner), format,
                 BlockRounding::Truncate);
    for (int64_t index = 0; index < count && !found; ++index) {
      int64_t position = first + index * lines.inner;
      if (quantize(values[position], scale, round, 0) != values[position])
        found = position;
    }
    return !found;
  });
  return found;
}

//===----------------------------------------------------------------------===//
// Encoding
//===----------------------------------------------------------------------===//

llvm::Expected<EncodedBlock>
colonnade::encodeBlock(llvm::ArrayRef<float> values, const BlockFormat &format,
                       const BlockRounder &rounder, uint32_t position) {
  uint32_t largestBits = getLargestBits(values, 0, values.size(), 1);
  if (largestBits >= infinityBits)
    return llvm::createStringError(
        std::errc::invalid_argument,
        "a block with an infinity or a NaN has no encoding");
  MagnitudeRounder round(rounder);
  BlockScale scale = getScale(largestBits, format, rounder.rounding);
  EncodedBlock block;
  block.exponent = static_cast<uint32_t>(
      getSharedField(largestBits, format, rounder.rounding) - floatBias +
      format.getBias());
  for (float value : values)
    block.mantissas.push_back(
        {std::signbit(value),
         static_cast<uint32_t>(getMantissa(value, scale, round, position++))});
  return block;
}

llvm::SmallVector<float, 16> colonnade::decodeBlock(const EncodedBlock &block,
                                                    const BlockFormat &format) {
  float unit = makePowerOfTwo(int64_t(block.exponent) - format.getBias() +
                              floatBias - format.mantissaBits + 1);
  return llvm::map_to_vector<16>(block.mantissas, [&](BlockMantissa mantissa) {
    return std::copysign(float(mantissa.magnitude) * unit,
                         mantissa.negative ? -1.0f : 1.0f);
  });
}
