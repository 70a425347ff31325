//===- ScalarInterpreter.cpp - Scalar code, op by op ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ScalarInterpreter.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/bit.h"
#include <cmath>

using namespace mlir;

namespace colonnade::test {

ScalarInterpreter::ScalarInterpreter(Block &block) : block(block) {
  // Constants may stand outside of the block.
  block.walk([&](Operation *op) {
    for (Value operand : op->getOperands())
      if (auto constant = operand.getDefiningOp<arith::ConstantOp>())
        setConstant(*constant);
  });
}

void ScalarInterpreter::setConstant(Operation &op) {
  Attribute value = cast<arith::ConstantOp>(op).getValue();
  if (auto real = dyn_cast<FloatAttr>(value))
    return setReal(op, real.getValue().convertToFloat());
  setInteger(op, int32_t(cast<IntegerAttr>(value).getInt()));
}

void ScalarInterpreter::reject(Operation &op, StringRef reason) {
  if (objection.empty())
    objection = (op.getName().getStringRef() + ": " + reason).str();
}

float ScalarInterpreter::getReal(Value value) const {
  return llvm::bit_cast<float>(bits.lookup(value));
}

int32_t ScalarInterpreter::getInteger(Value value) const {
  return int32_t(bits.lookup(value));
}

void ScalarInterpreter::setReal(Operation &op, float value) {
  bits[op.getResult(0)] = llvm::bit_cast<uint32_t>(value);
}

void ScalarInterpreter::setInteger(Operation &op, int32_t value) {
  bits[op.getResult(0)] = uint32_t(value);
}

void ScalarInterpreter::compareReals(Operation &op) {
  float left = getReal(op.getOperand(0)), right = getReal(op.getOperand(1));
  switch (cast<arith::CmpFOp>(op).getPredicate()) {
  case arith::CmpFPredicate::OEQ:
    return setInteger(op, left == right);
  case arith::CmpFPredicate::ONE:
    return setInteger(op, left < right || left > right);
  case arith::CmpFPredicate::OLT:
    return setInteger(op, left < right);
  case arith::CmpFPredicate::OLE:
    return setInteger(op, left <= right);
  case arith::CmpFPredicate::OGT:
    return setInteger(op, left > right);
  case arith::CmpFPredicate::OGE:
    return setInteger(op, left >= right);
  default:
    reject(op, "not an ordered comparison");
  }
}

/// maximumf and minimumf: NaN if one is, and -0 below 0.
static float getExtremum(float left, float right, bool largest) {
  if (std::isnan(left) || std::isnan(right))
    return std::nanf("");
  if (left == right)
    return std::signbit(left) == largest ? right : left;
  return (left > right) == largest ? left : right;
}

bool ScalarInterpreter::stepReal(Operation &op) {
  auto get = [&](unsigned index) { return getReal(op.getOperand(index)); };
  if (isa<arith::AddFOp>(op))
    setReal(op, get(0) + get(1));
  else if (isa<arith::SubFOp>(op))
    setReal(op, get(0) - get(1));
  else if (isa<arith::MulFOp>(op))
    setReal(op, get(0) * get(1));
  else if (isa<arith::DivFOp>(op))
    setReal(op, get(0) / get(1));
  else if (isa<arith::MaximumFOp, arith::MinimumFOp>(op))
    setReal(op, getExtremum(get(0), get(1), isa<arith::MaximumFOp>(op)));
  else if (isa<arith::NegFOp>(op))
    setReal(op, -get(0));
  else if (isa<math::AbsFOp>(op))
    setReal(op, std::fabs(get(0)));
  else if (isa<math::SqrtOp>(op))
    setReal(op, std::sqrt(get(0)));
  else if (isa<math::FloorOp>(op))
    setReal(op, std::floor(get(0)));
  else if (isa<math::RoundEvenOp>(op))
    setReal(op, std::nearbyint(get(0)));
  else if (isa<arith::CmpFOp>(op))
    compareReals(op);
  else
    return false;
  return true;
}

bool ScalarInterpreter::stepInteger(Operation &op) {
  auto get = [&](unsigned index) { return getInteger(op.getOperand(index)); };
  if (isa<arith::AddIOp>(op))
    setInteger(op, int32_t(uint32_t(get(0)) + uint32_t(get(1))));
  else if (isa<arith::SubIOp>(op))
    setInteger(op, int32_t(uint32_t(get(0)) - uint32_t(get(1))));
  else if (isa<arith::AndIOp>(op))
    setInteger(op, get(0) & get(1));
  else if (isa<arith::OrIOp>(op))
    setInteger(op, get(0) | get(1));
  else if (isa<arith::XOrIOp>(op))
    setInteger(op, (get(0) ^ get(1)) &
                       (op.getOperand(0).getType().isInteger(1) ? 1 : -1));
  else if (isa<arith::ShLIOp>(op))
    setInteger(op, int32_t(uint32_t(get(0)) << get(1)));
  else if (isa<arith::ShRSIOp>(op))
    setInteger(op, get(0) >> get(1));
  else if (isa<arith::ShRUIOp>(op))
    setInteger(op, int32_t(uint32_t(get(0)) >> get(1)));
  else if (auto compare = dyn_cast<arith::CmpIOp>(op);
           compare && compare.getPredicate() == arith::CmpIPredicate::ne)
    setInteger(op, get(0) != get(1));
  else
    return false;
  return true;
}

bool ScalarInterpreter::stepConversion(Operation &op) {
  Value first = op.getOperand(0);
  if (isa<arith::BitcastOp>(op)) {
    bits[op.getResult(0)] = bits.lookup(first);
  } else if (isa<arith::SelectOp>(op)) {
    bits[op.getResult(0)] =
        bits.lookup(op.getOperand(getInteger(first) & 1 ? 1 : 2));
  } else if (isa<arith::SIToFPOp>(op)) {
    setReal(op, float(getInteger(first)));
  } else if (isa<arith::FPToSIOp>(op)) {
    float value = getReal(first);
    if (!(value >= -2147483648.0f && value < 2147483648.0f))
      return reject(op, "out of range"), true;
    setInteger(op, int32_t(value));
  } else {
    return false;
  }
  return true;
}

void ScalarInterpreter::step(Operation &op) {
  if (isa<arith::ConstantOp>(op))
    return setConstant(op);
  if (!stepReal(op) && !stepInteger(op) && !stepConversion(op))
    reject(op, "not an operation of a lane");
}

float ScalarInterpreter::evaluate(ArrayRef<float> arguments) {
  for (auto [argument, value] :
       llvm::zip_first(block.getArguments(), arguments))
    bits[argument] = llvm::bit_cast<uint32_t>(value);
  for (Operation &op : block.without_terminator())
    step(op);
  return getReal(block.getTerminator()->getOperand(0));
}

} // namespace colonnade::test
