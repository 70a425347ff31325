//===- QuantizeLayers.cpp - The layers that can be quantized -------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One matcher per kind of layer. Each says in its error what it expected, what
// it got, and which pass brings the one to the other.
//
//===----------------------------------------------------------------------===//

#include "QuantizeLayers.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include <cmath>

using namespace mlir;

namespace colonnade {
namespace {

using Kind = QuantizableLayer::Kind;

constexpr llvm::StringLiteral kSupported =
    "supported are linalg.conv_2d_nchw_fchw, linalg.matmul, "
    "linalg.pooling_nchw_max and _sum, tensor.pad, tensor.collapse_shape and "
    "expand_shape, and linalg.generic that adds, multiplies or divides by a "
    "constant per channel, adds two tensors or takes max(x, 0)";

bool isStaticFloat(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() && tensor.getElementType().isF32() &&
         tensor.getRank() > kChannelDim;
}

/// The scalar that fills `value`, if it is a linalg.fill or a splat.
std::optional<APFloat> getFillValue(Value value) {
  if (auto fill = value.getDefiningOp<linalg::FillOp>())
    value = fill.getInputs().front();
  Attribute attribute;
  if (!matchPattern(value, m_Constant(&attribute)))
    return std::nullopt;
  if (auto splat = dyn_cast<SplatElementsAttr>(attribute))
    attribute = splat.getSplatValue<Attribute>();
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getValue();
  return std::nullopt;
}

/// The multi-dimensional index of a row-major position.
std::string printIndex(int64_t position, ArrayRef<int64_t> shape) {
  SmallVector<int64_t> index(shape.size());
  for (size_t dim = shape.size(); dim-- > 0; position /= shape[dim])
    index[dim] = position % shape[dim];
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleaveComma(index, stream << "[");
  stream << "]";
  return text;
}

LogicalResult checkFinite(Value constant, ArrayRef<float> values) {
  for (auto [position, value] : llvm::enumerate(values))
    if (!std::isfinite(value))
      return emitError(constant.getLoc(),
                       "expected finite values to quantize, got ")
             << formatNumber(value) << " at index "
             << printIndex(position,
                           cast<ShapedType>(constant.getType()).getShape());
  return success();
}

FailureOr<std::vector<float>> readWeights(Operation *op, Value weights) {
  Attribute attribute;
  if (!matchPattern(weights, m_Constant(&attribute)))
    return emitError(op->getLoc(), "cannot quantize '")
           << op->getName()
           << "': expected constant weights as its second operand, got a "
              "value that is computed";
  std::optional<std::vector<float>> values = readFloatValues(attribute);
  if (!values)
    return emitError(op->getLoc(), "cannot quantize '")
           << op->getName() << "': expected f32 weights in a dense or "
           << "dense_resource constant, got " << weights.getType();
  if (failed(checkFinite(weights, *values)))
    return failure();
  return std::move(*values);
}

LogicalResult checkZeroInit(linalg::LinalgOp op) {
  std::optional<APFloat> init = getFillValue(op.getDpsInits().front());
  if (init && init->isZero())
    return success();
  return emitError(op.getLoc(), "cannot quantize '")
         << op->getName()
         << "': expected outs filled with 0 (--colonnade-normalize makes it "
            "so)";
}

FailureOr<QuantizableLayer> matchContraction(linalg::LinalgOp op, Kind kind) {
  if (auto matmul = dyn_cast<linalg::MatmulOp>(op.getOperation()))
    if (matmul.hasUserDefinedMaps())
      return emitError(op.getLoc(),
                       "cannot quantize 'linalg.matmul' with indexing maps "
                       "of its own: transpose the weights "
                       "(--colonnade-normalize does for constants)");
  if (failed(checkZeroInit(op)))
    return failure();
  FailureOr<std::vector<float>> weights =
      readWeights(op, op.getDpsInputOperand(1)->get());
  if (failed(weights))
    return failure();
  return QuantizableLayer{
      kind, op, op.getDpsInputOperand(0)->get(), std::move(*weights), {}};
}

FailureOr<QuantizableLayer> matchElementwise(linalg::GenericOp op) {
  std::string whyNot;
  std::optional<ElementwiseLayer> layer = matchElementwiseLayer(op, whyNot);
  if (!layer)
    return emitError(op.getLoc(), "cannot quantize 'linalg.generic': ")
           << whyNot << "; " << kSupported;
  for (auto [channel, value] : llvm::enumerate(layer->values))
    if (!std::isfinite(value))
      return emitError(op.getLoc(),
                       "cannot quantize 'linalg.generic': expected finite "
                       "constants, got ")
             << formatNumber(value) << " for channel " << channel;
  bool scales = layer->kind == ElementwiseLayer::Kind::MultiplyConstant ||
                layer->kind == ElementwiseLayer::Kind::DivideConstant;
  for (auto [channel, value] : llvm::enumerate(layer->values))
    if (scales && !(value > 0))
      return emitError(op.getLoc(),
                       "cannot quantize 'linalg.generic': expected "
                       "positive factors, got ")
             << formatNumber(value) << " for channel " << channel
             << " (--colonnade-normalize folds factors into the weights "
                "before them)";
  Value data = layer->data;
  return QuantizableLayer{Kind::Elementwise, op, data, {}, std::move(*layer)};
}

FailureOr<QuantizableLayer> matchMaxPool(linalg::PoolingNchwMaxOp op) {
  std::optional<APFloat> init = getFillValue(op.getDpsInits().front());
  bool lowest =
      init && init->isNegative() && (init->isInfinity() || init->isLargest());
  if (!lowest)
    return emitError(op.getLoc(),
                     "cannot quantize 'linalg.pooling_nchw_max': expected "
                     "outs filled with -inf or the lowest float");
  return QuantizableLayer{
      Kind::MaxPool, op, op.getDpsInputOperand(0)->get(), {}, {}};
}

FailureOr<QuantizableLayer> matchSumPool(linalg::PoolingNchwSumOp op) {
  if (failed(checkZeroInit(op)))
    return failure();
  return QuantizableLayer{
      Kind::SumPool, op, op.getDpsInputOperand(0)->get(), {}, {}};
}

FailureOr<QuantizableLayer> matchPad(tensor::PadOp op) {
  Value padding = op.getConstantPaddingValue();
  FloatAttr value;
  if (!padding || !matchPattern(padding, m_Constant(&value)) ||
      !value.getValue().isZero())
    return emitError(op.getLoc(),
                     "cannot quantize 'tensor.pad': expected padding with "
                     "the constant 0");
  return QuantizableLayer{Kind::Pad, op, op.getSource(), {}, {}};
}

} // namespace

bool isLayerParameter(Operation *op) {
  return isa<arith::ConstantOp, tensor::EmptyOp, linalg::FillOp,
             func::ReturnOp>(op);
}

FailureOr<QuantizableLayer> matchQuantizableLayer(Operation *op) {
  for (Type type : op->getResultTypes())
    if (!isStaticFloat(type))
      return emitError(op->getLoc(), "cannot quantize '")
             << op->getName()
             << "': expected a static f32 tensor of rank 2 or more as its "
                "result, got "
             << type;
  return llvm::TypeSwitch<Operation *, FailureOr<QuantizableLayer>>(op)
      .Case<linalg::Conv2DNchwFchwOp>(
          [](auto op) { return matchContraction(op, Kind::Convolution); })
      .Case<linalg::MatmulOp>(
          [](auto op) { return matchContraction(op, Kind::Matmul); })
      .Case<linalg::GenericOp>([](auto op) { return matchElementwise(op); })
      .Case<linalg::PoolingNchwMaxOp>([](auto op) { return matchMaxPool(op); })
      .Case<linalg::PoolingNchwSumOp>([](auto op) { return matchSumPool(op); })
      .Case<tensor::PadOp>([](auto op) { return matchPad(op); })
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp>(
          [](auto op) -> FailureOr<QuantizableLayer> {
            return QuantizableLayer{Kind::Reshape, op, op.getSrc(), {}, {}};
          })
      .Default([](Operation *op) -> FailureOr<QuantizableLayer> {
        return emitError(op->getLoc(), "cannot quantize '")
               << op->getName() << "': " << kSupported
               << " (--colonnade-normalize brings many ops to these)";
      });
}

static LogicalResult checkSignature(func::FuncOp function) {
  if (function.isExternal())
    return emitError(function.getLoc(), "cannot quantize '@")
           << function.getName() << "': it has no body";
  if (function.getNumArguments() != 1)
    return emitError(function.getLoc(), "cannot quantize '@")
           << function.getName() << "': expected 1 argument, the image, got "
           << function.getNumArguments();
  FunctionType type = function.getFunctionType();
  for (Type boundary :
       llvm::concat<const Type>(type.getInputs(), type.getResults()))
    if (!isStaticFloat(boundary))
      return emitError(function.getLoc(), "cannot quantize '@")
             << function.getName()
             << "': expected static f32 tensors of rank 2 or more as argument "
                "and results, got "
             << boundary;
  return success();
}

/// The value that a layer or the return reads must be computed from the input.
static LogicalResult checkActivation(Operation *user, Value value) {
  Operation *producer = value.getDefiningOp();
  if (!producer || !isLayerParameter(producer))
    return success();
  return emitError(user->getLoc(), "cannot quantize '")
         << user->getName()
         << "' of a constant: expected a value that depends on the input "
            "(--canonicalize folds constants)";
}

FailureOr<std::vector<QuantizableLayer>>
matchQuantizableFunction(func::FuncOp function) {
  if (failed(checkSignature(function)))
    return failure();
  std::vector<QuantizableLayer> layers;
  for (Operation &op : function.getBody().front()) {
    if (isa<func::ReturnOp>(op))
      for (Value result : op.getOperands())
        if (failed(checkActivation(&op, result)))
          return failure();
    if (isLayerParameter(&op))
      continue;
    FailureOr<QuantizableLayer> layer = matchQuantizableLayer(&op);
    if (failed(layer))
      return failure();
    if (failed(checkActivation(&op, layer->data)))
      return failure();
    if (layer->elementwise.other &&
        failed(checkActivation(&op, layer->elementwise.other)))
      return failure();
    layers.push_back(std::move(*layer));
  }
  return layers;
}

} // namespace colonnade
