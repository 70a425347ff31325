//===- NestForms.cpp - The forms that loop nests have ---------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header; numbers are in ScalarTensors.cpp.
//
//===----------------------------------------------------------------------===//

#include "NestForms.h"
#include "NetworkMapper.h"
#include "mlir/Dialect/Linalg/Transforms/Transforms.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

using namespace mlir;
using namespace colonnade;

template <typename OpTy>
static SmallVector<OpTy> collectOps(func::FuncOp function) {
  return llvm::to_vector(function.getBody().front().getOps<OpTy>());
}

void colonnade::generalizeElementwise(func::FuncOp function) {
  bool hasTensors = llvm::any_of(function.getBody().front(), [](Operation &op) {
    return OpTrait::hasElementwiseMappableTraits(&op) &&
           isa<RankedTensorType>(op.getResult(0).getType());
  });
  if (!hasTensors)
    return;
  RewritePatternSet patterns(function.getContext());
  linalg::populateElementwiseToLinalgConversionPatterns(patterns);
  // Rewriting the ops of one function ends.
  (void)applyPatternsGreedily(function, std::move(patterns));
}

//===----------------------------------------------------------------------===//
// Positions of loops
//===----------------------------------------------------------------------===//

/// Ops whose i32 form computes what their form of index computes.
static bool hasNarrowForm(Operation &op) {
  return isa<arith::AddIOp, arith::SubIOp, arith::MulIOp, arith::MaxSIOp,
             arith::MinSIOp, arith::CmpIOp, arith::SelectOp, arith::ConstantOp>(
      op);
}

static bool isIndex(Value value) { return value.getType().isIndex(); }

/// The i32 form of an index constant; null if it does not fit.
static IntegerAttr getNarrowConstant(Value value) {
  IntegerAttr constant;
  if (!matchPattern(value, m_Constant(&constant)) ||
      !llvm::isInt<32>(constant.getInt()))
    return {};
  return IntegerAttr::get(IntegerType::get(value.getContext(), 32),
                          constant.getInt());
}

static bool canNarrowIndices(linalg::GenericOp op) {
  for (int64_t extent : op.getStaticLoopRanges())
    if (ShapedType::isDynamic(extent) || !llvm::isInt<32>(extent))
      return false;
  for (Operation &scalar : *op.getBody()) {
    if (isa<linalg::IndexOp, arith::IndexCastOp>(scalar))
      continue;
    bool usesIndex = llvm::any_of(scalar.getOperands(), isIndex) ||
                     llvm::any_of(scalar.getResults(), isIndex);
    if (usesIndex && !hasNarrowForm(scalar))
      return false;
    for (Value operand : scalar.getOperands())
      if (isIndex(operand) && operand.getParentBlock() != op.getBody() &&
          !getNarrowConstant(operand))
        return false;
  }
  return true;
}

/// `value`, an i32, as `type`.
static Value castInteger(OpBuilder &builder, Location loc, Value value,
                         Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from == to)
    return value;
  if (from < to)
    return arith::ExtSIOp::create(builder, loc, type, value);
  return arith::TruncIOp::create(builder, loc, type, value);
}

/// Replaces index by i32 in the body of `op`; `positions` are its arguments
/// that count the loops.
static void narrowIndices(linalg::GenericOp op, ArrayRef<Value> positions) {
  Type i32 = IntegerType::get(op.getContext(), 32);
  for (Operation &scalar : llvm::make_early_inc_range(*op.getBody())) {
    OpBuilder builder(&scalar);
    for (OpOperand &operand : scalar.getOpOperands())
      if (isIndex(operand.get()) &&
          operand.get().getParentBlock() != op.getBody())
        operand.set(arith::ConstantOp::create(
            builder, scalar.getLoc(), getNarrowConstant(operand.get())));
    Value replacement;
    if (auto index = dyn_cast<linalg::IndexOp>(scalar))
      replacement = positions[index.getDim()];
    else if (auto cast = dyn_cast<arith::IndexCastOp>(scalar))
      replacement = castInteger(builder, cast.getLoc(), cast.getIn(),
                                isIndex(cast.getOut()) ? i32 : cast.getType());
    else if (isa<arith::ConstantOp>(scalar) && isIndex(scalar.getResult(0)))
      replacement = arith::ConstantOp::create(
          builder, scalar.getLoc(), getNarrowConstant(scalar.getResult(0)));
    if (replacement) {
      scalar.getResult(0).replaceAllUsesWith(replacement);
      scalar.erase();
      continue;
    }
    for (Value result : scalar.getResults())
      if (isIndex(result))
        result.setType(i32);
  }
}

/// The constant [0, 1, ..., extent - 1].
static Value createCounting(OpBuilder &builder, Location loc, int64_t extent) {
  auto type = RankedTensorType::get(extent, builder.getI32Type());
  auto values = llvm::to_vector(llvm::seq<int32_t>(0, extent));
  return arith::ConstantOp::create(
      builder, loc, DenseElementsAttr::get(type, ArrayRef<int32_t>(values)));
}

void colonnade::readIndicesFromConstants(func::FuncOp function) {
  llvm::DenseMap<int64_t, Value> counting;
  OpBuilder builder(function.getBody());
  for (auto op : collectOps<linalg::GenericOp>(function)) {
    auto indices = op.getBody()->getOps<linalg::IndexOp>();
    if (indices.empty() || !canNarrowIndices(op))
      continue;
    SmallVector<int64_t> extents = op.getStaticLoopRanges();
    SmallVector<Value> inputs, positions(extents.size());
    SmallVector<AffineMap> maps;
    SmallVector<unsigned> loops;
    for (linalg::IndexOp index : indices) {
      unsigned loop = index.getDim();
      if (llvm::is_contained(loops, loop))
        continue;
      loops.push_back(loop);
      Value &input = counting[extents[loop]];
      if (!input)
        input = createCounting(builder, function.getLoc(), extents[loop]);
      inputs.push_back(input);
      maps.push_back(
          AffineMap::get(extents.size(), 0, builder.getAffineDimExpr(loop)));
    }
    unsigned first = op.getNumDpsInputs();
    linalg::GenericOp result = addInputs(op, inputs, maps);
    for (auto [i, loop] : llvm::enumerate(loops))
      positions[loop] = result.getBody()->getArgument(first + i);
    narrowIndices(result, positions);
  }
}

//===----------------------------------------------------------------------===//
// Several results
//===----------------------------------------------------------------------===//

static void eraseDeadScalars(Block &body) {
  for (Operation &scalar : llvm::make_early_inc_range(llvm::reverse(body)))
    if (isOpTriviallyDead(&scalar))
      scalar.erase();
}

/// The op that makes result `number` only; null where its sum depends on
/// another one's.
static linalg::GenericOp takeResult(linalg::GenericOp op, unsigned number) {
  OpBuilder builder(op);
  unsigned inputs = op.getNumDpsInputs();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  AffineMap map = maps[inputs + number];
  maps.resize(inputs);
  maps.push_back(map);
  auto result = linalg::GenericOp::create(
      builder, op.getLoc(), op->getResultTypes()[number], op.getDpsInputs(),
      op.getDpsInits()[number], maps, op.getIteratorTypesArray());
  IRMapping mapping;
  op.getRegion().cloneInto(&result.getRegion(), mapping);
  Operation *yield = result.getBody()->getTerminator();
  Value yielded = yield->getOperand(number);
  yield->setOperands(yielded);
  eraseDeadScalars(*result.getBody());
  for (unsigned i = op->getNumResults(); i-- > 0;) {
    BlockArgument argument = result.getBody()->getArgument(inputs + i);
    if (i == number)
      continue;
    if (!argument.use_empty()) {
      result.erase();
      return {};
    }
    result.getBody()->eraseArgument(inputs + i);
  }
  return result;
}

void colonnade::splitResults(func::FuncOp function) {
  for (auto op : collectOps<linalg::GenericOp>(function)) {
    if (op->getNumResults() < 2)
      continue;
    SmallVector<Value> results;
    for (unsigned i = 0; i < op->getNumResults(); ++i)
      if (linalg::GenericOp single = takeResult(op, i))
        results.push_back(single.getResult(0));
    if (results.size() != op->getNumResults())
      continue;
    op->replaceAllUsesWith(results);
    op.erase();
  }
}

//===----------------------------------------------------------------------===//
// Insertions
//===----------------------------------------------------------------------===//

static Value createFilled(OpBuilder &builder, Location loc,
                          RankedTensorType type, TypedAttr value) {
  Value number = arith::ConstantOp::create(builder, loc, value);
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  return linalg::FillOp::create(builder, loc, number, empty).getResult(0);
}

void colonnade::separateInsertions(func::FuncOp function) {
  for (auto slice : collectOps<tensor::ExtractSliceOp>(function)) {
    TypedAttr value = getUniformValue(slice.getSource());
    if (!value || !slice.getType().hasStaticShape())
      continue;
    OpBuilder builder(slice);
    slice.replaceAllUsesWith(
        createFilled(builder, slice.getLoc(), slice.getType(), value));
    slice.erase();
  }
  for (auto insertion : collectOps<tensor::InsertSliceOp>(function)) {
    TypedAttr value = getUniformValue(insertion.getDest());
    if (!value || !insertion.getDestType().hasStaticShape())
      continue;
    // In front of what makes the source, so that both can be made in place.
    Operation *maker = insertion;
    for (Value source = insertion.getSource();
         Operation *op = source.getDefiningOp(); source = op->getOperand(0)) {
      maker = op;
      if (!systolic::isViewOp(op))
        break;
    }
    OpBuilder builder(maker);
    insertion.getDestMutable().assign(createFilled(
        builder, insertion.getLoc(), insertion.getDestType(), value));
  }
}

//===----------------------------------------------------------------------===//
// All of them
//===----------------------------------------------------------------------===//

void colonnade::rewriteToNestForms(func::FuncOp function) {
  roundBrainFloats(function);
  generalizeElementwise(function);
  selectBranches(function);
  splitResults(function);
  makeScalarsTensors(function);
  readIndicesFromConstants(function);
  separateInsertions(function);
}
