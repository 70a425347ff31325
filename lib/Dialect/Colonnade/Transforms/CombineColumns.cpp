//===- CombineColumns.cpp - Pack sparse filter columns --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups the columns of every constant filter matrix and prunes the conflicts
// (ASPLOS 2019, section 3). The grouping itself is lib/Packing's.
//
//===----------------------------------------------------------------------===//

#include "LayerPolicy.h"
#include "Weights.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "colonnade/Packing/ConflictPruning.h"
#include "mlir/IR/Threading.h"

namespace colonnade {
#define GEN_PASS_DEF_COMBINECOLUMNS
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr StringLiteral kRule = "combine-columns";

namespace {

struct CombineColumns
    : public colonnade::impl::CombineColumnsBase<CombineColumns> {
  using CombineColumnsBase::CombineColumnsBase;

  LogicalResult initialize(MLIRContext *context) override;
  void runOnOperation() override;

private:
  /// What the policy and, where it says nothing, the options ask for.
  LayerSettings getSettings(Operation *op) const;
  /// Why the weights of a contraction are left as they are, if they are.
  std::optional<std::string> whyNotCombined(const WeightOperand &match) const;
  /// Weights to combine, by constant, row axis and block axis.
  SharedWeights collectWeights();
  ColumnGroups groupColumns(Value weights, const MatrixView &view,
                            const LayerSettings &settings) const;
  void combine(Value weights, int64_t rowAxis, std::optional<int64_t> blockAxis,
               const ColumnGroups &groups, ArrayRef<OpOperand *> uses);

  const GroupingAlgorithm *grouping = nullptr;
  LayerPolicy layerPolicy;
  LayerSettingsMap layerSettings;
};

} // namespace

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

LogicalResult CombineColumns::initialize(MLIRContext *context) {
  auto error = [&] {
    return emitError(UnknownLoc::get(context)) << getArgument() << ": ";
  };
  if (fanIn < 1 || fanIn > 255)
    return error() << "expected fan-in in [1, 255], got " << fanIn.getValue();
  if (!(conflictLimit >= 0))
    return error() << "expected conflict-limit of at least 0, got "
                   << llvm::formatv("{0}", double(conflictLimit)).str();
  FailureOr<LayerPolicy> read = LayerPolicy::read(context, policy);
  if (failed(read))
    return failure();
  layerPolicy = std::move(*read);
  grouping = lookupGroupingAlgorithm(algorithm);
  if (grouping)
    return success();
  InFlightDiagnostic diagnostic = error() << "expected algorithm to be one of ";
  llvm::interleaveComma(
      getGroupingAlgorithms(), diagnostic,
      [&](const GroupingAlgorithm *known) { diagnostic << known->getName(); });
  return diagnostic << ", got '" << algorithm.getValue() << "'";
}

//===----------------------------------------------------------------------===//
// Choosing weights
//===----------------------------------------------------------------------===//

LayerSettings CombineColumns::getSettings(Operation *op) const {
  LayerSettings settings = layerSettings.lookup(op);
  settings.fanIn = settings.fanIn.value_or(fanIn);
  settings.conflictLimit = settings.conflictLimit.value_or(conflictLimit);
  return settings;
}

std::optional<std::string>
CombineColumns::whyNotCombined(const WeightOperand &match) const {
  auto type = cast<RankedTensorType>(match.weights->get().getType());
  if (ColumnsAttr columns = getColumnsPromise(type))
    return llvm::formatv("the weights already promise columns, {0} groups of "
                         "at most {1}",
                         columns.getNumGroups(), columns.getFanIn())
        .str();
  if (match.isDepthwise)
    return std::string("the channels of a depthwise convolution share no "
                       "columns: the mapping puts those of several channels "
                       "into one, without pruning");
  if (getSettings(match.weights->getOwner()).fanIn == 1)
    return llvm::formatv(
               "fan-in 1 combines nothing, the matrix has {0} columns",
               MatrixView(type.getShape(), match.rowAxis).getColumns())
        .str();
  if (!readWeights(match.weights->get()))
    return kUnreadableWeights.str();
  return std::nullopt;
}

SharedWeights CombineColumns::collectWeights() {
  SharedWeights shared;
  getOperation().walk([&](linalg::LinalgOp op) {
    if (!isContraction(op))
      return;
    std::string whyNot;
    std::optional<WeightOperand> match = getWeightOperand(op, &whyNot);
    if (!match)
      return remarkMissed(kRule, op, whyNot);
    if (std::optional<std::string> reason = whyNotCombined(*match))
      return remarkMissed(kRule, op, *reason);
    auto settings = layerSettings.find(op);
    StringRef source;
    if (settings != layerSettings.end())
      source = settings->second.source;
    shared[{match->weights->get(), match->rowAxis, match->blockAxis, source}]
        .push_back(match->weights);
  });
  return shared;
}

//===----------------------------------------------------------------------===//
// Combining
//===----------------------------------------------------------------------===//

static MatrixView getView(Value weights, int64_t rowAxis,
                          std::optional<int64_t> blockAxis) {
  return MatrixView(cast<RankedTensorType>(weights.getType()).getShape(),
                    rowAxis, blockAxis);
}

/// Figures of a combined filter matrix, before and after; `values` is what is
/// left.
static void remarkCombined(linalg::LinalgOp op, RankedTensorType type,
                           ArrayRef<int8_t> values, const ColumnGroups &groups,
                           const PruningLoss &loss, size_t contractions,
                           StringRef policySource) {
  auto remark = remark::passed(op.getLoc(), getRemarkOpts(kRule, op));
  // Counting is not for free.
  if (!remark)
    return;
  ColumnsAttr columns = getColumnsPromise(type);
  MatrixView view(type.getShape(), columns.getRowAxis(),
                  columns.getBlockAxis());
  auto pattern = NonzeroPattern::get(ArrayRef<int8_t>(view.toMatrix(values)),
                                     view.getRows(), view.getColumns());
  PackingMetrics metrics = getPackingMetrics(pattern, groups);
  using remark::metric;
  remark << metric("Op", op->getName().getStringRef())
         << metric("Weights", formatShape(type.getShape()))
         << metric("Contractions", contractions)
         << metric("Columns", view.getColumns())
         << metric("Groups", metrics.packedColumns)
         << metric("Utilization", formatPercent(metrics.utilization, 1))
         << metric("Pruned", loss.valuesLost)
         << metric("PrunedShare",
                   formatPercent(loss.valuesLost, loss.valuesBefore))
         << metric("MagnitudeLost",
                   formatPercent(loss.magnitudeLost, loss.magnitudeBefore));
  if (view.getBlocks() > 1)
    remark << metric("Blocks", view.getBlocks());
  if (!policySource.empty())
    remark << metric("Policy", policySource);
}

/// The part of a pattern that some of its columns are.
static NonzeroPattern selectColumns(const NonzeroPattern &pattern,
                                    ArrayRef<int32_t> columns) {
  NonzeroPattern selected(pattern.getRows(), columns.size());
  for (auto [index, column] : llvm::enumerate(columns))
    for (auto [word, rows] : llvm::enumerate(pattern.getColumn(column)))
      selected.setWord(word, index, rows);
  return selected;
}

/// Groups never have columns of two blocks.
ColumnGroups CombineColumns::groupColumns(Value weights, const MatrixView &view,
                                          const LayerSettings &settings) const {
  std::vector<int8_t> matrix = view.toMatrix(*readWeights(weights));
  auto pattern = NonzeroPattern::get(ArrayRef<int8_t>(matrix), view.getRows(),
                                     view.getColumns());
  ColumnGroups groups;
  for (int64_t block = 0; block < view.getBlocks(); ++block) {
    std::vector<int32_t> columns = view.getBlockColumns(block);
    for (auto &group :
         grouping->group(selectColumns(pattern, columns),
                         {*settings.fanIn, *settings.conflictLimit})) {
      for (int32_t &member : group)
        member = columns[member];
      groups.push_back(std::move(group));
    }
  }
  return groups;
}

void CombineColumns::combine(Value weights, int64_t rowAxis,
                             std::optional<int64_t> blockAxis,
                             const ColumnGroups &groups,
                             ArrayRef<OpOperand *> uses) {
  auto type = cast<RankedTensorType>(weights.getType());
  LayerSettings settings = getSettings(uses.front()->getOwner());
  int64_t columns = getView(weights, rowAxis, blockAxis).getColumns();
  auto promise =
      ColumnsAttr::get(&getContext(), rowAxis, blockAxis, *settings.fanIn,
                       getAssignment(groups, columns));
  RankedTensorType promised =
      withPromises(type, promise, getTermsPromise(type));

  std::vector<int8_t> values = *readWeights(weights);
  PruningLoss loss = pruneToColumns(promised, values);
  replaceWeights(weights, promised, values, uses);
  remarkCombined(cast<linalg::LinalgOp>(uses.front()->getOwner()), promised,
                 values, groups, loss, uses.size(), settings.source);
}

void CombineColumns::runOnOperation() {
  FailureOr<LayerSettingsMap> resolved = layerPolicy.resolve(getOperation());
  if (failed(resolved))
    return signalPassFailure();
  layerSettings = std::move(*resolved);
  SharedWeights shared = collectWeights();
  // Grouping only reads the constants, so it may run for several at a time; the
  // changes and the remarks then come in program order.
  auto weights = shared.getArrayRef();
  std::vector<ColumnGroups> groups(weights.size());
  parallelFor(&getContext(), 0, weights.size(), [&](size_t index) {
    const auto &[key, uses] = weights[index];
    auto [value, rowAxis, blockAxis, source] = key;
    groups[index] = groupColumns(value, getView(value, rowAxis, blockAxis),
                                 getSettings(uses.front()->getOwner()));
  });
  for (auto [entry, columns] : llvm::zip_equal(weights, groups)) {
    auto [value, rowAxis, blockAxis, source] = entry.first;
    combine(value, rowAxis, blockAxis, columns, entry.second);
  }
  eraseUnused(shared);
}
