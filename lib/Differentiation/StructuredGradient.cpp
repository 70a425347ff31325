//===- StructuredGradient.cpp - Gradients of structured ops ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Terms, the bodies of the ops that pass cotangents back, and the case where
// every operand element has loops of its own (OperandIndices.cpp says which
// those are). The others are in ScatteredGradients.cpp.
//
//===----------------------------------------------------------------------===//

#include "StructuredGradient.h"
#include "TensorBuilders.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Differentiation/Differentiate.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace colonnade;

StructuredGradient::StructuredGradient(OpBuilder &builder, linalg::LinalgOp op,
                                       ValueRange cotangents)
    : builder(builder), op(op), loc(op.getLoc()),
      cotangents(cotangents.begin(), cotangents.end()),
      extents(op.getStaticLoopRanges()), maps(op.getIndexingMapsArray()) {}

//===----------------------------------------------------------------------===//
// Terms
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

/// The maximum or minimum of the accumulator and a term that the op is, if any.
static std::optional<TermCombination> getExtreme(Operation *op) {
  return llvm::TypeSwitch<Operation *, std::optional<TermCombination>>(op)
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
  std::optional<TermCombination> extreme =
      combiner && accumulator.hasOneUse() &&
              *accumulator.user_begin() == combiner
          ? getExtreme(combiner)
          : std::nullopt;
  if (!extreme)
    return emitError(loc, "cannot differentiate '")
           << op->getName() << "': its reduction is no sum, maximum or minimum "
           << "of an accumulator and a term that does not depend on it";
  Value term = combiner->getOperand(combiner->getOperand(0) == accumulator);
  return StructuredResult{*extreme, term, accumulator};
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
    bool isExtreme = result.combination == TermCombination::Maximum ||
                     result.combination == TermCombination::Minimum;
    positions.push_back(isExtreme ? createPositions(i) : Value());
  }
  return success();
}

/// Clones the ops of a body, but not what combines terms with accumulators.
static void cloneTerms(OpBuilder &nested, linalg::LinalgOp op,
                       ArrayRef<StructuredResult> results, IRMapping &mapping) {
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

Value StructuredGradient::createPositions(unsigned index) {
  auto type = cast<RankedTensorType>(op->getResult(index).getType());
  Value none = arith::ConstantOp::create(builder, loc,
                                         builder.getI64IntegerAttr(INT64_MAX));
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        builder.getI64Type());
  Value init = linalg::FillOp::create(builder, loc, none, empty).getResult(0);
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
               cloneTerms(nested, op, results, mapping);
               Value term = mapping.lookupOrDefault(results[index].term);
               Value isIt =
                   arith::CmpFOp::create(nested, loc, arith::CmpFPredicate::OEQ,
                                         term, args[args.size() - 2]);
               Value here = arith::SelectOp::create(
                   nested, loc, isIt, createPosition(nested), none);
               Value first =
                   arith::MinSIOp::create(nested, loc, args.back(), here);
               linalg::YieldOp::create(nested, loc, first);
             })
      .getResult(0);
}

//===----------------------------------------------------------------------===//
// Bodies
//===----------------------------------------------------------------------===//

LoopNest StructuredGradient::getNest() {
  LoopNest nest;
  llvm::append_range(nest.inputs, op->getOperands());
  nest.maps = maps;
  auto resultMaps = ArrayRef(maps).drop_front(op.getNumDpsInputs());
  llvm::append_range(nest.inputs, cotangents);
  llvm::append_range(nest.maps, resultMaps);
  for (auto [position, map] : llvm::zip_equal(positions, resultMaps)) {
    if (!position)
      continue;
    nest.inputs.push_back(position);
    nest.maps.push_back(map);
  }
  return nest;
}

Value StructuredGradient::createSeed(OpBuilder &nested, unsigned result,
                                     ValueRange args) {
  unsigned operands = op->getNumOperands();
  Value cotangent = args[operands + result];
  if (!positions[result])
    return cotangent;
  unsigned before =
      llvm::count_if(ArrayRef(positions).take_front(result),
                     [](Value position) { return bool(position); });
  Value first = args[operands + results.size() + before];
  Value isFirst = arith::CmpIOp::create(nested, loc, arith::CmpIPredicate::eq,
                                        first, createPosition(nested));
  return arith::SelectOp::create(nested, loc, isFirst, cotangent,
                                 createZero(nested, loc, cotangent.getType()));
}

FailureOr<Value> StructuredGradient::createBody(OpBuilder &nested,
                                                OpOperand &operand,
                                                ValueRange args) {
  IRMapping mapping;
  mapping.map(op.getBlock()->getArguments(),
              args.take_front(op->getNumOperands()));
  cloneTerms(nested, op, results, mapping);
  SmallVector<Value> terms, seeds;
  for (auto [i, result] : llvm::enumerate(results)) {
    Value term = mapping.lookupOrDefault(result.term);
    if (term.getParentBlock() != nested.getInsertionBlock())
      continue;
    terms.push_back(term);
    seeds.push_back(createSeed(nested, i, args));
  }
  if (terms.empty())
    return Value();
  auto derivative =
      createCotangents(nested, terms, seeds, args[operand.getOperandNumber()]);
  if (failed(derivative))
    return failure();
  return derivative->front();
}

/// Erases ops of a body whose results are not used.
static void eraseDeadOps(Block &body) {
  SmallVector<Operation *> ops = llvm::map_to_vector(
      body.without_terminator(), [](Operation &inner) { return &inner; });
  for (Operation *inner : llvm::reverse(ops))
    if (isOpTriviallyDead(inner))
      inner->erase();
}

/// Drops inputs that the body does not read, as long as those that stay tell
/// the extents of all loops.
static void dropUnusedInputs(linalg::GenericOp generic) {
  Block *body = generic.getBlock();
  SmallVector<Value> inputs = generic.getDpsInputs();
  SmallVector<AffineMap> maps = generic.getIndexingMapsArray();
  for (unsigned i = inputs.size(); i-- > 0;) {
    SmallVector<AffineMap> rest = maps;
    rest.erase(rest.begin() + i);
    if (!body->getArgument(i).use_empty() ||
        !inversePermutation(concatAffineMaps(rest, generic.getContext())))
      continue;
    inputs.erase(inputs.begin() + i);
    maps = std::move(rest);
    body->eraseArgument(i);
  }
  generic.getInputsMutable().assign(inputs);
  generic.setIndexingMapsAttr(
      Builder(generic.getContext()).getAffineMapArrayAttr(maps));
}

FailureOr<Value>
StructuredGradient::createSumOverLoops(OpOperand &operand, LoopNest nest,
                                       ArrayRef<unsigned> loops,
                                       ArrayRef<int64_t> shape) {
  Type elementType = getElementTypeOrSelf(operand.get().getType());
  SmallVector<utils::IteratorType> iterators(extents.size(),
                                             utils::IteratorType::reduction);
  for (unsigned loop : loops)
    iterators[loop] = utils::IteratorType::parallel;
  bool adds = loops.size() != extents.size();
  auto type = RankedTensorType::get(shape, elementType);
  Value init = adds ? createZero(builder, loc, type)
                    : tensor::EmptyOp::create(builder, loc, shape, elementType);
  nest.maps.push_back(AffineMap::getMultiDimMapWithTargets(
      extents.size(), loops, builder.getContext()));
  FailureOr<Value> passedBack = failure();
  auto generic = linalg::GenericOp::create(
      builder, loc, type, nest.inputs, init, nest.maps, iterators,
      [&](OpBuilder &nested, Location, ValueRange args) {
        passedBack = createBody(nested, operand, args);
        Value result = succeeded(passedBack) ? *passedBack : Value();
        if (!result)
          result = args.back();
        else if (adds)
          result = arith::AddFOp::create(nested, loc, args.back(), result);
        linalg::YieldOp::create(nested, loc, result);
      });
  if (failed(passedBack) || !*passedBack) {
    generic.erase();
    return passedBack;
  }
  eraseDeadOps(*generic.getBlock());
  dropUnusedInputs(generic);
  return generic.getResult(0);
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

/// Puts the dimensions of extent 1 that no loop indexes back.
static Value restoreUnitDims(OpBuilder &builder, Location loc, Value value,
                             RankedTensorType type,
                             ArrayRef<OperandIndex> indices) {
  if (value.getType() == type)
    return value;
  SmallVector<ReassociationIndices> groups;
  ReassociationIndices group;
  for (auto [dim, index] : llvm::enumerate(indices)) {
    if (index.outer && !group.empty() &&
        llvm::any_of(group, [&](int64_t d) { return indices[d].outer; })) {
      groups.push_back(group);
      group.clear();
    }
    group.push_back(dim);
  }
  bool isScalar = cast<RankedTensorType>(value.getType()).getRank() == 0;
  if (!isScalar)
    groups.push_back(group);
  return tensor::ExpandShapeOp::create(builder, loc, type, value, groups);
}

/// Accumulating on a tensor passes its cotangent through; none where the
/// operand is read by the body.
static FailureOr<Value> createInitCotangent(linalg::LinalgOp op,
                                            TermCombination combination,
                                            Value cotangent) {
  if (combination == TermCombination::Sum)
    return cotangent;
  return emitError(op.getLoc(), "cannot differentiate '")
         << op->getName()
         << "' by the value that its maximum or minimum starts "
         << "from: fill it with a constant";
}

FailureOr<Value> StructuredGradient::create(OpOperand &operand) {
  auto type = dyn_cast<RankedTensorType>(operand.get().getType());
  if (!type)
    return emitError(loc, "cannot differentiate '")
           << op->getName() << "' by operand " << operand.getOperandNumber()
           << ", a scalar of type " << operand.get().getType()
           << ": make it a tensor of rank 0";
  // Promises are about values, not about derivatives.
  type = dropEncoding(type);
  if (op.isDpsInit(&operand)) {
    unsigned result = operand.getOperandNumber() - op.getNumDpsInputs();
    if (results[result].combination != TermCombination::Single)
      return createInitCotangent(op, results[result].combination,
                                 cotangents[result]);
  }
  if (failed(turnReversedLoops(operand)))
    return failure();
  auto indices = getIndices(operand);
  if (failed(indices))
    return failure();
  FailureOr<Value> cotangent = failure();
  if (getWindows(*indices).empty()) {
    SmallVector<unsigned> loops;
    SmallVector<int64_t> shape;
    for (const OperandIndex &index : *indices)
      if (index.outer) {
        loops.push_back(*index.outer);
        shape.push_back(index.size);
      }
    cotangent = createSumOverLoops(operand, getNest(), loops, shape);
  } else {
    FailureOr<bool> spreads = canSpread(operand, *indices);
    if (failed(spreads))
      return failure();
    cotangent = *spreads ? createSpread(operand, *indices)
                         : createTapByTap(operand, *indices);
  }
  if (failed(cotangent) || !*cotangent)
    return cotangent;
  return restoreUnitDims(builder, loc, *cotangent, type, *indices);
}
