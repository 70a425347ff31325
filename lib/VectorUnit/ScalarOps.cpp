//===- ScalarOps.cpp - Scalar operations of the vector unit ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The one predicate that says which scalar ops the vector unit has, for
// legality, remarks and verification.
//
//===----------------------------------------------------------------------===//

#include "colonnade/VectorUnit/ScalarOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace colonnade;

using MaybeObjection = std::optional<std::string>;

std::optional<sim::ScalarType> colonnade::getScalarType(Type type) {
  if (type.isF32())
    return sim::ScalarType::F32;
  if (!type.isSignlessInteger())
    return std::nullopt;
  switch (type.getIntOrFloatBitWidth()) {
  case 1:
    return sim::ScalarType::I1;
  case 8:
    return sim::ScalarType::I8;
  case 32:
    return sim::ScalarType::I32;
  case 64:
    return sim::ScalarType::I64;
  default:
    return std::nullopt;
  }
}

static bool isVectorUnitOp(Operation &op) {
  return isa<arith::ConstantOp, arith::ExtSIOp, arith::TruncIOp, arith::AddIOp,
             arith::SubIOp, arith::MulIOp, arith::AddUIExtendedOp,
             arith::MulUIExtendedOp, arith::DivSIOp, arith::RemSIOp,
             arith::MaxSIOp, arith::MinSIOp, arith::AndIOp, arith::OrIOp,
             arith::XOrIOp, arith::ShLIOp, arith::ShRSIOp, arith::ShRUIOp,
             arith::CmpIOp, arith::CmpFOp, arith::SelectOp, arith::AddFOp,
             arith::SubFOp, arith::MulFOp, arith::DivFOp, arith::MaximumFOp,
             arith::MinimumFOp, arith::NegFOp, arith::SIToFPOp, arith::FPToSIOp,
             arith::BitcastOp, math::AbsFOp, math::SqrtOp, math::RoundEvenOp,
             math::FloorOp, tosa::ApplyScaleOp>(op);
}

/// Comparisons that the vector unit has as they are.
static MaybeObjection checkPredicate(arith::CmpIOp op) {
  switch (op.getPredicate()) {
  case arith::CmpIPredicate::ult:
  case arith::CmpIPredicate::ule:
  case arith::CmpIPredicate::ugt:
  case arith::CmpIPredicate::uge:
    return "the vector unit compares signed integers only";
  default:
    return std::nullopt;
  }
}

static MaybeObjection checkPredicate(arith::CmpFOp op) {
  switch (op.getPredicate()) {
  case arith::CmpFPredicate::OEQ:
  case arith::CmpFPredicate::ONE:
  case arith::CmpFPredicate::OLT:
  case arith::CmpFPredicate::OLE:
  case arith::CmpFPredicate::OGT:
  case arith::CmpFPredicate::OGE:
    return std::nullopt;
  default:
    return ("the vector unit has ordered float comparisons, not " +
            arith::stringifyCmpFPredicate(op.getPredicate()))
        .str();
  }
}

static MaybeObjection checkScale(tosa::ApplyScaleOp op) {
  if (op.getRoundingMode() != tosa::RoundingMode::SINGLE_ROUND ||
      !op.getValue().getType().isInteger(32))
    return "the vector unit rescales i32 values with SINGLE_ROUND only";
  return std::nullopt;
}

/// Numbers are i8, i32, i64 and f32; i1 has logic, selection and constants.
static MaybeObjection checkTypes(Operation &op) {
  bool isLogic = isa<arith::ConstantOp, arith::AndIOp, arith::OrIOp,
                     arith::XOrIOp, arith::SelectOp>(op);
  bool isComparison = isa<arith::CmpIOp, arith::CmpFOp>(op);
  auto check = [&](Type type, bool mayBeTruth) -> MaybeObjection {
    if (getScalarType(type) && (mayBeTruth || !type.isInteger(1)))
      return std::nullopt;
    std::string text;
    llvm::raw_string_ostream(text)
        << "the vector unit has no '" << op.getName() << "' on " << type;
    return text;
  };
  for (Type type : op.getOperandTypes())
    if (MaybeObjection objection = check(type, isLogic))
      return objection;
  bool isWrapping = isa<arith::AddUIExtendedOp, arith::MulUIExtendedOp>(op);
  for (Type type : llvm::drop_end(op.getResultTypes(), isWrapping ? 1 : 0))
    if (MaybeObjection objection = check(type, isLogic || isComparison))
      return objection;
  return std::nullopt;
}

/// Logical shifts and reinterpreted floats are of 32 bits.
static MaybeObjection checkIs32Bits(Operation *op) {
  Type from = op->getOperand(0).getType(), to = op->getResult(0).getType();
  if (from.getIntOrFloatBitWidth() == 32 && to.getIntOrFloatBitWidth() == 32)
    return std::nullopt;
  return ("the vector unit has '" + op->getName().getStringRef() +
          "' of 32 bits only")
      .str();
}

/// Of a sum or product without a sign there are the bits that fit.
static MaybeObjection checkIsWrapping(Operation *op) {
  if (op->getResult(1).use_empty())
    return std::nullopt;
  return ("the vector unit has the first result of '" +
          op->getName().getStringRef() + "' only")
      .str();
}

MaybeObjection colonnade::getScalarOpObjection(Operation &op) {
  if (!isVectorUnitOp(op))
    return ("the vector unit has no '" + op.getName().getStringRef() + "'")
        .str();
  if (MaybeObjection objection = checkTypes(op))
    return objection;
  return llvm::TypeSwitch<Operation *, MaybeObjection>(&op)
      .Case<arith::CmpIOp, arith::CmpFOp>(
          [](auto compare) { return checkPredicate(compare); })
      .Case([](tosa::ApplyScaleOp scale) { return checkScale(scale); })
      .Case<arith::AddUIExtendedOp, arith::MulUIExtendedOp>(
          [](Operation *wrapping) { return checkIsWrapping(wrapping); })
      .Case<arith::ShRUIOp, arith::BitcastOp>(
          [](Operation *word) { return checkIs32Bits(word); })
      .Default([](Operation *) { return std::nullopt; });
}
