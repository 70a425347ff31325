//===- BlockProductTest.cpp - Laws of products of blocks ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The fast product against its definition in exact arithmetic: integers of any
// width and LLVM's own floats, on operands of any shape, precision and size.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Numerics/BlockProduct.h"
#include "RandomBlocks.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/APSInt.h"
#include "gmock/gmock.h"
#include <limits>

using namespace colonnade;
using llvm::APFloat;
using llvm::APSInt;
using testing::HasSubstr;

/// The exact sum of the products of two blocks' mantissas.
static APSInt sumMantissas(const EncodedBlock &left,
                           const EncodedBlock &right) {
  auto widen = [](BlockMantissa mantissa) {
    APSInt value(llvm::APInt(128, mantissa.magnitude), /*isUnsigned=*/false);
    return mantissa.negative ? -value : value;
  };
  APSInt sum(128, /*isUnsigned=*/false);
  for (size_t i = 0; i < left.mantissas.size(); ++i)
    sum += widen(left.mantissas[i]) * widen(right.mantissas[i]);
  return sum;
}

/// Scaled in a format that has room for it, then rounded once.
static APFloat multiplyExactly(const EncodedBlock &left,
                               const BlockFormat &leftFormat,
                               const EncodedBlock &right,
                               const BlockFormat &rightFormat) {
  APFloat product(APFloat::IEEEquad());
  product.convertFromAPInt(sumMantissas(left, right), /*IsSigned=*/true,
                           APFloat::rmNearestTiesToEven);
  int64_t exponent = int64_t(left.exponent) + int64_t(right.exponent) -
                     leftFormat.getBias() - rightFormat.getBias() -
                     leftFormat.mantissaBits - rightFormat.mantissaBits + 2;
  product = scalbn(product, int(exponent), APFloat::rmNearestTiesToEven);
  bool losesInfo = false;
  product.convert(APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven,
                  &losesInfo);
  return product;
}

static float multiplyLines(const BlockMatrix &left, int64_t row,
                           const BlockMatrix &right, int64_t column) {
  APFloat sum = APFloat::getZero(APFloat::IEEEsingle());
  for (int64_t block = 0; block < left.getBlocksPerLine(); ++block) {
    auto x = left.encode(row, block), y = right.encode(column, block);
    if (!x || !y)
      return std::numeric_limits<float>::quiet_NaN();
    sum.add(multiplyExactly(*x, left.getFormat(), *y, right.getFormat()),
            APFloat::rmNearestTiesToEven);
  }
  return sum.convertToFloat();
}

TEST(BlockProductTest, EqualsExactArithmetic) {
  checkRandomProducts(/*seed=*/1, multiplyLines);
}

static BlockMatrix getLine(llvm::ArrayRef<float> values,
                           const BlockFormat &format) {
  return llvm::cantFail(BlockMatrix::get(
      values, {1, static_cast<int64_t>(values.size()), 1}, format));
}

static float multiplyLine(llvm::ArrayRef<float> left,
                          llvm::ArrayRef<float> right,
                          const BlockFormat &format) {
  float result = -1;
  multiplyBlocks(getLine(left, format), getLine(right, format), result);
  return result;
}

TEST(BlockProductTest, BlocksAreAddedInOrder) {
  // 2^24 + 1 is 2^24 in a float, so only the last order keeps the ones.
  BlockFormat format{1, 8, 4};
  float large = 0x1p12f;
  EXPECT_EQ(multiplyLine({large, 1, 1}, {large, 1, 1}, format), 0x1p24f);
  EXPECT_EQ(multiplyLine({1, large, 1}, {1, large, 1}, format), 0x1p24f);
  EXPECT_EQ(multiplyLine({1, 1, large}, {1, 1, large}, format), 0x1p24f + 2.0f);
}

TEST(BlockProductTest, ABlockIsAddedAtOnce) {
  // Added one by one in floats, 2^26 + 1 - 2^26 is 0; a block adds its
  // products exactly.
  BlockFormat format{3, 8, 16};
  EXPECT_EQ(multiplyLine({0x1p13f, 1, -0x1p13f}, {0x1p13f, 1, 0x1p13f}, format),
            1.0f);
}

TEST(BlockProductTest, BlocksWithoutEncodingAreNaN) {
  BlockFormat format{2, 8, 4};
  float infinity = std::numeric_limits<float>::infinity();
  EXPECT_TRUE(
      std::isnan(multiplyLine({1, 1, infinity, 1}, {1, 1, 0, 0}, format)));
  EXPECT_EQ(multiplyLine({1, 1, 0, 1}, {1, 1, 0, 0}, format), 2.0f);
}

TEST(BlockProductTest, ProductsUnderflowGraduallyAndOverflow) {
  BlockFormat format{1, 8, 2};
  EXPECT_EQ(multiplyLine({0x1p-100f}, {0x1p-49f}, format), 0x1p-149f);
  EXPECT_EQ(multiplyLine({0x1p-100f}, {0x1p-50f}, format), 0.0f);
  EXPECT_EQ(multiplyLine({0x1p100f}, {-0x1p28f}, format),
            -std::numeric_limits<float>::infinity());
}

TEST(BlockProductTest, BrokenPromisesAreRefused) {
  std::vector<float> values = {8, 0.5};
  llvm::Expected<BlockMatrix> operand =
      BlockMatrix::get(values, {1, 2, 1}, {2, 8, 4});
  ASSERT_FALSE(static_cast<bool>(operand));
  EXPECT_THAT(llvm::toString(operand.takeError()),
              HasSubstr("expected a value of 4 mantissa bits in units of"));
}
