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

#include "LayerPolicy.h"
#include "Weights.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "colonnade/Dialect/Colonnade/Transforms/TermWeights.h"
#include "colonnade/Numerics/TermSelection.h"
#include "mlir/IR/Matchers.h"

namespace colonnade {
#define GEN_PASS_DEF_TERMQUANTIZE
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

static constexpr StringLiteral kWeightsRule = "term-quantize-weights";
static constexpr StringLiteral kDataRule = "term-quantize-data";

namespace {

/// Run-time values, each with the type that its readers ask for, and the
/// operands of those contractions.
using SharedData =
    llvm::MapVector<std::pair<Value, Type>, SmallVector<OpOperand *>>;

struct TermQuantize : public colonnade::impl::TermQuantizeBase<TermQuantize> {
  using TermQuantizeBase::TermQuantizeBase;

  LogicalResult initialize(MLIRContext *context) override;
  void runOnOperation() override;

private:
  /// What the policy and, where it says nothing, the options ask for; an error
  /// if that is no promise.
  FailureOr<LayerSettings> getSettings(Operation *op) const;
  /// Makes `layerSettings` complete for every contraction.
  LogicalResult resolveSettings();
  /// Collects the operands of `op`.
  void visit(linalg::LinalgOp op, SharedWeights &weights, SharedData &data);
  void visitWeights(linalg::LinalgOp op, const WeightOperand &match,
                    SharedWeights &weights);
  void visitData(linalg::LinalgOp op, OpOperand &operand, SharedData &data);
  /// The data of a contraction without weights: both operands of a product of
  /// two activations.
  void visitActivations(linalg::LinalgOp op, StringRef whyNoWeights,
                        SharedData &data);
  /// The type of weights of `op` with their new promise along `axis`.
  RankedTensorType getPromisedType(Value weights, int64_t axis, Operation *op);
  RankedTensorType getPromisedDataType(Value value, Operation *op);
  void quantizeWeights(Value weights, int64_t axis, ArrayRef<OpOperand *> uses);
  void quantizeData(Value value, RankedTensorType promised,
                    ArrayRef<OpOperand *> uses);

  DigitSet digitSet = DigitSet::Naf;
  LayerPolicy layerPolicy;
  LayerSettingsMap layerSettings;
  /// Whether the options or the policy ask for terms of weights or data.
  bool anyWeights = false, anyData = false;
};

} // namespace

//===----------------------------------------------------------------------===//
// Options
//===----------------------------------------------------------------------===//

LogicalResult TermQuantize::initialize(MLIRContext *context) {
  auto error = [&] {
    return emitError(UnknownLoc::get(context)) << getArgument() << ": ";
  };
  if (llvm::Error wrong = TermBudget{group, budget}.check())
    return error() << llvm::toString(std::move(wrong));
  if (dataTerms < 0 || dataTerms > kMostTerms)
    return error() << "expected data-terms in [0, " << kMostTerms << "], got "
                   << dataTerms.getValue();
  FailureOr<LayerPolicy> read = LayerPolicy::read(context, policy);
  if (failed(read))
    return failure();
  layerPolicy = std::move(*read);
  llvm::Expected<DigitSet> known = findDigitSet(digits);
  if (!known)
    return error() << llvm::toString(known.takeError());
  digitSet = *known;
  return success();
}

//===----------------------------------------------------------------------===//
// Choosing operands
//===----------------------------------------------------------------------===//

FailureOr<LayerSettings> TermQuantize::getSettings(Operation *op) const {
  LayerSettings settings = layerSettings.lookup(op);
  settings.group = settings.group.value_or(group);
  settings.budget = settings.budget.value_or(budget);
  settings.dataTerms = settings.dataTerms.value_or(dataTerms);
  settings.digits = settings.digits.value_or(digitSet);
  if (llvm::Error wrong = TermBudget{*settings.group, *settings.budget}.check())
    return emitError(op->getLoc()) << llvm::toString(std::move(wrong)) << " ("
                                   << settings.source << ")";
  return settings;
}

LogicalResult TermQuantize::resolveSettings() {
  FailureOr<LayerSettingsMap> resolved = layerPolicy.resolve(getOperation());
  if (failed(resolved))
    return failure();
  layerSettings = std::move(*resolved);
  anyWeights = budget > 0;
  anyData = dataTerms > 0;
  WalkResult result = getOperation().walk([&](linalg::LinalgOp op) {
    if (!isContraction(op))
      return WalkResult::advance();
    FailureOr<LayerSettings> settings = getSettings(op);
    if (failed(settings))
      return WalkResult::interrupt();
    anyWeights |= *settings->budget > 0;
    anyData |= *settings->dataTerms > 0;
    layerSettings[op] = std::move(*settings);
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

RankedTensorType TermQuantize::getPromisedType(Value weights, int64_t axis,
                                               Operation *op) {
  const LayerSettings &settings = layerSettings.at(op);
  auto type = cast<RankedTensorType>(weights.getType());
  auto terms = TermsAttr::get(&getContext(), axis, *settings.group,
                              *settings.budget, *settings.digits);
  return withPromises(type, getColumnsPromise(type), terms);
}

RankedTensorType TermQuantize::getPromisedDataType(Value value, Operation *op) {
  const LayerSettings &settings = layerSettings.at(op);
  auto type = cast<RankedTensorType>(value.getType());
  // With groups of one value every axis says the same. The channel axis of
  // images and the inner axis of matrices is 1.
  int64_t axis = std::min<int64_t>(1, type.getRank() - 1);
  auto terms = TermsAttr::get(&getContext(), axis, /*group=*/1,
                              *settings.dataTerms, *settings.digits);
  return withPromises(type, getColumnsPromise(type), terms);
}

void TermQuantize::visitWeights(linalg::LinalgOp op, const WeightOperand &match,
                                SharedWeights &weights) {
  Value value = match.weights->get();
  if (!readWeights(value))
    return remarkMissed(kWeightsRule, op, kUnreadableWeights);
  int64_t axis = getTermAxis(match);
  if (getPromisedType(value, axis, op) == value.getType())
    return remarkMissed(kWeightsRule, op,
                        "the weights already keep this promise");
  weights[{value, axis, match.blockAxis, layerSettings.at(op).source}]
      .push_back(match.weights);
}

void TermQuantize::visitData(linalg::LinalgOp op, OpOperand &operand,
                             SharedData &data) {
  Value value = operand.get();
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
  data[{value, getPromisedDataType(value, op)}].push_back(&operand);
}

void TermQuantize::visitActivations(linalg::LinalgOp op, StringRef whyNoWeights,
                                    SharedData &data) {
  SmallVector<OpOperand *> operands = op.getDpsInputOperands();
  if (llvm::any_of(operands, [](OpOperand *operand) {
        return matchPattern(operand->get(), m_Constant());
      }))
    return remarkMissed(kDataRule, op, whyNoWeights);
  for (OpOperand *operand : operands)
    visitData(op, *operand, data);
}

/// Says that a policy keeps `rule`, which was asked for, away from `op`.
static void remarkLeft(StringRef rule, Operation *op, StringRef source) {
  if (source.empty())
    remarkMissed(rule, op, "no entry of the policy speaks of it");
  else
    remarkMissed(rule, op, source + " leaves it at plain 8 bits");
}

void TermQuantize::visit(linalg::LinalgOp op, SharedWeights &weights,
                         SharedData &data) {
  const LayerSettings &settings = layerSettings.at(op);
  bool wantsWeights = *settings.budget > 0, wantsData = *settings.dataTerms > 0;
  if (!wantsWeights && anyWeights)
    remarkLeft(kWeightsRule, op, settings.source);
  if (!wantsData && anyData)
    remarkLeft(kDataRule, op, settings.source);
  std::string whyNot;
  std::optional<WeightOperand> match = getWeightOperand(op, &whyNot);
  if (!match) {
    if (wantsWeights)
      remarkMissed(kWeightsRule, op, whyNot);
    if (wantsData)
      visitActivations(op, whyNot, data);
    return;
  }
  if (wantsWeights)
    visitWeights(op, *match, weights);
  if (wantsData)
    visitData(op, *match->data, data);
}

//===----------------------------------------------------------------------===//
// Quantizing
//===----------------------------------------------------------------------===//

/// What term selection did to weights.
static void remarkQuantized(linalg::LinalgOp op, RankedTensorType type,
                            ArrayRef<int8_t> before, ArrayRef<int8_t> after,
                            size_t contractions, StringRef policySource) {
  auto remark = remark::passed(op.getLoc(), getRemarkOpts(kWeightsRule, op));
  // Counting is not for free.
  if (!remark)
    return;
  TermsAttr terms = getTermsPromise(type);
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
  remark << metric("Op", op->getName().getStringRef())
         << metric("Weights", formatShape(type.getShape()))
         << metric("Contractions", contractions)
         << metric("Group", terms.getGroup())
         << metric("Budget", terms.getBudget())
         << metric("Changed", formatPercent(changed, before.size()))
         << metric("Error", formatPercent(error, magnitude))
         << metric("TermsPerWeightBefore", perWeight(termsBefore))
         << metric("TermsPerWeightAfter", perWeight(termsAfter));
  if (!policySource.empty())
    remark << metric("Policy", policySource);
}

void TermQuantize::quantizeWeights(Value weights, int64_t axis,
                                   ArrayRef<OpOperand *> uses) {
  std::vector<int8_t> before = *readWeights(weights), after = before;
  auto op = cast<linalg::LinalgOp>(uses.front()->getOwner());
  RankedTensorType promised = getPromisedType(weights, axis, op);
  selectToTerms(promised, after);
  replaceWeights(weights, promised, after, uses);
  remarkQuantized(op, promised, before, after, uses.size(),
                  layerSettings.at(op).source);
}

void TermQuantize::quantizeData(Value value, RankedTensorType promised,
                                ArrayRef<OpOperand *> uses) {
  OpBuilder builder(&getContext());
  builder.setInsertionPointAfterValue(value);
  Value selected =
      TermQuantizeOp::create(builder, value.getLoc(), promised, value);
  for (OpOperand *use : uses)
    use->set(selected);
  Operation *op = uses.front()->getOwner();
  const LayerSettings &settings = layerSettings.at(op);
  using remark::metric;
  auto remark = remark::passed(op->getLoc(), getRemarkOpts(kDataRule, op));
  remark << metric("Op", op->getName().getStringRef())
         << metric("Data", formatShape(promised.getShape()))
         << metric("Contractions", uses.size())
         << metric("TermsPerValue", *settings.dataTerms);
  if (!settings.source.empty())
    remark << metric("Policy", settings.source);
}

void TermQuantize::runOnOperation() {
  if (failed(resolveSettings()))
    return signalPassFailure();
  SharedWeights weights;
  SharedData data;
  getOperation().walk([&](linalg::LinalgOp op) {
    if (isContraction(op))
      visit(op, weights, data);
  });
  SmallVector<Value> constants;
  for (auto &[key, uses] : weights) {
    constants.push_back(std::get<Value>(key));
    quantizeWeights(constants.back(), std::get<int64_t>(key), uses);
  }
  for (auto &[key, uses] : data)
    quantizeData(key.first, cast<RankedTensorType>(key.second), uses);
  eraseUnused(constants);
}
