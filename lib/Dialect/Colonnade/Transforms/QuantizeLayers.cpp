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
#include "Constants.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include <cmath>

using namespace mlir;

namespace colonnade {
namespace {

using Kind = QuantizableLayer::Kind;

constexpr llvm::StringLiteral kSupported =
    "supported are convolutions (linalg.conv_2d_nchw_fchw, "
    "depthwise_conv_2d_nchw_chw, conv_2d_ngchw_gfchw), linalg.matmul and "
    "batch_matmul, linalg.pooling_nchw_max and _sum, linalg.generic, "
    "linalg.transpose, tensor.pad, concat, extract_slice, collapse_shape and "
    "expand_shape (--colonnade-normalize brings many ops to these)";

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

/// Whether a value is no constant that has an infinite element or NaN.
bool hasFiniteElements(Value value) {
  std::optional<FloatConstant> constant = FloatConstant::get(value);
  return !constant || llvm::all_of(constant->getValues(), [](float element) {
    return std::isfinite(element);
  });
}

LogicalResult checkWeights(Operation *op, Value weights) {
  std::optional<FloatConstant> constant = FloatConstant::get(weights);
  if (!constant)
    return emitError(op->getLoc(), "cannot quantize '")
           << op->getName() << "': expected f32 weights in a dense or "
           << "dense_resource constant, got " << weights.getType();
  return checkFinite(weights, constant->getValues());
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

FailureOr<QuantizableLayer> matchContraction(linalg::LinalgOp op) {
  if (!getContractionChannels(op))
    return emitError(op.getLoc(), "cannot quantize '")
           << op->getName()
           << "' with indexing maps of its own: transpose the operands "
              "(--colonnade-normalize does)";
  if (failed(checkZeroInit(op)))
    return failure();
  Value data = op.getDpsInputOperand(0)->get();
  Value weights = op.getDpsInputOperand(1)->get();
  QuantizableLayer layer{Kind::Contraction, op, {data}};
  if (!matchPattern(weights, m_Constant())) {
    layer.data.push_back(weights);
    return layer;
  }
  if (failed(checkWeights(op, weights)))
    return failure();
  return layer;
}

//===----------------------------------------------------------------------===//
// linalg.generic
//===----------------------------------------------------------------------===//

/// Why the vector unit cannot run the loop nest of `op`; none if it can, as far
/// as its shape goes.
std::optional<std::string> getNestObjection(linalg::GenericOp op) {
  if (op.getNumResults() != 1)
    return "it has " + std::to_string(op.getNumResults()) +
           " results, expected 1";
  for (AffineMap map : op.getIndexingMapsArray())
    if (!map.isProjectedPermutation(/*allowZeroInResults=*/true))
      return llvm::formatv("it reads or writes a tensor by {0}, expected one "
                           "loop per dimension",
                           map)
          .str();
  BlockArgument init = op.getBody()->getArguments().back();
  if (!init.use_empty() && !getFillValue(op.getDpsInits().front()))
    return "its body reads outs that are not filled with a constant";
  return std::nullopt;
}

FailureOr<QuantizableLayer> matchGeneric(linalg::GenericOp op) {
  if (std::optional<std::string> objection = getNestObjection(op))
    return emitError(op.getLoc(), "cannot quantize 'linalg.generic': ")
           << *objection << "; " << kSupported;
  std::optional<ElementwiseLayer> elementwise = matchElementwiseLayer(op);
  if (!elementwise) {
    QuantizableLayer layer{Kind::Float, op, {}};
    llvm::append_range(layer.data, op.getDpsInputs());
    return layer;
  }
  QuantizableLayer layer{Kind::Elementwise, op, {elementwise->data}};
  if (elementwise->kind == ElementwiseLayer::Kind::AddTensors) {
    layer.kind = Kind::AddTensors;
    layer.data.push_back(elementwise->other);
  }
  layer.elementwise = std::move(*elementwise);
  return layer;
}

//===----------------------------------------------------------------------===//
// Pooling and movement
//===----------------------------------------------------------------------===//

FailureOr<QuantizableLayer> matchMaxPool(linalg::PoolingNchwMaxOp op) {
  std::optional<APFloat> init = getFillValue(op.getDpsInits().front());
  bool lowest =
      init && init->isNegative() && (init->isInfinity() || init->isLargest());
  if (!lowest)
    return emitError(op.getLoc(),
                     "cannot quantize 'linalg.pooling_nchw_max': expected "
                     "outs filled with -inf or the lowest float");
  return QuantizableLayer{Kind::MaxPool, op, {op.getDpsInputOperand(0)->get()}};
}

FailureOr<QuantizableLayer> matchSumPool(linalg::PoolingNchwSumOp op) {
  if (failed(checkZeroInit(op)))
    return failure();
  return QuantizableLayer{Kind::SumPool, op, {op.getDpsInputOperand(0)->get()}};
}

FailureOr<QuantizableLayer> matchPad(tensor::PadOp op) {
  std::optional<APFloat> value = getPaddingValue(op);
  if (!value)
    return emitError(op.getLoc(), "cannot quantize 'tensor.pad': expected "
                                  "padding with one constant");
  // -infinity is what maxima ignore, as they do the lowest int8.
  bool onlyMaxima =
      llvm::all_of(op->getUsers(), llvm::IsaPred<linalg::PoolingNchwMaxOp>);
  bool isLowest =
      value->isNegative() && (value->isInfinity() || value->isLargest());
  bool hasInteger = value->isZero() || (isLowest && onlyMaxima);
  return QuantizableLayer{
      hasInteger ? Kind::Movement : Kind::Float, op, {op.getSource()}};
}

FailureOr<QuantizableLayer> matchSlice(tensor::ExtractSliceOp op) {
  auto isStatic = [](ArrayRef<int64_t> values) {
    return !llvm::is_contained(values, ShapedType::kDynamic);
  };
  bool forward = llvm::all_of(op.getStaticStrides(),
                              [](int64_t stride) { return stride > 0; });
  if (!isStatic(op.getStaticOffsets()) || !isStatic(op.getStaticStrides()) ||
      !forward)
    return emitError(op.getLoc(),
                     "cannot quantize 'tensor.extract_slice': expected "
                     "constant offsets and positive constant strides");
  return QuantizableLayer{Kind::Movement, op, {op.getSource()}};
}

FailureOr<QuantizableLayer> matchMovement(Operation *op) {
  return QuantizableLayer{Kind::Movement, op, {op->getOperand(0)}};
}

LogicalResult checkResult(Operation *op) {
  for (Type type : op->getResultTypes()) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    bool isNest = isa<linalg::GenericOp>(op);
    bool isComputable = tensor && tensor.hasStaticShape() &&
                        tensor.getNumElements() != 0 &&
                        (tensor.getElementType().isF32() ||
                         (isNest && tensor.getElementType().isInteger(1)));
    if (!isComputable)
      return emitError(op->getLoc(), "cannot quantize '")
             << op->getName()
             << "': expected a static f32 tensor with elements as its result, "
                "got "
             << type;
  }
  return success();
}

} // namespace

std::optional<APFloat> getPaddingValue(tensor::PadOp op) {
  Value padding = op.getConstantPaddingValue();
  FloatAttr value;
  if (!padding || !matchPattern(padding, m_Constant(&value)))
    return std::nullopt;
  return value.getValue();
}

/// A lookup says more about itself than the arithmetic of its indices, which
/// --colonnade-normalize puts into ops before it.
static LogicalResult checkLookups(func::FuncOp function) {
  WalkResult result = function.walk([](linalg::GenericOp op) {
    if (op.getBody()->getOps<tensor::ExtractOp>().empty())
      return WalkResult::advance();
    emitError(op.getLoc(), "cannot quantize 'linalg.generic': it looks "
                           "elements up at positions known at run time only, "
                           "which no unit of the machine can: make the "
                           "indices constant");
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

LogicalResult checkBodies(func::FuncOp function) {
  if (failed(checkLookups(function)))
    return failure();
  WalkResult result = function.walk([](linalg::GenericOp op) {
    for (Operation &scalar : op.getBody()->without_terminator()) {
      if (isa_and_nonnull<arith::ArithDialect, math::MathDialect>(
              scalar.getDialect()))
        continue;
      emitError(op.getLoc(), "cannot quantize 'linalg.generic': expected a "
                             "body of arith and math operations, got '")
          << scalar.getName() << "'";
      return WalkResult::interrupt();
    }
    return WalkResult::advance();
  });
  return failure(result.wasInterrupted());
}

bool isLayerParameter(Operation *op) {
  return isa<arith::ConstantOp, tensor::EmptyOp, linalg::FillOp,
             func::ReturnOp>(op);
}

FailureOr<QuantizableLayer> matchQuantizableLayer(Operation *op) {
  if (failed(checkResult(op)))
    return failure();
  using Result = FailureOr<QuantizableLayer>;
  return llvm::TypeSwitch<Operation *, Result>(op)
      .Case<linalg::Conv2DNchwFchwOp, linalg::DepthwiseConv2DNchwChwOp,
            linalg::Conv2DNgchwGfchwOp, linalg::MatmulOp,
            linalg::BatchMatmulOp>([](auto op) { return matchContraction(op); })
      .Case<linalg::GenericOp>([](auto op) { return matchGeneric(op); })
      .Case<linalg::PoolingNchwMaxOp>([](auto op) { return matchMaxPool(op); })
      .Case<linalg::PoolingNchwSumOp>([](auto op) { return matchSumPool(op); })
      .Case<tensor::PadOp>([](auto op) { return matchPad(op); })
      .Case<tensor::ExtractSliceOp>([](auto op) { return matchSlice(op); })
      .Case<tensor::CollapseShapeOp, tensor::ExpandShapeOp,
            linalg::TransposeOp>([](auto op) { return matchMovement(op); })
      .Case<tensor::ConcatOp>([](tensor::ConcatOp op) -> Result {
        // Of an infinite constant there are no integers.
        bool isFinite = llvm::all_of(op.getInputs(), hasFiniteElements);
        QuantizableLayer layer{isFinite ? Kind::Concat : Kind::Float, op, {}};
        llvm::append_range(layer.data, op.getInputs());
        return layer;
      })
      .Default([](Operation *op) -> Result {
        return emitError(op->getLoc(), "cannot quantize '")
               << op->getName() << "': " << kSupported;
      });
}

} // namespace colonnade
