//===- StructuredTerms.cpp - Terms of structured ops ----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a result element is made of, and its derivative by one term: 1 in a sum,
// the product of the others in a product, and in a maximum 1 for the first of
// those that are it.
//
//===----------------------------------------------------------------------===//

#include "StructuredGradient.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace colonnade;

//===----------------------------------------------------------------------===//
// Analysis
//===----------------------------------------------------------------------===//

static bool dependsOn(Value value, BlockArgument accumulator) {
  Operation *op = value.getDefiningOp();
  if (!op)
    return value == accumulator;
  return op->getBlock() == accumulator.getOwner() &&
         llvm::any_of(op->getOperands(), [&](Value operand) {
           return dependsOn(operand, accumulator);
         });
}

/// Whether a value is the accumulator plus something that does not depend on
/// it, whichever way selects go.
static bool isSumInto(Value value, BlockArgument accumulator) {
  if (value == accumulator)
    return true;
  auto isFree = [&](Value v) { return !dependsOn(v, accumulator); };
  auto isSum = [&](Value v) { return isSumInto(v, accumulator); };
  if (auto add = value.getDefiningOp<arith::AddFOp>())
    return (isSum(add.getLhs()) && isFree(add.getRhs())) ||
           (isFree(add.getLhs()) && isSum(add.getRhs()));
  if (auto sub = value.getDefiningOp<arith::SubFOp>())
    return isSum(sub.getLhs()) && isFree(sub.getRhs());
  if (auto select = value.getDefiningOp<arith::SelectOp>())
    return isFree(select.getCondition()) && isSum(select.getTrueValue()) &&
           isSum(select.getFalseValue());
  return false;
}

/// What the op makes of the accumulator and a term, if it is a product, a
/// maximum or a minimum.
static std::optional<TermCombination> getCombination(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<TermCombination>>(op)
      .Case<arith::MulFOp>([](auto) { return TermCombination::Product; })
      .Case<arith::MaximumFOp, arith::MaxNumFOp>(
          [](auto) { return TermCombination::Maximum; })
      .Case<arith::MinimumFOp, arith::MinNumFOp>(
          [](auto) { return TermCombination::Minimum; })
      .Default([](auto) { return std::nullopt; });
}

FailureOr<StructuredResult> StructuredGradient::analyzeResult(unsigned index) {
  Value yielded = op.getBlock()->getTerminator()->getOperand(index);
  if (op.getNumReductionLoops() == 0)
    return StructuredResult{TermCombination::Single, yielded, {}};
  BlockArgument accumulator =
      op.getMatchingBlockArgument(op.getDpsInitOperand(index));
  // The derivative of a sum by anything else is that of its term.
  if (isSumInto(yielded, accumulator))
    return StructuredResult{TermCombination::Sum, yielded, {}};
  Operation *combiner = yielded.getDefiningOp();
  std::optional<TermCombination> combination =
      combiner && accumulator.hasOneUse() &&
              *accumulator.user_begin() == combiner
          ? getCombination(combiner)
          : std::nullopt;
  if (!combination)
    return emitError(loc, "cannot differentiate '")
           << op->getName()
           << "': its reduction is no sum, product, maximum or minimum of an "
              "accumulator and a term that does not depend on it";
  Value term = combiner->getOperand(combiner->getOperand(0) == accumulator);
  return StructuredResult{*combination, term, accumulator};
}

LogicalResult StructuredGradient::analyze() {
  if (llvm::any_of(extents, ShapedType::isDynamic))
    return emitError(loc, "cannot differentiate '")
           << op->getName() << "': its loops have no static extents";
  for (unsigned i = 0; i < op->getNumResults(); ++i) {
    FailureOr<StructuredResult> result = analyzeResult(i);
    if (failed(result))
      return failure();
    results.push_back(*result);
  }
  for (auto [i, result] : llvm::enumerate(results)) {
    auto &extra = extras.emplace_back();
    if (result.combination == TermCombination::Product)
      extra = createFactors(i);
    else if (result.accumulator)
      extra = {createPositions(i)};
  }
  return success();
}

//===----------------------------------------------------------------------===//
// What derivatives know of the other terms
//===----------------------------------------------------------------------===//

void StructuredGradient::cloneTerms(OpBuilder &nested, IRMapping &mapping) {
  for (Operation &inner : op.getBlock()->without_terminator()) {
    bool isCombiner = llvm::any_of(results, [&](const StructuredResult &r) {
      return r.accumulator && *r.accumulator.user_begin() == &inner;
    });
    if (!isCombiner)
      nested.clone(inner, mapping);
  }
}

Value StructuredGradient::createPosition(OpBuilder &nested) {
  Value position;
  for (auto [loop, iterator] : llvm::enumerate(op.getIteratorTypesArray())) {
    if (iterator != utils::IteratorType::reduction)
      continue;
    Value index = linalg::IndexOp::create(nested, loc, loop);
    if (position) {
      Value extent = arith::ConstantIndexOp::create(nested, loc, extents[loop]);
      position = arith::AddIOp::create(
          nested, loc, arith::MulIOp::create(nested, loc, position, extent),
          index);
    } else {
      position = index;
    }
  }
  return arith::IndexCastOp::create(nested, loc, nested.getI64Type(), position);
}

Value StructuredGradient::createOverTerms(unsigned index, Value init,
                                          Combine combine) {
  SmallVector<Value> inputs = op.getDpsInputs();
  inputs.push_back(op->getResult(index));
  AffineMap resultMap = op.getMatchingIndexingMap(op.getDpsInitOperand(index));
  SmallVector<AffineMap> inputMaps =
      llvm::to_vector(ArrayRef(maps).take_front(op.getNumDpsInputs()));
  inputMaps.append({resultMap, resultMap});
  return linalg::GenericOp::create(
             builder, loc, init.getType(), inputs, init, inputMaps,
             op.getIteratorTypesArray(),
             [&](OpBuilder &nested, Location, ValueRange args) {
               IRMapping mapping;
               mapping.map(op.getRegionInputArgs(),
                           args.take_front(op.getNumDpsInputs()));
               cloneTerms(nested, mapping);
               Value term = mapping.lookupOrDefault(results[index].term);
               linalg::YieldOp::create(
                   nested, loc,
                   combine(nested, args.back(), term, args[args.size() - 2]));
             })
      .getResult(0);
}

Value StructuredGradient::createPositions(unsigned index) {
  auto type = cast<RankedTensorType>(op->getResult(index).getType());
  Value none = arith::ConstantOp::create(builder, loc,
                                         builder.getI64IntegerAttr(INT64_MAX));
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        builder.getI64Type());
  Value init = linalg::FillOp::create(builder, loc, none, empty).getResult(0);
  return createOverTerms(
      index, init,
      [&](OpBuilder &nested, Value first, Value term, Value result) -> Value {
        Value isIt = arith::CmpFOp::create(
            nested, loc, arith::CmpFPredicate::OEQ, term, result);
        Value here = arith::SelectOp::create(nested, loc, isIt,
                                             createPosition(nested), none);
        return arith::MinSIOp::create(nested, loc, first, here);
      });
}

static Value createIsZero(OpBuilder &nested, Location loc, Value value) {
  return arith::CmpFOp::create(nested, loc, arith::CmpFPredicate::OEQ, value,
                               createZero(nested, loc, value.getType()));
}

SmallVector<Value, 2> StructuredGradient::createFactors(unsigned index) {
  Value start = op.getDpsInitOperand(index)->get();
  auto type = cast<RankedTensorType>(start.getType());
  Value product = createOverTerms(
      index, start,
      [&](OpBuilder &nested, Value own, Value term, Value) -> Value {
        Value more = arith::MulFOp::create(nested, loc, own, term);
        return arith::SelectOp::create(
            nested, loc, createIsZero(nested, loc, term), own, more);
      });
  Type number = builder.getI64Type();
  Value none =
      arith::ConstantOp::create(builder, loc, builder.getI64IntegerAttr(0));
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(), number);
  Value zeros = createOverTerms(
      index, linalg::FillOp::create(builder, loc, none, empty).getResult(0),
      [&](OpBuilder &nested, Value own, Value term, Value) -> Value {
        Value isZero = arith::ExtUIOp::create(nested, loc, number,
                                              createIsZero(nested, loc, term));
        return arith::AddIOp::create(nested, loc, own, isZero);
      });
  return {product, zeros};
}

/// The product of all terms but this one, of the `product` of those that are
/// not zero and the number of `zeros`.
static Value createOthers(OpBuilder &nested, Location loc, Value term,
                          Value product, Value zeros) {
  Value isZero = createIsZero(nested, loc, term);
  Value own = arith::ExtUIOp::create(nested, loc, zeros.getType(), isZero);
  Value noOther =
      arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::eq, zeros, own);
  Value quotient = arith::DivFOp::create(nested, loc, product, term);
  Value others =
      arith::SelectOp::create(nested, loc, isZero, product, quotient);
  return arith::SelectOp::create(nested, loc, noOther, others,
                                 createZero(nested, loc, term.getType()));
}

Value StructuredGradient::createSeed(OpBuilder &nested, unsigned result,
                                     Value term, ValueRange args) {
  Value cotangent = args[op->getNumOperands() + result];
  unsigned place = op->getNumOperands() + results.size();
  for (const auto &extra : ArrayRef(extras).take_front(result))
    place += extra.size();
  if (extras[result].empty())
    return cotangent;
  if (results[result].combination == TermCombination::Product)
    return arith::MulFOp::create(
        nested, loc, cotangent,
        createOthers(nested, loc, term, args[place], args[place + 1]));
  Value isFirst = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::eq,
                                        args[place], createPosition(nested));
  return arith::SelectOp::create(nested, loc, isFirst, cotangent,
                                 createZero(nested, loc, cotangent.getType()));
}
