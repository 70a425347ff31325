//===- ColonnadeOps.cpp - Ops of promises and of training -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifies and folds the ops. Comments cite the constraints that
// ColonnadeOps.td numbers.
//
//===----------------------------------------------------------------------===//

#include "CouplingSyntax.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/BlockPromises.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "mlir/IR/Builders.h"
#include <cmath>

using namespace mlir;
using namespace colonnade;

#define GET_OP_CLASSES
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.cpp.inc"

/// CC1, TQ1, BQ1 and DE1.
static LogicalResult verifySameTensor(Operation *op, RankedTensorType source,
                                      RankedTensorType result) {
  if (dropEncoding(source) == dropEncoding(result))
    return success();
  return op->emitOpError() << "expected the result type "
                           << dropEncoding(source)
                           << " apart from the encoding, got "
                           << dropEncoding(result);
}

static LogicalResult reportPromise(Operation *op, StringRef what,
                                   Attribute expected, Attribute got) {
  InFlightDiagnostic diagnostic = op->emitOpError() << "expected " << what;
  auto print = [&](Attribute promise) {
    if (promise)
      diagnostic << promise;
    else
      diagnostic << "none";
  };
  print(expected);
  diagnostic << ", got ";
  print(got);
  return diagnostic;
}

/// The constant under the result type after `establish` has changed its values;
/// null if its values cannot be read.
static Attribute
foldEstablish(Attribute source, RankedTensorType type,
              function_ref<LogicalResult(MutableArrayRef<int8_t>)> establish) {
  auto elements = dyn_cast_or_null<ElementsAttr>(source);
  if (!elements)
    return nullptr;
  std::optional<std::vector<int8_t>> values = readInt8Values(elements);
  if (!values || failed(establish(*values)))
    return nullptr;
  return makeInt8Constant(type, *values);
}

//===----------------------------------------------------------------------===//
// CombineColumnsOp
//===----------------------------------------------------------------------===//

LogicalResult CombineColumnsOp::verify() {
  RankedTensorType source = getSource().getType(), result = getType();
  if (failed(verifySameTensor(*this, source, result))) // CC1
    return failure();
  if (!getColumnsPromise(result)) // CC2
    return emitOpError() << "expected a columns promise in the result type, "
                            "got "
                         << result;
  if (source == result)
    return success();
  if (ColumnsAttr columns = getColumnsPromise(source)) // CC3
    return emitOpError() << "expected a source without a columns promise, got "
                         << columns;
  TermsAttr expected = getTermsPromise(source);
  if (getTermsPromise(result) != expected) // CC4
    return reportPromise(*this,
                         "the source's terms promise in the result: ", expected,
                         getTermsPromise(result));
  return success();
}

OpFoldResult CombineColumnsOp::fold(FoldAdaptor adaptor) {
  if (getSource().getType() == getType())
    return getSource();
  RankedTensorType type = getType();
  return foldEstablish(adaptor.getSource(), type,
                       [&](MutableArrayRef<int8_t> values) -> LogicalResult {
                         if (failed(checkUnassignedColumns(type, values)))
                           return failure();
                         pruneToColumns(type, values);
                         return success();
                       });
}

//===----------------------------------------------------------------------===//
// TermQuantizeOp
//===----------------------------------------------------------------------===//

LogicalResult TermQuantizeOp::verify() {
  RankedTensorType source = getSource().getType(), result = getType();
  if (failed(verifySameTensor(*this, source, result))) // TQ1
    return failure();
  if (!getTermsPromise(result)) // TQ2
    return emitOpError() << "expected a terms promise in the result type, got "
                         << result;
  ColumnsAttr expected = getColumnsPromise(source);
  if (getColumnsPromise(result) != expected) // TQ3
    return reportPromise(*this, "the source's columns promise in the result: ",
                         expected, getColumnsPromise(result));
  return success();
}

OpFoldResult TermQuantizeOp::fold(FoldAdaptor adaptor) {
  if (getSource().getType() == getType())
    return getSource();
  RankedTensorType type = getType();
  return foldEstablish(adaptor.getSource(), type,
                       [&](MutableArrayRef<int8_t> values) -> LogicalResult {
                         selectToTerms(type, values);
                         return success();
                       });
}

//===----------------------------------------------------------------------===//
// BlockQuantizeOp
//===----------------------------------------------------------------------===//

LogicalResult BlockQuantizeOp::verify() {
  RankedTensorType source = getSource().getType(), result = getType();
  if (failed(verifySameTensor(*this, source, result))) // BQ1
    return failure();
  if (!getBlockFloatPromise(result)) // BQ2
    return emitOpError() << "expected a block_float promise in the result "
                            "type, got "
                         << result;
  bool isStochastic = getRounding().isStochastic();
  if (isStochastic && !getCounter()) // BQ3
    return emitOpError("expected a counter for stochastic rounding, got none");
  if (!isStochastic && getCounter()) // BQ3
    return emitOpError("expected no counter without stochastic rounding, got "
                       "one with rounding ")
           << stringifyBlockRounding(getRounding().getMode());
  return success();
}

/// The value of an optional operand: `otherwise` when the op has none, nothing
/// when it is no constant.
static std::optional<int64_t> readOptional(Value operand, Attribute constant,
                                           int64_t otherwise) {
  if (!operand)
    return otherwise;
  auto integer = dyn_cast_or_null<IntegerAttr>(constant);
  return integer ? std::optional(integer.getInt()) : std::nullopt;
}

OpFoldResult BlockQuantizeOp::fold(FoldAdaptor adaptor) {
  RankedTensorType type = getType();
  if (getSource().getType() == type && !getMantissa())
    return getSource();
  auto elements = dyn_cast_or_null<ElementsAttr>(adaptor.getSource());
  std::optional<int64_t> mantissa =
      readOptional(getMantissa(), adaptor.getMantissa(),
                   getBlockFloatPromise(type).getMantissa());
  std::optional<int64_t> counter =
      readOptional(getCounter(), adaptor.getCounter(), 0);
  if (!elements || !mantissa || !counter)
    return nullptr;
  std::optional<std::vector<float>> values = readFloatValues(elements);
  if (!values || findNonFinite(*values))
    return nullptr;
  quantizeToBlocks(type, *values, *mantissa,
                   getRounding().getRounder(static_cast<uint64_t>(*counter)));
  return DenseElementsAttr::get(type, ArrayRef<float>(*values));
}

//===----------------------------------------------------------------------===//
// FakeQuantizeOp
//===----------------------------------------------------------------------===//

LogicalResult FakeQuantizeOp::verify() {
  double scale = getScale().convertToDouble();
  if (!std::isfinite(scale) || scale <= 0) // FQ1
    return emitOpError("expected a finite and positive scale, got ")
           << getScaleAttr();
  std::optional<TermsAttr> terms = getTerms();
  if (terms && terms->getGroup() != 1) // FQ2
    return emitOpError("expected terms of groups of one value, got group = ")
           << terms->getGroup();
  int64_t rank = getType().getRank();
  if (terms && (terms->isPacked() || terms->getAxis() >= rank)) // FQ2
    return emitOpError("expected the axis of its terms to be a dimension of ")
           << getType() << ", got "
           << (terms->isPacked() ? "packed" : Twine(terms->getAxis()).str());
  if (getLimit() && !terms) // FQ3
    return emitOpError("expected no limit without terms, got one");
  return success();
}

//===----------------------------------------------------------------------===//
// DropEncodingOp
//===----------------------------------------------------------------------===//

LogicalResult DropEncodingOp::verify() {
  RankedTensorType source = getSource().getType(), result = getType();
  if (failed(verifySameTensor(*this, source, result))) // DE1
    return failure();
  ColumnsAttr columns = getColumnsPromise(result);
  if (columns && columns != getColumnsPromise(source)) // DE2
    return reportPromise(*this, "to keep only the source's columns promise: ",
                         getColumnsPromise(source), columns);
  TermsAttr terms = getTermsPromise(result);
  if (terms && terms != getTermsPromise(source)) // DE2
    return reportPromise(*this, "to keep only the source's terms promise: ",
                         getTermsPromise(source), terms);
  BlockFloatAttr blockFloat = getBlockFloatPromise(result);
  if (blockFloat && blockFloat != getBlockFloatPromise(source)) // DE2
    return reportPromise(*this,
                         "to keep only the source's block_float promise: ",
                         getBlockFloatPromise(source), blockFloat);
  return success();
}

OpFoldResult DropEncodingOp::fold(FoldAdaptor adaptor) {
  if (getSource().getType() == getType())
    return getSource();
  if (auto drop = getSource().getDefiningOp<DropEncodingOp>()) {
    getSourceMutable().assign(drop.getSource());
    return getResult();
  }
  if (auto elements = dyn_cast_or_null<ElementsAttr>(adaptor.getSource()))
    return retypeConstant(elements, getType());
  return nullptr;
}

//===----------------------------------------------------------------------===//
// BatchNormInferenceOp, BatchNormTrainingOp
//===----------------------------------------------------------------------===//

/// BN1 to BN3, BT1 to BT3.
template <typename OpTy> static LogicalResult verifyBatchNorm(OpTy op) {
  RankedTensorType source = op.getSource().getType();
  int64_t axis = op.getAxis();
  if (axis < 0 || axis >= source.getRank()) // BN1, BT1
    return op.emitOpError("expected an axis in [0, ")
           << source.getRank() << "), got " << axis;
  auto channels =
      RankedTensorType::get(source.getDimSize(axis), source.getElementType());
  if (op.getScale().getType() != channels) // BN2, BT2
    return op.emitOpError("expected ")
           << channels << " per channel of axis " << axis << ", got "
           << op.getScale().getType();
  double epsilon = op.getEpsilon().convertToDouble();
  if (!std::isfinite(epsilon) || epsilon <= 0) // BN3, BT3
    return op.emitOpError("expected a finite positive epsilon, got ")
           << op.getEpsilonAttr();
  return success();
}

LogicalResult BatchNormInferenceOp::verify() {
  if (failed(verifyBatchNorm(*this)))
    return failure();
  double momentum = getMomentum().convertToDouble();
  if (!(momentum >= 0 && momentum <= 1)) // BN4
    return emitOpError("expected a momentum in [0, 1], got ")
           << getMomentumAttr();
  return success();
}

LogicalResult BatchNormTrainingOp::verify() {
  if (failed(verifyBatchNorm(*this)))
    return failure();
  RankedTensorType source = getSource().getType();
  if (!source.hasStaticShape() || source.getNumElements() == 0) // BT4
    return emitOpError("expected a static shape with an element in every "
                       "channel, got ")
           << source;
  return success();
}
