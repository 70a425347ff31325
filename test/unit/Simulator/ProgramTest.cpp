//===- ProgramTest.cpp - Unpacking and digests ----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The inverse of packing, and what it says about packings that are none.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/Program.h"
#include "RandomTiles.h"
#include "colonnade/Simulator/Cells.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace colonnade;
using namespace colonnade::sim;
using ::testing::HasSubstr;

/// 2 rows, 3 matrix columns; the array column's slots hold columns {0, 2} and
/// {1}.
static PackedWeights makeSmall() {
  PackedWeights weights;
  weights.name = "small";
  weights.rows = 2;
  weights.matrixColumns = 3;
  weights.arrayColumns = 1;
  weights.depth = 2;
  weights.fanIn = 2;
  weights.values = {5, 6, -7, 0};
  weights.selects = {1, 0, 0, 1};
  weights.streams = {0, 2, 1, -1};
  return weights;
}

static std::string getUnpackMessage(const PackedWeights &weights) {
  return getMessage(unpackWeights(weights).takeError());
}

TEST(ProgramTest, UnpacksToTheDenseMatrix) {
  EXPECT_THAT(llvm::cantFail(unpackWeights(makeSmall())),
              ::testing::ElementsAre(0, 6, 5, -7, 0, 0));
}

TEST(ProgramTest, IllegalPackingsAreNamed) {
  PackedWeights weights = makeSmall();
  weights.selects[3] = 2;
  EXPECT_EQ(getUnpackMessage(weights),
            "weights 'small': row 1, array column 0, slot 1: select 2 is not "
            "below the fan-in 2");
  weights = makeSmall();
  weights.values[3] = 1;
  EXPECT_EQ(getUnpackMessage(weights),
            "weights 'small': row 1, array column 0, slot 1 selects stream 1, "
            "which carries no matrix column");
  weights = makeSmall();
  weights.streams[2] = 2;
  EXPECT_EQ(getUnpackMessage(weights),
            "weights 'small': row 0, array column 0, slot 1 collides with "
            "another cell that holds matrix column 2");
  weights = makeSmall();
  weights.streams[1] = 3;
  EXPECT_EQ(getUnpackMessage(weights),
            "weights 'small': stream 1 of array column 0 carries matrix column "
            "3 outside [0, 3)");
  weights = makeSmall();
  weights.values.pop_back();
  EXPECT_EQ(getUnpackMessage(weights),
            "weights 'small': expected 4 values and selects and 4 streams, got "
            "3 values, 4 selects and 4 streams");
  weights = makeSmall();
  weights.depth = 0;
  EXPECT_THAT(getUnpackMessage(weights), HasSubstr("expected positive sizes"));
}

TEST(ProgramTest, DigestSeesShapeAndValues) {
  std::vector<int8_t> matrix = {1, 2, 3, 4, 5, 6};
  uint64_t digest = digestMatrix(matrix, 2, 3);
  EXPECT_EQ(digest, digestMatrix(matrix, 2, 3));
  EXPECT_NE(digest, digestMatrix(matrix, 3, 2));
  for (int8_t &value : matrix) {
    ++value;
    EXPECT_NE(digest, digestMatrix(matrix, 2, 3));
    --value;
  }
}

TEST(ProgramTest, TilesAreClampedAtTheEdges) {
  Random random(4);
  Program program;
  program.machine = makeMachine(random, 4);
  program.machine.rows = 4;
  program.machine.columns = 3;
  program.machine.cell = createMacCell(8);
  program.weights = {makeWeights(random, 6, 5, {1, 1, 0, 0})};
  EXPECT_EQ(program.getTileRows({0, 0, 0, 0}), 4);
  EXPECT_EQ(program.getTileRows({0, 0, 4, 0}), 2);
  EXPECT_EQ(program.getTileColumns({0, 0, 0, 0}), 3);
  EXPECT_EQ(program.getTileColumns({0, 0, 0, 3}), 2);
  EXPECT_EQ(program.getTileBytes({0, 0, 4, 3}), 2 * 2);
  // 11 bits a cell: 8 of the value, 3 of the select.
  program.weights[0].promises.fanIn = 8;
  EXPECT_EQ(program.getTileBytes({0, 0, 4, 3}), (2 * 2 * 11 + 7) / 8);
}
