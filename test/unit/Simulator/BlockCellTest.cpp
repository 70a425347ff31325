//===- BlockCellTest.cpp - The block cell against the fast product --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cells in a chain, pass by pass, give the bits of the CPU's emulation, in as
// many cycles as the precisions say.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/BlockCell.h"
#include "../Numerics/RandomBlocks.h"
#include "RandomTiles.h"
#include "gmock/gmock.h"

using namespace colonnade;
using namespace colonnade::sim;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

static float multiplyInCells(const BlockMatrix &left, int64_t row,
                             const BlockMatrix &right, int64_t column) {
  float sum = 0;
  int64_t passes = 0;
  for (int64_t block = 0; block < left.getBlocksPerLine(); ++block)
    sum = addBlockProduct(CellBlock::get(left, row, block),
                          CellBlock::get(right, column, block), sum, passes);
  EXPECT_EQ(passes, left.getBlocksPerLine() *
                        BlockCell::countPasses(left.getFormat().mantissaBits,
                                               right.getFormat().mantissaBits));
  return sum;
}

TEST(BlockCellTest, EqualsTheFastProduct) {
  checkRandomProducts(/*seed=*/2, multiplyInCells);
}

TEST(BlockCellTest, ChunksCarryTheSign) {
  std::vector<float> values = {-13, 6};
  CellBlock block = CellBlock::get(
      llvm::cantFail(BlockMatrix::get(values, {1, 2, 1}, {2, 8, 4})), 0, 0);
  EXPECT_THAT(block.chunks,
              ElementsAre(ElementsAre(-1, 2), ElementsAre(-3, 1)));
  EXPECT_EQ(block.exponent, 0);
}

TEST(BlockCellTest, PassesAndBits) {
  EXPECT_EQ(BlockCell::countPasses(2, 2), 1);
  EXPECT_EQ(BlockCell::countPasses(4, 2), 2);
  EXPECT_EQ(BlockCell::countPasses(3, 4), 4);
  EXPECT_EQ(BlockCell::countPasses(8, 8), 16);
  BlockCell cell{{16, 8, 4}};
  EXPECT_EQ(cell.getBlockBits(2), 8 + 16 * 3);
  EXPECT_EQ(cell.getBlockBits(4), 8 + 16 * 6);
}

TEST(BlockCellTest, Refusals) {
  BlockCell cell{{16, 8, 4}};
  EXPECT_EQ(getMessage(cell.checkMantissa(4)), "");
  EXPECT_THAT(getMessage(cell.checkMantissa(8)),
              HasSubstr("mantissas must have 2 to 4 bits, got 8"));
  EXPECT_THAT(getMessage(createBlockCell({16, 8, 4})->check({})),
              HasSubstr("operands are block floating point"));
}
