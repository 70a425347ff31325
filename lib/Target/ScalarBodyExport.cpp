//===- ScalarBodyExport.cpp - Bodies of vector passes -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of the exporter that numbers the values of a region of scalar ops.
//
//===----------------------------------------------------------------------===//

#include "Exporter.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tosa/IR/TosaOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

unsigned Exporter::getTermTable(EncodeTermsOp encode) {
  DigitSet digits = *symbolizeDigitSet(encode.getDigits());
  int64_t terms = encode.getTerms();
  auto &tables = result.program.termTables;
  for (auto [i, table] : llvm::enumerate(tables))
    if (table.digits == digits && table.terms == terms)
      return i;
  tables.push_back({digits, terms});
  return tables.size() - 1;
}

static sim::ScalarOpcode getIntegerOpcode(Operation &scalar) {
  using sim::ScalarOpcode;
  return llvm::TypeSwitch<Operation *, ScalarOpcode>(&scalar)
      .Case([](arith::ExtSIOp) { return ScalarOpcode::ExtendSign; })
      .Case([](arith::TruncIOp) { return ScalarOpcode::Truncate; })
      .Case([](arith::AddIOp) { return ScalarOpcode::Add; })
      .Case([](arith::SubIOp) { return ScalarOpcode::Subtract; })
      .Case([](arith::MulIOp) { return ScalarOpcode::Multiply; })
      .Case([](arith::DivSIOp) { return ScalarOpcode::Divide; })
      .Case([](arith::RemSIOp) { return ScalarOpcode::Remainder; })
      .Case([](arith::AddUIExtendedOp) { return ScalarOpcode::AddWrapping; })
      .Case(
          [](arith::MulUIExtendedOp) { return ScalarOpcode::MultiplyWrapping; })
      .Case([](arith::MaxSIOp) { return ScalarOpcode::Maximum; })
      .Case([](arith::MinSIOp) { return ScalarOpcode::Minimum; })
      .Case([](arith::AndIOp) { return ScalarOpcode::And; })
      .Case([](arith::OrIOp) { return ScalarOpcode::Or; })
      .Case([](arith::XOrIOp) { return ScalarOpcode::Xor; })
      .Case([](arith::ShLIOp) { return ScalarOpcode::ShiftLeft; })
      .Case([](arith::ShRSIOp) { return ScalarOpcode::ShiftRight; })
      .Case([](arith::ShRUIOp) { return ScalarOpcode::ShiftRightLogical; })
      .Case([](arith::CmpIOp) { return ScalarOpcode::CompareInteger; })
      .Case([](tosa::ApplyScaleOp) { return ScalarOpcode::ApplyScale; })
      .Case([](arith::SelectOp) { return ScalarOpcode::Select; })
      .Case([](EncodeTermsOp) { return ScalarOpcode::EncodeTerms; })
      .Default([](Operation *) { return ScalarOpcode::Constant; });
}

/// Opcodes that touch floats; all others are those of integers.
static sim::ScalarOpcode getOpcode(Operation &scalar) {
  using sim::ScalarOpcode;
  return llvm::TypeSwitch<Operation *, ScalarOpcode>(&scalar)
      .Case([](arith::CmpFOp) { return ScalarOpcode::CompareFloat; })
      .Case([](arith::AddFOp) { return ScalarOpcode::AddFloat; })
      .Case([](arith::SubFOp) { return ScalarOpcode::SubtractFloat; })
      .Case([](arith::MulFOp) { return ScalarOpcode::MultiplyFloat; })
      .Case([](arith::DivFOp) { return ScalarOpcode::DivideFloat; })
      .Case([](arith::MaximumFOp) { return ScalarOpcode::MaximumFloat; })
      .Case([](arith::MinimumFOp) { return ScalarOpcode::MinimumFloat; })
      .Case([](arith::NegFOp) { return ScalarOpcode::NegateFloat; })
      .Case([](math::AbsFOp) { return ScalarOpcode::AbsoluteFloat; })
      .Case([](math::SqrtOp) { return ScalarOpcode::SquareRoot; })
      .Case([](math::RoundEvenOp) { return ScalarOpcode::RoundEven; })
      .Case([](math::FloorOp) { return ScalarOpcode::Floor; })
      .Case([](arith::SIToFPOp) { return ScalarOpcode::IntegerToFloat; })
      .Case([](arith::FPToSIOp) { return ScalarOpcode::FloatToInteger; })
      .Case([](arith::BitcastOp) { return ScalarOpcode::Bitcast; })
      .Default([&](Operation *) { return getIntegerOpcode(scalar); });
}

static sim::ComparePredicate getPredicate(arith::CmpIPredicate predicate) {
  switch (predicate) {
  case arith::CmpIPredicate::eq:
    return sim::ComparePredicate::Equal;
  case arith::CmpIPredicate::slt:
    return sim::ComparePredicate::Less;
  case arith::CmpIPredicate::sle:
    return sim::ComparePredicate::LessOrEqual;
  case arith::CmpIPredicate::sgt:
    return sim::ComparePredicate::Greater;
  case arith::CmpIPredicate::sge:
    return sim::ComparePredicate::GreaterOrEqual;
  default: // Verified: the rest are unsigned.
    return sim::ComparePredicate::NotEqual;
  }
}

static sim::ComparePredicate getPredicate(arith::CmpFPredicate predicate) {
  switch (predicate) {
  case arith::CmpFPredicate::OEQ:
    return sim::ComparePredicate::Equal;
  case arith::CmpFPredicate::OLT:
    return sim::ComparePredicate::Less;
  case arith::CmpFPredicate::OLE:
    return sim::ComparePredicate::LessOrEqual;
  case arith::CmpFPredicate::OGT:
    return sim::ComparePredicate::Greater;
  case arith::CmpFPredicate::OGE:
    return sim::ComparePredicate::GreaterOrEqual;
  default: // Verified: the rest are unordered.
    return sim::ComparePredicate::NotEqual;
  }
}

int64_t colonnade::getImmediate(TypedAttr value) {
  if (auto real = dyn_cast<FloatAttr>(value))
    return real.getValue().bitcastToAPInt().getZExtValue();
  auto integer = cast<IntegerAttr>(value);
  bool isTruth = integer.getType().isInteger(1);
  return isTruth ? integer.getValue().getZExtValue() : integer.getInt();
}

static int64_t getCompareImmediate(Operation &scalar) {
  if (auto compare = dyn_cast<arith::CmpIOp>(scalar))
    return static_cast<int64_t>(getPredicate(compare.getPredicate()));
  auto compare = cast<arith::CmpFOp>(scalar);
  return static_cast<int64_t>(getPredicate(compare.getPredicate()));
}

sim::ScalarBody Exporter::exportBody(Block &block) {
  sim::ScalarBody body;
  DenseMap<Value, unsigned> numbers;
  for (Value argument : block.getArguments())
    numbers.try_emplace(argument, numbers.size());
  for (Operation &scalar : block.without_terminator()) {
    sim::ScalarOperation operation;
    operation.opcode = getOpcode(scalar);
    operation.type = *getScalarType(scalar.getResult(0).getType());
    for (auto [i, operand] : llvm::enumerate(scalar.getOperands()))
      operation.operands[i] = numbers.lookup(operand);
    if (auto constant = dyn_cast<arith::ConstantOp>(scalar))
      operation.immediate = getImmediate(constant.getValue());
    else if (auto encode = dyn_cast<EncodeTermsOp>(scalar))
      operation.immediate = getTermTable(encode);
    else if (isa<arith::CmpIOp, arith::CmpFOp>(scalar))
      operation.immediate = getCompareImmediate(scalar);
    unsigned number = numbers.size();
    numbers[scalar.getResult(0)] = number;
    body.operations.push_back(operation);
  }
  auto yield = cast<YieldOp>(block.getTerminator());
  body.result = numbers.lookup(yield.getValue());
  return body;
}

const sim::ScalarBody &Exporter::getScalarBody(Operation *pass) {
  auto [it, isNew] = bodies.try_emplace(pass);
  if (isNew)
    it->second = exportBody(pass->getRegion(0).front());
  return it->second;
}
