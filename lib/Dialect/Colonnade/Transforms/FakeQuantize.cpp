//===- FakeQuantize.cpp - Activations as quantization leaves them ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Quantizes the function, looks at what was read as int8 and by whom, throws
// the integer function away, and rounds in front of these readers. So the two
// passes cannot disagree about what is rounded and at which scale.
//
//===----------------------------------------------------------------------===//

#include "LayerPolicy.h"
#include "QuantizeFunction.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "colonnade/Numerics/TermSelection.h"

namespace colonnade {

#define GEN_PASS_DEF_FAKEQUANTIZE
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"

namespace {

using namespace mlir;

constexpr StringLiteral kFakeQuantizeRule = "fake-quantize";

class FakeQuantize : public impl::FakeQuantizeBase<FakeQuantize> {
public:
  using FakeQuantizeBase::FakeQuantizeBase;
  LogicalResult initialize(MLIRContext *context) override;
  void runOnOperation() override;

private:
  QuantizationSettings getSettings() const;
  LogicalResult insert(func::FuncOp function);
  TermsAttr getTerms(const Int8Read &read);
  Value getRounded(Value value, double scale, TermsAttr terms);

  DigitSet digitSet = DigitSet::Naf;
  LayerSettingsMap layerSettings;
  /// What has been inserted, by value, scale and terms.
  DenseMap<std::tuple<Value, Attribute, Attribute>, Value> inserted;
};

LogicalResult FakeQuantize::initialize(MLIRContext *context) {
  auto error = [&] {
    return emitError(UnknownLoc::get(context)) << getArgument() << ": ";
  };
  if (dataTerms < 0 || dataTerms > kMostTerms)
    return error() << "expected data-terms in [0, " << kMostTerms << "], got "
                   << dataTerms.getValue();
  llvm::Expected<DigitSet> known = findDigitSet(digits);
  if (!known)
    return error() << llvm::toString(known.takeError());
  digitSet = *known;
  return success();
}

QuantizationSettings FakeQuantize::getSettings() const {
  CalibrationOptions options{{mean, std, patches},
                             calibrationLimit,
                             calibrationMethod,
                             percentile,
                             progress};
  return {{calibration, options, ranges, defaultRange, saveRanges},
          policy,
          floatAdditions};
}

/// Models that bring scales of their own have no ranges to train with.
LogicalResult checkNoForms(func::FuncOp function) {
  StringRef name = ColonnadeDialect::getQuantizedAttrName();
  WalkResult walk = function.walk([&](Operation *op) {
    return op->hasAttr(name) ? WalkResult(op->emitOpError(
                                   "is held as integers that the model itself "
                                   "gives (colonnade.quantized): expected a "
                                   "float network"))
                             : WalkResult::advance();
  });
  return failure(walk.wasInterrupted());
}

/// Whether --colonnade-term-quantize reduces what `op` reads: not where a
/// constant takes the place of an activation.
bool canReduceData(linalg::LinalgOp op) {
  return getWeightOperand(op, Float32Type::get(op.getContext())) ||
         llvm::none_of(op.getDpsInputs(), [](Value input) {
           return matchPattern(input, m_Constant());
         });
}

/// The terms that the reader wants of the value; null for all.
TermsAttr FakeQuantize::getTerms(const Int8Read &read) {
  auto op = dyn_cast<linalg::LinalgOp>(read.reader);
  if (!op || !isContraction(op) || !canReduceData(op))
    return {};
  LayerSettings settings = layerSettings.lookup(op);
  int64_t budget = settings.dataTerms.value_or(dataTerms);
  if (budget == 0)
    return {};
  int64_t rank = cast<RankedTensorType>(read.value.getType()).getRank();
  // Groups of one value lie along any axis.
  return TermsAttr::get(&getContext(), std::min<int64_t>(1, rank - 1),
                        /*group=*/1, budget,
                        settings.digits.value_or(digitSet));
}

Value FakeQuantize::getRounded(Value value, double scale, TermsAttr terms) {
  OpBuilder builder(&getContext());
  FloatAttr scaleAttr = builder.getF64FloatAttr(scale);
  Value &rounded = inserted[{value, scaleAttr, terms}];
  if (rounded)
    return rounded;
  builder.setInsertionPointAfterValue(value);
  auto op = FakeQuantizeOp::create(builder, value.getLoc(), value.getType(),
                                   value, scaleAttr, terms, Value());
  rounded = op.getResult();
  auto remark =
      remark::passed(op.getLoc(), getRemarkOpts(kFakeQuantizeRule, op));
  remark << remark::metric("Scale", formatNumber(scale));
  if (terms)
    remark << remark::metric("TermsPerValue", terms.getBudget());
  return rounded;
}

LogicalResult FakeQuantize::insert(func::FuncOp function) {
  FailureOr<LayerSettingsMap> settings = readLayerSettings(function, policy);
  if (failed(settings))
    return failure();
  layerSettings = std::move(*settings);
  std::vector<Int8Read> reads;
  FailureOr<func::FuncOp> quantized =
      quantizeFunction(function, getSettings(), &reads);
  if (failed(quantized))
    return failure();
  double inputScale =
      quantized
          ->getArgAttrOfType<FloatAttr>(0, ColonnadeDialect::getScaleAttrName())
          .getValueAsDouble();
  quantized->erase();
  for (const Int8Read &read : reads) {
    TermsAttr terms = getTerms(read);
    // Constants have the scale of their values, whatever those become.
    if (matchPattern(read.value, m_Constant()) || (!read.isRounded && !terms))
      continue;
    read.reader->replaceUsesOfWith(read.value,
                                   getRounded(read.value, read.scale, terms));
  }
  // The input arrives as int8, for all that read it.
  Value input = function.getArgument(0);
  Value rounded = getRounded(input, inputScale, TermsAttr());
  input.replaceUsesWithIf(rounded, [](OpOperand &use) {
    return !isa<FakeQuantizeOp>(use.getOwner());
  });
  if (rounded.use_empty())
    rounded.getDefiningOp()->erase();
  return success();
}

void FakeQuantize::runOnOperation() {
  ModuleOp module = getOperation();
  inserted.clear();
  if (failed(getSettings().ranges.check(module.getLoc())))
    return signalPassFailure();
  FailureOr<func::FuncOp> function = findQuantizableFunction(module);
  if (failed(function) || failed(checkNoForms(*function)) ||
      failed(insert(*function)))
    signalPassFailure();
}

} // namespace
} // namespace colonnade
