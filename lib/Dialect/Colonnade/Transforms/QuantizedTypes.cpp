//===- QuantizedTypes.cpp - Scales that a model brings along -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a model quantizes and dequantizes again keeps its scale and zero point.
// Its integers bound the value (as they must: relu may be nothing but the
// lowest integer); unsigned ones are held less 128.
//
//===----------------------------------------------------------------------===//

#include "QuantizedTypes.h"
#include "Constants.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeDialect.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"

using namespace mlir;

namespace colonnade {
namespace {

//===----------------------------------------------------------------------===//
// Constants
//===----------------------------------------------------------------------===//

template <typename T>
void appendIntegers(ArrayRef<char> bytes, std::vector<int64_t> &integers) {
  ArrayRef<T> values(reinterpret_cast<const T *>(bytes.data()),
                     bytes.size() / sizeof(T));
  integers.insert(integers.end(), values.begin(), values.end());
}

/// The stored integers of a resource of 8 or 32 bits.
std::optional<std::vector<int64_t>>
readResource(DenseResourceElementsAttr resource, bool isSigned) {
  AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  unsigned width = resource.getType().getElementTypeBitWidth();
  if (!blob || (width != 8 && width != 32))
    return std::nullopt;
  std::vector<int64_t> integers;
  if (width == 32)
    appendIntegers<int32_t>(blob->getData(), integers);
  else if (isSigned)
    appendIntegers<int8_t>(blob->getData(), integers);
  else
    appendIntegers<uint8_t>(blob->getData(), integers);
  return integers;
}

std::optional<std::vector<int64_t>> readIntegers(Value constant,
                                                 bool isSigned) {
  Attribute attribute;
  if (!matchPattern(constant, m_Constant(&attribute)))
    return std::nullopt;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(attribute))
    return readResource(resource, isSigned);
  auto dense = dyn_cast<DenseIntElementsAttr>(attribute);
  if (!dense)
    return std::nullopt;
  std::vector<int64_t> integers;
  for (const APInt &integer : dense.getValues<APInt>())
    integers.push_back(isSigned ? integer.getSExtValue()
                                : int64_t(integer.getZExtValue()));
  return integers;
}

/// A quantized type's scales and zero points: one, or one per index of an axis.
struct Parameters {
  SmallVector<double> scales;
  SmallVector<int64_t> zeroPoints;
  int64_t axis = 0;
};

std::optional<Parameters> getParameters(quant::QuantizedType type) {
  if (auto uniform = dyn_cast<quant::UniformQuantizedType>(type))
    return Parameters{{uniform.getScale()}, {uniform.getZeroPoint()}};
  auto perAxis = dyn_cast<quant::UniformQuantizedPerAxisType>(type);
  if (!perAxis)
    return std::nullopt;
  return Parameters{llvm::to_vector(perAxis.getScales()),
                    llvm::to_vector(perAxis.getZeroPoints()),
                    perAxis.getQuantizedDimension()};
}

quant::QuantizedType getQuantizedType(Value value) {
  return dyn_cast<quant::QuantizedType>(getElementTypeOrSelf(value.getType()));
}

/// The f32 constant that dequantized integers stand for, if they are constant.
Value createDequantized(OpBuilder &builder, quant::StorageCastOp cast) {
  quant::QuantizedType type = getQuantizedType(cast.getResult());
  auto shaped = dyn_cast<RankedTensorType>(cast.getInput().getType());
  auto integers = readIntegers(cast.getInput(), type.isSigned());
  std::optional<Parameters> parameters = getParameters(type);
  if (!shaped || !integers || !parameters)
    return {};
  ArrayRef<int64_t> shape = shaped.getShape();
  int64_t inner =
      parameters->scales.size() == 1
          ? 1
          : llvm::product_of(shape.drop_front(parameters->axis + 1));
  std::vector<float> values;
  values.reserve(integers->size());
  for (auto [position, integer] : llvm::enumerate(*integers)) {
    size_t index = position / inner % parameters->scales.size();
    values.push_back(float(double(integer - parameters->zeroPoints[index]) *
                           parameters->scales[index]));
  }
  return createConstantLike(builder, cast.getInput(), shape, std::move(values));
}

//===----------------------------------------------------------------------===//
// Activations
//===----------------------------------------------------------------------===//

/// The one number that `value`, in the body of `op`, is.
std::optional<float> getNumber(linalg::GenericOp op, Value value) {
  FloatAttr number;
  if (matchPattern(value, m_Constant(&number)))
    return number.getValue().convertToFloat();
  auto argument = dyn_cast<BlockArgument>(value);
  if (!argument || argument.getOwner() != op.getBody())
    return std::nullopt;
  auto constant = FloatConstant::get(op.getMatchingOpOperand(argument)->get());
  if (!constant || !llvm::all_equal(constant->getValues()))
    return std::nullopt;
  return constant->getValues().front();
}

/// The f32 tensor that `integers` are the quantized elements of, at the scale
/// of `type`: of an op that divides its elements by this scale.
Value getQuantizedSource(Value integers, quant::UniformQuantizedType type) {
  auto op = integers.getDefiningOp<linalg::GenericOp>();
  if (!op || op.getNumLoops() != op.getNumParallelLoops())
    return {};
  for (Operation &scalar : *op.getBody()) {
    auto division = dyn_cast<arith::DivFOp>(scalar);
    auto data =
        division ? dyn_cast<BlockArgument>(division.getLhs()) : BlockArgument();
    if (!data || data.getOwner() != op.getBody())
      continue;
    OpOperand *operand = op.getMatchingOpOperand(data);
    bool inPlace = op.getMatchingIndexingMap(operand).isIdentity();
    if (inPlace && getNumber(op, division.getRhs()) == float(type.getScale()))
      return operand->get();
  }
  return {};
}

/// max(x, bound) or min(x, bound)
template <typename OpT>
Value createBound(OpBuilder &builder, Location loc, Value x, double bound) {
  auto type = cast<RankedTensorType>(x.getType());
  AffineMap identity = builder.getMultiDimIdentityMap(type.getRank());
  SmallVector<utils::IteratorType> parallel(type.getRank(),
                                            utils::IteratorType::parallel);
  Value constant = arith::ConstantOp::create(
      builder, loc, builder.getF32FloatAttr(float(bound)));
  Value empty = tensor::EmptyOp::create(builder, loc, type.getShape(),
                                        type.getElementType());
  return linalg::GenericOp::create(
             builder, loc, type, x, empty,
             ArrayRef<AffineMap>{identity, identity}, parallel,
             [&](OpBuilder &body, Location bodyLoc, ValueRange arguments) {
               Value result =
                   OpT::create(body, bodyLoc, arguments[0], constant);
               linalg::YieldOp::create(body, bodyLoc, result);
             })
      .getResult(0);
}

/// The same integers held in i8: unsigned ones less 128.
quant::UniformQuantizedType getSignedType(quant::UniformQuantizedType type) {
  int64_t shift = type.isSigned() ? 0 : 128;
  return quant::UniformQuantizedType::get(
      quant::QuantizationFlags::Signed, IntegerType::get(type.getContext(), 8),
      type.getExpressedType(), type.getScale(), type.getZeroPoint() - shift,
      type.getStorageTypeMin() - shift, type.getStorageTypeMax() - shift);
}

} // namespace

/// The value within the bounds of `type`, with the type written beside it.
static Value createBounded(OpBuilder &builder, Location loc, Value source,
                           quant::UniformQuantizedType type) {
  double low = double(type.getStorageTypeMin() - type.getZeroPoint());
  double high = double(type.getStorageTypeMax() - type.getZeroPoint());
  Value bounded = createBound<arith::MaximumFOp>(builder, loc, source,
                                                 low * type.getScale());
  bounded = createBound<arith::MinimumFOp>(builder, loc, bounded,
                                           high * type.getScale());
  bounded.getDefiningOp()->setAttr(ColonnadeDialect::getQuantizedAttrName(),
                                   TypeAttr::get(getSignedType(type)));
  return bounded;
}

void foldQuantizedTypes(func::FuncOp function) {
  SmallVector<quant::DequantizeCastOp> casts;
  function.walk([&](quant::DequantizeCastOp cast) { casts.push_back(cast); });
  OpBuilder builder(function.getContext());
  for (quant::DequantizeCastOp cast : casts) {
    auto stored = cast.getInput().getDefiningOp<quant::StorageCastOp>();
    if (!stored)
      continue;
    builder.setInsertionPoint(cast);
    Value real = createDequantized(builder, stored);
    auto type = dyn_cast_if_present<quant::UniformQuantizedType>(
        getQuantizedType(cast.getInput()));
    Value source = type && !real && type.getStorageTypeIntegralWidth() == 8
                       ? getQuantizedSource(stored.getInput(), type)
                       : Value();
    if (source)
      real = createBounded(builder, cast.getLoc(), source, type);
    if (!real)
      continue;
    cast.getResult().replaceAllUsesWith(real);
    cast.erase();
  }
}

/// The form of the values that createBounded made of `value`, if it bounds all
/// of its uses to the same integers.
static std::optional<Int8Form> findFormOfUses(Value value,
                                              const Int8FormMap &given) {
  std::optional<Int8Form> common;
  for (Operation *user : value.getUsers()) {
    bool isBound = isa<linalg::GenericOp>(user) && user->hasOneUse();
    Operation *bounded = isBound ? *user->user_begin() : nullptr;
    auto form = bounded ? given.find(bounded->getResult(0)) : given.end();
    if (form == given.end())
      return std::nullopt;
    bool isSame = !common || (common->scale == form->second.scale &&
                              common->zeroPoint == form->second.zeroPoint);
    if (!isSame)
      return std::nullopt;
    common = form->second;
  }
  return common;
}

Int8FormMap readInt8Forms(func::FuncOp function) {
  Int8FormMap given;
  function.walk([&](linalg::GenericOp op) {
    auto attribute =
        op->getAttrOfType<TypeAttr>(ColonnadeDialect::getQuantizedAttrName());
    if (!attribute)
      return;
    auto type = cast<quant::UniformQuantizedType>(attribute.getValue());
    given[op.getResult(0)] = {type.getScale(), int32_t(type.getZeroPoint())};
  });
  for (Value argument : function.getArguments())
    if (std::optional<Int8Form> form = findFormOfUses(argument, given))
      given[argument] = *form;
  return given;
}

} // namespace colonnade
