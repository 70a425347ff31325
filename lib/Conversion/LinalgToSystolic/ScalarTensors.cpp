//===- ScalarTensors.cpp - Numbers as tensors -----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine computes with elements of tensors and nothing else. A number that
// depends on one (a learning rate, the number of the step) is made by a
// linalg.generic without loops, whose body is all the code between the
// elements and the number.
//
//===----------------------------------------------------------------------===//

#include "NestForms.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// Branches
//===----------------------------------------------------------------------===//

/// Whether both branches may run, whatever the condition.
static bool canRunBoth(scf::IfOp op) {
  if (op.getNumResults() == 0 || op.getElseRegion().empty())
    return false;
  WalkResult walk = op.walk([&](Operation *nested) {
    bool isPart = isa<scf::IfOp, scf::YieldOp>(nested);
    return isPart || isPure(nested) ? WalkResult::advance()
                                    : WalkResult::interrupt();
  });
  return !walk.wasInterrupted();
}

void colonnade::selectBranches(func::FuncOp function) {
  SmallVector<scf::IfOp> ops;
  // Inner ones first: what they select is then code of the outer branch.
  function.walk([&](scf::IfOp op) { ops.push_back(op); });
  for (scf::IfOp op : ops) {
    if (!canRunBoth(op))
      continue;
    for (Region &region : op->getRegions())
      op->getBlock()->getOperations().splice(
          op->getIterator(), region.front().getOperations(),
          region.front().begin(), std::prev(region.front().end()));
    OpBuilder builder(op);
    for (auto [result, yes, no] :
         llvm::zip_equal(op.getResults(), op.thenYield().getOperands(),
                         op.elseYield().getOperands()))
      result.replaceAllUsesWith(arith::SelectOp::create(
          builder, op.getLoc(), op.getCondition(), yes, no));
    op.erase();
  }
}

//===----------------------------------------------------------------------===//
// Numbers
//===----------------------------------------------------------------------===//

namespace {

/// Makes tensors of numbers, each one once.
class ScalarTensors {
public:
  explicit ScalarTensors(func::FuncOp function)
      : block(function.getBody().front()) {}

  /// A tensor without dimensions, or null where an op in between is not one
  /// of numbers or the type cannot be stored.
  Value get(Value scalar);

private:
  /// What a number is computed from: code in program order, and elements.
  struct Slice {
    llvm::SetVector<Operation *> code;
    llvm::SetVector<Operation *> elements;
  };

  bool collect(Value scalar, Slice &slice);

  Block &block;
  DenseMap<Value, Value> tensors;
};

} // namespace

static bool isNumber(Type type) { return type.isIntOrFloat(); }

/// The constant position of an element that the host or a layer makes.
static std::optional<SmallVector<int64_t>> getPosition(tensor::ExtractOp op) {
  SmallVector<int64_t> position;
  auto type = cast<RankedTensorType>(op.getTensor().getType());
  if (!type.hasStaticShape() || !systolic::isStoredType(type.getElementType()))
    return std::nullopt;
  for (auto [index, extent] :
       llvm::zip_equal(op.getIndices(), type.getShape())) {
    APInt value;
    if (!matchPattern(index, m_ConstantInt(&value)) || value.isNegative() ||
        value.getSExtValue() >= extent)
      return std::nullopt;
    position.push_back(value.getSExtValue());
  }
  return position;
}

bool ScalarTensors::collect(Value scalar, Slice &slice) {
  Operation *op = scalar.getDefiningOp();
  if (!op || op->getBlock() != &block || !isNumber(scalar.getType()))
    return false;
  if (slice.code.contains(op) || slice.elements.contains(op))
    return true;
  if (auto element = dyn_cast<tensor::ExtractOp>(op)) {
    slice.elements.insert(op);
    return getPosition(element).has_value();
  }
  if (op->getNumRegions() != 0 || !isMemoryEffectFree(op))
    return false;
  for (Value operand : op->getOperands())
    if (!collect(operand, slice))
      return false;
  slice.code.insert(op);
  return true;
}

Value ScalarTensors::get(Value scalar) {
  auto known = tensors.find(scalar);
  if (known != tensors.end())
    return known->second;
  Slice slice;
  if (!systolic::isStoredType(scalar.getType()) || !collect(scalar, slice))
    return {};
  OpBuilder builder(scalar.getContext());
  builder.setInsertionPointAfterValue(scalar);
  Location loc = scalar.getLoc();
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (Operation *op : slice.elements) {
    auto element = cast<tensor::ExtractOp>(op);
    inputs.push_back(element.getTensor());
    SmallVector<int64_t> indices = *getPosition(element);
    SmallVector<AffineExpr> position;
    for (int64_t index : indices)
      position.push_back(builder.getAffineConstantExpr(index));
    maps.push_back(AffineMap::get(0, 0, position, builder.getContext()));
  }
  maps.push_back(AffineMap::get(0, 0, builder.getContext()));
  Value empty = tensor::EmptyOp::create(builder, loc, ArrayRef<int64_t>(),
                                        scalar.getType());
  auto generic = linalg::GenericOp::create(
      builder, loc, empty.getType(), inputs, empty, maps,
      ArrayRef<utils::IteratorType>(),
      [&](OpBuilder &nested, Location, ValueRange arguments) {
        IRMapping mapping;
        for (auto [op, argument] :
             llvm::zip(slice.elements, arguments.drop_back()))
          mapping.map(op->getResult(0), argument);
        for (Operation *op : slice.code)
          nested.clone(*op, mapping);
        linalg::YieldOp::create(nested, loc, mapping.lookup(scalar));
      });
  return tensors[scalar] = generic.getResult(0);
}

//===----------------------------------------------------------------------===//
// What reads numbers
//===----------------------------------------------------------------------===//

linalg::GenericOp colonnade::addInputs(linalg::GenericOp op, ValueRange inputs,
                                       ArrayRef<AffineMap> maps) {
  OpBuilder builder(op);
  SmallVector<Value> operands(op.getDpsInputs());
  SmallVector<AffineMap> allMaps = op.getIndexingMapsArray();
  unsigned first = operands.size();
  allMaps.insert(allMaps.begin() + first, maps.begin(), maps.end());
  llvm::append_range(operands, inputs);
  auto result = linalg::GenericOp::create(
      builder, op.getLoc(), op->getResultTypes(), operands, op.getDpsInits(),
      allMaps, op.getIteratorTypesArray());
  result->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  result.getRegion().takeBody(op.getRegion());
  for (auto [i, input] : llvm::enumerate(inputs))
    result.getBody()->insertArgument(
        first + i, getElementTypeOrSelf(input.getType()), op.getLoc());
  op->replaceAllUsesWith(result->getResults());
  op.erase();
  return result;
}

/// Numbers from outside that the body of `op` reads.
static SmallVector<Value> getCaptures(linalg::GenericOp op) {
  llvm::SetVector<Value> captures;
  for (Operation &scalar : *op.getBody())
    for (Value operand : scalar.getOperands())
      if (operand.getParentBlock() != op.getBody() &&
          !matchPattern(operand, m_Constant()))
        captures.insert(operand);
  return captures.takeVector();
}

static void readCaptures(linalg::GenericOp op, ScalarTensors &tensors) {
  SmallVector<Value> captures = getCaptures(op), inputs;
  for (Value capture : captures) {
    inputs.push_back(tensors.get(capture));
    if (!inputs.back())
      return;
  }
  if (inputs.empty())
    return;
  SmallVector<AffineMap> maps(
      inputs.size(), AffineMap::get(op.getNumLoops(), 0, op.getContext()));
  unsigned first = op.getNumDpsInputs();
  linalg::GenericOp result = addInputs(op, inputs, maps);
  for (auto [i, capture] : llvm::enumerate(captures))
    capture.replaceUsesWithIf(
        result.getBody()->getArgument(first + i), [&](OpOperand &use) {
          return use.getOwner()->getBlock() == result.getBody();
        });
}

static void makeFill(linalg::FillOp op, ScalarTensors &tensors) {
  Value number = op.getInputs().front();
  if (matchPattern(number, m_Constant()))
    return;
  Value tensor = tensors.get(number);
  if (!tensor)
    return;
  OpBuilder builder(op);
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  int64_t rank = type.getRank();
  SmallVector<utils::IteratorType> loops(rank, utils::IteratorType::parallel);
  AffineMap maps[] = {AffineMap::get(rank, 0, op.getContext()),
                      builder.getMultiDimIdentityMap(rank)};
  auto generic = linalg::GenericOp::create(
      builder, op.getLoc(), type, tensor, op.getDpsInits(), maps, loops,
      [](OpBuilder &nested, Location loc, ValueRange arguments) {
        linalg::YieldOp::create(nested, loc, arguments.front());
      });
  op->replaceAllUsesWith(generic->getResults());
  op.erase();
}

/// A tensor of numbers is the concatenation of tensors of one number.
static void makeElements(tensor::FromElementsOp op, ScalarTensors &tensors) {
  SmallVector<Value> parts;
  auto type = cast<RankedTensorType>(op.getType());
  OpBuilder builder(op);
  for (Value element : op.getElements()) {
    Value part = tensors.get(element);
    if (!part || type.getRank() > 1)
      return;
    if (type.getRank() == 1)
      part =
          tensor::ExpandShapeOp::create(builder, op.getLoc(), type.clone({1}),
                                        part, ArrayRef<ReassociationIndices>());
    parts.push_back(part);
  }
  Value result = parts.front();
  if (parts.size() > 1)
    result = tensor::ConcatOp::create(builder, op.getLoc(), /*dim=*/0, parts);
  op.replaceAllUsesWith(result);
  op.erase();
}

void colonnade::makeScalarsTensors(func::FuncOp function) {
  ScalarTensors tensors(function);
  for (Operation &op : llvm::make_early_inc_range(function.getBody().front())) {
    if (auto generic = dyn_cast<linalg::GenericOp>(op))
      readCaptures(generic, tensors);
    else if (auto fill = dyn_cast<linalg::FillOp>(op))
      makeFill(fill, tensors);
    else if (auto elements = dyn_cast<tensor::FromElementsOp>(op))
      makeElements(elements, tensors);
  }
}
