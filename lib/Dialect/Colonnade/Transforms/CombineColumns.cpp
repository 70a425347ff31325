//===- CombineColumns.cpp - Pack sparse filter columns --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups the columns of every constant filter matrix and prunes the conflicts
// (ASPLOS 2019, section 3). Which matrices there are is in FilterMatrices.cpp,
// the grouping itself lib/Packing's.
//
//===----------------------------------------------------------------------===//

#include "LayerPolicy.h"
#include "Weights.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/FilterMatrices.h"
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
  ColumnGroups groupColumns(const FilterMatrix &matrix) const;
  void combine(const FilterMatrix &matrix, const ColumnGroups &groups);

  const GroupingAlgorithm *grouping = nullptr;
  LayerPolicy layerPolicy;
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
  auto found = findGroupingAlgorithm(algorithm);
  if (!found)
    return error() << llvm::toString(found.takeError());
  grouping = *found;
  return success();
}

//===----------------------------------------------------------------------===//
// Combining
//===----------------------------------------------------------------------===//

/// Figures of a combined filter matrix, before and after; `values` is what is
/// left.
static void remarkCombined(const FilterMatrix &matrix, RankedTensorType type,
                           ArrayRef<int8_t> values, const ColumnGroups &groups,
                           const PruningLoss &loss) {
  Operation *op = matrix.uses.front()->getOwner();
  auto remark = remark::passed(op->getLoc(), getRemarkOpts(kRule, op));
  // Counting is not for free.
  if (!remark)
    return;
  MatrixView view = matrix.getView();
  auto pattern = NonzeroPattern::get(ArrayRef<int8_t>(view.toMatrix(values)),
                                     view.getRows(), view.getColumns());
  PackingMetrics metrics = getPackingMetrics(pattern, groups);
  using remark::metric;
  remark << metric("Op", op->getName().getStringRef())
         << metric("Weights", formatShape(type.getShape()))
         << metric("Contractions", matrix.uses.size())
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
  if (!matrix.policySource.empty())
    remark << metric("Policy", matrix.policySource);
}

ColumnGroups CombineColumns::groupColumns(const FilterMatrix &matrix) const {
  MatrixView view = matrix.getView();
  std::vector<int8_t> values = view.toMatrix(*readWeights(matrix.weights));
  return colonnade::groupColumns(NonzeroPattern::get(ArrayRef<int8_t>(values),
                                                     view.getRows(),
                                                     view.getColumns()),
                                 view, *grouping, matrix.grouping);
}

void CombineColumns::combine(const FilterMatrix &matrix,
                             const ColumnGroups &groups) {
  auto type = cast<RankedTensorType>(matrix.weights.getType());
  auto promise = ColumnsAttr::get(
      &getContext(), matrix.rowAxis, matrix.blockAxis, matrix.grouping.fanIn,
      getAssignment(groups, matrix.getView().getColumns()));
  RankedTensorType promised =
      withPromises(type, promise, getTermsPromise(type));

  std::vector<int8_t> values = *readWeights(matrix.weights);
  PruningLoss loss = pruneToColumns(promised, values);
  replaceWeights(matrix.weights, promised, values, matrix.uses);
  remarkCombined(matrix, promised, values, groups, loss);
}

void CombineColumns::runOnOperation() {
  FailureOr<std::vector<FilterMatrix>> matrices = collectFilterMatrices(
      getOperation(), IntegerType::get(&getContext(), 8), layerPolicy,
      {fanIn, conflictLimit}, [](linalg::LinalgOp op, const Twine &reason) {
        remarkMissed(kRule, op, reason);
      });
  if (failed(matrices))
    return signalPassFailure();
  // Grouping only reads the constants, so it may run for several at a time; the
  // changes and the remarks then come in program order.
  std::vector<ColumnGroups> groups(matrices->size());
  parallelFor(&getContext(), 0, groups.size(), [&](size_t index) {
    groups[index] = groupColumns((*matrices)[index]);
  });
  SmallVector<Value> weights;
  for (auto [matrix, columns] : llvm::zip_equal(*matrices, groups)) {
    combine(matrix, columns);
    weights.push_back(matrix.weights);
  }
  eraseUnused(weights);
}
