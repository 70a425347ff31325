//===- RandomTensorLayers.cpp - Families of random tensor ops -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise ops, reductions, movement, and the layers made of them.
//
//===----------------------------------------------------------------------===//

#include "RandomTensorPrograms.h"
#include "ScalarFunctions.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

using Programs = RandomTensorPrograms;

//===----------------------------------------------------------------------===//
// Elements
//===----------------------------------------------------------------------===//

Value Programs::createFunction(size_t number, Value x) {
  return getScalarFunctions()[number].create(builder, x);
}

Value Programs::addElementwise(Value value) {
  size_t number = cases.getInteger(0, getScalarFunctions().size() - 1);
  if (cases.getInteger(0, 1))
    return map({value},
               [&](ValueRange x) { return createFunction(number, x[0]); });
  Value weights = addArgument(getShape(value));
  return map({value, weights}, [&](ValueRange x) -> Value {
    Value product = arith::MulFOp::create(builder, x[0], x[1]);
    return arith::SubFOp::create(builder, createFunction(number, product),
                                 x[1]);
  });
}

Value Programs::addChoice(Value value) {
  int64_t kind = cases.getInteger(0, 3);
  Value other = addArgument(getShape(value));
  return map({value, other}, [&](ValueRange x) -> Value {
    Value number = createConstant(cases.getNormal() / 4);
    if (kind == 0)
      return arith::MaximumFOp::create(builder, x[0], x[1]);
    if (kind == 1)
      return arith::MinimumFOp::create(
          builder, arith::MaximumFOp::create(builder, x[0], number),
          createConstant(1));
    if (kind == 2)
      return arith::MulFOp::create(builder, x[1],
                                   math::AbsFOp::create(builder, x[0]));
    Value less =
        arith::CmpFOp::create(builder, arith::CmpFPredicate::OLT, x[0], number);
    Value product = arith::MulFOp::create(builder, x[0], x[1]);
    return arith::SelectOp::create(builder, less, product, x[0]);
  });
}

Value Programs::addTensorArithmetic(Value value) {
  Value other = addArgument(getShape(value));
  Value product = arith::MulFOp::create(builder, value, other);
  return arith::AddFOp::create(builder, product,
                               math::TanhOp::create(builder, value));
}

/// x w and sin(x) of one op, both used.
Value Programs::addTwoResults(Value value) {
  ArrayRef<int64_t> shape = getShape(value);
  Value weights = addArgument(shape);
  Value empty = tensor::EmptyOp::create(builder, shape, builder.getF64Type());
  AffineMap identity = builder.getMultiDimIdentityMap(shape.size());
  SmallVector<utils::IteratorType> iterators(shape.size(),
                                             utils::IteratorType::parallel);
  auto op = linalg::GenericOp::create(
      builder, TypeRange{empty.getType(), empty.getType()},
      ValueRange{value, weights}, ValueRange{empty, empty},
      SmallVector<AffineMap>(4, identity), iterators,
      [](OpBuilder &nested, Location loc, ValueRange x) {
        Value product = arith::MulFOp::create(nested, loc, x[0], x[1]);
        Value sine = math::SinOp::create(nested, loc, x[0]);
        linalg::YieldOp::create(nested, loc, ValueRange{product, sine});
      });
  return map({op.getResult(0), op.getResult(1)}, [&](ValueRange x) -> Value {
    return arith::SubFOp::create(builder, x[0], x[1]);
  });
}

/// Half of them with `linalg.broadcast`, half as operands of a generic that
/// leave out loops.
Value Programs::addBroadcast(Value value) {
  Shape shape(getShape(value));
  int64_t dim = cases.getInteger(0, shape.size());
  int64_t extent = cases.getInteger(2, 3);
  shape.insert(shape.begin() + dim, extent);
  Value empty = tensor::EmptyOp::create(builder, shape, builder.getF64Type());
  if (cases.getInteger(0, 1))
    return linalg::BroadcastOp::create(builder, value, empty, dim)
        ->getResult(0);
  Loops loops = llvm::to_vector(llvm::seq<unsigned>(0, shape.size()));
  Loops own = loops;
  own.erase(own.begin() + dim);
  Value weights = addArgument(extent);
  return createGeneric({{value, own}, {weights, {unsigned(dim)}}}, empty, loops,
                       [&](ValueRange x) -> Value {
                         return arith::MulFOp::create(builder, x[0], x[1]);
                       });
}

Value Programs::addSumReduction(Value value) {
  return sumOver(value, getShape(value).size() - 1);
}

Value Programs::addMaxReduction(Value value) {
  return maxOver(value, getShape(value).size() - 1);
}

/// Of 1 + x / 2, which keeps products of many small.
Value Programs::addProductReduction(Value value) {
  value = toRank(value, 2);
  return createGeneric(
      {{value, {0, 1}}}, createFilled(getShape(value)[0], 0.5), {0},
      [&](ValueRange x) -> Value {
        Value half = arith::MulFOp::create(builder, x[0], createConstant(0.5));
        Value term = arith::AddFOp::create(builder, half, createConstant(1));
        return arith::MulFOp::create(builder, term, x[1]);
      });
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

Value Programs::addTranspose(Value value) {
  value = toRank(value, 3);
  SmallVector<int64_t> permutation = {0, 1, 2};
  for (int64_t i = 2; i > 0; --i)
    std::swap(permutation[i], permutation[cases.getInteger(0, i)]);
  Value empty = tensor::EmptyOp::create(
      builder, applyPermutation(getShape(value), permutation),
      builder.getF64Type());
  return linalg::TransposeOp::create(builder, value, empty, permutation)
      ->getResult(0);
}

Value Programs::addReshape(Value value) {
  int64_t elements = ShapedType::getNumElements(getShape(value));
  int64_t factor = elements % 3 == 0 ? 3 : elements % 2 == 0 ? 2 : 1;
  return reshape(value, {factor, 1, elements / factor});
}

Value Programs::padRandomly(Value value, int64_t dims) {
  int64_t rank = getShape(value).size();
  SmallVector<OpFoldResult> low(rank, builder.getIndexAttr(0)), high = low;
  bool any = false;
  for (int64_t dim = rank - dims; dim < rank; ++dim) {
    int64_t before = cases.getInteger(0, 2), after = cases.getInteger(0, 1);
    low[dim] = builder.getIndexAttr(before);
    high[dim] = builder.getIndexAttr(after);
    any |= before + after > 0;
  }
  if (!any)
    return value;
  Value number = createConstant(0);
  return tensor::PadOp::create(builder, Type(), value, low, high, number);
}

Value Programs::addPad(Value value) {
  return padRandomly(value, getShape(value).size());
}

Value Programs::addSlice(Value value) {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  for (int64_t extent : getShape(value)) {
    int64_t offset = cases.getInteger(0, extent - 1);
    int64_t stride = cases.getInteger(1, 2);
    offsets.push_back(builder.getIndexAttr(offset));
    strides.push_back(builder.getIndexAttr(stride));
    sizes.push_back(builder.getIndexAttr((extent - offset - 1) / stride + 1));
  }
  return tensor::ExtractSliceOp::create(builder, value, offsets, sizes,
                                        strides);
}

Value Programs::addInsertion(Value value) {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  Shape shape;
  for (int64_t extent : getShape(value)) {
    int64_t offset = cases.getInteger(0, 1), stride = cases.getInteger(1, 2);
    offsets.push_back(builder.getIndexAttr(offset));
    strides.push_back(builder.getIndexAttr(stride));
    sizes.push_back(builder.getIndexAttr(extent));
    shape.push_back(offset + (extent - 1) * stride + 1);
  }
  return tensor::InsertSliceOp::create(builder, value, addArgument(shape),
                                       offsets, sizes, strides);
}

Value Programs::addConcat(Value value) {
  Shape shape(getShape(value));
  int64_t dim = cases.getInteger(0, shape.size() - 1);
  shape[dim] = cases.getInteger(1, 3);
  Value other = addArgument(shape);
  return tensor::ConcatOp::create(builder, dim,
                                  ValueRange{value, other, value});
}

//===----------------------------------------------------------------------===//
// Layers
//===----------------------------------------------------------------------===//

Value Programs::addSoftmax(Value value) {
  value = toRank(value, 2);
  Value shifted = mapRows(value, maxOver(value, 1), [&](ValueRange x) -> Value {
    Value difference = arith::SubFOp::create(builder, x[0], x[1]);
    return math::ExpOp::create(builder, difference);
  });
  return mapRows(shifted, sumOver(shifted, 1), [&](ValueRange x) -> Value {
    return arith::DivFOp::create(builder, x[0], x[1]);
  });
}

Value Programs::scaleAndShift(Value value) {
  ArrayRef<int64_t> shape = getShape(value);
  Loops loops = llvm::to_vector(llvm::seq<unsigned>(0, shape.size()));
  Value empty = tensor::EmptyOp::create(builder, shape, builder.getF64Type());
  Operand scale{addArgument(shape.back()), {loops.back()}};
  Operand shift{addArgument(shape.back()), {loops.back()}};
  return createGeneric(
      {{value, loops}, scale, shift}, empty, loops, [&](ValueRange x) -> Value {
        Value product = arith::MulFOp::create(builder, x[0], x[1]);
        return arith::AddFOp::create(builder, product, x[2]);
      });
}

Value Programs::addNamedSoftmax(Value value) {
  int64_t rank = cases.getInteger(1, 3);
  value = toRank(value, rank);
  Value empty =
      tensor::EmptyOp::create(builder, getShape(value), builder.getF64Type());
  return linalg::SoftmaxOp::create(builder, value.getType(), value, empty,
                                   cases.getInteger(0, rank - 1))
      ->getResult(0);
}

/// Each row minus its mean, over its standard deviation.
Value Programs::addLayerNorm(Value value) {
  value = toRank(value, 2);
  double count = getShape(value)[1];
  auto scale = [&](Value sum) {
    return map({sum}, [&](ValueRange x) -> Value {
      return arith::DivFOp::create(builder, x[0], createConstant(count));
    });
  };
  Value centered =
      mapRows(value, scale(sumOver(value, 1)), [&](ValueRange x) -> Value {
        return arith::SubFOp::create(builder, x[0], x[1]);
      });
  Value squares = map({centered}, [&](ValueRange x) -> Value {
    return arith::MulFOp::create(builder, x[0], x[0]);
  });
  Value normal =
      mapRows(centered, scale(sumOver(squares, 1)), [&](ValueRange x) -> Value {
        Value variance =
            arith::AddFOp::create(builder, x[1], createConstant(0.1));
        return arith::DivFOp::create(builder, x[0],
                                     math::SqrtOp::create(builder, variance));
      });
  return scaleAndShift(normal);
}

/// Of any rank and axis. A variance is a square.
Value Programs::addBatchNormInference(Value value) {
  int64_t rank = cases.getInteger(1, 4);
  value = toRank(value, rank);
  unsigned axis = cases.getInteger(0, rank - 1);
  int64_t count = getShape(value)[axis];
  Value root = addArgument(count);
  Value variance = map({root}, [&](ValueRange x) -> Value {
    return arith::MulFOp::create(builder, x[0], x[0]);
  });
  return BatchNormInferenceOp::create(
      builder, value.getType(), value, addArgument(count), addArgument(count),
      addArgument(count), variance, builder.getI64IntegerAttr(axis),
      builder.getF64FloatAttr(0.1), builder.getF64FloatAttr(0.1));
}

/// In training mode, of any rank and axis; half of them use mean and variance
/// too.
Value Programs::addBatchNorm(Value value) {
  int64_t rank = cases.getInteger(1, 4);
  value = toRank(value, rank);
  unsigned axis = cases.getInteger(0, rank - 1);
  int64_t count = getShape(value)[axis];
  Value scale = addArgument(count), offset = addArgument(count);
  auto norm = BatchNormTrainingOp::create(
      builder, value.getType(), scale.getType(), scale.getType(), value, scale,
      offset, builder.getI64IntegerAttr(axis), builder.getF64FloatAttr(0.1));
  if (cases.getInteger(0, 1))
    return norm.getResult();
  Loops loops = llvm::to_vector(llvm::seq<unsigned>(0, rank));
  Value empty =
      tensor::EmptyOp::create(builder, getShape(value), builder.getF64Type());
  return createGeneric({{norm.getResult(), loops},
                        {norm.getMean(), {axis}},
                        {norm.getVariance(), {axis}}},
                       empty, loops, [&](ValueRange x) -> Value {
                         Value sum = arith::AddFOp::create(builder, x[0], x[1]);
                         return arith::SubFOp::create(builder, sum, x[2]);
                       });
}

/// The mean of log(sum(exp(x))) - x[label], with i as the label of row i.
Value Programs::addCrossEntropy(Value value) {
  value = toRank(value, 2);
  Value largest = maxOver(value, 1);
  Value exponentials = mapRows(value, largest, [&](ValueRange x) -> Value {
    Value difference = arith::SubFOp::create(builder, x[0], x[1]);
    return math::ExpOp::create(builder, difference);
  });
  Value sum = sumOver(exponentials, 1);
  int64_t rows = getShape(value)[0], classes = getShape(value)[1];
  Value picked = createGeneric(
      {{value, {0, 1}}}, createFilled(rows, 0), {0},
      [&](ValueRange x) -> Value {
        Value row = linalg::IndexOp::create(builder, 0);
        Value modulus = arith::ConstantIndexOp::create(builder, classes);
        Value label = arith::RemUIOp::create(builder, row, modulus);
        Value column = linalg::IndexOp::create(builder, 1);
        Value isLabel = arith::CmpIOp::create(builder, arith::CmpIPredicate::eq,
                                              column, label);
        Value added = arith::AddFOp::create(builder, x[1], x[0]);
        return arith::SelectOp::create(builder, isLabel, added, x[1]);
      });
  Value losses = map({sum, largest, picked}, [&](ValueRange x) -> Value {
    Value logarithm = math::LogOp::create(builder, x[0]);
    Value total = arith::AddFOp::create(builder, logarithm, x[1]);
    return arith::SubFOp::create(builder, total, x[2]);
  });
  return map({sumOver(losses, 0)}, [&](ValueRange x) -> Value {
    return arith::MulFOp::create(builder, x[0], createConstant(1.0 / rows));
  });
}
