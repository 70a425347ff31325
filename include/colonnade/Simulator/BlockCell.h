//===- BlockCell.h - The cell that multiplies blocks ------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// FAST's multiply-accumulate unit (HPCA 2022, arXiv 2110.15456, the fMAC): a
// cell holds one block of block floating point and meets another one in every
// step. Mantissas are cut into chunks of two bits that each carry the sign; a
// pass multiplies one chunk of every value of one block by one chunk of every
// value of the other. So the precision of the operands decides how many cycles
// a step takes, and any precision runs on the same cell.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SIMULATOR_BLOCKCELL_H
#define COLONNADE_SIMULATOR_BLOCKCELL_H

#include "colonnade/Numerics/BlockProduct.h"
#include "colonnade/Simulator/CellModel.h"
#include <memory>

namespace colonnade::sim {

struct BlockCell {
  /// The group and the exponent of every operand, and its widest mantissas.
  BlockFormat format;

  static constexpr int64_t kChunkBits = 2;
  /// More values would need a wider adder tree than any machine has.
  static constexpr int64_t kMaxGroup = 256;

  /// Chunks of a mantissa: ceil(bits / 2).
  static int64_t countChunks(int64_t mantissaBits);
  /// Cycles in which two blocks are multiplied: one for each pair of chunks.
  static int64_t countPasses(int64_t leftMantissaBits,
                             int64_t rightMantissaBits);

  /// Bits of a block with such mantissas in a register and in memory: the
  /// exponent, and per value and chunk the chunk and a sign.
  int64_t getBlockBits(int64_t mantissaBits) const;

  /// An error that names the bits and the limit unless the cell can hold such
  /// mantissas.
  llvm::Error checkMantissa(int64_t mantissaBits) const;
};

/// A block as the cell's registers hold it.
struct CellBlock {
  /// No encoding: every product is NaN.
  bool isNaN = false;
  /// Of the unit that the mantissas count.
  int64_t exponent = 0;
  /// chunks[c][i], in [-3, 3]: bits 2c and 2c + 1 of value i's magnitude, with
  /// the value's sign.
  std::vector<std::vector<int8_t>> chunks;

  static CellBlock get(const BlockMatrix &operand, int64_t line, int64_t block);
};

/// The cell's work in one step, pass by pass: `partialSum` plus the product of
/// two blocks, as BlockProduct.h defines it. Adds up the passes in `passes`.
float addBlockProduct(const CellBlock &held, const CellBlock &passing,
                      float partialSum, int64_t &passes);

/// The cell as the target's description knows it. Its work event is
/// "chunk_product", one multiplier in one pass; besides, it charges
/// "block_sum" (aligning a block's product and adding it) and
/// "converter_value" (a value made part of a block at the border of the
/// array). It takes no 8-bit integers: check() refuses whatever is promised
/// about them.
std::shared_ptr<const CellModel> createBlockCell(const BlockFormat &format);

} // namespace colonnade::sim

#endif // COLONNADE_SIMULATOR_BLOCKCELL_H
