//===- Legality.cpp - What the machine can run -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One legality function per kind of linalg op. The rewrite runs only what they
// accept, and remarks say what they say.
//
//===----------------------------------------------------------------------===//

#include "NetworkMapper.h"
#include "colonnade/Conversion/LinalgToSystolic/WeightPacking.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

/// Static i8 or i32, rank 2 or batch 1 of rank 4.
static Objection checkTensor(StringRef what, Value value) {
  std::string reason;
  if (succeeded(getTensorLayout(value.getType(), &reason)))
    return std::nullopt;
  return llvm::formatv("{0}: {1}", what, reason).str();
}

static bool isZeroFilled(Value value) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  if (fill)
    return matchPattern(fill.getInputs().front(), m_Zero());
  return matchPattern(value, m_Zero());
}

Objection NetworkMapper::checkContraction(linalg::LinalgOp op) const {
  if (!isa<linalg::Conv2DNchwFchwOp, linalg::MatmulOp>(op))
    return std::string("the array runs linalg.conv_2d_nchw_fchw and "
                       "linalg.matmul");
  std::string whyNot;
  std::optional<WeightOperand> weights = getWeightOperand(op, &whyNot);
  if (!weights)
    return whyNot;
  if (isa<linalg::MatmulOp>(op) && weights->rowAxis != 1)
    return std::string("the weights of a matmul must be its second operand");
  if (Objection objection = checkTensor("data", weights->data->get()))
    return objection;
  Value result = op->getResult(0);
  if (Objection objection = checkTensor("result", result))
    return objection;
  auto element = [](Value v) {
    return cast<RankedTensorType>(v.getType()).getElementType();
  };
  if (!element(weights->data->get()).isInteger(8) ||
      !element(result).isInteger(32))
    return std::string("the array multiplies i8 by i8 into i32");
  if (!isZeroFilled(op.getDpsInits().front()))
    return std::string("the accumulators must start at zero: add a bias in "
                       "an elementwise op");
  auto type = cast<RankedTensorType>(weights->weights->get().getType());
  LayerData data = getLayerData(weights->data->get());
  auto plan = planPacking(type, weights->rowAxis, weights->inputChannelAxis,
                          data.getDataTerms(), target.getColumns(),
                          *target.getCellModel());
  if (!plan)
    return llvm::toString(plan.takeError());
  return std::nullopt;
}

Objection NetworkMapper::checkPooling(linalg::LinalgOp op) const {
  if (!isa<linalg::PoolingNchwMaxOp, linalg::PoolingNchwSumOp>(op))
    return std::string("the vector unit pools with linalg.pooling_nchw_max "
                       "and linalg.pooling_nchw_sum");
  if (Objection objection = checkTensor("data", op.getDpsInputs().front()))
    return objection;
  if (Objection objection = checkTensor("result", op->getResult(0)))
    return objection;
  auto input = cast<RankedTensorType>(op.getDpsInputs().front().getType());
  auto result = cast<RankedTensorType>(op->getResult(0).getType());
  if (!input.getElementType().isInteger(8))
    return std::string("the vector unit pools i8 data");
  if (isa<linalg::PoolingNchwSumOp>(op)) {
    if (!result.getElementType().isInteger(32) ||
        !isZeroFilled(op.getDpsInits().front()))
      return std::string("sums of i8 must start at zero and be i32");
    return std::nullopt;
  }
  auto fill = op.getDpsInits().front().getDefiningOp<linalg::FillOp>();
  APInt start;
  if (!result.getElementType().isInteger(8) || !fill ||
      !matchPattern(fill.getInputs().front(), m_ConstantInt(&start)) ||
      !start.isMinSignedValue())
    return std::string("a maximum of i8 must start at -128");
  return std::nullopt;
}

/// Identity, or the channel alone.
static bool isElementOrChannel(AffineMap map) {
  return map.isIdentity() ||
         (map.getNumResults() == 1 &&
          map.getResult(0) == getAffineDimExpr(1, map.getContext()));
}

Objection NetworkMapper::checkElementwise(linalg::GenericOp op) const {
  if (op.getNumParallelLoops() != op.getNumLoops())
    return std::string("the vector unit runs ops whose loops are all parallel");
  if (op->getNumResults() != 1 || op.getNumDpsInputs() < 1)
    return std::string("the vector unit runs ops with one result and at least "
                       "one input");
  if (Objection objection = checkTensor("result", op->getResult(0)))
    return objection;
  if (!op.getMatchingIndexingMap(op.getDpsInitOperand(0)).isIdentity())
    return std::string("the result must be written in order");
  if (!op.getRegionOutputArgs().front().use_empty())
    return std::string("the result's old value must not be read");
  for (OpOperand *input : op.getDpsInputOperands()) {
    auto type = dyn_cast<RankedTensorType>(input->get().getType());
    if (!type || !isElementOrChannel(op.getMatchingIndexingMap(input)))
      return llvm::formatv("input {0} must be indexed like the result or by "
                           "channel",
                           input->getOperandNumber())
          .str();
    if (type.getRank() != 1)
      if (Objection objection = checkTensor("input", input->get()))
        return objection;
  }
  for (Operation &scalar : op.getBody()->without_terminator())
    if (auto objection = getVectorUnitObjection(scalar))
      return objection;
  bool outsideIsConstant = true;
  op.getBody()->walk([&](Operation *scalar) {
    for (Value operand : scalar->getOperands())
      if (operand.getParentBlock() != op.getBody())
        outsideIsConstant &= matchPattern(operand, m_Constant());
  });
  if (!outsideIsConstant)
    return std::string("scalars from outside the body must be constants");
  return std::nullopt;
}
