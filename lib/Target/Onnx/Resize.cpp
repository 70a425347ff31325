//===- Resize.cpp - Resize and Upsample -----------------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Repeating every element a whole number of times, the common case, becomes a
// broadcast and a collapse, which cost a machine no more than addresses. Every
// other resize goes axis by axis: slices of a table's positions, or a product
// with a matrix of its weights.
//
//===----------------------------------------------------------------------===//

#include "OperandChecks.h"
#include "ResizeTable.h"
#include "TensorBuilders.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace colonnade::onnximport {

/// Larger axes than these, or than this many weights, are not those of a
/// network.
static constexpr int64_t maxPositions = int64_t(1) << 12;
static constexpr int64_t maxWeights = int64_t(1) << 22;

//===----------------------------------------------------------------------===//
// Attributes and operands
//===----------------------------------------------------------------------===//

/// `value`, or an error that names the attribute and its text.
template <typename Enum>
static LogicalResult setOption(NodeImporter &node, Enum &option,
                               std::optional<Enum> value, StringRef attribute,
                               StringRef text) {
  if (!value)
    return node.reject("does not know '" + attribute + "' = '" + text + "'");
  option = *value;
  return success();
}

static std::optional<ResizeMode> parseMode(StringRef text) {
  return llvm::StringSwitch<std::optional<ResizeMode>>(text)
      .Case("nearest", ResizeMode::Nearest)
      .Cases({"linear", "bilinear"}, ResizeMode::Linear)
      .Case("cubic", ResizeMode::Cubic)
      .Default(std::nullopt);
}

static std::optional<ResizeCoordinates> parseCoordinates(StringRef text) {
  return llvm::StringSwitch<std::optional<ResizeCoordinates>>(text)
      .Case("half_pixel", ResizeCoordinates::HalfPixel)
      .Case("pytorch_half_pixel", ResizeCoordinates::PytorchHalfPixel)
      .Case("align_corners", ResizeCoordinates::AlignCorners)
      .Case("asymmetric", ResizeCoordinates::Asymmetric)
      .Case("tf_half_pixel_for_nn", ResizeCoordinates::TfHalfPixelForNn)
      .Case("tf_crop_and_resize", ResizeCoordinates::TfCropAndResize)
      .Default(std::nullopt);
}

static std::optional<NearestRounding> parseRounding(StringRef text) {
  return llvm::StringSwitch<std::optional<NearestRounding>>(text)
      .Case("round_prefer_floor", NearestRounding::PreferFloor)
      .Case("round_prefer_ceil", NearestRounding::PreferCeil)
      .Case("floor", NearestRounding::Floor)
      .Case("ceil", NearestRounding::Ceil)
      .Default(std::nullopt);
}

/// Whether results are elements of the input, not sums of products.
static bool movesElements(const ResizeOptions &options) {
  return options.mode == ResizeMode::Nearest &&
         options.coordinates != ResizeCoordinates::TfCropAndResize;
}

/// Upsample, and Resize before opset 11, have a mode and nothing else.
static bool isPlain(NodeImporter &node) {
  return node.getOpType() == "Upsample" || node.getOpset() < 11;
}

static FailureOr<ResizeOptions> readOptions(NodeImporter &node) {
  bool plain = isPlain(node);
  std::string mode = node.getString("mode", "nearest");
  std::string coordinates = node.getString("coordinate_transformation_mode",
                                           plain ? "asymmetric" : "half_pixel");
  std::string rounding =
      node.getString("nearest_mode", plain ? "floor" : "round_prefer_floor");
  ResizeOptions options;
  if (failed(setOption(node, options.mode, parseMode(mode), "mode", mode)) ||
      failed(setOption(node, options.coordinates, parseCoordinates(coordinates),
                       "coordinate_transformation_mode", coordinates)) ||
      failed(setOption(node, options.rounding, parseRounding(rounding),
                       "nearest_mode", rounding)))
    return failure();
  options.cubicCoefficient = node.getFloat("cubic_coeff_a", -0.75f);
  options.excludesOutside = node.getInteger("exclude_outside", 0) != 0;
  options.extrapolation = node.getFloat("extrapolation_value", 0);
  return options;
}

/// A constant operand of `count` floats.
static FailureOr<SmallVector<double>>
readFloats(NodeImporter &node, unsigned index, StringRef what, int64_t count) {
  DenseElementsAttr elements = node.getConstant(index);
  if (!elements)
    return node.reject("operand " + Twine(index) + " (" + what +
                       ") is not known at import time; make it an initializer");
  if (elements.getNumElements() != count)
    return node.reject("expected " + Twine(count) + " elements in operand " +
                       Twine(index) + " (" + what + "), got " +
                       Twine(elements.getNumElements()));
  return llvm::map_to_vector(
      elements.getValues<APFloat>(),
      [](const APFloat &value) { return value.convertToDouble(); });
}

/// Whether an optional operand is there and not empty, as exporters write those
/// that they leave out.
static bool hasElements(NodeImporter &node, unsigned index) {
  return index < node.getNumInputs() && node.hasInput(index) &&
         node.getInputType(index).getNumElements() != 0;
}

/// The factor of each dimension that the model gives; `sizes` gives them by the
/// sizes of input and output.
static FailureOr<SmallVector<double>> readResizeScales(NodeImporter &node) {
  ArrayRef<int64_t> input = node.getInputType(0).getShape();
  ArrayRef<int64_t> output = node.getResultType(0).getShape();
  if (node.getOpType() == "Upsample" && node.getOpset() < 9) {
    auto scales =
        llvm::map_to_vector(node.getFloats("scales"), [](float scale) {
          return static_cast<double>(scale);
        });
    if (scales.size() == input.size())
      return scales;
    return node.reject("expected " + Twine(input.size()) +
                       " values of 'scales', got " + Twine(scales.size()));
  }
  unsigned index = isPlain(node) ? 1 : 2;
  if (hasElements(node, index))
    return readFloats(node, index, "scales", input.size());
  if (isPlain(node) || !hasElements(node, 3))
    return node.reject("has neither scales nor sizes");
  SmallVector<double> scales;
  for (auto [from, to] : llvm::zip_equal(input, output))
    scales.push_back(static_cast<double>(to) / from);
  return scales;
}

static LogicalResult readRegion(NodeImporter &node,
                                MutableArrayRef<ResizeAxis> axes) {
  if (!hasElements(node, 1))
    return node.reject("'tf_crop_and_resize' needs operand 1 (roi)");
  FailureOr<SmallVector<double>> region =
      readFloats(node, 1, "roi", 2 * axes.size());
  if (failed(region))
    return failure();
  for (auto [index, axis] : llvm::enumerate(axes)) {
    axis.regionBegin = (*region)[index];
    axis.regionEnd = (*region)[axes.size() + index];
  }
  return success();
}

static LogicalResult checkAxis(NodeImporter &node, const ResizeAxis &axis) {
  if (axis.input == axis.output && axis.scale == 1)
    return success();
  if (axis.output > maxPositions || axis.input > maxWeights / maxPositions)
    return node.reject(
        "resizes a dimension from " + Twine(axis.input) + " to " +
        Twine(axis.output) + " positions; the importer handles from " +
        Twine(maxWeights / maxPositions) + " to " + Twine(maxPositions));
  if (!(axis.scale > 0) || !std::isfinite(axis.scale))
    return node.reject(
        llvm::formatv("expected scales above 0, got {0}", axis.scale).str());
  // The product is rounded down, after ONNX rounded it to a float.
  if (std::abs(axis.scale * axis.input - axis.output) < 1)
    return success();
  return node.reject(
      llvm::formatv("a dimension of {0} times {1} is not the {2} of the result",
                    axis.input, axis.scale, axis.output)
          .str());
}

static FailureOr<SmallVector<ResizeAxis>>
readAxes(NodeImporter &node, ResizeCoordinates coordinates) {
  if (failed(requireRank(node, 0, 1)))
    return failure();
  ArrayRef<int64_t> input = node.getInputType(0).getShape();
  ArrayRef<int64_t> output = node.getResultType(0).getShape();
  if (input.size() != output.size() || llvm::is_contained(input, 0))
    return node.reject("expected an input that is not empty and a result of "
                       "the same " +
                       Twine(input.size()) + " dimensions");
  FailureOr<SmallVector<double>> scales = readResizeScales(node);
  if (failed(scales))
    return failure();
  SmallVector<ResizeAxis> axes;
  for (auto [from, to, scale] : llvm::zip_equal(input, output, *scales)) {
    axes.push_back({from, to, scale});
    if (failed(checkAxis(node, axes.back())))
      return failure();
  }
  if (coordinates == ResizeCoordinates::TfCropAndResize &&
      failed(readRegion(node, axes)))
    return failure();
  return axes;
}

//===----------------------------------------------------------------------===//
// Ops
//===----------------------------------------------------------------------===//

/// Repeats elements: a broadcast along a new dimension behind each one that
/// grows, and a collapse.
static Value createRepetition(ImplicitLocOpBuilder &builder, Value input,
                              ArrayRef<ResizeAxis> axes) {
  SmallVector<int64_t> shape, result;
  SmallVector<unsigned> dimensions;
  for (const ResizeAxis &axis : axes) {
    dimensions.push_back(shape.size());
    shape.push_back(axis.input);
    if (axis.output != axis.input)
      shape.push_back(axis.output / axis.input);
    result.push_back(axis.output);
  }
  Value repeated = createElementwise(
      builder, getTensorType(input).clone(shape),
      mapTo(input, shape.size(), dimensions),
      [](ImplicitLocOpBuilder &, ValueRange elements) { return elements[0]; });
  return createReshape(builder, repeated, result);
}

/// A longest run of positions from `begin` on that one strided slice takes.
static ArrayRef<int64_t> takeRun(ArrayRef<int64_t> positions) {
  size_t size = 1;
  while (size < positions.size()) {
    int64_t step = positions[size] - positions[size - 1];
    if (step < 1 || (size > 1 && step != positions[1] - positions[0]))
      break;
    ++size;
  }
  return positions.take_front(size);
}

static Value createRun(ImplicitLocOpBuilder &builder, Value input,
                       unsigned dimension, ArrayRef<int64_t> run) {
  SmallVector<int64_t> sizes(getShape(input));
  SmallVector<int64_t> offsets(sizes.size(), 0), strides(sizes.size(), 1);
  offsets[dimension] = run.front();
  sizes[dimension] = run.size();
  if (run.size() > 1)
    strides[dimension] = run[1] - run[0];
  MLIRContext *context = builder.getContext();
  return tensor::ExtractSliceOp::create(
      builder, input, getAsIndexOpFoldResult(context, offsets),
      getAsIndexOpFoldResult(context, sizes),
      getAsIndexOpFoldResult(context, strides));
}

/// One axis with one tap: elements of any type are moved, by strided slices.
static Value createSelection(ImplicitLocOpBuilder &builder, Value input,
                             unsigned dimension, ArrayRef<int64_t> positions) {
  SmallVector<Value> runs;
  while (!positions.empty()) {
    ArrayRef<int64_t> run = takeRun(positions);
    runs.push_back(createRun(builder, input, dimension, run));
    positions = positions.drop_front(run.size());
  }
  if (runs.size() == 1)
    return runs.front();
  return tensor::ConcatOp::create(builder, dimension, runs);
}

/// The table as a matrix of weights, outputs by inputs.
static Value createWeightMatrix(ImplicitLocOpBuilder &builder,
                                const ResizeAxis &axis, Type elementType,
                                const ResizeTable &table) {
  SmallVector<double> matrix(axis.output * axis.input, 0);
  for (auto [positions, weights] :
       llvm::zip_equal(table.positions, table.weights))
    for (int64_t output = 0; output < axis.output; ++output)
      matrix[output * axis.input + positions[output]] += weights[output];
  return createFloats(
      builder, RankedTensorType::get({axis.output, axis.input}, elementType),
      matrix);
}

/// One axis as a contraction with the weights: no op indexes by data, so that
/// machines without a gather run it.
static Value createInterpolation(ImplicitLocOpBuilder &builder, Value input,
                                 unsigned dimension, const ResizeAxis &axis,
                                 const ResizeTable &table) {
  unsigned rank = getTensorType(input).getRank();
  SmallVector<int64_t> shape(getShape(input));
  shape[dimension] = axis.output;
  RankedTensorType type = getTensorType(input).clone(shape);
  Value weights =
      createWeightMatrix(builder, axis, type.getElementType(), table);
  auto outputs = llvm::to_vector(llvm::seq<unsigned>(0, rank));
  SmallVector<unsigned> inputs(outputs);
  inputs[dimension] = rank;
  Value zeros = createZeroFilled(builder, type);
  Value sum = createContraction(builder, zeros, mapTo(input, rank + 1, inputs),
                                mapTo(weights, rank + 1, {dimension, rank}),
                                mapTo(zeros, rank + 1, outputs).map);
  if (llvm::all_of(table.offsets, [](double offset) { return offset == 0; }))
    return sum;
  Value offsets =
      createFloats(builder, type.clone({axis.output}), table.offsets);
  return createAddBias(builder, sum, offsets, dimension);
}

static Value createAxisResize(ImplicitLocOpBuilder &builder, Value input,
                              unsigned dimension, const ResizeAxis &axis,
                              const ResizeOptions &options,
                              const ResizeTable &table) {
  if (table.isIdentity(axis))
    return input;
  if (movesElements(options))
    return createSelection(builder, input, dimension, table.positions.front());
  return createInterpolation(builder, input, dimension, axis, table);
}

static LogicalResult importResize(NodeImporter &node) {
  FailureOr<ResizeOptions> options = readOptions(node);
  if (failed(options))
    return failure();
  FailureOr<SmallVector<ResizeAxis>> axes =
      readAxes(node, options->coordinates);
  if (failed(axes))
    return failure();
  Type elementType = node.getInputType(0).getElementType();
  if (!movesElements(*options) && !isa<FloatType>(elementType))
    return node.reject("interpolates integers; the importer resizes those with "
                       "mode 'nearest' only");
  auto tables = llvm::map_to_vector(*axes, [&](const ResizeAxis &axis) {
    return computeResizeTable(*options, axis);
  });
  Value value = node.getInput(0);
  bool repeats = llvm::all_of(llvm::zip(*axes, tables), [](auto pair) {
    return std::get<1>(pair).isRepetition(std::get<0>(pair));
  });
  if (repeats) {
    node.setResult(0, createRepetition(node.builder, value, *axes));
    return success();
  }
  for (auto [dimension, axis, table] : llvm::enumerate(*axes, tables))
    value =
        createAxisResize(node.builder, value, dimension, axis, *options, table);
  node.setResult(0, value);
  return success();
}

void addResizeOps(ImportTable &table) {
  table["Resize"] = importResize;
  table["Upsample"] = importResize;
}

} // namespace colonnade::onnximport
