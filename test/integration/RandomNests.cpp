//===- RandomNests.cpp - Random networks of vector-unit ops ---------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Integers are kept within [-128, 127] and floats within
// [-128, 128] between ops, so that nothing traps whatever is drawn.
//
//===----------------------------------------------------------------------===//

#include "RandomNests.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::test;

static constexpr int64_t kMostElements = 3000;

static RankedTensorType getType(Value value) {
  return cast<RankedTensorType>(value.getType());
}

RandomNests::RandomNests(MLIRContext &context, RandomCases &cases)
    : context(context), cases(cases), builder(&context),
      loc(UnknownLoc::get(&context)) {}

OwningOpRef<ModuleOp> RandomNests::build(int64_t steps) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  Shape shape;
  int64_t rank = cases.getInteger(1, 4), most = rank > 2 ? 9 : 48;
  for (int64_t dimension = 0; dimension < rank; ++dimension)
    shape.push_back(cases.getInteger(1, most));
  auto argument = RankedTensorType::get(shape, builder.getI8Type());
  auto function = func::FuncOp::create(builder, loc, "main",
                                       builder.getFunctionType({argument}, {}));
  builder.setInsertionPointToStart(function.addEntryBlock());
  values = {function.getArgument(0)};
  Value last = values.front();
  for (int64_t step = 0; step < steps; ++step) {
    // Mostly a chain; now and then another reader of an earlier value.
    bool branches = cases.getInteger(0, 4) == 0;
    Value next = addStep(
        branches ? values[cases.getInteger(0, values.size() - 1)] : last);
    values.push_back(next);
    last = next;
  }
  func::ReturnOp::create(builder, loc, last);
  function.setFunctionType(
      builder.getFunctionType({argument}, {last.getType()}));
  return module;
}

Value RandomNests::addStep(Value value) {
  switch (cases.getInteger(0, 10)) {
  case 0:
    return addRequantization(value);
  case 1:
  case 2:
    return addCombination(value);
  case 3:
    return addReduction(value);
  case 4:
    return addTranspose(value);
  case 5:
    return addCollapse(value);
  case 6:
    return addExpand(value);
  case 7:
    return addSlice(value);
  case 8:
    return addConcat(value);
  case 9:
    return addPad(value);
  default:
    return addElementwise(value);
  }
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

Value RandomNests::makeEmpty(ArrayRef<int64_t> shape, Type element) {
  return tensor::EmptyOp::create(builder, loc, shape, element);
}

Value RandomNests::makeReal(double value) {
  return arith::ConstantOp::create(builder, loc,
                                   builder.getF32FloatAttr(value));
}

Value RandomNests::makeConstant(RankedTensorType type) {
  SmallVector<Attribute> elements;
  for (int64_t i = 0; i < type.getNumElements(); ++i) {
    int64_t value = cases.getInteger(-128, 127);
    if (type.getElementType().isF32())
      elements.push_back(builder.getF32FloatAttr(float(value) / 16));
    else
      elements.push_back(builder.getIntegerAttr(type.getElementType(), value));
  }
  return arith::ConstantOp::create(builder, loc,
                                   DenseElementsAttr::get(type, elements));
}

Value RandomNests::getPartner(RankedTensorType type, bool mayBroadcast) {
  SmallVector<Value> candidates;
  for (Value value : values)
    if (value.getType() == type)
      candidates.push_back(value);
  if (!candidates.empty() && cases.getInteger(0, 3) != 0)
    return candidates[cases.getInteger(0, candidates.size() - 1)];
  Shape shape(type.getShape());
  if (mayBroadcast)
    for (int64_t &size : shape)
      if (cases.getInteger(0, 1) == 0)
        size = 1;
  return makeConstant(RankedTensorType::get(shape, type.getElementType()));
}

Value RandomNests::clamp(Value value) {
  if (value.getType().isF32()) {
    Value bounded =
        arith::MaximumFOp::create(builder, loc, value, makeReal(-128));
    return arith::MinimumFOp::create(builder, loc, bounded, makeReal(127));
  }
  Value low = arith::ConstantIntOp::create(builder, loc, -128, 32);
  Value high = arith::ConstantIntOp::create(builder, loc, 127, 32);
  Value bounded = arith::MaxSIOp::create(builder, loc, value, low);
  return arith::MinSIOp::create(builder, loc, bounded, high);
}

/// An op over the elements of the first input; dimensions of one element are
/// broadcast in the others.
Value RandomNests::createGeneric(ValueRange inputs, Type element,
                                 BodyBuilder body) {
  RankedTensorType shaped = getType(inputs.front());
  SmallVector<AffineMap> maps;
  for (Value input : inputs) {
    SmallVector<AffineExpr> results;
    for (auto [d, size] : llvm::enumerate(getType(input).getShape()))
      results.push_back(size == 1 && shaped.getDimSize(d) != 1
                            ? getAffineConstantExpr(0, &context)
                            : getAffineDimExpr(d, &context));
    maps.push_back(AffineMap::get(shaped.getRank(), 0, results, &context));
  }
  maps.push_back(AffineMap::getMultiDimIdentityMap(shaped.getRank(), &context));
  SmallVector<utils::IteratorType> loops(shaped.getRank(),
                                         utils::IteratorType::parallel);
  Value init = makeEmpty(shaped.getShape(), element);
  auto op = linalg::GenericOp::create(
      builder, loc, init.getType(), inputs, init, maps, loops,
      [&](OpBuilder &inner, Location, ValueRange arguments) {
        OpBuilder::InsertionGuard guard(builder);
        builder.setInsertionPoint(inner.getInsertionBlock(),
                                  inner.getInsertionPoint());
        linalg::YieldOp::create(builder, loc, body(arguments));
      });
  return op.getResult(0);
}

Value RandomNests::toFloat(Value value) {
  if (getType(value).getElementType().isF32())
    return value;
  double scale = double(cases.getInteger(1, 16)) / 16;
  return createGeneric(value, builder.getF32Type(), [&](ValueRange arguments) {
    Value real = arith::SIToFPOp::create(builder, loc, builder.getF32Type(),
                                         arguments[0]);
    return arith::MulFOp::create(builder, loc, real, makeReal(scale))
        .getResult();
  });
}

//===----------------------------------------------------------------------===//
// Nests
//===----------------------------------------------------------------------===//

Value RandomNests::addElementwise(Value value) {
  int64_t kind = cases.getInteger(0, 3);
  return createGeneric(
      toFloat(value), builder.getF32Type(), [&](ValueRange arguments) -> Value {
        Value a = arguments[0];
        Value size = math::AbsFOp::create(builder, loc, a);
        if (kind == 0)
          return math::SqrtOp::create(builder, loc, size);
        if (kind == 1) {
          Value more = arith::AddFOp::create(builder, loc, size, makeReal(1));
          return arith::DivFOp::create(builder, loc, a, more);
        }
        if (kind == 2)
          return math::FloorOp::create(builder, loc, a);
        Value isLess = arith::CmpFOp::create(
            builder, loc, arith::CmpFPredicate::OLT, a, makeReal(0.5));
        Value negated = arith::NegFOp::create(builder, loc, a);
        return arith::SelectOp::create(builder, loc, isLess, negated, a);
      });
}

Value RandomNests::addRequantization(Value value) {
  double scale = double(cases.getInteger(1, 64)) / 16;
  return createGeneric(
      toFloat(value), builder.getI8Type(), [&](ValueRange arguments) -> Value {
        Value scaled =
            arith::MulFOp::create(builder, loc, arguments[0], makeReal(scale));
        Value rounded = math::RoundEvenOp::create(builder, loc, clamp(scaled));
        return arith::FPToSIOp::create(builder, loc, builder.getI8Type(),
                                       rounded);
      });
}

Value RandomNests::addCombination(Value value) {
  RankedTensorType type = getType(value);
  Type element = type.getElementType();
  Value other = getPartner(type, /*mayBroadcast=*/true);
  bool multiplies = cases.getInteger(0, 1) == 0;
  return createGeneric(
      {value, other}, element, [&](ValueRange arguments) -> Value {
        Value a = arguments[0], b = arguments[1];
        if (element.isF32()) {
          Value result =
              multiplies ? arith::MulFOp::create(builder, loc, a, b).getResult()
                         : arith::SubFOp::create(builder, loc, a, b);
          return clamp(result);
        }
        bool isNarrow = element.isInteger(8);
        Type wide = builder.getI32Type();
        if (isNarrow) {
          a = arith::ExtSIOp::create(builder, loc, wide, a);
          b = arith::ExtSIOp::create(builder, loc, wide, b);
        }
        Value result =
            multiplies ? arith::MulIOp::create(builder, loc, a, b).getResult()
                       : arith::AddIOp::create(builder, loc, a, b);
        result = clamp(result);
        return isNarrow ? arith::TruncIOp::create(builder, loc, element, result)
                              .getResult()
                        : result;
      });
}

/// A sum or maximum over one or two dimensions, which become one element or
/// disappear; in i32 for integers, clamped behind.
Value RandomNests::addReduction(Value value) {
  RankedTensorType type = getType(value);
  if (type.getRank() == 0)
    return addElementwise(value);
  bool isReal = type.getElementType().isF32(), keeps = cases.getInteger(0, 1);
  bool isSum = cases.getInteger(0, 1) == 0;
  Type element = isReal ? Type(builder.getF32Type()) : builder.getI32Type();
  int64_t rank = type.getRank(), reduced = cases.getInteger(0, rank - 1);
  SmallVector<AffineExpr> results;
  SmallVector<utils::IteratorType> loops;
  Shape shape;
  for (int64_t d = 0; d < rank; ++d) {
    bool isReduced = d == reduced || (rank > 2 && d == (reduced + 2) % rank);
    loops.push_back(isReduced ? utils::IteratorType::reduction
                              : utils::IteratorType::parallel);
    if (isReduced && !keeps)
      continue;
    results.push_back(isReduced ? getAffineConstantExpr(0, &context)
                                : getAffineDimExpr(d, &context));
    shape.push_back(isReduced ? 1 : type.getDimSize(d));
  }
  TypedAttr start = isReal ? TypedAttr(builder.getF32FloatAttr(-200))
                           : builder.getI32IntegerAttr(-200);
  Value initial = arith::ConstantOp::create(builder, loc, start);
  Value init =
      linalg::FillOp::create(builder, loc, initial, makeEmpty(shape, element))
          .getResult(0);
  auto op = linalg::GenericOp::create(
      builder, loc, init.getType(), value, init,
      ArrayRef<AffineMap>{AffineMap::getMultiDimIdentityMap(rank, &context),
                          AffineMap::get(rank, 0, results, &context)},
      loops, [&](OpBuilder &b, Location, ValueRange arguments) {
        Value a = arguments[0], sum = arguments[1], next;
        if (type.getElementType().isInteger(8))
          a = arith::ExtSIOp::create(b, loc, b.getI32Type(), a);
        if (isReal)
          next = isSum ? arith::AddFOp::create(b, loc, sum, a).getResult()
                       : arith::MaximumFOp::create(b, loc, sum, a);
        else
          next = isSum ? arith::AddIOp::create(b, loc, sum, a).getResult()
                       : arith::MaxSIOp::create(b, loc, sum, a);
        linalg::YieldOp::create(b, loc, next);
      });
  if (shape.empty())
    return op.getResult(0);
  return createGeneric(op.getResult(0), element, [&](ValueRange arguments) {
    return clamp(arguments[0]);
  });
}

//===----------------------------------------------------------------------===//
// Movement
//===----------------------------------------------------------------------===//

Value RandomNests::addTranspose(Value value) {
  RankedTensorType type = getType(value);
  if (type.getRank() < 2)
    return addElementwise(value);
  SmallVector<int64_t> permutation;
  for (int64_t d = 0; d < type.getRank(); ++d)
    permutation.insert(permutation.begin() + cases.getInteger(0, d), d);
  Shape shape;
  for (int64_t d : permutation)
    shape.push_back(type.getDimSize(d));
  Value init = makeEmpty(shape, type.getElementType());
  return linalg::TransposeOp::create(builder, loc, value, init, permutation)
      ->getResult(0);
}

Value RandomNests::addCollapse(Value value) {
  RankedTensorType type = getType(value);
  if (type.getRank() < 2)
    return addElementwise(value);
  int64_t merged = cases.getInteger(0, type.getRank() - 2);
  SmallVector<ReassociationIndices> groups;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    if (d == merged + 1)
      groups.back().push_back(d);
    else
      groups.push_back({d});
  }
  return tensor::CollapseShapeOp::create(builder, loc, value, groups);
}

Value RandomNests::addExpand(Value value) {
  RankedTensorType type = getType(value);
  if (type.getRank() == 0 || type.getRank() > 4)
    return addElementwise(value);
  int64_t split = cases.getInteger(0, type.getRank() - 1);
  SmallVector<ReassociationIndices> groups;
  Shape shape;
  for (int64_t d = 0; d < type.getRank(); ++d) {
    int64_t size = type.getDimSize(d), next = shape.size();
    groups.push_back({next});
    if (d == split) {
      int64_t factor = size % 2 == 0 ? 2 : size % 3 == 0 ? 3 : 1;
      groups.back().push_back(next + 1);
      shape.push_back(factor);
      size /= factor;
    }
    shape.push_back(size);
  }
  return tensor::ExpandShapeOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), value,
      groups);
}

Value RandomNests::addSlice(Value value) {
  SmallVector<OpFoldResult> offsets, sizes, strides;
  for (int64_t extent : getType(value).getShape()) {
    int64_t offset = cases.getInteger(0, (extent - 1) / 2);
    int64_t stride = cases.getInteger(1, 2);
    int64_t most = (extent - offset - 1) / stride + 1;
    offsets.push_back(builder.getIndexAttr(offset));
    sizes.push_back(
        builder.getIndexAttr(cases.getInteger((most + 1) / 2, most)));
    strides.push_back(builder.getIndexAttr(stride));
  }
  return tensor::ExtractSliceOp::create(builder, loc, value, offsets, sizes,
                                        strides);
}

Value RandomNests::addConcat(Value value) {
  RankedTensorType type = getType(value);
  if (type.getRank() == 0 || type.getNumElements() > kMostElements / 3)
    return addElementwise(value);
  SmallVector<Value> parts = {value};
  for (int64_t count = cases.getInteger(1, 2); count > 0; --count)
    parts.insert(parts.begin() + cases.getInteger(0, parts.size()),
                 getPartner(type, /*mayBroadcast=*/false));
  return tensor::ConcatOp::create(
      builder, loc, cases.getInteger(0, type.getRank() - 1), parts);
}

Value RandomNests::addPad(Value value) {
  RankedTensorType type = getType(value);
  if (type.getRank() == 0 || type.getNumElements() > kMostElements / 8)
    return addElementwise(value);
  SmallVector<OpFoldResult> low, high;
  Shape shape;
  for (int64_t size : type.getShape()) {
    int64_t before = cases.getInteger(0, 1), after = cases.getInteger(0, 1);
    low.push_back(builder.getIndexAttr(before));
    high.push_back(builder.getIndexAttr(after));
    shape.push_back(size + before + after);
  }
  TypedAttr padding = type.getElementType().isF32()
                          ? TypedAttr(builder.getF32FloatAttr(-1.5))
                          : builder.getIntegerAttr(type.getElementType(), 3);
  return tensor::PadOp::create(
      builder, loc, RankedTensorType::get(shape, type.getElementType()), value,
      low, high, arith::ConstantOp::create(builder, loc, padding).getResult());
}
