//===- WeightPacking.cpp - Packing filter matrices for the array -*- C++
//-*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Conversion/LinalgToSystolic/WeightPacking.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Packing/ColumnGrouping.h"
#include "colonnade/Packing/ConflictPruning.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;

using PackedColumn = PackingPlan::PackedColumn;

/// The columns of the packed matrix.
static std::vector<PackedColumn> getPackedColumns(ColumnsAttr promise,
                                                  int64_t matrixColumns) {
  std::vector<PackedColumn> result;
  if (promise) {
    for (const auto &group : getGroups(promise.getAssignment()))
      result.emplace_back(group.begin(), group.end());
    return result;
  }
  for (int32_t column = 0; column < matrixColumns; ++column)
    result.push_back(PackedColumn{column});
  return result;
}

static std::vector<std::vector<PackedColumn>>
cutIntoRuns(ArrayRef<PackedColumn> columns, int64_t length) {
  std::vector<std::vector<PackedColumn>> result;
  for (size_t start = 0; start < columns.size(); start += length) {
    auto run =
        columns.slice(start, std::min<size_t>(length, columns.size() - start));
    result.emplace_back(run.begin(), run.end());
  }
  return result;
}

/// One array column per run of input channels at one kernel tap.
static std::vector<std::vector<PackedColumn>>
cutIntoChannelRuns(int64_t channels, int64_t taps, int64_t length) {
  std::vector<std::vector<PackedColumn>> result;
  for (int64_t tap = 0; tap < taps; ++tap)
    for (int64_t start = 0; start < channels; start += length) {
      std::vector<PackedColumn> &run = result.emplace_back();
      for (int64_t c = start; c < std::min(start + length, channels); ++c)
        run.push_back(PackedColumn{static_cast<int32_t>(c * taps + tap)});
    }
  return result;
}

/// Packed columns per array column that make tiles x cycles per step least.
static int64_t chooseSlots(int64_t packedColumns, int64_t arrayColumns,
                           sim::OperandPromises promises,
                           const sim::CellModel &cell) {
  int64_t best = 1, bestCost = INT64_MAX;
  for (int64_t slots = 1; slots <= cell.getDepth(); ++slots) {
    promises.slots = slots;
    int64_t tiles =
        countTiles(1, llvm::divideCeil(packedColumns, slots), 1, arrayColumns);
    int64_t cost = tiles * cell.getCyclesPerStep(promises);
    if (cost <= bestCost) {
      best = slots;
      bestCost = cost;
    }
  }
  return best;
}

llvm::Expected<PackingPlan>
colonnade::planPacking(RankedTensorType weights, int64_t rowAxis,
                       int64_t inputChannelAxis, int64_t dataTerms,
                       int64_t columns, const sim::CellModel &cell) {
  ColumnsAttr columnsPromise = getColumnsPromise(weights);
  TermsAttr termsPromise = getTermsPromise(weights);
  int64_t rows = weights.getDimSize(rowAxis);
  int64_t channels = weights.getDimSize(inputChannelAxis);
  int64_t matrixColumns = weights.getNumElements() / rows;
  PackingPlan plan;
  plan.promises.dataTerms = dataTerms;
  auto packed = getPackedColumns(columnsPromise, matrixColumns);
  for (const PackedColumn &column : packed)
    plan.promises.fanIn = std::max<int64_t>(plan.promises.fanIn, column.size());

  // A promise helps only when its runs are what a cell holds.
  bool isUsable =
      termsPromise && cell.getDepth() > 1 &&
      (termsPromise.isPacked() ||
       (!columnsPromise && termsPromise.getAxis() == inputChannelAxis));
  if (isUsable && termsPromise.getGroup() > cell.getDepth())
    return llvm::createStringError(llvm::formatv(
        "a group of {0} values does not fit a {1} cell of depth {2}: use "
        "group={2} or less",
        termsPromise.getGroup(), cell.getName(), cell.getDepth()));
  if (isUsable) {
    plan.promises.weightTerms = termsPromise.getBudget();
    plan.arrayColumns =
        termsPromise.isPacked()
            ? cutIntoRuns(packed, termsPromise.getGroup())
            : cutIntoChannelRuns(channels, matrixColumns / channels,
                                 termsPromise.getGroup());
  } else {
    plan.arrayColumns = cutIntoRuns(
        packed, chooseSlots(packed.size(), columns, plan.promises, cell));
  }
  for (const auto &run : plan.arrayColumns)
    plan.promises.slots = std::max<int64_t>(plan.promises.slots, run.size());
  if (llvm::Error error = cell.check(plan.promises))
    return std::move(error);
  return plan;
}

sim::PackedWeights colonnade::packWeights(const PackingPlan &plan,
                                          ArrayRef<int8_t> matrix, int64_t rows,
                                          int64_t columns) {
  sim::PackedWeights packed;
  packed.rows = rows;
  packed.matrixColumns = columns;
  packed.arrayColumns = plan.arrayColumns.size();
  packed.depth = plan.promises.slots;
  packed.fanIn = plan.promises.fanIn;
  packed.promises = plan.promises;
  packed.digest = sim::digestMatrix(matrix, rows, columns);
  int64_t cells = packed.arrayColumns * packed.depth;
  packed.values.assign(rows * cells, 0);
  packed.selects.assign(rows * cells, 0);
  packed.streams.assign(cells * packed.fanIn, -1);
  for (auto [a, run] : llvm::enumerate(plan.arrayColumns))
    for (auto [d, members] : llvm::enumerate(run)) {
      int64_t slot = a * packed.depth + d;
      for (auto [select, column] : llvm::enumerate(members)) {
        packed.streams[slot * packed.fanIn + select] = column;
        for (int64_t row = 0; row < rows; ++row)
          if (int8_t value = matrix[row * columns + column]) {
            packed.values[row * cells + slot] = value;
            packed.selects[row * cells + slot] = select;
          }
      }
    }
  return packed;
}
