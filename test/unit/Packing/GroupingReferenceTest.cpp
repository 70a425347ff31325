//===- GroupingReferenceTest.cpp - Results of independent code ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Grouping and pruning of a fixed matrix must give the members and figures that
// an independent implementation recorded in test/data/packing, and random
// matrices the group counts that its authors measured.
//
//===----------------------------------------------------------------------===//

#include "../Support/Errors.h"
#include "PlainGrouping.h"
#include "colonnade/Packing/ConflictPruning.h"
#include "colonnade/Support/NpyFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "gmock/gmock.h"

using namespace colonnade;
using testing::Optional;

static std::string getDataPath(llvm::StringRef name) {
  return (COLONNADE_TEST_DATA "/packing/" + name).str();
}

/// The recorded results, by algorithm and conflict limit.
static std::optional<llvm::json::Value> readReference() {
  auto file = llvm::MemoryBuffer::getFile(getDataPath("random16_96x94.json"));
  if (!file)
    return std::nullopt;
  return getValue(llvm::json::parse((*file)->getBuffer()));
}

static ColumnGroups getMembers(const llvm::json::Array &members) {
  ColumnGroups groups;
  for (const llvm::json::Value &group : members) {
    groups.emplace_back();
    for (const llvm::json::Value &column : *group.getAsArray())
      groups.back().push_back(static_cast<int32_t>(*column.getAsInteger()));
  }
  return groups;
}

/// Groups and prunes the matrix and compares each recorded figure.
static void checkResult(const GroupingAlgorithm &algorithm, double limit,
                        const llvm::json::Object &expected, NpyArray array) {
  int64_t rows = array.shape[0], columns = array.shape[1];
  std::vector<float> weights = getValue(array.getValues<float>())->vec();
  NonzeroPattern pattern =
      NonzeroPattern::get(llvm::ArrayRef<float>(weights), rows, columns);
  ColumnGroups groups = algorithm.group(pattern, {8, limit});
  EXPECT_EQ(groups, getMembers(*expected.getArray("members")));
  size_t largest = 0;
  for (const auto &group : groups)
    largest = std::max(largest, group.size());
  EXPECT_THAT(expected.getInteger("largest_group"), Optional(largest));

  PruningLoss loss = pruneConflicts(llvm::MutableArrayRef<float>(weights), rows,
                                    columns, groups);
  EXPECT_THAT(expected.getInteger("nonzeros_lost"), Optional(loss.valuesLost));
  // NumPy adds in another order.
  EXPECT_THAT(expected.getNumber("sum_abs_lost"),
              Optional(testing::DoubleNear(loss.magnitudeLost, 1e-9)));

  PackingMetrics metrics = getPackingMetrics(
      NonzeroPattern::get(llvm::ArrayRef<float>(weights), rows, columns),
      groups);
  EXPECT_THAT(expected.getInteger("groups"), Optional(metrics.packedColumns));
  EXPECT_THAT(expected.getInteger("nonzeros_kept"), Optional(metrics.nonzeros));
  EXPECT_THAT(expected.getNumber("utilization"), Optional(metrics.utilization));
}

TEST(GroupingReference, RecordedResultsAreReproduced) {
  std::optional<llvm::json::Value> reference = readReference();
  ASSERT_TRUE(reference);
  std::optional<NpyArray> array =
      getValue(readNpy(getDataPath("random16_96x94.npy")));
  ASSERT_TRUE(array);
  const llvm::json::Object *results = reference->getAsObject()
                                          ->getObject("matrices")
                                          ->getObject("random16_96x94")
                                          ->getObject("results");
  int compared = 0;
  for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms()) {
    std::string key = algorithm->getName().str();
    std::replace(key.begin(), key.end(), '-', '_');
    // A newer algorithm has no recorded results.
    const llvm::json::Object *limits = results->getObject(key);
    if (!limits)
      continue;
    for (const auto &[limit, expected] : *limits) {
      SCOPED_TRACE(key + " " + limit.str());
      checkResult(*algorithm, std::stod(limit.str()), *expected.getAsObject(),
                  *array);
      ++compared;
    }
  }
  EXPECT_EQ(compared, 8);
}

namespace {
/// Means over several matrices.
struct Quality {
  double groups = 0, utilization = 0, lostShare = 0;
};
} // namespace

static Quality measure(const GroupingAlgorithm &algorithm, int64_t rows,
                       int64_t columns, double limit) {
  constexpr int matrices = 10;
  RandomCases random(16);
  Quality quality;
  for (int index = 0; index < matrices; ++index) {
    TestMatrix matrix = getRandomMatrix(random, rows, columns, 0.16);
    ColumnGroups groups = algorithm.group(matrix.getPattern(), {8, limit});
    PruningLoss loss = pruneConflicts(
        llvm::MutableArrayRef<int8_t>(matrix.values), rows, columns, groups);
    PackingMetrics metrics = getPackingMetrics(matrix.getPattern(), groups);
    quality.groups += double(groups.size()) / matrices;
    quality.utilization += metrics.utilization / matrices;
    quality.lostShare +=
        double(loss.valuesLost) / double(loss.valuesBefore) / matrices;
  }
  return quality;
}

TEST(GroupingReference, AgglomerativeOnRandomMatrices) {
  // Figures of single matrices of another random stream; without conflicts
  // those scatter by a few groups.
  const GroupingAlgorithm &algorithm =
      *lookupGroupingAlgorithm("agglomerative");
  EXPECT_NEAR(measure(algorithm, 96, 94, 0).groups, 53, 4);
  EXPECT_NEAR(measure(algorithm, 256, 256, 0).groups, 227, 5);

  Quality small = measure(algorithm, 96, 94, 0.5);
  EXPECT_NEAR(small.groups, 13, 1);
  EXPECT_NEAR(small.utilization, 0.81, 0.02);
  EXPECT_NEAR(small.lostShare, 0.33, 0.02);

  Quality large = measure(algorithm, 256, 256, 0.5);
  EXPECT_NEAR(large.groups, 33, 1);
  EXPECT_NEAR(large.utilization, 0.82, 0.02);
  EXPECT_NEAR(large.lostShare, 0.34, 0.02);
}

TEST(GroupingReference, DenseFirstFillsTheArrayLess) {
  const GroupingAlgorithm &agglomerative =
      *lookupGroupingAlgorithm("agglomerative");
  const GroupingAlgorithm &denseFirst = *lookupGroupingAlgorithm("dense-first");
  for (int64_t size : {96, 256}) {
    double difference = measure(agglomerative, size, size, 0.5).utilization -
                        measure(denseFirst, size, size, 0.5).utilization;
    EXPECT_GT(difference, 0.06);
    EXPECT_LT(difference, 0.18);
  }
}

TEST(GroupingReference, EveryAlgorithmSavesTilesOf32x32) {
  for (const GroupingAlgorithm *algorithm : getGroupingAlgorithms()) {
    RandomCases random(17);
    TestMatrix matrix = getRandomMatrix(random, 96, 94, 0.16);
    auto countTilesAt = [&](double limit) {
      ColumnGroups groups = algorithm->group(matrix.getPattern(), {8, limit});
      return countTiles(96, int64_t(groups.size()), 32, 32);
    };
    EXPECT_EQ(countTiles(96, 94, 32, 32), 9);
    EXPECT_EQ(countTilesAt(0), 6) << algorithm->getName().str();
    EXPECT_EQ(countTilesAt(0.5), 3) << algorithm->getName().str();
  }
}
