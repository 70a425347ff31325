//===- ResidualBlocks.cpp - Sums of a stream and a branch -----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ResidualBlocks.h"
#include "colonnade/Dialect/Colonnade/Transforms/ReadValues.h"
#include "colonnade/Dialect/Colonnade/Transforms/Remarks.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace colonnade;

std::string colonnade::describeValue(Value value) {
  auto tensor = dyn_cast<RankedTensorType>(value.getType());
  std::string shape = tensor ? formatShape(tensor.getShape()) : "no tensor";
  if (auto argument = dyn_cast<BlockArgument>(value))
    return llvm::formatv("argument {0} ({1})", argument.getArgNumber(), shape);
  return llvm::formatv("the result of {0} ({1})",
                       value.getDefiningOp()->getName(), shape);
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

ActivationGraph::ActivationGraph(func::FuncOp function)
    : block(&function.getBody().front()) {
  for (BlockArgument argument : block->getArguments()) {
    unsigned number = argument.getArgNumber();
    if (!function.getArgAttr(number,
                             ColonnadeDialect::getParameterAttrName()) &&
        !function.getArgAttr(number, ColonnadeDialect::getStateAttrName()))
      activations.insert(argument);
  }
  for (Operation &op : *block)
    if (llvm::any_of(getReadValues(&op),
                     [&](Value value) { return isActivation(value); }))
      activations.insert_range(op.getResults());
}

DenseSet<Operation *>
ActivationGraph::collectDependents(Value origin, Operation *last) const {
  DenseSet<Operation *> dependents;
  SmallVector<Value> pending{origin};
  while (!pending.empty())
    for (Operation *user : pending.pop_back_val().getUsers())
      if (Operation *op = block->findAncestorOpInBlock(*user);
          op && !last->isBeforeInBlock(op) && dependents.insert(op).second)
        llvm::append_range(pending, op->getResults());
  return dependents;
}

bool ActivationGraph::dependsOn(Value value, Value origin) const {
  Operation *op = value.getDefiningOp();
  return value == origin || (op && collectDependents(origin, op).contains(op));
}

/// Whether all operands are indexed by all loops in order.
static bool isPointwise(linalg::LinalgOp op) {
  return op.getNumReductionLoops() == 0 &&
         llvm::all_of(op.getIndexingMapsArray(),
                      [](AffineMap map) { return map.isIdentity(); });
}

static bool isAddition(linalg::GenericOp op) {
  if (op.getNumDpsInputs() != 2 || op.getNumDpsInits() != 1 || !isPointwise(op))
    return false;
  Block *body = op.getBody();
  auto add =
      body->getTerminator()->getOperand(0).getDefiningOp<arith::AddFOp>();
  return add && llvm::hasSingleElement(body->without_terminator()) &&
         llvm::is_contained(add->getOperands(), body->getArgument(0)) &&
         llvm::is_contained(add->getOperands(), body->getArgument(1));
}

SmallVector<ActivationSum> ActivationGraph::collectSums() const {
  SmallVector<ActivationSum> sums;
  for (Operation &op : *block) {
    auto generic = dyn_cast<linalg::GenericOp>(op);
    bool isSum = isa<linalg::AddOp, arith::AddFOp>(op) ||
                 (generic && isAddition(generic));
    if (!isSum || !isa<RankedTensorType>(op.getResult(0).getType()))
      continue;
    ActivationSum sum{&op, op.getOperand(0), op.getOperand(1)};
    if (isActivation(sum.left) && isActivation(sum.right) &&
        sum.left.getType() == sum.getType() &&
        sum.right.getType() == sum.getType())
      sums.push_back(sum);
  }
  return sums;
}

std::string colonnade::checkStreamType(const ActivationSum &sum) {
  RankedTensorType type = sum.getType();
  if (type.getElementType().isF32() && !type.getEncoding() &&
      type.hasStaticShape())
    return "";
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return "expected streams of f32 with a static shape and without promises, "
         "got " +
         text;
}

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

std::string ActivationGraph::checkReaders(const Branch &branch,
                                          Operation *reader) const {
  DenseSet<Operation *> own(branch.ops.begin(), branch.ops.end());
  for (Operation *op : branch.ops)
    for (Value result : op->getResults()) {
      if (!isActivation(result) || (!reader && result == branch.output))
        continue; // Copied, or for anybody to read.
      for (Operation *user : result.getUsers()) {
        Operation *top = block->findAncestorOpInBlock(*user);
        if (own.contains(top) || (result == branch.output && top == reader))
          continue;
        return llvm::formatv("{0}, a value of the branch, is read by {1} too",
                             describeValue(result), top->getName());
      }
    }
  return "";
}

std::optional<Branch> ActivationGraph::findBranch(Value input, Value output,
                                                  Operation *reader,
                                                  std::string &whyNot) const {
  whyNot.clear();
  if (input == output) {
    whyNot = "the branch is the stream itself";
    return std::nullopt;
  }
  DenseSet<Operation *> dependents;
  if (Operation *last = output.getDefiningOp())
    dependents = collectDependents(input, last);
  DenseSet<Operation *> taken;
  SmallVector<Value> pending{output};
  while (!pending.empty()) {
    Value value = pending.pop_back_val();
    Operation *op = value.getDefiningOp();
    if (value == input ||
        (!isActivation(value) && (!op || isa<arith::ConstantOp>(op))))
      continue;
    if (isActivation(value) && (!op || !dependents.contains(op))) {
      whyNot = "the branch reads another activation, " + describeValue(value);
      return std::nullopt;
    }
    if (!isMemoryEffectFree(op)) {
      whyNot = llvm::formatv("the branch holds {0}, which may have effects",
                             op->getName());
      return std::nullopt;
    }
    if (taken.insert(op).second)
      llvm::append_range(pending, getReadValues(op));
  }
  Branch branch{input, output, {}};
  for (Operation &op : *block)
    if (taken.contains(&op))
      branch.ops.push_back(&op);
  whyNot = checkReaders(branch, reader);
  if (!whyNot.empty())
    return std::nullopt;
  return branch;
}

/// The constants and arguments that the ops read, but the input.
SetVector<Value> Branch::getCapturedValues() const {
  SetVector<Value> captured;
  for (Operation *op : ops)
    for (Value value : getReadValues(op))
      if (value != input && (isa<BlockArgument>(value) ||
                             value.getDefiningOp<arith::ConstantOp>()))
        captured.insert(value);
  return captured;
}

/// Whether a normalization normalizes by the value.
static bool isStatistic(Value value) {
  return llvm::any_of(value.getUses(), [](OpOperand &use) {
    auto norm = dyn_cast<BatchNormInferenceOp>(use.getOwner());
    return norm &&
           (use == norm.getMeanMutable() || use == norm.getVarianceMutable());
  });
}

int64_t Branch::countParameters() const {
  int64_t count = 0;
  for (Value value : getCapturedValues())
    if (auto type = dyn_cast<RankedTensorType>(value.getType());
        type && type.getRank() > 0 && !isStatistic(value))
      count += type.getNumElements();
  return count;
}

bool Branch::readsFrozenWeights() const {
  return llvm::any_of(getCapturedValues(), ColonnadeDialect::isFrozen);
}

//===----------------------------------------------------------------------===//
// Regions
//===----------------------------------------------------------------------===//

void colonnade::fillRegion(ReversibleOp op, Region &region,
                           ArrayRef<Branch> branches) {
  Block *body = op.addBlock(region);
  auto builder = OpBuilder::atBlockEnd(body);
  Value value = body->getArgument(0);
  for (const Branch &branch : branches) {
    IRMapping mapping;
    mapping.map(branch.input, value);
    for (Operation *inner : branch.ops)
      builder.clone(*inner, mapping);
    value = mapping.lookup(branch.output);
  }
  CouplingYieldOp::create(builder, op.getLoc(), value);
}

void colonnade::eraseUnused(ArrayRef<Operation *> ops) {
  for (Operation *op : llvm::reverse(ops))
    if (isOpTriviallyDead(op))
      op->erase();
}
