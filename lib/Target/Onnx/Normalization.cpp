//===- Normalization.cpp - Batch, layer and instance normalization --------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Batch normalization of a trained network is one factor and one offset per
// channel; both are computed here, so that the compiler folds them into the
// convolution before. Normalizations by the data's own mean and variance are
// taken apart into reductions and elementwise generics.
//
//===----------------------------------------------------------------------===//

#include "OperandChecks.h"
#include "ScalarBuilders.h"
#include "TensorBuilders.h"
#include "TensorData.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/AsmState.h"
#include "llvm/ADT/STLExtras.h"

using namespace mlir;

namespace colonnade::onnximport {

namespace {
/// Which dimensions a normalization takes the mean over, and how many elements
/// that are.
struct NormalizedDimensions {
  SmallVector<unsigned> kept, reduced;
  int64_t count = 1;
};

struct Moments {
  Value mean, variance;
  /// The elements minus their mean.
  Value centered;
};
} // namespace

static NormalizedDimensions
getDimensions(ArrayRef<int64_t> shape, function_ref<bool(unsigned)> isReduced) {
  NormalizedDimensions dimensions;
  for (auto [index, size] : llvm::enumerate(shape)) {
    if (isReduced(index)) {
      dimensions.reduced.push_back(index);
      dimensions.count *= size;
    } else {
      dimensions.kept.push_back(index);
    }
  }
  return dimensions;
}

/// A generic of two operands: `left` as it is, `right` along `dimensions`.
template <typename OpTy>
static Value createBinary(ImplicitLocOpBuilder &builder, Value left,
                          Value right, ArrayRef<unsigned> dimensions) {
  unsigned rank = getTensorType(left).getRank();
  return createElementwise(
      builder, getTensorType(left),
      {{left, builder.getMultiDimIdentityMap(rank)},
       mapTo(right, rank, dimensions)},
      [](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        return OpTy::create(nested, elements[0], elements[1]);
      });
}

static Value createSquare(ImplicitLocOpBuilder &builder, Value value) {
  return createUnary(builder, value,
                     [](ImplicitLocOpBuilder &nested, Value element) -> Value {
                       return arith::MulFOp::create(nested, element, element);
                     });
}

static Moments createMoments(ImplicitLocOpBuilder &builder, Value value,
                             const NormalizedDimensions &dimensions) {
  double reciprocal = 1.0 / dimensions.count;
  Value mean = createScaleBy(
      builder, createSum(builder, value, dimensions.reduced), reciprocal);
  Value centered =
      createBinary<arith::SubFOp>(builder, value, mean, dimensions.kept);
  Value squares =
      createSum(builder, createSquare(builder, centered), dimensions.reduced);
  return {mean, createScaleBy(builder, squares, reciprocal), centered};
}

/// 1 / sqrt(variance + epsilon)
static Value createInverseDeviation(ImplicitLocOpBuilder &builder,
                                    Value variance, double epsilon) {
  Type type = getElementType(variance);
  Value one = createNumber(builder, type, 1);
  Value least = createNumber(builder, type, epsilon);
  return createUnary(builder, variance,
                     [&](ImplicitLocOpBuilder &nested, Value element) -> Value {
                       Value sum =
                           arith::AddFOp::create(nested, element, least);
                       Value deviation = math::SqrtOp::create(nested, sum);
                       return arith::DivFOp::create(nested, one, deviation);
                     });
}

//===----------------------------------------------------------------------===//
// BatchNormalization
//===----------------------------------------------------------------------===//

namespace {
/// value * factor + offset, per channel.
struct ChannelAffine {
  Value factor, offset;
};
} // namespace

static SmallVector<double> getDoubles(DenseElementsAttr elements) {
  return llvm::map_to_vector(
      elements.getValues<APFloat>(),
      [](const APFloat &element) { return element.convertToDouble(); });
}

/// The factor and offset of known parameters, rounded once. Null values if one
/// of the parameters is not known.
static ChannelAffine foldParameters(NodeImporter &node, double epsilon) {
  SmallVector<SmallVector<double>, 4> parameters;
  for (unsigned index = 1; index <= 4; ++index) {
    DenseElementsAttr elements = node.getConstant(index);
    if (!elements)
      return {};
    parameters.push_back(getDoubles(elements));
  }
  SmallVector<double> factors, offsets;
  for (auto [scale, bias, mean, variance] : llvm::zip_equal(
           parameters[0], parameters[1], parameters[2], parameters[3])) {
    factors.push_back(scale / std::sqrt(variance + epsilon));
    offsets.push_back(bias - mean * factors.back());
  }
  auto type = RankedTensorType::get({static_cast<int64_t>(factors.size())},
                                    node.getInputType(0).getElementType());
  return {createFloats(node.builder, type, factors),
          createFloats(node.builder, type, offsets)};
}

/// The factor and offset of these moments, computed at run time.
static ChannelAffine createParameters(NodeImporter &node, Value mean,
                                      Value variance, double epsilon) {
  ImplicitLocOpBuilder &builder = node.builder;
  Value inverse = createInverseDeviation(builder, variance, epsilon);
  Value factor =
      createBinary<arith::MulFOp>(builder, node.getInput(1), inverse, 0u);
  Value shift = createBinary<arith::MulFOp>(builder, mean, factor, 0u);
  return {factor,
          createBinary<arith::SubFOp>(builder, node.getInput(2), shift, 0u)};
}

static Value createChannelAffine(ImplicitLocOpBuilder &builder, Value value,
                                 ChannelAffine affine) {
  unsigned rank = getTensorType(value).getRank();
  return createElementwise(
      builder, getTensorType(value),
      {{value, builder.getMultiDimIdentityMap(rank)},
       mapTo(affine.factor, rank, 1u),
       mapTo(affine.offset, rank, 1u)},
      [](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        Value scaled = arith::MulFOp::create(nested, elements[0], elements[1]);
        return arith::AddFOp::create(nested, scaled, elements[2]);
      });
}

/// momentum * running + (1 - momentum) * current
static Value createRunning(ImplicitLocOpBuilder &builder, Value running,
                           Value current, double momentum) {
  return createBinary<arith::AddFOp>(
      builder, createScaleBy(builder, running, momentum),
      createScaleBy(builder, current, 1 - momentum), 0u);
}

static LogicalResult importTrainingMode(NodeImporter &node, double epsilon) {
  ImplicitLocOpBuilder &builder = node.builder;
  Moments moments = createMoments(
      builder, node.getInput(0),
      getDimensions(node.getInputType(0).getShape(),
                    [](unsigned dimension) { return dimension != 1; }));
  ChannelAffine affine =
      createParameters(node, moments.mean, moments.variance, epsilon);
  node.setResult(0, createChannelAffine(builder, node.getInput(0), affine));
  double momentum = node.getFloat("momentum", 0.9f);
  if (node.hasResult(1))
    node.setResult(
        1, createRunning(builder, node.getInput(3), moments.mean, momentum));
  if (node.hasResult(2))
    node.setResult(2, createRunning(builder, node.getInput(4), moments.variance,
                                    momentum));
  return success();
}

/// A copy of a known f32 operand that no other node reads. Training changes one
/// normalization's parameters, also where a model that has not been trained yet
/// has those of several in one initializer; as a resource, the constant does
/// not become one with equal ones either.
static Value createOwnConstant(NodeImporter &node, unsigned index) {
  Value value = node.getInput(index);
  auto constant = value.getDefiningOp<arith::ConstantOp>();
  DenseElementsAttr elements = node.getConstant(index);
  if (!constant || !elements || !elements.getElementType().isF32())
    return value;
  std::string name = "batch_norm";
  if (auto loc = constant.getLoc()->findInstanceOf<NameLoc>())
    name = loc.getName().str();
  SmallVector<float> values(elements.getValues<float>());
  OpBuilder::InsertionGuard guard(node.builder);
  node.builder.setInsertionPoint(constant);
  return arith::ConstantOp::create(
      static_cast<OpBuilder &>(node.builder), constant.getLoc(),
      DenseResourceElementsAttr::get(
          elements.getType(), makeResourceName(name),
          HeapAsmResourceBlob::allocateAndCopyInferAlign(
              ArrayRef<float>(values))));
}

/// The network in inference mode: its statistics stay as they are.
static LogicalResult importAsOp(NodeImporter &node, double epsilon) {
  ImplicitLocOpBuilder &builder = node.builder;
  if (Type type = node.getInputType(0).getElementType();
      !type.isF32() && !type.isF64())
    return node.reject("the importer keeps batch normalization of f32 and f64 "
                       "as an op, not of other element types");
  double momentum = 1 - double(node.getFloat("momentum", 0.9f));
  if (!(momentum >= 0 && momentum <= 1))
    return node.reject("expected 'momentum' in [0, 1], got " +
                       std::to_string(1 - momentum));
  Value scale = createOwnConstant(node, 1), offset = createOwnConstant(node, 2);
  Value mean = createOwnConstant(node, 3),
        variance = createOwnConstant(node, 4);
  node.setResult(0, BatchNormInferenceOp::create(
                        builder, node.getInputType(0), node.getInput(0), scale,
                        offset, mean, variance, builder.getI64IntegerAttr(1),
                        builder.getF64FloatAttr(epsilon),
                        builder.getF64FloatAttr(momentum)));
  node.setResult(1, node.getInput(3));
  node.setResult(2, node.getInput(4));
  return success();
}

/// Rejects operands of shapes or types that the importer does not handle.
static LogicalResult checkBatchNormalization(NodeImporter &node,
                                             bool isTraining) {
  if (failed(requireRank(node, 0, 2)))
    return failure();
  RankedTensorType input = node.getInputType(0);
  for (unsigned index = 1; index <= 4; ++index) {
    if (failed(requireShape(node, index, input.getDimSize(1))))
      return failure();
    if (node.getInputType(index).getElementType() != input.getElementType() &&
        (isTraining || node.keepsBatchNorm() || !node.getConstant(index)))
      return node.reject("operand " + Twine(index) +
                         " is of another element type than the data; the "
                         "importer takes that from a constant only");
  }
  if (!node.getInteger("spatial", 1))
    return node.reject("'spatial' 0 normalizes every position on its own; the "
                       "importer handles 1, per channel");
  for (unsigned index = 1; index < node.getNumResults(); ++index)
    if (node.hasResult(index) && !isTraining)
      return node.reject("result " + Twine(index) +
                         " is a statistic of training; export the model for "
                         "inference");
  return success();
}

static LogicalResult importBatchNormalization(NodeImporter &node) {
  bool isTraining =
      node.getOpset() >= 14 && node.getInteger("training_mode", 0) != 0;
  if (failed(checkBatchNormalization(node, isTraining)))
    return failure();
  double epsilon = node.getFloat("epsilon", 1e-5f);
  if (node.keepsBatchNorm())
    return importAsOp(node, epsilon);
  if (isTraining)
    return importTrainingMode(node, epsilon);
  ChannelAffine affine = foldParameters(node, epsilon);
  if (!affine.factor)
    affine =
        createParameters(node, node.getInput(3), node.getInput(4), epsilon);
  node.setResult(0,
                 createChannelAffine(node.builder, node.getInput(0), affine));
  return success();
}

//===----------------------------------------------------------------------===//
// LayerNormalization, InstanceNormalization
//===----------------------------------------------------------------------===//

/// Floats converted to another float type.
static Value createConverted(ImplicitLocOpBuilder &builder, Value value,
                             Type elementType) {
  if (getElementType(value) == elementType)
    return value;
  unsigned rank = getTensorType(value).getRank();
  return createElementwise(
      builder, RankedTensorType::get(getShape(value), elementType),
      MappedValue{value, builder.getMultiDimIdentityMap(rank)},
      [&](ImplicitLocOpBuilder &nested, ValueRange elements) {
        return createCast(nested, elements[0], Signedness::Signed, elementType,
                          Signedness::Signed);
      });
}

/// `value` op `operand`, which broadcasts to it.
template <typename OpTy>
static Value createBroadcast(ImplicitLocOpBuilder &builder, Value value,
                             Value operand) {
  MappedValue mapped = broadcastTo(builder, operand, getShape(value));
  unsigned rank = getTensorType(value).getRank();
  return createElementwise(
      builder, getTensorType(value),
      {{value, builder.getMultiDimIdentityMap(rank)}, mapped},
      [](ImplicitLocOpBuilder &nested, ValueRange elements) -> Value {
        return OpTy::create(nested, elements[0], elements[1]);
      });
}

/// The first normalized dimension.
static FailureOr<int64_t> readLayerAxis(NodeImporter &node) {
  if (failed(requireRank(node, 0, 1)) || failed(requireRank(node, 1, 0)))
    return failure();
  RankedTensorType input = node.getInputType(0);
  int64_t axis = node.getInteger("axis", -1);
  if (axis < -input.getRank() || axis >= input.getRank())
    return node.reject("expected 'axis' from " + Twine(-input.getRank()) +
                       " to " + Twine(input.getRank() - 1) + ", got " +
                       Twine(axis));
  for (unsigned index : {1u, 2u})
    if (node.hasInput(index) &&
        !broadcastsTo(node.getInputType(index).getShape(), input.getShape()))
      return node.reject("operand " + Twine(index) +
                         " does not broadcast to the data");
  return axis < 0 ? axis + input.getRank() : axis;
}

static LogicalResult importLayerNormalization(NodeImporter &node) {
  FailureOr<int64_t> axis = readLayerAxis(node);
  if (failed(axis))
    return failure();
  ImplicitLocOpBuilder &builder = node.builder;
  RankedTensorType type = node.getInputType(0);
  // Small floats are summed up as f32, which is what stash_type 1 asks for.
  Type wide = type.getElementTypeBitWidth() < 32 ? builder.getF32Type()
                                                 : type.getElementType();
  NormalizedDimensions dimensions = getDimensions(
      type.getShape(), [&](unsigned dimension) { return dimension >= *axis; });
  Moments moments = createMoments(
      builder, createConverted(builder, node.getInput(0), wide), dimensions);
  Value inverse = createInverseDeviation(builder, moments.variance,
                                         node.getFloat("epsilon", 1e-5f));
  Value normalized =
      createConverted(builder,
                      createBinary<arith::MulFOp>(builder, moments.centered,
                                                  inverse, dimensions.kept),
                      type.getElementType());
  Value result =
      createBroadcast<arith::MulFOp>(builder, normalized, node.getInput(1));
  if (node.hasInput(2))
    result = createBroadcast<arith::AddFOp>(builder, result, node.getInput(2));
  node.setResult(0, result);
  for (auto [index, value] : {std::pair(1u, moments.mean), {2u, inverse}})
    if (node.hasResult(index))
      node.setResult(
          index, createReshape(builder,
                               createConverted(
                                   builder, value,
                                   node.getResultType(index).getElementType()),
                               node.getResultType(index).getShape()));
  return success();
}

static LogicalResult importInstanceNormalization(NodeImporter &node) {
  if (failed(requireRank(node, 0, 3)))
    return failure();
  int64_t channels = node.getInputType(0).getDimSize(1);
  for (unsigned index : {1u, 2u})
    if (failed(requireShape(node, index, channels)))
      return failure();
  ImplicitLocOpBuilder &builder = node.builder;
  NormalizedDimensions dimensions =
      getDimensions(node.getInputType(0).getShape(),
                    [](unsigned dimension) { return dimension >= 2; });
  Moments moments = createMoments(builder, node.getInput(0), dimensions);
  Value inverse = createInverseDeviation(builder, moments.variance,
                                         node.getFloat("epsilon", 1e-5f));
  Value normalized = createBinary<arith::MulFOp>(builder, moments.centered,
                                                 inverse, dimensions.kept);
  node.setResult(0, createChannelAffine(builder, normalized,
                                        {node.getInput(1), node.getInput(2)}));
  return success();
}

void addNormalizationOps(ImportTable &table) {
  table["BatchNormalization"] = importBatchNormalization;
  table["InstanceNormalization"] = importInstanceNormalization;
  table["LayerNormalization"] = importLayerNormalization;
}

} // namespace colonnade::onnximport
