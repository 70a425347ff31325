//===- BlockFloat.h - Block floating point ---------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Numbers that share their exponent (FAST, HPCA 2022, arXiv 2110.15456, section
// 3). One definition for the op's folder, the checks of promises, the code that
// the op becomes, and the cells. Defined here:
//
// - The exponent E of a block is the one of its largest magnitude, which lies
//   in [2^E, 2^(E + 1)). With `exponentBits` = e it is stored with the bias
//   2^(e - 1) - 1; an E outside of what that holds is clamped, and so is one
//   that would make a unit smaller than 2^-126, the smallest normal float.
// - A value is a sign and a magnitude of m bits, in units of 2^(E - m + 1).
//   Magnitudes above 2^m - 1 units saturate, those that round up to it too.
//   The sign of a zero is kept.
// - Saturation makes stochastic rounding biased where it matters most, at the
//   largest values. `Unbiased` is stochastic with the exponent of the largest
//   magnitude rounded up to m bits: nothing saturates below the format's largest
//   exponent, and the mean of every value is the value.
// - Denormal inputs are read exactly. A block that has an infinity or a NaN
//   becomes NaN in all of its values; it has no encoding.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_NUMERICS_BLOCKFLOAT_H
#define COLONNADE_NUMERICS_BLOCKFLOAT_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <optional>

namespace colonnade {

enum class BlockRounding : uint8_t { Truncate, Nearest, Stochastic, Unbiased };

/// Whether values are rounded up or down by noise.
inline bool isStochastic(BlockRounding rounding) {
  return rounding == BlockRounding::Stochastic ||
         rounding == BlockRounding::Unbiased;
}

llvm::ArrayRef<BlockRounding> getAllBlockRoundings();

/// "truncate", "nearest", "stochastic" or "unbiased".
llvm::StringRef stringifyBlockRounding(BlockRounding rounding);
std::optional<BlockRounding> symbolizeBlockRounding(llvm::StringRef name);

struct BlockFormat {
  int64_t group = 16;
  int64_t exponentBits = 8;
  int64_t mantissaBits = 4;

  static constexpr int64_t kMaxGroup = 65535;
  static constexpr int64_t kMinExponentBits = 2, kMaxExponentBits = 8;
  static constexpr int64_t kMinMantissaBits = 2, kMaxMantissaBits = 16;

  int64_t getBias() const { return (int64_t(1) << (exponentBits - 1)) - 1; }
  /// The range of exponents as a float's exponent field (E + 127) has them.
  int64_t getMinField() const;
  int64_t getMaxField() const;

  /// An error that names the parameter, its value and its range.
  llvm::Error check() const;

  /// The same format with at most `bits` mantissa bits and no fewer than two:
  /// what an op does with a precision that is known at run time only.
  BlockFormat withMantissaBits(int64_t bits) const;

  bool operator==(const BlockFormat &) const = default;
};

/// Where stochastic rounding gets its noise: a draw is a function of seed,
/// counter and the element's row-major position in its tensor, so any of it can
/// be replayed. Noise is uniform on the multiples of 2^-bits in [0, 1) units;
/// FAST's hardware has 8 bits.
struct BlockNoise {
  uint64_t seed = 0;
  uint64_t counter = 0;
  int64_t bits = kMaxBits;

  static constexpr int64_t kMaxBits = 24;

  llvm::Error check() const;
};

/// The constants of the noise generator, shared with the code that the op
/// becomes. Key: two SplitMix64 finalizers. Draw: a 32-bit mixer
/// (multiplications by odd numbers and shifts), the key's halves xored in.
namespace noise {
inline constexpr uint64_t kKeyFactors[2] = {0xbf58476d1ce4e5b9,
                                            0x94d049bb133111eb};
inline constexpr unsigned kKeyShifts[3] = {30, 27, 31};
inline constexpr uint32_t kDrawFactors[2] = {0x7feb352d, 0x846ca68b};
inline constexpr unsigned kDrawShifts[3] = {16, 15, 16};

uint64_t mixKey(uint64_t value);
/// mixKey(mixKey(seed) + counter).
uint64_t getKey(const BlockNoise &noise);
uint32_t draw(uint64_t key, uint32_t position);
} // namespace noise

/// How to round; `noise` is read where rounding is stochastic.
struct BlockRounder {
  BlockRounding rounding = BlockRounding::Nearest;
  BlockNoise noise;
};

/// A tensor seen along the axis of its blocks: `outer` x `length` x `inner`
/// values. Lines are cut at multiples of the group; the last block of a line
/// may be short.
struct BlockLines {
  int64_t outer = 1, length = 0, inner = 1;

  static BlockLines get(llvm::ArrayRef<int64_t> shape, int64_t axis);
  int64_t getNumValues() const { return outer * length * inner; }
};

/// Makes every block of `values` representable.
void quantizeBlocks(llvm::MutableArrayRef<float> values,
                    const BlockLines &lines, const BlockFormat &format,
                    const BlockRounder &rounder);

/// Makes one block representable. Its values have the positions `position` +
/// i * `pitch`, modulo 2^32, in their tensor.
void quantizeBlock(llvm::MutableArrayRef<float> values,
                   const BlockFormat &format, const BlockRounder &rounder,
                   uint32_t position, uint32_t pitch);

/// The row-major position of the first value that truncation would change,
/// NaNs included; none if the values keep the promise of `format`.
std::optional<int64_t> findUnrepresentable(llvm::ArrayRef<float> values,
                                           const BlockLines &lines,
                                           const BlockFormat &format);

struct BlockMantissa {
  bool negative = false;
  uint32_t magnitude = 0;

  bool operator==(const BlockMantissa &) const = default;
};

/// A block as the machine stores it.
struct EncodedBlock {
  /// E plus the bias of the format.
  uint32_t exponent = 0;
  llvm::SmallVector<BlockMantissa, 16> mantissas;

  bool operator==(const EncodedBlock &) const = default;
};

/// Encodes one block. `position` is the first value's in its tensor, for the
/// noise; the others follow. An infinity or a NaN is an error.
llvm::Expected<EncodedBlock> encodeBlock(llvm::ArrayRef<float> values,
                                         const BlockFormat &format,
                                         const BlockRounder &rounder,
                                         uint32_t position = 0);

llvm::SmallVector<float, 16> decodeBlock(const EncodedBlock &block,
                                         const BlockFormat &format);

/// A format by the name that command lines and policies use.
struct NamedBlockFormat {
  llvm::StringRef name;
  BlockFormat format;
};

/// m2, m3, m4, m8, msfp12 and mx. (bf16 and fp32 are no blocks.)
llvm::ArrayRef<NamedBlockFormat> getNamedBlockFormats();
std::optional<BlockFormat> findBlockFormat(llvm::StringRef name);

} // namespace colonnade

#endif // COLONNADE_NUMERICS_BLOCKFLOAT_H
