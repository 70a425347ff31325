//===- TermWeights.cpp - Float weights as term cells hold them ------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/TermWeights.h"
#include "Channels.h"
#include "LayerPolicy.h"
#include "QuantizeWeights.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Numerics/TermSelection.h"

using namespace mlir;

namespace colonnade {

llvm::Error TermBudget::check() const {
  if (group < 1 || group > kLargestTermGroup)
    return llvm::createStringError("expected group in [1, " +
                                   Twine(kLargestTermGroup) + "], got " +
                                   Twine(group));
  if (budget < 0 || budget > kMostTerms * group)
    return llvm::createStringError(
        "expected budget in [0, " + Twine(kMostTerms * group) +
        "] for groups of " + Twine(group) + ", got " + Twine(budget));
  return llvm::Error::success();
}

int64_t getTermAxis(const WeightOperand &match) {
  return getColumnsPromise(match.weights->get().getType())
             ? TermsAttr::kPackedAxis
             : match.inputChannelAxis;
}

/// Selection may leave -128 of -127, which symmetric quantization has no
/// integer for. It becomes -127 again where the budget allows, else -64.
static void replaceLowest(RankedTensorType promised,
                          MutableArrayRef<int8_t> values) {
  constexpr int8_t kLowest = -128;
  TermsAttr terms = getTermsPromise(promised);
  walkTermRuns(promised, values, [&](const TermRun &run) {
    for (int64_t position : run.positions) {
      if (position < 0 || values[position] != kLowest)
        continue;
      values[position] = kLowest + 1;
      auto runValues = llvm::map_to_vector(run.positions, [&](int64_t at) {
        return at < 0 ? int8_t(0) : values[at];
      });
      if (!keepsBudget(runValues, terms.getBudget(), terms.getDigits()))
        values[position] = kLowest / 2;
    }
  });
}

/// What integers stand for.
static std::vector<float> dequantize(const TermWeights &weights,
                                     const QuantizedWeights &quantized) {
  int64_t channels = weights.shape[weights.channelAxis];
  int64_t inner = llvm::product_of(
      ArrayRef(weights.shape).drop_front(weights.channelAxis + 1));
  std::vector<float> values;
  values.reserve(quantized.values.size());
  for (auto [position, value] : llvm::enumerate(quantized.values)) {
    int64_t channel = int64_t(position) / inner % channels;
    values.push_back(float(value * quantized.scales[channel]));
  }
  return values;
}

/// What the integers of `values` within the budget stand for, and whether terms
/// were lost.
static std::pair<std::vector<float>, bool> roundOnce(const TermWeights &weights,
                                                     ArrayRef<float> values) {
  QuantizedWeights quantized =
      quantizeWeights(values, weights.shape, weights.channelAxis, weights.bits);
  std::vector<int8_t> before = quantized.values;
  selectToTerms(weights.promised, quantized.values);
  replaceLowest(weights.promised, quantized.values);
  return {dequantize(weights, quantized), before != quantized.values};
}

std::vector<float> TermWeights::round(ArrayRef<float> values) const {
  // A channel that has lost terms may get another scale, in which its integers
  // have other digits. Once or twice is enough but for odd cases.
  constexpr int kMostRounds = 8;
  std::vector<float> rounded = roundOnce(*this, values).first;
  for (int i = 1; i < kMostRounds; ++i) {
    auto [next, isChanged] = roundOnce(*this, rounded);
    if (!isChanged)
      break;
    rounded = std::move(next);
  }
  return rounded;
}

std::vector<float> TermWeights::select(ArrayRef<float> rounded,
                                       int64_t budget) const {
  QuantizedWeights quantized =
      quantizeWeights(rounded, shape, channelAxis, bits);
  TermsAttr terms = getTermsPromise(promised);
  auto smaller = TermsAttr::get(terms.getContext(), terms.getAxis(),
                                terms.getGroup(), budget, terms.getDigits());
  selectToTerms(withPromises(promised, getColumnsPromise(promised), smaller),
                quantized.values);
  return dequantize(*this, quantized);
}

/// What the policy and, where it says nothing, the options ask for; an error if
/// that is no promise.
static FailureOr<TermBudget> getBudget(Operation *op,
                                       const LayerSettings &settings,
                                       const TermBudget &options) {
  TermBudget budget{settings.group.value_or(options.group),
                    settings.budget.value_or(options.budget),
                    settings.digits.value_or(options.digits)};
  if (llvm::Error error = budget.check())
    return emitError(op->getLoc()) << llvm::toString(std::move(error)) << " ("
                                   << settings.source << ")";
  return budget;
}

/// The weights of one contraction.
static TermWeights makeTermWeights(const WeightOperand &match,
                                   const ContractionChannels &channels,
                                   const TermBudget &budget, int64_t bits) {
  Value weights = match.weights->get();
  auto type = cast<RankedTensorType>(weights.getType());
  MLIRContext *context = type.getContext();
  auto terms = TermsAttr::get(context, getTermAxis(match), budget.group,
                              budget.budget, budget.digits);
  auto integers =
      RankedTensorType::get(type.getShape(), IntegerType::get(context, 8));
  ArrayRef<int64_t> shape = type.getShape();
  SmallVector<int64_t> merged(shape.take_front(channels.weights.begin));
  merged.push_back(channels.weights.getNumChannels(shape));
  llvm::append_range(merged, shape.drop_front(channels.weights.end));
  return {weights,
          {match.weights},
          withPromises(integers, getColumnsPromise(type), terms),
          merged,
          channels.weights.begin,
          bits};
}

/// The weights of a contraction, or why they are left alone.
static std::optional<TermWeights> matchTermWeights(linalg::LinalgOp op,
                                                   const TermBudget &budget,
                                                   int64_t bits,
                                                   std::string &whyNot) {
  std::optional<WeightOperand> match =
      getWeightOperand(op, Float32Type::get(op.getContext()), &whyNot);
  if (!match)
    return std::nullopt;
  std::optional<ContractionChannels> channels = getContractionChannels(op);
  if (!channels || match->weights->getOperandNumber() != 1)
    whyNot = "quantization knows no weights of an op like this";
  else if (budget.budget == 0)
    whyNot = "its budget is 0, plain 8 bits";
  else
    return makeTermWeights(*match, *channels, budget, bits);
  return std::nullopt;
}

FailureOr<std::vector<TermWeights>>
collectTermWeights(func::FuncOp function, const TermBudget &options,
                   StringRef policy, NotCombinedFn notQuantized) {
  FailureOr<LayerSettingsMap> settings = readLayerSettings(function, policy);
  if (failed(settings))
    return failure();
  // For the promises, which a float network need not have.
  function.getContext()->loadDialect<ColonnadeDialect>();
  std::vector<TermWeights> result;
  WalkResult walk = function.walk([&](linalg::LinalgOp op) {
    if (!isContraction(op))
      return WalkResult::advance();
    LayerSettings ofLayer = settings->lookup(op);
    FailureOr<TermBudget> budget = getBudget(op, ofLayer, options);
    if (failed(budget))
      return WalkResult::interrupt();
    std::string whyNot;
    if (std::optional<TermWeights> weights =
            matchTermWeights(op, *budget, ofLayer.bits.value_or(8), whyNot))
      result.push_back(std::move(*weights));
    else
      notQuantized(op, whyNot);
    return WalkResult::advance();
  });
  if (walk.wasInterrupted())
    return failure();
  return result;
}

} // namespace colonnade
