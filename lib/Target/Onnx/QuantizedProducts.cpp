//===- QuantizedProducts.cpp - Products of quantized tensors --------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The operands minus their zero points are i32; so zero is 0, what a padded
// convolution needs, and the products are those of the float importers. Sums
// wrap around as ONNX's do.
//
//===----------------------------------------------------------------------===//

#include "QuantizedProducts.h"
#include "Convolutions.h"
#include "MatrixProducts.h"
#include "OperandChecks.h"
#include "QuantizationParameters.h"
#include "ScalarBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace colonnade::onnximport {

/// Operand `index` minus its zero point, as i32.
static Value createCentered(NodeImporter &node, unsigned index,
                            const Parameter &zeroPoint) {
  Type wide = node.builder.getI32Type();
  Signedness signedness = node.getInputSignedness(index);
  auto extend = [&](ImplicitLocOpBuilder &nested, Value element) {
    return createCast(nested, element, signedness, wide, Signedness::Signed);
  };
  Value data = node.getInput(index);
  auto type = RankedTensorType::get(getShape(data), wide);
  if (zeroPoint.number == 0)
    return createWithParameters(
        node.builder, type, data, {}, {},
        [&](ImplicitLocOpBuilder &nested, ValueRange elements) {
          return extend(nested, elements[0]);
        });
  return createWithParameters(
      node.builder, type, data, zeroPoint, wide,
      [&](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        return arith::SubIOp::create(nested, extend(nested, elements[0]),
                                     elements[1]);
      });
}

namespace {
/// Where a node has the operands of a product.
struct ProductOperands {
  unsigned left, leftZeroPoint, right, rightZeroPoint;
};
/// Those of QLinearConv and QLinearMatMul, and of ConvInteger and
/// MatMulInteger.
constexpr ProductOperands linearOperands{0, 2, 3, 5};
constexpr ProductOperands integerOperands{0, 2, 1, 3};
} // namespace

/// Sums of products of two tensors, as i32 of the result's shape.
static FailureOr<Value> createConvSums(NodeImporter &node,
                                       ProductOperands operands) {
  FailureOr<Convolution> convolution =
      readConvolution(node, operands.left, operands.right);
  if (failed(convolution))
    return failure();
  FailureOr<Parameter> left = readScalarParameter(node, operands.leftZeroPoint);
  FailureOr<Parameter> right = readParameter(node, operands.rightZeroPoint, 0,
                                             getShape(convolution->kernel)[0]);
  if (failed(left) || failed(right))
    return failure();
  convolution->input = createCentered(node, operands.left, *left);
  convolution->kernel = createCentered(node, operands.right, *right);
  convolution->type = RankedTensorType::get(convolution->type.getShape(),
                                            node.builder.getI32Type());
  return createConvolution(node.builder, *convolution);
}

/// The zero points of a matrix: one, or one per row of the left operand or per
/// column of the right one.
static FailureOr<Parameter> readMatrixZeroPoint(NodeImporter &node,
                                                unsigned data,
                                                unsigned zeroPoint,
                                                unsigned fromLast) {
  ArrayRef<int64_t> shape = node.getInputType(data).getShape();
  if (shape.size() < fromLast)
    return readScalarParameter(node, zeroPoint);
  unsigned dimension = shape.size() - fromLast;
  return readParameter(node, zeroPoint, dimension, shape[dimension]);
}

static FailureOr<Value> createMatMulSums(NodeImporter &node,
                                         ProductOperands operands) {
  if (failed(checkMatMul(node, operands.left, operands.right)))
    return failure();
  FailureOr<Parameter> left =
      readMatrixZeroPoint(node, operands.left, operands.leftZeroPoint, 2);
  FailureOr<Parameter> right =
      readMatrixZeroPoint(node, operands.right, operands.rightZeroPoint, 1);
  if (failed(left) || failed(right))
    return failure();
  auto type = RankedTensorType::get(node.getResultType(0).getShape(),
                                    node.builder.getI32Type());
  return createMatMul(node.builder, createCentered(node, operands.left, *left),
                      createCentered(node, operands.right, *right), type);
}

LogicalResult importConvInteger(NodeImporter &node) {
  FailureOr<Value> sums = createConvSums(node, integerOperands);
  if (failed(sums))
    return failure();
  node.setResult(0, *sums);
  return success();
}

LogicalResult importMatMulInteger(NodeImporter &node) {
  FailureOr<Value> sums = createMatMulSums(node, integerOperands);
  if (failed(sums))
    return failure();
  node.setResult(0, *sums);
  return success();
}

/// Sums times left scale * right scale / result scale, quantized. Both ops have
/// the scales and the result's zero point in the same places; `dimension` of
/// the sums is that of the right operand's channels.
static LogicalResult setQuantizedSums(NodeImporter &node, Value sums,
                                      unsigned dimension) {
  constexpr unsigned leftScale = 1, rightScale = 4, resultScale = 6,
                     resultZeroPoint = 7;
  for (unsigned index : {leftScale, rightScale, resultScale, resultZeroPoint})
    if (failed(requireRank(node, index, 0)))
      return failure();
  ArrayRef<int64_t> shape = getShape(sums);
  int64_t channels = dimension < shape.size() ? shape[dimension] : 1;
  FailureOr<Parameter> left = readScalarParameter(node, leftScale);
  FailureOr<Parameter> right =
      readParameter(node, rightScale, dimension, channels);
  FailureOr<Parameter> result = readScalarParameter(node, resultScale);
  FailureOr<Parameter> zeroPoint = readScalarParameter(node, resultZeroPoint);
  if (failed(left) || failed(right) || failed(result) || failed(zeroPoint))
    return failure();
  ImplicitLocOpBuilder &builder = node.builder;
  Type f32 = builder.getF32Type();
  Signedness signedness = node.getResultSignedness(0);
  Parameter multiplier =
      createMultiplier(builder, *left, *right, *result, dimension);
  node.setResult(
      0,
      createWithParameters(
          builder, node.getResultType(0), sums, {multiplier, *zeroPoint},
          {f32, f32}, [&](ImplicitLocOpBuilder &nested, ValueRange elements) {
            Value sum = arith::SIToFPOp::create(nested, f32, elements[0]);
            Value scaled = arith::MulFOp::create(nested, sum, elements[1]);
            return createSaturated(nested, scaled, elements[2], signedness);
          }));
  return success();
}

LogicalResult importQLinearConv(NodeImporter &node) {
  constexpr unsigned biasOperand = 8;
  FailureOr<Value> sums = createConvSums(node, linearOperands);
  if (failed(sums))
    return failure();
  if (!node.hasInput(biasOperand))
    return setQuantizedSums(node, *sums, 1);
  if (failed(requireShape(node, biasOperand, getShape(*sums)[1])))
    return failure();
  Value biased =
      createAddBias(node.builder, *sums, node.getInput(biasOperand), 1);
  return setQuantizedSums(node, biased, 1);
}

LogicalResult importQLinearMatMul(NodeImporter &node) {
  FailureOr<Value> sums = createMatMulSums(node, linearOperands);
  if (failed(sums))
    return failure();
  unsigned rank = getShape(*sums).size();
  return setQuantizedSums(node, *sums, rank == 0 ? 0 : rank - 1);
}

} // namespace colonnade::onnximport
