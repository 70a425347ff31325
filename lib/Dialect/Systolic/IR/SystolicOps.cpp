//===- SystolicOps.cpp - Mapped layers and vector bodies -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verification of the mapped level. Comments name the constraints of the ODS
// descriptions.
//
//===----------------------------------------------------------------------===//

#include "VectorBody.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "colonnade/Numerics/SignedDigits.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

#define GET_OP_CLASSES
#include "colonnade/Dialect/Systolic/IR/SystolicOps.cpp.inc"

//===----------------------------------------------------------------------===//
// WeightsOp
//===----------------------------------------------------------------------===//

/// The values of an integer elements attribute, dense or dense_resource.
template <typename T>
static std::optional<std::vector<T>> readValues(ElementsAttr attr) {
  if (auto dense = dyn_cast<DenseIntElementsAttr>(attr)) {
    auto range = dense.getValues<T>();
    return std::vector<T>(range.begin(), range.end());
  }
  auto resource = dyn_cast<DenseResourceElementsAttr>(attr);
  AsmResourceBlob *blob =
      resource ? resource.getRawHandle().getBlob() : nullptr;
  if (!blob || blob->getData().size() !=
                   static_cast<size_t>(attr.getNumElements()) * sizeof(T))
    return std::nullopt;
  ArrayRef<T> data = blob->getDataAs<T>();
  return std::vector<T>(data.begin(), data.end());
}

/// (P1)
static LogicalResult verifyWeightShapes(WeightsOp op) {
  auto values = cast<ShapedType>(op.getValues().getType());
  auto selects = cast<ShapedType>(op.getSelects().getType());
  auto streams = cast<ShapedType>(op.getStreams().getType());
  if (values.getRank() != 3 || !values.getElementType().isInteger(8))
    return op.emitOpError() << "expected values of type tensor<rows x columns "
                               "x slots x i8>, got "
                            << values;
  if (selects.getShape() != values.getShape() ||
      !selects.getElementType().isInteger(8))
    return op.emitOpError() << "expected selects of the values' type " << values
                            << ", got " << selects;
  if (streams.getRank() != 3 || !streams.getElementType().isInteger(32) ||
      streams.getDimSize(0) != values.getDimSize(1) ||
      streams.getDimSize(1) != values.getDimSize(2))
    return op.emitOpError()
           << "expected streams of type tensor<" << values.getDimSize(1) << "x"
           << values.getDimSize(2) << "x fan-in x i32>, got " << streams;
  if (streams.getDimSize(2) > 255)
    return op.emitOpError()
           << "expected a fan-in of at most 255, got " << streams.getDimSize(2);
  return success();
}

LogicalResult WeightsOp::verify() {
  if (failed(verifyWeightShapes(*this)))
    return failure();
  auto original = cast<RankedTensorType>(getOriginal());
  int64_t rowAxis = getRowAxis();
  if (!original.hasStaticShape() || !original.getElementType().isInteger(8))
    return emitOpError() << "expected a static i8 tensor as original, got "
                         << original;
  if (rowAxis < 0 || rowAxis >= original.getRank())
    return emitOpError() << "expected row_axis in [0, " << original.getRank()
                         << "), got " << rowAxis;
  int64_t rows = cast<ShapedType>(getValues().getType()).getDimSize(0);
  if (rows != original.getDimSize(rowAxis)) // (P2)
    return emitOpError() << "expected " << original.getDimSize(rowAxis)
                         << " rows as in " << original << ", got " << rows;
  if (static_cast<int64_t>(getWeightTerms()) < 0) // (P4)
    return emitOpError() << "expected weight_terms of at least 0, got "
                         << static_cast<int64_t>(getWeightTerms());
  if (!readValues<int8_t>(getValues()) || !readValues<int8_t>(getSelects()) ||
      !readValues<int32_t>(getStreams()))
    return emitOpError() << "expected dense constants, got unreadable ones";
  auto dense = sim::unpackWeights(getPackedWeights()); // (P3)
  if (!dense)
    return emitOpError() << llvm::toString(dense.takeError());
  return success();
}

sim::PackedWeights WeightsOp::getPackedWeights() {
  auto values = cast<ShapedType>(getValues().getType());
  auto original = cast<RankedTensorType>(getOriginal());
  sim::PackedWeights weights;
  weights.name = getName().str();
  weights.rows = values.getDimSize(0);
  weights.arrayColumns = values.getDimSize(1);
  weights.depth = values.getDimSize(2);
  weights.fanIn = cast<ShapedType>(getStreams().getType()).getDimSize(2);
  weights.matrixColumns =
      original.getNumElements() / std::max<int64_t>(weights.rows, 1);
  weights.values = *readValues<int8_t>(getValues());
  std::vector<int8_t> selects = *readValues<int8_t>(getSelects());
  weights.selects.assign(selects.begin(), selects.end());
  weights.streams = *readValues<int32_t>(getStreams());
  weights.promises.slots = weights.depth;
  weights.promises.fanIn = weights.fanIn;
  weights.promises.weightTerms = getWeightTerms();
  weights.address = getAddress().value_or(0);
  if (getDigest().getAsInteger(16, weights.digest))
    weights.digest = 0;
  return weights;
}

//===----------------------------------------------------------------------===//
// Vector bodies
//===----------------------------------------------------------------------===//

LogicalResult systolic::verifyVectorBody(Operation *op, Block &body,
                                         ArrayRef<Type> arguments,
                                         Type result) {
  if (body.getNumArguments() != arguments.size())
    return op->emitOpError() << "expected a region with " << arguments.size()
                             << " arguments, got " << body.getNumArguments();
  for (auto [index, pair] :
       llvm::enumerate(llvm::zip(body.getArgumentTypes(), arguments)))
    if (std::get<0>(pair) != std::get<1>(pair))
      return op->emitOpError()
             << "expected region argument " << index << " of type "
             << std::get<1>(pair) << ", got " << std::get<0>(pair);
  for (Operation &scalar : body.without_terminator())
    if (auto objection = getVectorUnitObjection(scalar)) {
      InFlightDiagnostic diag = op->emitOpError() << *objection;
      diag.attachNote(scalar.getLoc()) << "scalar op is here";
      return diag;
    }
  auto yield = cast<YieldOp>(body.getTerminator());
  if (!yield.getValue() || yield.getValue().getType() != result)
    return op->emitOpError() << "expected the region to yield " << result;
  return success();
}

/// (C5), (V4): `type` has the result's shape or is one value per channel.
static LogicalResult verifyOperandShape(Operation *op, unsigned index,
                                        RankedTensorType type,
                                        RankedTensorType result,
                                        const TensorLayout &layout) {
  if (type.getShape() == result.getShape())
    return success();
  if (type.getRank() == 1 && type.getDimSize(0) == layout.channels)
    return success();
  return op->emitOpError() << "expected operand " << index
                           << " to have the result's shape or "
                           << layout.channels << " values, got " << type;
}

static LogicalResult verifyPositions(Operation *op, const TensorLayout &layout,
                                     const sim::Window &window) {
  if (layout.height == window.outHeight && layout.width == window.outWidth)
    return success();
  return op->emitOpError() << "expected a result of " << window.outHeight << "x"
                           << window.outWidth
                           << " positions as the window has, got "
                           << layout.height << "x" << layout.width;
}

static LogicalResult verifyWindowInput(Operation *op, Type type,
                                       const sim::Window &window) {
  std::string reason;
  FailureOr<TensorLayout> layout = getTensorLayout(type, &reason);
  if (failed(layout))
    return op->emitOpError() << reason << ", got " << type;
  if (layout->channels != window.channels || layout->height != window.height ||
      layout->width != window.width)
    return op->emitOpError()
           << "expected the window's input " << window.channels << "x"
           << window.height << "x" << window.width << ", got "
           << layout->channels << "x" << layout->height << "x" << layout->width;
  return success();
}

//===----------------------------------------------------------------------===//
// ContractOp
//===----------------------------------------------------------------------===//

LogicalResult ContractOp::verify() {
  sim::Window window = getWindow().getWindow();
  auto result = cast<RankedTensorType>(getResult().getType());
  std::string reason;
  FailureOr<TensorLayout> layout = getTensorLayout(result, &reason);
  if (failed(layout))
    return emitOpError() << "result: " << reason << ", got " << result;
  if (!cast<RankedTensorType>(getData().getType())
           .getElementType()
           .isInteger(8))
    return emitOpError() << "expected i8 data, got " << getData().getType();
  if (failed(verifyWindowInput(*this, getData().getType(), window)) || // (C1)
      failed(verifyPositions(*this, *layout, window)))                 // (C2)
    return failure();
  if (auto weights = getWeights().getDefiningOp<WeightsOp>()) {
    auto original = cast<RankedTensorType>(weights.getOriginal());
    int64_t rows = original.getDimSize(weights.getRowAxis());
    if (rows != layout->channels) // (C2)
      return emitOpError() << "expected " << rows
                           << " channels as the weights have rows, got "
                           << layout->channels;
    int64_t taps = window.channels * window.kernelHeight * window.kernelWidth;
    if (taps * rows != original.getNumElements()) // (C3)
      return emitOpError() << "expected " << original.getNumElements() / rows
                           << " channels x taps as the weights have columns, "
                              "got "
                           << taps;
  }
  if (getDataTerms() > 7) // (C6)
    return emitOpError() << "expected data_terms in [0, 7], got "
                         << static_cast<int64_t>(getDataTerms());
  SmallVector<Type> arguments = {IntegerType::get(getContext(), 32)};
  for (auto [index, operand] : llvm::enumerate(getEpilogueOperands())) {
    auto type = cast<RankedTensorType>(operand.getType());
    if (failed(verifyOperandShape(*this, index, type, result, *layout)))
      return failure(); // (C5)
    arguments.push_back(type.getElementType());
  }
  return verifyVectorBody(*this, getBody().front(), arguments, // (C4)
                          result.getElementType());
}

//===----------------------------------------------------------------------===//
// VectorOp
//===----------------------------------------------------------------------===//

LogicalResult systolic::verifyReduction(Operation *op, ReductionKind reduction,
                                        const sim::Window &window) {
  bool isPointwise = window.kernelHeight == 1 && window.kernelWidth == 1 &&
                     window.strideHeight == 1 && window.strideWidth == 1 &&
                     window.padTop == 0 && window.padLeft == 0;
  if (reduction == ReductionKind::None && !isPointwise) // (V2)
    return op->emitOpError() << "expected a 1x1 window with unit strides and "
                                "no padding, since nothing is reduced";
  return success();
}

LogicalResult VectorOp::verify() {
  sim::Window window = getWindow().getWindow();
  auto result = cast<RankedTensorType>(getResult().getType());
  std::string reason;
  FailureOr<TensorLayout> layout = getTensorLayout(result, &reason);
  if (failed(layout))
    return emitOpError() << "result: " << reason << ", got " << result;
  if (getInputs().empty())
    return emitOpError() << "expected at least one input, got none";
  if (failed(verifyWindowInput(*this, getInputs().front().getType(), window)) ||
      failed(verifyPositions(*this, *layout, window)) ||
      failed(verifyReduction(*this, getReduction(), window)))
    return failure();                      // (V1), (V2)
  if (layout->channels != window.channels) // (V1)
    return emitOpError() << "expected " << window.channels << " channels, got "
                         << layout->channels;
  SmallVector<Type> arguments;
  for (auto [index, input] : llvm::enumerate(getInputs())) {
    auto type = cast<RankedTensorType>(input.getType());
    if (index > 0 &&
        failed(verifyOperandShape(*this, index, type, result, *layout)))
      return failure(); // (V4)
    bool isSum = index == 0 && getReduction() == ReductionKind::Sum;
    arguments.push_back(isSum ? IntegerType::get(getContext(), 32)
                              : type.getElementType());
  }
  return verifyVectorBody(*this, getBody().front(), arguments, // (V3)
                          result.getElementType());
}

//===----------------------------------------------------------------------===//
// Scalar ops
//===----------------------------------------------------------------------===//

LogicalResult EncodeTermsOp::verify() { // (N1)
  int64_t terms = getTerms();
  if (terms < 1 || terms > 7)
    return emitOpError() << "expected terms in [1, 7], got " << terms;
  if (!symbolizeDigitSet(getDigits()))
    return emitOpError() << "expected digits to be binary, naf, booth4 or "
                            "hese-msb, got '"
                         << getDigits() << "'";
  return success();
}
