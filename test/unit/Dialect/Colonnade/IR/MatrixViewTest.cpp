//===- MatrixViewTest.cpp - Laws of the matrix view -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The view is a bijection whatever the rank and the row axis, and agrees with a
// transposition written out by hand.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "../../../Support/RandomCases.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/STLExtras.h"
#include "gmock/gmock.h"
#include <numeric>

using namespace colonnade;
using namespace mlir;
using testing::ElementsAre;

/// Calls `check(shape, rowAxis)` on generated shapes, empty ones too.
template <typename CheckFn> static void forEachShape(CheckFn check) {
  RandomCases random(5);
  for (int round = 0; round < 200; ++round) {
    SmallVector<int64_t> shape;
    for (int64_t i = 0, rank = random.getInteger(1, 5); i < rank; ++i)
      shape.push_back(random.getInteger(round % 10 == 0 ? 0 : 1, 5));
    check(shape, random.getInteger(0, shape.size() - 1));
  }
}

TEST(MatrixView, PositionsAreAPermutation) {
  forEachShape([](ArrayRef<int64_t> shape, int64_t rowAxis) {
    MatrixView view(shape, rowAxis);
    std::vector<int64_t> positions;
    for (int64_t row = 0; row < view.getRows(); ++row)
      for (int64_t column = 0; column < view.getColumns(); ++column)
        positions.push_back(view.getPosition(row, column));
    llvm::sort(positions);
    EXPECT_TRUE(llvm::equal(
        positions, llvm::seq<int64_t>(0, ShapedType::getNumElements(shape))));
  });
}

TEST(MatrixView, FromMatrixInvertsToMatrix) {
  RandomCases random(6);
  forEachShape([&](ArrayRef<int64_t> shape, int64_t rowAxis) {
    std::vector<int8_t> tensor(ShapedType::getNumElements(shape));
    for (int8_t &value : tensor)
      value = random.getInteger(-128, 127);
    MatrixView view(shape, rowAxis);
    EXPECT_EQ(view.fromMatrix(view.toMatrix(tensor)), tensor);
  });
}

// Blocks are the index along their axis, wherever it stands.
TEST(MatrixView, BlocksCountAlongTheirAxis) {
  forEachShape([](ArrayRef<int64_t> shape, int64_t rowAxis) {
    for (int64_t blockAxis = 0; blockAxis < int64_t(shape.size());
         ++blockAxis) {
      if (blockAxis == rowAxis)
        continue;
      MatrixView view(shape, rowAxis, blockAxis);
      int64_t pitch =
          ShapedType::getNumElements(shape.drop_front(blockAxis + 1));
      for (int64_t column = 0; column < view.getColumns(); ++column)
        if (view.getRows() > 0)
          EXPECT_EQ(view.getBlock(column),
                    view.getPosition(0, column) / pitch % shape[blockAxis]);
      size_t columns = 0;
      for (int64_t block = 0; block < view.getBlocks(); ++block)
        columns += view.getBlockColumns(block).size();
      EXPECT_EQ(int64_t(columns), view.getColumns());
    }
  });
}

/// Rows count along the axis; columns are the other dimensions in their order.
template <typename T> static void checkColumnsAreRowMajor() {
  auto toMatrix = [](ArrayRef<int64_t> shape, int64_t rowAxis) {
    std::vector<T> values(llvm::product_of(shape));
    std::iota(values.begin(), values.end(), T(1));
    MatrixView view(shape, rowAxis);
    std::vector<T> matrix = view.toMatrix(ArrayRef<T>(values));
    EXPECT_EQ(view.fromMatrix(ArrayRef<T>(matrix)), values);
    return matrix;
  };
  EXPECT_THAT(toMatrix({2, 3}, 0), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(toMatrix({2, 3}, 1), ElementsAre(1, 4, 2, 5, 3, 6));
  EXPECT_THAT(toMatrix({2, 2, 2}, 1), ElementsAre(1, 2, 5, 6, 3, 4, 7, 8));
}

TEST(MatrixView, ColumnsAreRowMajor) {
  checkColumnsAreRowMajor<int8_t>();
  checkColumnsAreRowMajor<float>();
}

TEST(Int8Constants, EveryKindIsReadAndRetyped) {
  MLIRContext context;
  Builder builder(&context);
  auto type = RankedTensorType::get({2, 2}, builder.getI8Type());
  auto marked = RankedTensorType::get({2, 2}, builder.getI8Type(),
                                      builder.getStringAttr("mark"));
  std::vector<int8_t> values = {-128, 0, 3, 127}, splat(4, -7);
  ElementsAttr resource = DenseResourceElementsAttr::get(
      type, "weights",
      HeapAsmResourceBlob::allocateAndCopyInferAlign<int8_t>(values));
  std::pair<ElementsAttr, std::vector<int8_t>> kinds[] = {
      {makeInt8Constant(type, values), values},
      {DenseElementsAttr::get(type, int8_t(-7)), splat},
      {resource, values}};
  for (const auto &[elements, expected] : kinds) {
    EXPECT_EQ(readInt8Values(elements), expected);
    ElementsAttr retyped = retypeConstant(elements, marked);
    EXPECT_EQ(retyped.getType(), marked);
    EXPECT_EQ(readInt8Values(retyped), expected);
    EXPECT_EQ(retypeConstant(retyped, type), elements);
  }
}

TEST(Int8Constants, OtherElementTypesAreNotRead) {
  MLIRContext context;
  Builder builder(&context);
  EXPECT_FALSE(readInt8Values(builder.getI32TensorAttr({1, 2})));
}
