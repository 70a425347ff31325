//===- MapNests.cpp - Loop nests of the vector unit -----------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The part of NetworkMapper that makes `systolic.nest` ops: from linalg.generic
// and linalg.fill, for term selection, and to copy what cannot be a view.
//
//===----------------------------------------------------------------------===//

#include "NetworkMapper.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

//===----------------------------------------------------------------------===//
// Simple nests
//===----------------------------------------------------------------------===//

NestOp NetworkMapper::createNest(StringRef kind, Location loc,
                                 RankedTensorType type, ValueRange inputs) {
  AffineMap identity =
      AffineMap::getMultiDimIdentityMap(type.getRank(), type.getContext());
  SmallVector<AffineMap> maps(inputs.size(), identity);
  return NestOp::create(builder, loc, type,
                        builder.getStringAttr(makeLayerName(kind)), inputs,
                        builder.getDenseI64ArrayAttr(type.getShape()),
                        builder.getI64IntegerAttr(0),
                        builder.getAffineMapArrayAttr(maps), TypedAttr());
}

Value NetworkMapper::createFill(RankedTensorType type, TypedAttr value,
                                Location loc) {
  NestOp nest = createNest("fill", loc, type);
  OpBuilder::InsertionGuard guard(builder);
  builder.createBlock(&nest.getBody());
  YieldOp::create(builder, loc, arith::ConstantOp::create(builder, loc, value));
  return nest.getResult();
}

Value NetworkMapper::createCopy(Value source, Location loc) {
  auto type = cast<RankedTensorType>(source.getType());
  // Encodings promise something about operands of contractions only.
  auto plain = RankedTensorType::get(type.getShape(), type.getElementType());
  NestOp nest = createNest("copy", loc, plain, source);
  OpBuilder::InsertionGuard guard(builder);
  Block *body =
      builder.createBlock(&nest.getBody(), {}, type.getElementType(), loc);
  YieldOp::create(builder, loc, body->getArgument(0));
  return nest.getResult();
}

Objection NetworkMapper::mapFill(linalg::FillOp op) {
  // Where a layer starts from the fill, the layer makes it.
  bool isData = llvm::any_of(op->getUses(), [](OpOperand &use) {
    auto user = dyn_cast<linalg::LinalgOp>(use.getOwner());
    return !user && !isa<tensor::PadOp>(use.getOwner());
  });
  TypedAttr value = getUniformValue(op->getResult(0));
  if (!isData || !value)
    return std::nullopt;
  auto type = cast<RankedTensorType>(op->getResult(0).getType());
  if (!type.hasStaticShape() || !isStoredType(type.getElementType()))
    return std::string("the vector unit fills static tensors of i8, i32 or "
                       "f32");
  Value filled = createFill(type, value, op.getLoc());
  mapping.map(op->getResult(0), filled);
  accept(op, cast<NestOp>(filled.getDefiningOp()).getLayer());
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Generic ops
//===----------------------------------------------------------------------===//

namespace {
/// The loops of a generic op in a nest's order: those of the result's
/// dimensions, then the reductions.
struct LoopOrder {
  /// Old loops as new ones.
  SmallVector<AffineExpr> replacements;
  SmallVector<int64_t> extents;
  int64_t reductionLoops = 0;
};
} // namespace

static LoopOrder orderLoops(linalg::GenericOp op) {
  MLIRContext *context = op.getContext();
  SmallVector<int64_t> extents = op.getStaticLoopRanges();
  LoopOrder order;
  order.replacements.resize(extents.size());
  AffineMap map = op.getMatchingIndexingMap(op.getDpsInitOperand(0));
  for (AffineExpr expr : map.getResults()) {
    auto loop = dyn_cast<AffineDimExpr>(expr);
    // A dimension indexed by a constant has one element.
    if (loop)
      order.replacements[loop.getPosition()] =
          getAffineDimExpr(order.extents.size(), context);
    order.extents.push_back(loop ? extents[loop.getPosition()] : 1);
  }
  for (auto [loop, replacement] : llvm::enumerate(order.replacements)) {
    if (replacement)
      continue;
    replacement = getAffineDimExpr(order.extents.size(), context);
    order.extents.push_back(extents[loop]);
    ++order.reductionLoops;
  }
  return order;
}

/// Inputs that the body reads and whose elements are not all the same; those
/// are constants of the body.
static SmallVector<OpOperand *> getTensorInputs(linalg::GenericOp op) {
  SmallVector<OpOperand *> inputs = op.getDpsInputOperands();
  llvm::erase_if(inputs, [&](OpOperand *input) {
    return op.getMatchingBlockArgument(input).use_empty() ||
           static_cast<bool>(getUniformValue(input->get()));
  });
  return inputs;
}

/// Fills a nest's region with the code of the op it stands for.
void NetworkMapper::buildNestBody(NestOp nest, linalg::GenericOp op) {
  OpBuilder::InsertionGuard guard(builder);
  Block *body = builder.createBlock(&nest.getBody());
  IRMapping scalars;
  for (OpOperand *input : op.getDpsInputOperands()) {
    Value argument = op.getMatchingBlockArgument(input);
    if (argument.use_empty())
      continue;
    if (TypedAttr value = getUniformValue(input->get()))
      scalars.map(argument,
                  arith::ConstantOp::create(builder, op.getLoc(), value));
    else
      scalars.map(argument, body->addArgument(argument.getType(), op.getLoc()));
  }
  Value accumulator = op.getRegionOutputArgs().front();
  if (nest.getReductionLoops() != 0)
    scalars.map(accumulator,
                body->addArgument(accumulator.getType(), op.getLoc()));
  cloneScalars(*op.getBody(), scalars);
}

Objection NetworkMapper::mapGeneric(linalg::GenericOp op) {
  if (Objection objection = checkNest(op))
    return objection;
  LoopOrder order = orderLoops(op);
  SmallVector<Value> inputs;
  SmallVector<AffineMap> maps;
  for (OpOperand *input : getTensorInputs(op)) {
    inputs.push_back(lookup(input->get()));
    maps.push_back(op.getMatchingIndexingMap(input).replaceDimsAndSymbols(
        order.replacements, {}, order.extents.size(), 0));
  }
  TypedAttr initial;
  if (order.reductionLoops != 0)
    initial = getUniformValue(op.getDpsInits().front());
  std::string name = makeLayerName("nest");
  auto nest = NestOp::create(builder, op.getLoc(), op->getResult(0).getType(),
                             builder.getStringAttr(name), inputs,
                             builder.getDenseI64ArrayAttr(order.extents),
                             builder.getI64IntegerAttr(order.reductionLoops),
                             builder.getAffineMapArrayAttr(maps), initial);
  buildNestBody(nest, op);
  mapping.map(op->getResult(0), nest.getResult());
  accept(op, name);
  return std::nullopt;
}

//===----------------------------------------------------------------------===//
// Term selection
//===----------------------------------------------------------------------===//

Value NetworkMapper::selectTerms(Value value, TermsAttr terms, Location loc) {
  Value &result = selected[{value, terms}];
  if (result)
    return result;
  Value input = lookup(value);
  NestOp nest =
      createNest("select", loc, cast<RankedTensorType>(input.getType()), input);
  OpBuilder::InsertionGuard guard(builder);
  Block *body =
      builder.createBlock(&nest.getBody(), {}, builder.getI8Type(), loc);
  Value encoded = EncodeTermsOp::create(builder, loc, builder.getI8Type(),
                                        body->getArgument(0), terms.getBudget(),
                                        stringifyDigitSet(terms.getDigits()));
  YieldOp::create(builder, loc, encoded);
  return result = nest.getResult();
}

/// Whether the body of `op` runs once for every element of its result.
static bool yieldsResults(Operation *op) {
  if (auto nest = dyn_cast_or_null<NestOp>(op))
    return nest.getReductionLoops() == 0;
  return isLayer(op) && !isa<BlockContractOp>(op);
}

/// A selection whose input is made by one layer for it alone joins that layer.
void NetworkMapper::fuseTermSelection() {
  for (auto select : llvm::make_early_inc_range(
           function.getBody().front().getOps<NestOp>())) {
    auto encode = dyn_cast<EncodeTermsOp>(select.getBody().front().front());
    if (!encode || select.getInputs().size() != 1)
      continue;
    Operation *producer = select.getInputs().front().getDefiningOp();
    if (!yieldsResults(producer) || !producer->getResult(0).hasOneUse())
      continue;
    auto yield = cast<YieldOp>(producer->getRegion(0).front().getTerminator());
    builder.setInsertionPoint(yield);
    Value value = EncodeTermsOp::create(builder, encode.getLoc(),
                                        encode.getType(), yield.getValue(),
                                        encode.getTerms(), encode.getDigits());
    yield.getValueMutable().assign(value);
    select.getResult().replaceAllUsesWith(producer->getResult(0));
    select.erase();
  }
}
