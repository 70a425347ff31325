//===- StripEncodings.cpp - Drop all promises -----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The erasure invariant made a pass: what is left is plain linalg, tensor and
// arith that stock MLIR runs, and it computes the same integers.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/Transforms/LowerBlockQuantize.h"
#include "OrderBlockProduct.h"
#include "EraseEncodings.h"
#include "LowerFakeQuantize.h"
#include "Weights.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "colonnade/Dialect/Colonnade/Transforms/BatchNorm.h"
#include "colonnade/Dialect/Colonnade/Transforms/LowerReversible.h"
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h"
#include "colonnade/Numerics/TermSelection.h"
#include "mlir/Interfaces/FunctionInterfaces.h"

namespace colonnade {
#define GEN_PASS_DEF_STRIPENCODINGS
#include "colonnade/Dialect/Colonnade/Transforms/Passes.h.inc"
} // namespace colonnade

using namespace mlir;
using namespace colonnade;

namespace {

struct StripEncodings
    : public colonnade::impl::StripEncodingsBase<StripEncodings> {
  using StripEncodingsBase::StripEncodingsBase;

  void runOnOperation() override;
};

} // namespace

//===----------------------------------------------------------------------===//
// Lowering of the ops
//===----------------------------------------------------------------------===//

/// The value's table entry, in the body of a linalg.generic.
static void buildLookup(OpBuilder &builder, Location loc, Value table,
                        Value value) {
  Value offset = arith::ConstantIndexOp::create(builder, loc, 128);
  Value index =
      arith::IndexCastOp::create(builder, loc, builder.getIndexType(), value);
  Value position = arith::AddIOp::create(builder, loc, index, offset);
  Value entry = tensor::ExtractOp::create(builder, loc, table, position);
  linalg::YieldOp::create(builder, loc, entry);
}

/// Selects the terms of every value by looking it up in a constant table.
static Value lowerToLookup(OpBuilder &builder, TermQuantizeOp op) {
  Location loc = op.getLoc();
  TermsAttr terms = getTermsPromise(op.getType());
  TermLookupTable values =
      makeTermLookupTable(terms.getBudget(), terms.getDigits());
  auto tableType = RankedTensorType::get(values.size(), builder.getI8Type());
  Value table = arith::ConstantOp::create(builder, loc, tableType,
                                          makeInt8Constant(tableType, values));
  RankedTensorType type = dropEncoding(op.getType());
  Value empty = tensor::EmptyOp::create(
      builder, loc, tensor::getMixedSizes(builder, loc, op.getSource()),
      type.getElementType());
  AffineMap map = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> iterators(type.getRank(),
                                             utils::IteratorType::parallel);
  auto generic = linalg::GenericOp::create(
      builder, loc, type, op.getSource(), empty, {map, map}, iterators,
      [&](OpBuilder &body, Location bodyLoc, ValueRange arguments) {
        buildLookup(body, bodyLoc, table, arguments.front());
      });
  return generic.getResult(0);
}

/// Says why combine_columns did not fold.
static void reportCombineColumns(CombineColumnsOp op) {
  std::optional<std::vector<int8_t>> values = readWeights(op.getSource());
  if (values)
    (void)checkUnassignedColumns(op.getType(), *values,
                                 [&] { return op.emitOpError(); });
  else
    op.emitOpError("expected constant weights, got values known at run time "
                   "only");
}

/// The value in place of an op that establishes a promise and does not fold;
/// null, after an error, when there is none.
static Value lowerRunTimeOp(OpBuilder &builder, Operation *op) {
  if (auto combine = dyn_cast<CombineColumnsOp>(op)) {
    reportCombineColumns(combine);
    return nullptr;
  }
  if (auto quantize = dyn_cast<BlockQuantizeOp>(op))
    return lowerBlockQuantize(builder, quantize);
  if (auto quantize = dyn_cast<FakeQuantizeOp>(op))
    return lowerFakeQuantize(builder, quantize);
  auto quantize = cast<TermQuantizeOp>(op);
  int64_t group = getTermsPromise(quantize.getType()).getGroup();
  if (group != 1) {
    op->emitOpError("expected group = 1 for values known at run time only, "
                    "got group = ")
        << group << ": use a limit per value (data-terms)";
    return nullptr;
  }
  return lowerToLookup(builder, quantize);
}

/// Replaces an op of this dialect by plain code. Types are still promised: a
/// value and what replaces it differ in their encodings only.
static LogicalResult lowerOp(Operation *op) {
  OpBuilder builder(op);
  Value replacement;
  SmallVector<Value, 1> folded;
  if (isa<DropEncodingOp>(op))
    replacement = op->getOperand(0);
  else if (succeeded(builder.tryFold(op, folded)))
    replacement = folded.front();
  else
    replacement = lowerRunTimeOp(builder, op);
  if (!replacement)
    return failure();
  op->getResult(0).replaceAllUsesWith(replacement);
  op->erase();
  return success();
}

static LogicalResult lowerOps(Operation *root) {
  SmallVector<Operation *> ops;
  root->walk([&](Operation *op) {
    if (isa<BlockQuantizeOp, CombineColumnsOp, DropEncodingOp, FakeQuantizeOp,
            TermQuantizeOp>(op))
      ops.push_back(op);
  });
  LogicalResult result = success();
  for (Operation *op : ops)
    if (failed(lowerOp(op)))
      result = failure();
  return result;
}

//===----------------------------------------------------------------------===//
// Types and attributes
//===----------------------------------------------------------------------===//

/// Marks for training alone.
static void eraseFrozenMarks(Operation *root) {
  root->walk([](arith::ConstantOp constant) {
    constant->removeAttr(ColonnadeDialect::getFrozenAttrName());
  });
}

static void eraseScales(Operation *root) {
  auto name =
      StringAttr::get(root->getContext(), ColonnadeDialect::getScaleAttrName());
  root->walk([&](FunctionOpInterface function) {
    for (unsigned i = 0, e = function.getNumArguments(); i < e; ++i)
      function.removeArgAttr(i, name);
    for (unsigned i = 0, e = function.getNumResults(); i < e; ++i)
      function.removeResultAttr(i, name);
  });
}

/// The promises of the operands are what says that the order matters, so this
/// comes before they go.
static void orderBlockProducts(Operation *root) {
  SmallVector<std::pair<linalg::LinalgOp, BlockProduct>> products;
  root->walk([&](linalg::LinalgOp op) {
    BlockProduct product;
    if (!matchBlockProduct(op, product))
      products.push_back({op, product});
  });
  for (auto &[op, product] : products) {
    OpBuilder builder(op);
    op->getResult(0).replaceAllUsesWith(
        orderBlockProduct(builder, op, product));
    op->erase();
  }
}

void StripEncodings::runOnOperation() {
  Operation *root = getOperation();
  if (!keepReversible)
    lowerReversibleOps(root);
  if (!keepBarriers)
    dropBarriers(root);
  if (!keepBlockProducts)
    orderBlockProducts(root);
  if (failed(lowerOps(root)))
    return signalPassFailure();
  if (!keepBatchNorm) {
    lowerBatchNorms(root);
    eraseFrozenMarks(root);
  }
  eraseEncodings(root, [&](Type type) {
    return !keepReversible || !getFixedPointPromise(type);
  });
  eraseScales(root);
}
