//===- TermQuantize.cpp - Keep the largest power-of-two terms -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Establishes terms promises (SC 2020, section 4): on constant weights now, on
// run-time data by an op in front of the contractions.
//
//===----------------------------------------------------------------------===//

#include "Weights.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "colonnade/Numerics/TermSelection.h"
#include <utility>

namespace colonnade {
#define GEN_PASS_DEF_TERMQUANTIZE
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr StringLiteral kWeightsRule = "term-quantize-weights";
static constexpr StringLiteral kDataRule = "term-quantize-data";

namespace {

/// Run-time values and the operands of contractions that read them.
using SharedData = llvm::MapVector<Value, SmallVector<OpOperand *>>;

struct TermQuantize : public colonnade::impl::TermQuantizeBase<TermQuantize> {
  using TermQuantizeBase::TermQuantizeBase;

  LogicalResult initialize(MLIRContext *context) override;
  void runOnOperation() override;

private:
  /// Collects the operands of `op`, the `first` contraction or a later one.
  void visit(linalg::LinalgOp op, bool first, SharedWeights &weights,
             SharedData &data);
  void visitWeights(linalg::LinalgOp op, const WeightOperand &match,
                    SharedWeights &weights);
  void visitData(linalg::LinalgOp op, const WeightOperand &match,
                 SharedData &data);
  /// The type of `weights` with its new promise along `axis`.
  RankedTensorType getPromisedType(Value weights, int64_t axis);
  void quantizeWeights(Value weights, int64_t axis, ArrayRef<OpOperand *> uses);
  void quantizeData(Value value, ArrayRef<OpOperand *> uses);

  DigitSet digitSet = DigitSet::Naf;
};

} // namespace

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

LogicalResult TermQuantize::initialize(MLIRContext *context) {
  auto error = [&] {
    return emitError(UnknownLoc::get(context)) << getArgument() << ": ";
  };
  if (group < 1 || group > 65535)
    return error() << "expected group in [1, 65535], got " << group.getValue();
  if (budget < 0 || budget > 8 * group)
    return error() << "expected budget in [0, " << 8 * group.getValue()
                   << "] for groups of " << group.getValue() << ", got "
                   << budget.getValue();
  if (dataTerms < 0 || dataTerms > 8)
    return error() << "expected data-terms in [0, 8], got "
                   << dataTerms.getValue();
  if (std::optional<DigitSet> known = symbolizeDigitSet(digits)) {
    digitSet = *known;
    return success();
  }
  InFlightDiagnostic diagnostic = error() << "expected digits to be one of ";
  llvm::interleaveComma(getAllDigitSets(), diagnostic, [&](DigitSet known) {
    diagnostic << stringifyDigitSet(known);
  });
  return diagnostic << ", got '" << digits.getValue() << "'";
}

//===----------------------------------------------------------------------===//
// Choosing operands
//===----------------------------------------------------------------------===//

RankedTensorType TermQuantize::getPromisedType(Value weights, int64_t axis) {
  auto type = cast<RankedTensorType>(weights.getType());
  auto terms = TermsAttr::get(&getContext(), axis, group, budget, digitSet);
  return withPromises(type, getColumnsPromise(type), terms);
}

void TermQuantize::visitWeights(linalg::LinalgOp op, const WeightOperand &match,
                                SharedWeights &weights) {
  Value value = match.weights->get();
  if (!readWeights(value))
    return remarkMissed(kWeightsRule, op, kUnreadableWeights);
  int64_t axis = getColumnsPromise(value.getType()) ? TermsAttr::kPackedAxis
                                                    : match.inputChannelAxis;
  if (getPromisedType(value, axis) == value.getType())
    return remarkMissed(kWeightsRule, op,
                        "the weights already keep this promise");
  weights[{value, axis}].push_back(match.weights);
}

void TermQuantize::visitData(linalg::LinalgOp op, const WeightOperand &match,
                             SharedData &data) {
  Value value = match.data->get();
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || !type.getElementType().isSignlessInteger(8))
    return remarkMissed(
        kDataRule, op,
        llvm::formatv("expected data of type i8, got {0}", value.getType()));
  if (TermsAttr terms = getTermsPromise(type))
    return remarkMissed(kDataRule, op,
                        llvm::formatv("the data already promises terms, {0} "
                                      "per group of {1}",
                                      terms.getBudget(), terms.getGroup()));
  data[value].push_back(match.data);
}

void TermQuantize::visit(linalg::LinalgOp op, bool first,
                         SharedWeights &weights, SharedData &data) {
  std::string whyNot;
  std::optional<WeightOperand> match = getWeightOperand(op, &whyNot);
  if (match && first && skipFirst) {
    match.reset();
    whyNot = "the first contraction stays at plain 8 bits (skip-first)";
  }
  if (!match) {
    if (budget > 0)
      remarkMissed(kWeightsRule, op, whyNot);
    if (dataTerms > 0)
      remarkMissed(kDataRule, op, whyNot);
    return;
  }
  if (budget > 0)
    visitWeights(op, *match, weights);
  if (dataTerms > 0)
    visitData(op, *match, data);
}

//===----------------------------------------------------------------------===//
// Quantizing
//===----------------------------------------------------------------------===//

/// What term selection did to weights.
static void remarkQuantized(linalg::LinalgOp op, RankedTensorType type,
                            ArrayRef<int8_t> before, size_t contractions) {
  TermsAttr terms = getTermsPromise(type);
  std::vector<int8_t> after(before.begin(), before.end());
  selectToTerms(type, after);
  int64_t changed = 0, error = 0, magnitude = 0, termsBefore = 0,
          termsAfter = 0;
  for (auto [from, to] : llvm::zip_equal(before, after)) {
    changed += from != to;
    error += std::abs(from - to);
    magnitude += std::abs(from);
    termsBefore += countPromisedTerms(from, terms.getDigits());
    termsAfter += countPromisedTerms(to, terms.getDigits());
  }
  auto perWeight = [&](int64_t count) {
    return llvm::formatv("{0:F2}",
                         before.empty() ? 0.0 : double(count) / before.size())
        .str();
  };
  using remark::metric;
  remark::passed(op.getLoc(), getRemarkOpts(kWeightsRule, op))
      << metric("Op", op->getName().getStringRef())
      << metric("Weights", formatShape(type.getShape()))
      << metric("Contractions", contractions)
      << metric("Group", terms.getGroup())
      << metric("Budget", terms.getBudget())
      << metric("Changed", formatPercent(changed, before.size()))
      << metric("Error", formatPercent(error, magnitude))
      << metric("TermsPerWeightBefore", perWeight(termsBefore))
      << metric("TermsPerWeightAfter", perWeight(termsAfter));
}

void TermQuantize::quantizeWeights(Value weights, int64_t axis,
                                   ArrayRef<OpOperand *> uses) {
  std::vector<int8_t> values = *readWeights(weights);
  RankedTensorType promised = getPromisedType(weights, axis);
  establish<TermQuantizeOp>(weights, promised, uses);
  remarkQuantized(cast<linalg::LinalgOp>(uses.front()->getOwner()), promised,
                  values, uses.size());
}

void TermQuantize::quantizeData(Value value, ArrayRef<OpOperand *> uses) {
  auto type = cast<RankedTensorType>(value.getType());
  // With groups of one value every axis says the same. The channel axis of
  // images and the inner axis of matrices is 1.
  int64_t axis = std::min<int64_t>(1, type.getRank() - 1);
  auto terms =
      TermsAttr::get(&getContext(), axis, /*group=*/1, dataTerms, digitSet);
  establish<TermQuantizeOp>(
      value, withPromises(type, getColumnsPromise(type), terms), uses);
  Operation *op = uses.front()->getOwner();
  using remark::metric;
  remark::passed(op->getLoc(), getRemarkOpts(kDataRule, op))
      << metric("Op", op->getName().getStringRef())
      << metric("Data", formatShape(type.getShape()))
      << metric("Contractions", uses.size())
      << metric("TermsPerValue", int64_t(dataTerms));
}

void TermQuantize::runOnOperation() {
  SharedWeights weights;
  SharedData data;
  bool first = true;
  getOperation().walk([&](linalg::LinalgOp op) {
    if (isContraction(op))
      visit(op, std::exchange(first, false), weights, data);
  });
  for (auto &[key, uses] : weights)
    quantizeWeights(key.first, key.second, uses);
  for (auto &[value, uses] : data)
    quantizeData(value, uses);
  eraseUnused(weights);
}
