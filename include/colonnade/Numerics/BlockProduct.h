//===- BlockProduct.h - Matrix products of blocks --------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a matrix product of block floating point operands is, to the bit, and a
// fast way to compute it. Blocks lie along the reduction axis of both operands.
// Defined here:
//
// - The product of two blocks is the exact sum of the products of their values,
//   rounded once to a float, to nearest with ties to even. (The mantissas give
//   an integer, exact in a register of 2m + log2(group) bits; the exponents
//   scale it.) Denormals are kept; too large a product becomes infinite.
// - An element of the result starts at +0, and the products of its blocks are
//   added to it as floats, in the order of the reduction axis, rounding to
//   nearest each time. The order depends on the group, not on the machine:
//   tiles hand their sums on to the next.
// - A block with an infinity or a NaN is NaN, and so is its every product.
//
// The cell that does it in passes of 2-bit chunks is in Simulator/BlockCell.h.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_NUMERICS_BLOCKPRODUCT_H
#define COLONNADE_NUMERICS_BLOCKPRODUCT_H

#include "colonnade/Numerics/BlockFloat.h"
#include <vector>

namespace colonnade {

/// The blocks of an operand, line by line. Lines are as long as the reduction;
/// the last block of a line may be short, and has zeros for what it lacks.
class BlockMatrix {
public:
  /// Takes values apart that keep the promise of `format`; an error names the
  /// first that does not. Line o * inner + i is the one at outer index o and
  /// inner index i. A block with an infinity or a NaN is NaN.
  static llvm::Expected<BlockMatrix> get(llvm::ArrayRef<float> values,
                                         const BlockLines &lines,
                                         const BlockFormat &format);

  const BlockFormat &getFormat() const { return format; }
  int64_t getNumLines() const { return numLines; }
  int64_t getBlocksPerLine() const { return blocksPerLine; }

  /// Signed mantissas of a block, `group` of them.
  llvm::ArrayRef<float> getMantissas(int64_t line, int64_t block) const {
    return llvm::ArrayRef(mantissas).slice(
        (line * blocksPerLine + block) * format.group, format.group);
  }
  /// What the mantissas of a block count: a power of two, or NaN.
  float getUnit(int64_t line, int64_t block) const {
    return units[line * blocksPerLine + block];
  }

  /// The block as a cell holds it; none if it is NaN.
  std::optional<EncodedBlock> encode(int64_t line, int64_t block) const;

private:
  llvm::Error setBlock(int64_t index, llvm::ArrayRef<float> values);

  BlockFormat format;
  int64_t numLines = 0, blocksPerLine = 0;
  std::vector<float> mantissas, units;
};

/// result[i][j] is line i of `left` times line j of `right`. Both have lines of
/// one length and blocks of one group.
void multiplyBlocks(const BlockMatrix &left, const BlockMatrix &right,
                    llvm::MutableArrayRef<float> result);

} // namespace colonnade

#endif // COLONNADE_NUMERICS_BLOCKPRODUCT_H
