//===- BlockCell.cpp - The cell that multiplies blocks --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a block cell does and costs, and its place among the cell types of a
// target.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/BlockCell.h"
#include "FormattedError.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include <cmath>
#include <limits>

using namespace colonnade;
using namespace colonnade::sim;

int64_t BlockCell::countChunks(int64_t mantissaBits) {
  return llvm::divideCeil(mantissaBits, kChunkBits);
}

int64_t BlockCell::countPasses(int64_t leftMantissaBits,
                               int64_t rightMantissaBits) {
  return countChunks(leftMantissaBits) * countChunks(rightMantissaBits);
}

int64_t BlockCell::getBlockBits(int64_t mantissaBits) const {
  return format.exponentBits +
         format.group * countChunks(mantissaBits) * (kChunkBits + 1);
}

llvm::Error BlockCell::checkMantissa(int64_t mantissaBits) const {
  if (mantissaBits >= BlockFormat::kMinMantissaBits &&
      mantissaBits <= format.mantissaBits)
    return llvm::Error::success();
  return makeError("block cell: mantissas must have {0} to {1} bits, got {2}; "
                   "use a coarser format or a wider cell",
                   BlockFormat::kMinMantissaBits, format.mantissaBits,
                   mantissaBits);
}

//===----------------------------------------------------------------------===//
// Arithmetic
//===----------------------------------------------------------------------===//

CellBlock CellBlock::get(const BlockMatrix &operand, int64_t line,
                         int64_t block) {
  CellBlock result;
  float unit = operand.getUnit(line, block);
  result.isNaN = std::isnan(unit);
  result.exponent = result.isNaN ? 0 : std::ilogb(unit);
  result.chunks.resize(
      BlockCell::countChunks(operand.getFormat().mantissaBits));
  for (auto [index, chunk] : llvm::enumerate(result.chunks))
    for (float mantissa : operand.getMantissas(line, block)) {
      auto magnitude = static_cast<int64_t>(std::fabs(mantissa));
      auto bits = static_cast<int8_t>(
          (magnitude >> (BlockCell::kChunkBits * index)) & 3);
      chunk.push_back(std::signbit(mantissa) ? -bits : bits);
    }
  return result;
}

/// One pass: every multiplier of the cell once, and the adder tree.
static int64_t multiplyChunks(llvm::ArrayRef<int8_t> left,
                              llvm::ArrayRef<int8_t> right) {
  int64_t sum = 0;
  for (auto [x, y] : llvm::zip_equal(left, right))
    sum += x * y;
  return sum;
}

/// Aligns a product by its exponent: the rounding to a float.
static llvm::APFloat alignProduct(int64_t product, int64_t exponent) {
  // A quadruple-precision number holds all 64 bits at every exponent.
  llvm::APFloat aligned(llvm::APFloat::IEEEquad());
  aligned.convertFromAPInt(
      llvm::APInt(64, static_cast<uint64_t>(product), /*isSigned=*/true),
      /*IsSigned=*/true, llvm::APFloat::rmNearestTiesToEven);
  aligned = scalbn(aligned, static_cast<int>(exponent),
                   llvm::APFloat::rmNearestTiesToEven);
  bool losesInfo = false;
  aligned.convert(llvm::APFloat::IEEEsingle(),
                  llvm::APFloat::rmNearestTiesToEven, &losesInfo);
  return aligned;
}

float sim::addBlockProduct(const CellBlock &held, const CellBlock &passing,
                           float partialSum, int64_t &passes) {
  int64_t product = 0;
  for (auto [i, left] : llvm::enumerate(held.chunks))
    for (auto [j, right] : llvm::enumerate(passing.chunks)) {
      product += multiplyChunks(left, right) *
                 (int64_t(1) << (BlockCell::kChunkBits * (i + j)));
      ++passes;
    }
  if (held.isNaN || passing.isNaN)
    return std::numeric_limits<float>::quiet_NaN();
  llvm::APFloat sum(partialSum);
  sum.add(alignProduct(product, held.exponent + passing.exponent),
          llvm::APFloat::rmNearestTiesToEven);
  return sum.convertToFloat();
}

//===----------------------------------------------------------------------===//
// The cell type
//===----------------------------------------------------------------------===//

namespace {

class BlockCellModel final : public CellModel {
public:
  explicit BlockCellModel(const BlockFormat &format) : cell{format} {}

  llvm::StringRef getName() const override { return "block"; }
  llvm::StringRef getWorkEvent() const override { return "chunk_product"; }
  llvm::ArrayRef<llvm::StringRef> getOtherEvents() const override {
    static constexpr llvm::StringRef events[] = {"block_sum",
                                                 "converter_value"};
    return events;
  }
  const BlockCell *getBlockCell() const override { return &cell; }

  int64_t getDepth() const override { return cell.format.group; }
  int64_t getMaxFanIn() const override { return 1; }

  llvm::Error check(const OperandPromises &) const override {
    return makeRefusal();
  }
  llvm::Expected<CellStep> simulateStep(llvm::ArrayRef<int8_t>,
                                        llvm::ArrayRef<int8_t>, int32_t,
                                        int64_t) const override {
    return makeRefusal();
  }

  // No 8-bit operands, so no work; what a step of blocks takes at most.
  int64_t getWeightWork(int8_t) const override { return 0; }
  int64_t getDataWork(int8_t) const override { return 0; }
  int64_t getCyclesPerStep(const OperandPromises &) const override {
    return BlockCell::countPasses(cell.format.mantissaBits,
                                  cell.format.mantissaBits);
  }
  int64_t getWeightBits(const OperandPromises &) const override {
    return cell.getBlockBits(cell.format.mantissaBits);
  }

private:
  static llvm::Error makeRefusal() {
    return makeError("block cell: operands are block floating point, not "
                     "8-bit integers; use a target with mac, bit_serial or "
                     "term cells");
  }

  BlockCell cell;
};

} // namespace

std::shared_ptr<const CellModel>
sim::createBlockCell(const BlockFormat &format) {
  return std::make_shared<BlockCellModel>(format);
}
