//===- QuantizationParameters.cpp - Scales and zero points ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See QuantizationParameters.h.
//
//===----------------------------------------------------------------------===//

#include "QuantizationParameters.h"
#include "OperandChecks.h"
#include "ScalarBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;

namespace colonnade::onnximport {

/// The only element of a constant.
static std::optional<double> getNumber(NodeImporter &node, unsigned index) {
  DenseElementsAttr elements = node.getConstant(index);
  if (!elements || elements.getNumElements() != 1)
    return std::nullopt;
  if (isa<FloatType>(elements.getElementType()))
    return (*elements.value_begin<APFloat>()).convertToDouble();
  APInt value = *elements.value_begin<APInt>();
  return node.getInputSignedness(index) == Signedness::Unsigned
             ? value.getZExtValue()
             : value.getSExtValue();
}

FailureOr<Parameter> readParameter(NodeImporter &node, unsigned index,
                                   unsigned dimension, int64_t size) {
  if (!node.hasInput(index))
    return Parameter{0.0, {}, dimension, Signedness::Signed};
  RankedTensorType type = node.getInputType(index);
  Signedness signedness = node.getInputSignedness(index);
  if (std::optional<double> number = getNumber(node, index))
    return Parameter{number, {}, dimension, signedness};
  if (type.getNumElements() == 1)
    return Parameter{std::nullopt,
                     createReshape(node.builder, node.getInput(index), {}),
                     dimension, signedness};
  if (failed(requireShape(node, index, size)))
    return failure();
  return Parameter{std::nullopt, node.getInput(index), dimension, signedness};
}

FailureOr<Parameter> readScalarParameter(NodeImporter &node, unsigned index) {
  if (node.hasInput(index) && node.getInputType(index).getNumElements() != 1)
    return node.reject("operand " + Twine(index) + " has " +
                       Twine(node.getInputType(index).getNumElements()) +
                       " elements; the importer handles one scale or zero "
                       "point per tensor here");
  return readParameter(node, index, 0, 1);
}

/// A vector lies along its dimension; one number is the same for all.
static MappedValue mapParameter(const Parameter &parameter, unsigned rank) {
  if (getTensorType(parameter.tensor).getRank() == 0)
    return mapTo(parameter.tensor, rank, {});
  return mapTo(parameter.tensor, rank, parameter.dimension);
}

Value createWithParameters(ImplicitLocOpBuilder &builder, RankedTensorType type,
                           Value data, ArrayRef<Parameter> parameters,
                           ParameterTypes parameterTypes,
                           ElementFunction body) {
  unsigned rank = type.getRank();
  SmallVector<MappedValue> operands{
      {data, builder.getMultiDimIdentityMap(rank)}};
  for (const Parameter &parameter : parameters)
    if (!parameter.number)
      operands.push_back(mapParameter(parameter, rank));
  return createElementwise(
      builder, type, operands,
      [&](ImplicitLocOpBuilder &nested, ValueRange elements) {
        SmallVector<Value> arguments{elements.front()};
        auto next = elements.begin() + 1;
        for (auto [parameter, wanted] :
             llvm::zip_equal(parameters, parameterTypes))
          arguments.push_back(
              parameter.number
                  ? createNumber(nested, wanted, *parameter.number)
                  : createCast(nested, *next++, parameter.signedness, wanted,
                               Signedness::Signed));
        return body(nested, arguments);
      });
}

/// The parameter as an operand of a generic of `rank` 0 or 1.
static MappedValue createOperand(ImplicitLocOpBuilder &builder,
                                 const Parameter &parameter, unsigned rank) {
  if (parameter.number)
    return mapTo(createFloats(builder,
                              RankedTensorType::get({}, builder.getF32Type()),
                              *parameter.number),
                 rank, {});
  unsigned parameterRank = getTensorType(parameter.tensor).getRank();
  return mapTo(parameter.tensor, rank,
               parameterRank == 0 ? ArrayRef<unsigned>() : ArrayRef(0u));
}

Parameter createMultiplier(ImplicitLocOpBuilder &builder, const Parameter &left,
                           const Parameter &right, const Parameter &result,
                           unsigned dimension) {
  if (left.number && right.number && result.number) {
    float product =
        static_cast<float>(*left.number) * static_cast<float>(*right.number);
    return {product / static_cast<float>(*result.number),
            {},
            dimension,
            Signedness::Signed};
  }
  // Only weights have one scale per channel.
  ArrayRef<int64_t> shape;
  if (right.tensor)
    shape = getShape(right.tensor);
  auto type = RankedTensorType::get(shape, builder.getF32Type());
  Value multiplier = createElementwise(
      builder, type,
      {createOperand(builder, left, shape.size()),
       createOperand(builder, right, shape.size()),
       createOperand(builder, result, shape.size())},
      [](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        Value product = arith::MulFOp::create(nested, elements[0], elements[1]);
        return arith::DivFOp::create(nested, product, elements[2]);
      });
  return {std::nullopt, multiplier, dimension, Signedness::Signed};
}

Value createSaturated(ImplicitLocOpBuilder &builder, Value scaled,
                      Value zeroPoint, Signedness signedness) {
  bool isUnsigned = signedness == Signedness::Unsigned;
  Type type = scaled.getType();
  Value rounded = math::RoundEvenOp::create(builder, scaled);
  Value shifted = arith::AddFOp::create(builder, rounded, zeroPoint);
  Value raised = arith::MaximumFOp::create(
      builder, shifted, createNumber(builder, type, isUnsigned ? 0 : -128));
  Value clamped = arith::MinimumFOp::create(
      builder, raised, createNumber(builder, type, isUnsigned ? 255 : 127));
  // By way of i32, since 255 is no number of i8.
  Value wide = arith::FPToSIOp::create(builder, builder.getI32Type(), clamped);
  return arith::TruncIOp::create(builder, builder.getI8Type(), wide);
}

} // namespace colonnade::onnximport
