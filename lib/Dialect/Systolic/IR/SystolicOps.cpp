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
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

#define GET_OP_CLASSES
#include "colonnade/Dialect/Systolic/IR/SystolicOps.cpp.inc"

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// (C5), (V4): `type` has the result's shape or is one value per channel, of a
/// block or of all.
static LogicalResult verifyOperandShape(Operation *op, unsigned index,
                                        RankedTensorType type,
                                        RankedTensorType result,
                                        const TensorLayout &layout) {
  if (type.getShape() == result.getShape())
    return success();
  if (type.getRank() == 1 &&
      (type.getDimSize(0) == layout.channels ||
       type.getDimSize(0) == layout.blocks * layout.channels))
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
                                       const sim::Window &window,
                                       int64_t blocks = 1) {
  std::string reason;
  FailureOr<TensorLayout> layout = getTensorLayout(type, &reason);
  if (failed(layout))
    return op->emitOpError() << reason << ", got " << type;
  if (layout->blocks * layout->channels != blocks * window.channels ||
      layout->height != window.height || layout->width != window.width)
    return op->emitOpError()
           << "expected the window's input " << window.channels << "x"
           << window.height << "x" << window.width << ", got "
           << layout->channels << "x" << layout->height << "x" << layout->width;
  return success();
}

//===----------------------------------------------------------------------===//
// ContractOp
//===----------------------------------------------------------------------===//

/// (C2), (C3)
static LogicalResult verifyAgainstWeights(ContractOp op,
                                          const sim::PackedWeights &weights,
                                          const TensorLayout &result) {
  int64_t channels = weights.blocks * weights.rows;
  if (result.blocks * result.channels != channels) // (C2)
    return op.emitOpError() << "expected " << channels
                            << " channels as the weights have rows, got "
                            << result.blocks * result.channels;
  sim::Window window = op.getWindow().getWindow();
  int64_t taps = window.channels * window.kernelHeight * window.kernelWidth;
  if (taps != weights.matrixColumns) // (C3)
    return op.emitOpError() << "expected " << weights.matrixColumns
                            << " channels x taps as the weights have columns, "
                               "got "
                            << taps;
  return success();
}

/// (C4), (C5)
static LogicalResult verifyEpilogue(ContractOp op, const TensorLayout &layout) {
  auto result = cast<RankedTensorType>(op.getResult().getType());
  SmallVector<Type> arguments = {IntegerType::get(op.getContext(), 32)};
  for (auto [index, operand] : llvm::enumerate(op.getEpilogueOperands())) {
    auto type = cast<RankedTensorType>(operand.getType());
    if (failed(verifyOperandShape(op, index, type, result, layout))) // (C5)
      return failure();
    arguments.push_back(type.getElementType());
  }
  return verifyVectorBody(op, op.getBody().front(), arguments, // (C4)
                          result.getElementType());
}

LogicalResult ContractOp::verify() {
  sim::Window window = getWindow().getWindow();
  Type result = getResult().getType(), data = getData().getType();
  std::string reason;
  FailureOr<TensorLayout> layout = getTensorLayout(result, &reason);
  if (failed(layout))
    return emitOpError() << "result: " << reason << ", got " << result;
  if (!cast<RankedTensorType>(data).getElementType().isInteger(8))
    return emitOpError() << "expected i8 data, got " << data;
  std::optional<sim::PackedWeights> weights;
  if (isa_and_nonnull<WeightsOp, RunTimeWeightsOp>(
          getWeights().getDefiningOp()))
    weights = getPackedShape(getWeights());
  int64_t blocks = weights ? weights->blocks : 1;
  if (failed(verifyWindowInput(*this, data, window, blocks)) || // (C1)
      failed(verifyPositions(*this, *layout, window)))          // (C2)
    return failure();
  if (weights && failed(verifyAgainstWeights(*this, *weights, *layout)))
    return failure();
  if (getDataTerms() > 7) // (C6)
    return emitOpError() << "expected data_terms in [0, 7], got "
                         << static_cast<int64_t>(getDataTerms());
  return verifyEpilogue(*this, *layout);
}

//===----------------------------------------------------------------------===//
// VectorOp
//===----------------------------------------------------------------------===//

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
      failed(verifyPositions(*this, *layout, window)))
    return failure();                        // (V1)
  if (getReduction() == ReductionKind::None) // (V2)
    return emitOpError() << "expected a maximum or a sum, got 'none': "
                            "elementwise code is a systolic.nest";
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
