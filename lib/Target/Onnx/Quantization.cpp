//===- Quantization.cpp - QuantizeLinear and DequantizeLinear -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A model's own scales travel in types of upstream's quant dialect: what a
// DequantizeLinear with known parameters reads is cast (quant.scast) to
// !quant.uniform and dequantized by quant.dcast, whose upstream lowering is
// exactly ONNX's (x - zero point) * scale.
//
// QuantizeLinear is NOT quant.qcast: upstream lowers that to a division and
// arith.fptosi, which rounds towards zero and does not saturate, where ONNX
// rounds half to even and saturates. It is a generic that computes the stored
// integers exactly. docs/rationale/onnx.md says how later passes find the
// scales.
//
//===----------------------------------------------------------------------===//

#include "OperandChecks.h"
#include "QuantizationParameters.h"
#include "QuantizedProducts.h"
#include "ScalarBuilders.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Quant/IR/Quant.h"
#include "mlir/Dialect/Quant/IR/QuantTypes.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace colonnade::onnximport {

constexpr unsigned scaleOperand = 1;
constexpr unsigned zeroPointOperand = 2;

/// The dimension that vectors of parameters lie along; 0 if there are none.
static FailureOr<unsigned> readAxis(NodeImporter &node) {
  if (failed(requireRank(node, 0, 0)) ||
      failed(requireRank(node, scaleOperand, 0)))
    return failure();
  if (node.getInputType(scaleOperand).getNumElements() == 1)
    return 0;
  int64_t rank = node.getInputType(0).getRank();
  int64_t axis = node.getInteger("axis", 1);
  if (axis < -rank || axis >= rank)
    return node.reject("expected 'axis' from " + Twine(-rank) + " to " +
                       Twine(rank - 1) + ", got " + Twine(axis));
  return axis < 0 ? axis + rank : axis;
}

namespace {
struct LinearParameters {
  Parameter scale, zeroPoint;
  unsigned axis;
};
} // namespace

/// Rejects vectors of parameters that do not go together.
static LogicalResult checkParameters(NodeImporter &node) {
  int64_t scales = node.getInputType(scaleOperand).getNumElements();
  int64_t zeroPoints =
      node.hasInput(zeroPointOperand)
          ? node.getInputType(zeroPointOperand).getNumElements()
          : scales;
  if (scales > 0 && scales == zeroPoints)
    return success();
  return node.reject(
      "expected as many zero points as scales, at least one, got " +
      Twine(zeroPoints) + " and " + Twine(scales));
}

static FailureOr<LinearParameters> readLinearParameters(NodeImporter &node) {
  FailureOr<unsigned> axis = readAxis(node);
  if (failed(axis) || failed(checkParameters(node)))
    return failure();
  ArrayRef<int64_t> shape = node.getInputType(0).getShape();
  int64_t size = shape.empty() ? 1 : shape[*axis];
  FailureOr<Parameter> scale = readParameter(node, scaleOperand, *axis, size);
  FailureOr<Parameter> zeroPoint =
      readParameter(node, zeroPointOperand, *axis, size);
  if (failed(scale) || failed(zeroPoint))
    return failure();
  return LinearParameters{*scale, *zeroPoint, *axis};
}

static LogicalResult importQuantizeLinear(NodeImporter &node) {
  FailureOr<LinearParameters> parameters = readLinearParameters(node);
  if (failed(parameters))
    return failure();
  ImplicitLocOpBuilder &builder = node.builder;
  Type f32 = builder.getF32Type();
  Signedness from = node.getInputSignedness(0);
  Signedness to = node.getResultSignedness(0);
  node.setResult(
      0, createWithParameters(
             builder, node.getResultType(0), node.getInput(0),
             {parameters->scale, parameters->zeroPoint}, {f32, f32},
             [&](ImplicitLocOpBuilder &nested, ValueRange elements) {
               Value x = createCast(nested, elements[0], from, f32,
                                    Signedness::Signed);
               Value scaled = arith::DivFOp::create(nested, x, elements[1]);
               return createSaturated(nested, scaled, elements[2], to);
             }));
  return success();
}

//===----------------------------------------------------------------------===//
// DequantizeLinear
//===----------------------------------------------------------------------===//

/// Constant scales; an error for one that no quantized type has.
static FailureOr<SmallVector<double>> readScales(NodeImporter &node) {
  SmallVector<double> scales;
  for (const APFloat &scale :
       node.getConstant(scaleOperand).getValues<APFloat>()) {
    if (scale.isNegative() || !scale.isFiniteNonZero())
      return node.reject(llvm::formatv("expected scales above 0, got {0}",
                                       scale.convertToDouble())
                             .str());
    scales.push_back(scale.convertToDouble());
  }
  return scales;
}

/// Constant zero points, one per scale.
static SmallVector<int64_t> readZeroPoints(NodeImporter &node, size_t count) {
  if (!node.hasInput(zeroPointOperand))
    return SmallVector<int64_t>(count, 0);
  bool isUnsigned =
      node.getInputSignedness(zeroPointOperand) == Signedness::Unsigned;
  return llvm::map_to_vector(
      node.getConstant(zeroPointOperand).getValues<APInt>(),
      [&](const APInt &zeroPoint) -> int64_t {
        return isUnsigned ? zeroPoint.getZExtValue() : zeroPoint.getSExtValue();
      });
}

/// The type that says what operand 0 stores, from known parameters.
static quant::QuantizedType getQuantizedType(NodeImporter &node,
                                             ArrayRef<double> scales,
                                             ArrayRef<int64_t> zeroPoints,
                                             unsigned axis) {
  bool isSigned = node.getInputSignedness(0) == Signedness::Signed;
  Type storage = node.getInputType(0).getElementType();
  Type expressed = node.builder.getF32Type();
  unsigned flags = isSigned ? quant::QuantizationFlags::Signed : 0;
  unsigned width = storage.getIntOrFloatBitWidth();
  int64_t least =
      quant::QuantizedType::getDefaultMinimumForInteger(isSigned, width);
  int64_t most =
      quant::QuantizedType::getDefaultMaximumForInteger(isSigned, width);
  if (scales.size() == 1)
    return quant::UniformQuantizedType::get(flags, storage, expressed,
                                            scales.front(), zeroPoints.front(),
                                            least, most);
  return quant::UniformQuantizedPerAxisType::get(
      flags, storage, expressed, scales, zeroPoints, axis, least, most);
}

static LogicalResult importKnownDequantize(NodeImporter &node, unsigned axis) {
  FailureOr<SmallVector<double>> scales = readScales(node);
  if (failed(scales))
    return failure();
  RankedTensorType data = node.getInputType(0);
  auto type = RankedTensorType::get(
      data.getShape(),
      getQuantizedType(node, *scales, readZeroPoints(node, scales->size()),
                       axis));
  Value stored =
      quant::StorageCastOp::create(node.builder, type, node.getInput(0));
  node.setResult(0, quant::DequantizeCastOp::create(
                        node.builder, node.getResultType(0), stored));
  return success();
}

/// (x - zero point) * scale
static void importComputedDequantize(NodeImporter &node,
                                     const LinearParameters &parameters) {
  ImplicitLocOpBuilder &builder = node.builder;
  Type f32 = builder.getF32Type();
  Signedness signedness = node.getInputSignedness(0);
  node.setResult(
      0, createWithParameters(
             builder, node.getResultType(0), node.getInput(0),
             {parameters.scale, parameters.zeroPoint}, {f32, f32},
             [&](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
               Value x = createCast(nested, elements[0], signedness, f32,
                                    Signedness::Signed);
               Value centered = arith::SubFOp::create(nested, x, elements[2]);
               return arith::MulFOp::create(nested, centered, elements[1]);
             }));
}

static LogicalResult importDequantizeLinear(NodeImporter &node) {
  FailureOr<LinearParameters> parameters = readLinearParameters(node);
  if (failed(parameters))
    return failure();
  bool isKnown =
      node.getConstant(scaleOperand) &&
      (!node.hasInput(zeroPointOperand) || node.getConstant(zeroPointOperand));
  if (isKnown)
    return importKnownDequantize(node, parameters->axis);
  importComputedDequantize(node, *parameters);
  return success();
}

void addQuantizationOps(ImportTable &table) {
  table["ConvInteger"] = importConvInteger;
  table["DequantizeLinear"] = importDequantizeLinear;
  table["MatMulInteger"] = importMatMulInteger;
  table["QLinearConv"] = importQLinearConv;
  table["QLinearMatMul"] = importQLinearMatMul;
  table["QuantizeLinear"] = importQuantizeLinear;
}

} // namespace colonnade::onnximport
