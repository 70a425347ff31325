//===- PoolBuilders.cpp - Pools as linalg ops -----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See PoolBuilders.h.
//
//===----------------------------------------------------------------------===//

#include "PoolBuilders.h"
#include "ScalarBuilders.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace colonnade::onnximport {

/// The size of the window, which pools take as the shape of an operand.
static Value createWindowOperand(ImplicitLocOpBuilder &builder,
                                 const Pool &pool) {
  return createEmpty(builder, pool.type.clone(pool.window.kernel));
}

template <typename OpTy>
static Value createNamed(ImplicitLocOpBuilder &builder, const Pool &pool,
                         Value padded, Value init) {
  return OpTy::create(builder, TypeRange{pool.type},
                      ValueRange{padded, createWindowOperand(builder, pool)},
                      ValueRange{init},
                      builder.getI64TensorAttr(pool.window.strides),
                      builder.getI64TensorAttr(pool.window.dilations))
      .getResult(0);
}

/// Where a window reads: dimension `index` of the padded input by the loops n,
/// c, output positions, window positions.
static AffineExpr getPosition(MLIRContext *context, const Window &window,
                              unsigned index) {
  AffineExpr output = getAffineDimExpr(2 + index, context);
  AffineExpr tap = getAffineDimExpr(2 + window.getRank() + index, context);
  return output * window.strides[index] + tap * window.dilations[index];
}

/// Maps of the padded input, the window and each of `results` results.
static SmallVector<AffineMap>
getPoolMaps(MLIRContext *context, const Window &window, unsigned results) {
  unsigned rank = window.getRank();
  auto dim = [&](unsigned index) { return getAffineDimExpr(index, context); };
  SmallVector<AffineExpr> input{dim(0), dim(1)}, output(input), taps;
  for (unsigned i = 0; i < rank; ++i) {
    input.push_back(getPosition(context, window, i));
    output.push_back(dim(2 + i));
    taps.push_back(dim(2 + rank + i));
  }
  unsigned loops = 2 + 2 * rank;
  SmallVector<AffineMap> maps{AffineMap::get(loops, 0, input, context),
                              AffineMap::get(loops, 0, taps, context)};
  maps.append(results, AffineMap::get(loops, 0, output, context));
  return maps;
}

/// A pool into `inits`; `body` maps an element and the results so far (after
/// the window's, which is nothing) to new results.
static linalg::GenericOp createGenericPool(
    ImplicitLocOpBuilder &builder, const Pool &pool, Value padded,
    ValueRange inits,
    function_ref<SmallVector<Value>(ImplicitLocOpBuilder &, ValueRange)> body) {
  unsigned rank = pool.window.getRank();
  SmallVector<utils::IteratorType> iterators(2 + rank,
                                             utils::IteratorType::parallel);
  iterators.append(rank, utils::IteratorType::reduction);
  return linalg::GenericOp::create(
      builder, inits.getTypes(),
      ValueRange{padded, createWindowOperand(builder, pool)}, inits,
      getPoolMaps(builder.getContext(), pool.window, inits.size()), iterators,
      [&](OpBuilder &nested, Location loc, ValueRange elements) {
        ImplicitLocOpBuilder located(loc, nested);
        linalg::YieldOp::create(located, body(located, elements));
      });
}

static Value createPadded(ImplicitLocOpBuilder &builder, const Pool &pool,
                          TypedAttr padding) {
  return createPad(builder, pool.input, pool.window.getLow(),
                   pool.window.getHigh(), padding);
}

/// A pool along one dimension is one over images of height 1.
static Pool getPlanarPool(ImplicitLocOpBuilder &builder, const Pool &pool) {
  return {createReshape(builder, pool.input, withHeight(getShape(pool.input))),
          pool.type.clone(withHeight(pool.type.getShape())),
          pool.window.withLeadingDimension()};
}

Value createSumPool(ImplicitLocOpBuilder &builder, const Pool &pool) {
  if (pool.window.getRank() == 1)
    return createReshape(builder,
                         createSumPool(builder, getPlanarPool(builder, pool)),
                         pool.type.getShape());
  Value padded = createPadded(builder, pool,
                              builder.getZeroAttr(pool.type.getElementType()));
  Value init = createZeroFilled(builder, pool.type);
  if (pool.window.getRank() == 2)
    return createNamed<linalg::PoolingNchwSumOp>(builder, pool, padded, init);
  return createGenericPool(
             builder, pool, padded, init,
             [](ImplicitLocOpBuilder &nested,
                ValueRange elements) -> SmallVector<Value> {
               return {arith::AddFOp::create(nested, elements[2], elements[0])};
             })
      .getResult(0);
}

Value createMaxPool(ImplicitLocOpBuilder &builder, const Pool &pool,
                    Signedness signedness) {
  if (pool.window.getRank() == 1)
    return createReshape(
        builder,
        createMaxPool(builder, getPlanarPool(builder, pool), signedness),
        pool.type.getShape());
  TypedAttr least = getLeastAttr(pool.type.getElementType(), signedness);
  Value padded = createPadded(builder, pool, least);
  Value init = createFilled(builder, pool.type, least);
  if (pool.window.getRank() == 2 && signedness == Signedness::Signed)
    return createNamed<linalg::PoolingNchwMaxOp>(builder, pool, padded, init);
  return createGenericPool(builder, pool, padded, init,
                           [&](ImplicitLocOpBuilder &nested,
                               ValueRange elements) -> SmallVector<Value> {
                             return {createMaximum(nested, signedness,
                                                   elements[2], elements[0])};
                           })
      .getResult(0);
}

/// The number of the element that a window reads, as ONNX counts them.
static AffineExpr getElementNumber(MLIRContext *context, const Pool &pool,
                                   bool firstIsFastest) {
  ArrayRef<int64_t> shape = getShape(pool.input);
  AffineExpr image =
      getAffineDimExpr(0, context) * shape[1] + getAffineDimExpr(1, context);
  AffineExpr number = getAffineConstantExpr(0, context);
  int64_t stride = 1;
  unsigned rank = pool.window.getRank();
  for (unsigned step = 0; step < rank; ++step) {
    unsigned index = firstIsFastest ? step : rank - 1 - step;
    number = number + (getPosition(context, pool.window, index) -
                       pool.window.padsBegin[index]) *
                          stride;
    stride *= shape[2 + index];
  }
  return image * stride + number;
}

/// The element number inside of the body of a pool.
static Value createElementNumber(ImplicitLocOpBuilder &builder,
                                 AffineExpr number, unsigned loops) {
  SmallVector<Value> indices;
  for (unsigned loop = 0; loop < loops; ++loop)
    indices.push_back(linalg::IndexOp::create(builder, loop));
  Value index = affine::AffineApplyOp::create(
      builder, AffineMap::get(loops, 0, number), indices);
  return arith::IndexCastOp::create(builder, builder.getI64Type(), index);
}

static Value createIsGreater(ImplicitLocOpBuilder &builder, Value left,
                             Value right, Signedness signedness) {
  if (isa<FloatType>(left.getType()))
    return arith::CmpFOp::create(builder, arith::CmpFPredicate::OGT, left,
                                 right);
  return arith::CmpIOp::create(builder,
                               signedness == Signedness::Unsigned
                                   ? arith::CmpIPredicate::ugt
                                   : arith::CmpIPredicate::sgt,
                               left, right);
}

std::pair<Value, Value> createMaxPoolWithIndices(ImplicitLocOpBuilder &builder,
                                                 const Pool &pool,
                                                 Signedness signedness,
                                                 bool firstIsFastest) {
  TypedAttr least = getLeastAttr(pool.type.getElementType(), signedness);
  Value padded = createPadded(builder, pool, least);
  Value maxima = createFilled(builder, pool.type, least);
  Value numbers = createFilled(
      builder,
      RankedTensorType::get(pool.type.getShape(), builder.getI64Type()),
      builder.getI64IntegerAttr(-1));
  AffineExpr number =
      getElementNumber(builder.getContext(), pool, firstIsFastest);
  unsigned loops = 2 + 2 * pool.window.getRank();
  linalg::GenericOp op = createGenericPool(
      builder, pool, padded, {maxima, numbers},
      [&](ImplicitLocOpBuilder &nested,
          ValueRange elements) -> SmallVector<Value> {
        Value isGreater =
            createIsGreater(nested, elements[0], elements[2], signedness);
        Value here = createElementNumber(nested, number, loops);
        return {arith::SelectOp::create(nested, isGreater, elements[0],
                                        elements[2]),
                arith::SelectOp::create(nested, isGreater, here, elements[3])};
      });
  return {op.getResult(0), op.getResult(1)};
}

} // namespace colonnade::onnximport
