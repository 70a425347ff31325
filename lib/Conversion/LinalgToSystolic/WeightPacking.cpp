//===- WeightPacking.cpp - Packing filter matrices for the array ----------===//
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
using ArrayColumn = PackingPlan::ArrayColumn;

int64_t PackingPlan::getArrayColumns() const {
  size_t most = 0;
  for (const std::vector<ArrayColumn> &block : blocks)
    most = std::max(most, block.size());
  return most;
}

//===----------------------------------------------------------------------===//
// Columns
//===----------------------------------------------------------------------===//

/// Each column's index among those of its block.
static std::vector<int32_t> getColumnsInBlock(const MatrixView &view) {
  std::vector<int32_t> result(view.getColumns()), counts(view.getBlocks(), 0);
  for (auto [column, index] : llvm::enumerate(result))
    index = counts[view.getBlock(column)]++;
  return result;
}

/// The columns of each block's packed matrix that `promise` makes. One without
/// any, whose weights are all zero, gets an empty one: a layer has tiles.
static std::vector<std::vector<PackedColumn>>
getPromisedColumns(ColumnsAttr promise, ArrayRef<int64_t> shape) {
  MatrixView view(shape, promise.getRowAxis(), promise.getBlockAxis());
  std::vector<int32_t> columnInBlock = getColumnsInBlock(view);
  std::vector<std::vector<PackedColumn>> blocks(view.getBlocks());
  for (const auto &group : getGroups(promise.getAssignment())) {
    PackedColumn &packed = blocks[view.getBlock(group.front())].emplace_back();
    for (int32_t column : group)
      packed.push_back(columnInBlock[column]);
  }
  for (std::vector<PackedColumn> &block : blocks)
    if (block.empty())
      block.emplace_back();
  return blocks;
}

/// The columns of each block's packed matrix, one entry if all are alike.
static std::vector<std::vector<PackedColumn>>
getPackedColumns(RankedTensorType weights, int64_t matrixColumns) {
  if (ColumnsAttr promise = getColumnsPromise(weights))
    return getPromisedColumns(promise, weights.getShape());
  std::vector<PackedColumn> columns;
  for (int32_t column = 0; column < matrixColumns; ++column)
    columns.push_back(PackedColumn{column});
  return {columns};
}

static std::vector<ArrayColumn> cutIntoRuns(ArrayRef<PackedColumn> columns,
                                            int64_t length) {
  std::vector<ArrayColumn> result;
  for (size_t start = 0; start < columns.size(); start += length) {
    auto run =
        columns.slice(start, std::min<size_t>(length, columns.size() - start));
    result.emplace_back(run.begin(), run.end());
  }
  return result;
}

/// The same for the columns of each block.
static std::vector<std::vector<ArrayColumn>>
cutIntoRuns(ArrayRef<std::vector<PackedColumn>> blocks, int64_t length) {
  std::vector<std::vector<ArrayColumn>> result;
  for (const std::vector<PackedColumn> &columns : blocks)
    result.push_back(cutIntoRuns(ArrayRef(columns), length));
  return result;
}

/// One array column per run of input channels at one kernel tap.
static std::vector<ArrayColumn>
cutIntoChannelRuns(int64_t channels, int64_t taps, int64_t length) {
  std::vector<ArrayColumn> result;
  for (int64_t tap = 0; tap < taps; ++tap)
    for (int64_t start = 0; start < channels; start += length) {
      ArrayColumn &run = result.emplace_back();
      for (int64_t c = start; c < std::min(start + length, channels); ++c)
        run.push_back(PackedColumn{static_cast<int32_t>(c * taps + tap)});
    }
  return result;
}

/// Columns of a depthwise block: the same tap of up to `fanIn` channels is one
/// packed column.
static std::vector<PackedColumn>
getDepthwiseColumns(int64_t channels, int64_t taps, int64_t fanIn) {
  std::vector<PackedColumn> result;
  for (int64_t first = 0; first < channels; first += fanIn)
    for (int64_t tap = 0; tap < taps; ++tap) {
      PackedColumn &column = result.emplace_back();
      for (int64_t c = first; c < std::min(first + fanIn, channels); ++c)
        column.push_back(static_cast<int32_t>(c * taps + tap));
    }
  return result;
}

//===----------------------------------------------------------------------===//
// Slots
//===----------------------------------------------------------------------===//

/// Packed columns per array column that make tiles x cycles per step least.
/// `getPromises` gives what is promised about a cell of so many slots.
static int64_t
chooseSlots(int64_t packedColumns, int64_t arrayColumns,
            const sim::CellModel &cell,
            llvm::function_ref<sim::OperandPromises(int64_t)> getPromises) {
  int64_t best = 1, bestCost = INT64_MAX;
  for (int64_t slots = 1; slots <= cell.getDepth(); ++slots) {
    int64_t tiles =
        countTiles(1, llvm::divideCeil(packedColumns, slots), 1, arrayColumns);
    int64_t cost = tiles * cell.getCyclesPerStep(getPromises(slots));
    if (cost <= bestCost) {
      best = slots;
      bestCost = cost;
    }
  }
  return best;
}

static int64_t chooseSlots(int64_t packedColumns, int64_t arrayColumns,
                           sim::OperandPromises promises,
                           const sim::CellModel &cell) {
  return chooseSlots(packedColumns, arrayColumns, cell, [&](int64_t slots) {
    promises.slots = slots;
    return promises;
  });
}

sim::OperandPromises colonnade::planRunTimePacking(int64_t matrixColumns,
                                                   int64_t valueTerms,
                                                   int64_t dataTerms,
                                                   int64_t columns,
                                                   const sim::CellModel &cell) {
  auto getPromises = [&](int64_t slots) {
    sim::OperandPromises promises;
    promises.slots = slots;
    promises.weightTerms = slots * valueTerms;
    promises.dataTerms = dataTerms;
    return promises;
  };
  return getPromises(chooseSlots(matrixColumns, columns, cell, getPromises));
}

//===----------------------------------------------------------------------===//
// Plans
//===----------------------------------------------------------------------===//

static llvm::Error checkGroup(TermsAttr promise, const sim::CellModel &cell) {
  if (promise.getGroup() <= cell.getDepth())
    return llvm::Error::success();
  return llvm::createStringError(llvm::formatv(
      "a group of {0} values does not fit a {1} cell of depth {2}: use "
      "group={2} or less",
      promise.getGroup(), cell.getName(), cell.getDepth()));
}

/// Weights are read along other axes than their promise speaks of where another
/// layer reads them too, or where the promise was written by hand.
static llvm::Error checkColumnsPromise(ColumnsAttr promise,
                                       const WeightAxes &axes) {
  if (axes.depthwiseBlocks)
    return llvm::createStringError(
        "combined columns of depthwise weights are not supported: leave them "
        "to the packing");
  if (promise.getRowAxis() == axes.row && promise.getBlockAxis() == axes.block)
    return llvm::Error::success();
  auto describe = [](int64_t row, std::optional<int64_t> block) {
    std::string text = llvm::formatv("row_axis = {0}", row);
    if (block)
      text += llvm::formatv(" and block_axis = {0}", *block).str();
    return text;
  };
  return llvm::createStringError(
      llvm::formatv("the layer reads its weights with {0}, but their columns "
                    "promise is about "
                    "{1}: combine the columns of each layer's own weights",
                    describe(axes.row, axes.block),
                    describe(promise.getRowAxis(), promise.getBlockAxis())));
}

/// Sets the promises about fan-in and slots that the plan's columns make.
static llvm::Expected<PackingPlan> finish(PackingPlan plan,
                                          const sim::CellModel &cell) {
  for (const std::vector<ArrayColumn> &block : plan.blocks)
    for (const ArrayColumn &run : block) {
      plan.promises.slots = std::max<int64_t>(plan.promises.slots, run.size());
      for (const PackedColumn &column : run)
        plan.promises.fanIn =
            std::max<int64_t>(plan.promises.fanIn, column.size());
    }
  if (llvm::Error error = cell.check(plan.promises))
    return std::move(error);
  return plan;
}

/// A `terms` promise helps where its runs are taps next to each other: along
/// the last dimension of the window.
static llvm::Expected<PackingPlan>
planDepthwise(RankedTensorType weights, const WeightAxes &axes,
              int64_t dataTerms, int64_t columns, const sim::CellModel &cell) {
  PackingPlan plan;
  plan.promises.dataTerms = dataTerms;
  BlockMatrixView view(weights.getShape(), axes);
  int64_t channels = view.getRows();
  plan.promises.fanIn = std::min(channels, cell.getMaxFanIn());
  auto packed = getDepthwiseColumns(channels, view.getColumns() / channels,
                                    plan.promises.fanIn);
  TermsAttr terms = getTermsPromise(weights);
  int64_t last = weights.getRank() - 1;
  bool isUsable = terms && cell.getDepth() > 1 && !terms.isPacked() &&
                  terms.getAxis() == last && axes.row != last;
  if (!isUsable) {
    plan.blocks = {
        cutIntoRuns(ArrayRef(packed),
                    chooseSlots(packed.size(), columns, plan.promises, cell))};
    return finish(std::move(plan), cell);
  }
  if (llvm::Error error = checkGroup(terms, cell))
    return std::move(error);
  plan.promises.weightTerms = terms.getBudget();
  int64_t width = weights.getDimSize(last);
  std::vector<ArrayColumn> &runs = plan.blocks.emplace_back();
  for (size_t line = 0; line < packed.size(); line += width)
    llvm::append_range(runs, cutIntoRuns(ArrayRef(packed).slice(line, width),
                                         terms.getGroup()));
  return finish(std::move(plan), cell);
}

llvm::Expected<PackingPlan>
colonnade::planPacking(RankedTensorType weights, const WeightAxes &axes,
                       int64_t inputChannelAxis, int64_t dataTerms,
                       int64_t columns, const sim::CellModel &cell) {
  ColumnsAttr columnsPromise = getColumnsPromise(weights);
  TermsAttr termsPromise = getTermsPromise(weights);
  if (columnsPromise)
    if (llvm::Error error = checkColumnsPromise(columnsPromise, axes))
      return std::move(error);
  if (axes.depthwiseBlocks)
    return planDepthwise(weights, axes, dataTerms, columns, cell);
  int64_t matrixColumns =
      BlockMatrixView(weights.getShape(), axes).getColumns();
  int64_t channels = weights.getDimSize(inputChannelAxis);
  PackingPlan plan;
  plan.promises.dataTerms = dataTerms;
  auto packed = getPackedColumns(weights, matrixColumns);
  size_t most = 0;
  for (const std::vector<PackedColumn> &block : packed) {
    most = std::max(most, block.size());
    for (const PackedColumn &column : block)
      plan.promises.fanIn =
          std::max<int64_t>(plan.promises.fanIn, column.size());
  }

  // A promise helps only when its runs are what a cell holds.
  bool isUsable =
      termsPromise && cell.getDepth() > 1 &&
      (termsPromise.isPacked() ||
       (!columnsPromise && termsPromise.getAxis() == inputChannelAxis));
  if (!isUsable) {
    plan.blocks = cutIntoRuns(ArrayRef(packed),
                              chooseSlots(most, columns, plan.promises, cell));
    return finish(std::move(plan), cell);
  }
  if (llvm::Error error = checkGroup(termsPromise, cell))
    return std::move(error);
  plan.promises.weightTerms = termsPromise.getBudget();
  if (termsPromise.isPacked())
    plan.blocks = cutIntoRuns(ArrayRef(packed), termsPromise.getGroup());
  else
    plan.blocks = {cutIntoChannelRuns(channels, matrixColumns / channels,
                                      termsPromise.getGroup())};
  return finish(std::move(plan), cell);
}

static void setStreams(sim::PackedWeights &packed, const PackingPlan &plan) {
  packed.streams.assign(packed.blocks * packed.getSlots() * packed.fanIn, -1);
  for (int64_t block = 0; block < packed.blocks; ++block)
    for (auto [a, run] : llvm::enumerate(plan.getBlock(block)))
      for (auto [d, members] : llvm::enumerate(run)) {
        int64_t slot = block * packed.getSlots() + a * packed.depth + d;
        llvm::copy(members, packed.streams.begin() + slot * packed.fanIn);
      }
}

sim::PackedWeights colonnade::packWeights(const PackingPlan &plan,
                                          const BlockMatrixView &view,
                                          ArrayRef<int8_t> matrices) {
  sim::PackedWeights packed;
  packed.blocks = view.getBlocks();
  packed.rows = view.getRows();
  packed.matrixColumns = view.getColumns();
  packed.arrayColumns = plan.getArrayColumns();
  packed.depth = plan.promises.slots;
  packed.fanIn = plan.promises.fanIn;
  packed.promises = plan.promises;
  int64_t rows = packed.blocks * packed.rows;
  packed.digest = sim::digestMatrix(matrices, rows, packed.matrixColumns);
  setStreams(packed, plan);
  packed.values.assign(rows * packed.getSlots(), 0);
  packed.selects.assign(packed.values.size(), 0);
  for (int64_t row = 0; row < rows; ++row) {
    const int8_t *line = matrices.data() + row * packed.matrixColumns;
    int64_t cell = row * packed.getSlots();
    for (const ArrayColumn &run : plan.getBlock(row / packed.rows)) {
      for (auto [d, members] : llvm::enumerate(run))
        for (auto [select, column] : llvm::enumerate(members))
          if (line[column]) {
            packed.values[cell + d] = line[column];
            packed.selects[cell + d] = select;
          }
      cell += packed.depth;
    }
  }
  return packed;
}
