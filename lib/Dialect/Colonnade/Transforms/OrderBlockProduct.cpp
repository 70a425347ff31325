//===- OrderBlockProduct.cpp - Sums of blocks in order --------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One loop nest with two accumulators: the current block's sum, exact in f64,
// and the sum of the blocks so far. The loop along the blocks is the innermost
// one; at the last value of a block the first accumulator is rounded into the
// second and starts again.
//
//===----------------------------------------------------------------------===//

#include "OrderBlockProduct.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;
using namespace colonnade;

/// Whether the innermost loop is at the last value of a block.
static Value buildIsLast(ImplicitLocOpBuilder &body, unsigned loop,
                         int64_t group, int64_t length) {
  Value index = linalg::IndexOp::create(body, loop);
  auto isEqual = [&](Value value, int64_t constant) -> Value {
    return arith::CmpIOp::create(
        body, arith::CmpIPredicate::eq, value,
        arith::ConstantIndexOp::create(body, constant));
  };
  Value inBlock = arith::RemUIOp::create(
      body, index, arith::ConstantIndexOp::create(body, group));
  return arith::OrIOp::create(body, isEqual(inBlock, group - 1),
                              isEqual(index, length - 1));
}

/// Arguments: two values, the sum of the blocks and that of the current block.
static void buildBody(ImplicitLocOpBuilder &body, ValueRange arguments,
                      Value isLast) {
  Type wide = body.getF64Type();
  Value left = arith::ExtFOp::create(body, wide, arguments[0]);
  Value right = arith::ExtFOp::create(body, wide, arguments[1]);
  Value product = arith::MulFOp::create(body, left, right);
  Value block = arith::AddFOp::create(body, arguments[3], product);
  Value rounded = arith::TruncFOp::create(body, body.getF32Type(), block);
  Value sum = arith::AddFOp::create(body, arguments[2], rounded);
  Value zero = arith::ConstantOp::create(body, body.getF64FloatAttr(0));
  linalg::YieldOp::create(
      body, ValueRange{arith::SelectOp::create(body, isLast, sum, arguments[2]),
                       arith::SelectOp::create(body, isLast, zero, block)});
}

Value colonnade::orderBlockProduct(OpBuilder &opBuilder, linalg::LinalgOp op,
                                   const BlockProduct &product) {
  ImplicitLocOpBuilder builder(op.getLoc(), opBuilder);
  unsigned loops = product.loops.size();
  SmallVector<AffineExpr> replacements(loops);
  for (auto [position, loop] : llvm::enumerate(product.loops))
    replacements[loop] = builder.getAffineDimExpr(position);
  SmallVector<AffineMap> maps;
  for (AffineMap map : op.getIndexingMapsArray())
    maps.push_back(map.replaceDimsAndSymbols(replacements, {}, loops, 0));
  maps.push_back(maps.back());
  SmallVector<utils::IteratorType> iterators(loops,
                                             utils::IteratorType::parallel);
  std::fill(iterators.end() - product.numReductions, iterators.end(),
            utils::IteratorType::reduction);
  Value init = op.getDpsInits().front();
  auto type = cast<RankedTensorType>(init.getType());
  auto wide = RankedTensorType::get(type.getShape(), builder.getF64Type());
  Value zero = arith::ConstantOp::create(builder, builder.getF64FloatAttr(0));
  Value empty =
      tensor::EmptyOp::create(builder, wide.getShape(), wide.getElementType());
  Value blocks = linalg::FillOp::create(builder, zero, empty).getResult(0);
  int64_t length = op.getStaticLoopRanges()[product.getBlockLoop()];
  auto generic = linalg::GenericOp::create(
      builder, TypeRange{type, wide}, op.getDpsInputs(),
      ValueRange{init, blocks}, maps, iterators,
      [&](OpBuilder &nested, Location loc, ValueRange arguments) {
        ImplicitLocOpBuilder body(loc, nested);
        Value isLast = buildIsLast(body, loops - 1, product.getGroup(), length);
        buildBody(body, arguments, isLast);
      });
  return generic.getResult(0);
}
