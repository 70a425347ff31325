//===- StepRoles.cpp - What the ops of a step are there for ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "StepRoles.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "colonnade/Dialect/Colonnade/IR/Contractions.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;
using namespace colonnade;

/// Whether `value` is a parameter of the step, rounded, moved or as it is.
static bool isParameter(Value value, func::FuncOp step) {
  while (Operation *op = value.getDefiningOp()) {
    auto structured = dyn_cast<linalg::LinalgOp>(op);
    if (structured && (structured.getNumDpsInputs() != 1 ||
                       structured.getNumReductionLoops() != 0))
      return false;
    if (op->getNumOperands() == 0)
      return false;
    value = op->getOperand(0);
  }
  auto argument = cast<BlockArgument>(value);
  return argument.getOwner()->getParentOp() == step &&
         step.getArgAttr(argument.getArgNumber(),
                         ColonnadeDialect::getParameterAttrName());
}

static StringRef getBackwardRole(Operation *op, func::FuncOp step) {
  auto structured = dyn_cast<linalg::LinalgOp>(op);
  if (!structured || !isContraction(structured))
    return "backward";
  bool hasParameter = llvm::any_of(structured.getDpsInputs(), [&](Value input) {
    return isParameter(input, step);
  });
  return hasParameter ? "dA" : "dW";
}

/// Holds the role until finish(), out of the way of inherited locations.
static constexpr llvm::StringLiteral kRole = "step_role";

void StepRoles::name(StringRef role) {
  for (Operation &op : step.getBody().front()) {
    if (op.hasAttr(kRole))
      continue;
    StringRef part = role == "backward" ? getBackwardRole(&op, step) : role;
    op.setAttr(kRole, StringAttr::get(step.getContext(), part));
  }
}

void StepRoles::name(Operation *op, StringRef role) {
  if (op->getBlock() == &step.getBody().front())
    op->setAttr(kRole, StringAttr::get(step.getContext(), role));
}

void StepRoles::finish() {
  for (Operation &op : step.getBody().front()) {
    auto role = cast<StringAttr>(op.removeAttr(kRole));
    op.walk([&](Operation *inner) {
      inner->setLoc(FusedLoc::get({inner->getLoc()}, role, step.getContext()));
    });
  }
}
