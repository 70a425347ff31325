//===- StructuredGradient.cpp - Gradients of structured ops ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The bodies of the ops that pass cotangents back, and the case where every
// operand element has loops of its own (OperandIndices.cpp says which those
// are). The others are in ScatteredGradients.cpp, terms in StructuredTerms.cpp.
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
// Bodies
//===----------------------------------------------------------------------===//

LoopNest StructuredGradient::getNest() {
  LoopNest nest;
  llvm::append_range(nest.inputs, op->getOperands());
  nest.maps = maps;
  auto resultMaps = ArrayRef(maps).drop_front(op.getNumDpsInputs());
  llvm::append_range(nest.inputs, cotangents);
  llvm::append_range(nest.maps, resultMaps);
  for (auto [extra, map] : llvm::zip_equal(extras, resultMaps)) {
    llvm::append_range(nest.inputs, extra);
    nest.maps.append(extra.size(), map);
  }
  return nest;
}

FailureOr<Value> StructuredGradient::createBody(OpBuilder &nested,
                                                OpOperand &operand,
                                                ValueRange args) {
  IRMapping mapping;
  mapping.map(op.getBlock()->getArguments(),
              args.take_front(op->getNumOperands()));
  cloneTerms(nested, mapping);
  SmallVector<Value> terms, seeds;
  for (auto [i, result] : llvm::enumerate(results)) {
    Value term = mapping.lookupOrDefault(result.term);
    if (term.getParentBlock() != nested.getInsertionBlock())
      continue;
    terms.push_back(term);
    seeds.push_back(createSeed(nested, i, term, args));
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
         << "' by the value that its product, maximum or minimum starts "
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
