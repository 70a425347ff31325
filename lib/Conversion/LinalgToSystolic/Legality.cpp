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
#include "mlir/IR/Matchers.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

/// Static i8, i32 or f32, rank 2 or batch 1 of rank 4.
static Objection checkTensor(StringRef what, Value value) {
  std::string reason;
  if (succeeded(getTensorLayout(value.getType(), &reason)))
    return std::nullopt;
  return llvm::formatv("{0}: {1}", what, reason).str();
}

bool colonnade::isZeroFilled(Value value) {
  auto fill = value.getDefiningOp<linalg::FillOp>();
  if (fill)
    return matchPattern(fill.getInputs().front(), m_Zero());
  return matchPattern(value, m_Zero());
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
