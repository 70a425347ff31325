//===- BlockProduct.cpp - Matrix products of blocks -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Sums of mantissa products are exact in floats for all formats that machines
// have, and in doubles for every other, so the kernels may add them in any
// order and fuse what they like. A sum times the units is exact in a double;
// the conversion to a float is the one rounding of a block's product.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/BlockProduct.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

using namespace colonnade;

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

llvm::Error BlockMatrix::setBlock(int64_t index, llvm::ArrayRef<float> values) {
  if (!llvm::all_of(values, [](float value) { return std::isfinite(value); })) {
    units[index] = std::numeric_limits<float>::quiet_NaN();
    return llvm::Error::success();
  }
  EncodedBlock block = llvm::cantFail(
      encodeBlock(values, format, {BlockRounding::Truncate, {}}));
  units[index] = std::ldexp(1.0f, static_cast<int>(int64_t(block.exponent) -
                                                   format.getBias() -
                                                   format.mantissaBits + 1));
  float *to = mantissas.data() + index * format.group;
  for (auto [value, mantissa] : llvm::zip_equal(values, block.mantissas)) {
    auto magnitude = static_cast<float>(mantissa.magnitude);
    *to = mantissa.negative ? -magnitude : magnitude;
    if (*to++ * units[index] != value)
      return llvm::createStringError(
          llvm::formatv("expected a value of {0} mantissa bits in units of "
                        "{1}, got {2}; quantize the operand's blocks",
                        format.mantissaBits, units[index], value)
              .str());
  }
  return llvm::Error::success();
}

llvm::Expected<BlockMatrix> BlockMatrix::get(llvm::ArrayRef<float> values,
                                             const BlockLines &lines,
                                             const BlockFormat &format) {
  BlockMatrix operand;
  operand.format = format;
  operand.numLines = lines.outer * lines.inner;
  operand.blocksPerLine = llvm::divideCeil(lines.length, format.group);
  operand.units.resize(operand.numLines * operand.blocksPerLine);
  operand.mantissas.resize(operand.units.size() * format.group);
  llvm::SmallVector<float, 32> block;
  for (int64_t line = 0; line < operand.numLines; ++line)
    for (int64_t index = 0; index < operand.blocksPerLine; ++index) {
      int64_t start = index * format.group;
      int64_t end = std::min(start + format.group, lines.length);
      const float *first = values.data() +
                           line / lines.inner * lines.length * lines.inner +
                           line % lines.inner;
      block.clear();
      for (int64_t i = start; i < end; ++i)
        block.push_back(first[i * lines.inner]);
      if (llvm::Error error =
              operand.setBlock(line * operand.blocksPerLine + index, block))
        return error;
    }
  return operand;
}

std::optional<EncodedBlock> BlockMatrix::encode(int64_t line,
                                                int64_t block) const {
  float unit = getUnit(line, block);
  if (std::isnan(unit))
    return std::nullopt;
  EncodedBlock encoded;
  encoded.exponent = static_cast<uint32_t>(
      std::ilogb(unit) + format.mantissaBits - 1 + format.getBias());
  for (float mantissa : getMantissas(line, block))
    encoded.mantissas.push_back(
        {std::signbit(mantissa), static_cast<uint32_t>(std::fabs(mantissa))});
  return encoded;
}

//===----------------------------------------------------------------------===//
// Products
//===----------------------------------------------------------------------===//

namespace {

/// Lines of the right operand that are multiplied at once.
constexpr int64_t lanes = 32;

/// Up to `lanes` lines, so that the values at one position lie side by side.
/// What a panel of fewer lines lacks is zero.
struct Panel {
  int64_t first = 0, count = 0;
  std::vector<float> mantissas;
  std::vector<double> units;
};

} // namespace

static Panel makePanel(const BlockMatrix &operand, int64_t first) {
  int64_t group = operand.getFormat().group;
  int64_t blocks = operand.getBlocksPerLine();
  Panel panel{first, std::min(lanes, operand.getNumLines() - first), {}, {}};
  panel.mantissas.resize(blocks * group * lanes);
  panel.units.resize(blocks * lanes);
  for (int64_t lane = 0; lane < panel.count; ++lane)
    for (int64_t block = 0; block < blocks; ++block) {
      panel.units[block * lanes + lane] = operand.getUnit(first + lane, block);
      for (auto [i, mantissa] :
           llvm::enumerate(operand.getMantissas(first + lane, block)))
        panel.mantissas[(block * group + static_cast<int64_t>(i)) * lanes +
                        lane] = mantissa;
    }
  return panel;
}

/// Adds the products of one block of a line and the blocks of a panel.
template <typename Sum>
static inline __attribute__((always_inline)) void
addBlocks(llvm::ArrayRef<float> mantissas, double unit, const float *panel,
          const double *units, float *result) {
  Sum sums[lanes] = {};
  for (float mantissa : mantissas) {
    for (int64_t lane = 0; lane < lanes; ++lane)
      sums[lane] += Sum(mantissa) * Sum(panel[lane]);
    panel += lanes;
  }
  for (int64_t lane = 0; lane < lanes; ++lane)
    result[lane] += float(double(sums[lane]) * (unit * units[lane]));
}

template <typename Sum>
static inline __attribute__((always_inline)) void
multiplyLine(const BlockMatrix &left, int64_t line, const Panel &panel,
             float *result) {
  int64_t group = left.getFormat().group;
  std::array<float, lanes> sums = {};
  for (int64_t block = 0; block < left.getBlocksPerLine(); ++block)
    addBlocks<Sum>(left.getMantissas(line, block), left.getUnit(line, block),
                   panel.mantissas.data() + block * group * lanes,
                   panel.units.data() + block * lanes, sums.data());
  std::copy_n(sums.begin(), panel.count, result);
}

static void multiplyPortable(const BlockMatrix &left, const Panel &panel,
                             float *result, int64_t pitch, bool isWide) {
  for (int64_t line = 0; line < left.getNumLines(); ++line) {
    float *to = result + line * pitch + panel.first;
    isWide ? multiplyLine<double>(left, line, panel, to)
           : multiplyLine<float>(left, line, panel, to);
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void
multiplyAvx2(const BlockMatrix &left, const Panel &panel, float *result,
             int64_t pitch, bool isWide) {
  for (int64_t line = 0; line < left.getNumLines(); ++line) {
    float *to = result + line * pitch + panel.first;
    isWide ? multiplyLine<double>(left, line, panel, to)
           : multiplyLine<float>(left, line, panel, to);
  }
}
#endif

static auto selectKernel() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return multiplyAvx2;
#endif
  return multiplyPortable;
}

/// Whether a float cannot hold every sum of a block's mantissa products.
static bool needsDoubles(const BlockFormat &left, const BlockFormat &right) {
  auto largest = [](int64_t bits) { return (int64_t(1) << bits) - 1; };
  return left.group * largest(left.mantissaBits) * largest(right.mantissaBits) >
         int64_t(1) << std::numeric_limits<float>::digits;
}

void colonnade::multiplyBlocks(const BlockMatrix &left,
                               const BlockMatrix &right,
                               llvm::MutableArrayRef<float> result) {
  auto kernel = selectKernel();
  bool isWide = needsDoubles(left.getFormat(), right.getFormat());
  for (int64_t first = 0; first < right.getNumLines(); first += lanes)
    kernel(left, makePanel(right, first), result.data(), right.getNumLines(),
           isWide);
}
