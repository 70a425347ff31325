//===- WeightOps.cpp - Stored and computed weights of the array -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verification of the weights ops, and their simulator's form. Verification
// runs after every pass, so it reads packed values in place and at most once;
// that they stand for the original matrix is checked with the whole schedule.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

/// The elements of an integer constant where they lie, dense, splat (one
/// element) or dense_resource.
template <typename T>
static std::optional<ArrayRef<T>> getElements(ElementsAttr attr) {
  ArrayRef<char> data;
  bool isSplat = false;
  if (auto dense = dyn_cast<DenseIntElementsAttr>(attr)) {
    data = dense.getRawData();
    isSplat = dense.isSplat();
  } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(attr)) {
    if (AsmResourceBlob *blob = resource.getRawHandle().getBlob())
      data = blob->getData();
  }
  size_t count = isSplat ? 1 : attr.getNumElements();
  if (data.empty() || data.size() != count * sizeof(T))
    return std::nullopt;
  return ArrayRef<T>(reinterpret_cast<const T *>(data.data()), count);
}

template <typename T> static std::vector<T> copyElements(ElementsAttr attr) {
  ArrayRef<T> elements = *getElements<T>(attr);
  if (elements.size() == 1)
    return std::vector<T>(attr.getNumElements(), elements.front());
  return elements.vec();
}

//===----------------------------------------------------------------------===//
// WeightsOp
//===----------------------------------------------------------------------===//

/// (P1)
static LogicalResult verifyWeightShapes(WeightsOp op) {
  auto values = cast<ShapedType>(op.getValues().getType());
  auto selects = cast<ShapedType>(op.getSelects().getType());
  auto streams = cast<ShapedType>(op.getStreams().getType());
  int64_t blocks = op.getBlocks();
  if (values.getRank() != 3 || !values.getElementType().isInteger(8))
    return op.emitOpError() << "expected values of type tensor<rows x columns "
                               "x slots x i8>, got "
                            << values;
  if (blocks < 1 || values.getDimSize(0) % blocks != 0)
    return op.emitOpError() << "expected at least 1 block and as many rows in "
                               "each, got "
                            << blocks << " blocks for " << values;
  if (selects.getShape() != values.getShape() ||
      !selects.getElementType().isInteger(8))
    return op.emitOpError() << "expected selects of the values' type " << values
                            << ", got " << selects;
  if (streams.getRank() != 3 || !streams.getElementType().isInteger(32) ||
      streams.getDimSize(0) != blocks * values.getDimSize(1) ||
      streams.getDimSize(1) != values.getDimSize(2))
    return op.emitOpError()
           << "expected streams of type tensor<"
           << blocks * values.getDimSize(1) << "x" << values.getDimSize(2)
           << "x fan-in x i32>, got " << streams;
  if (streams.getDimSize(2) > 255)
    return op.emitOpError()
           << "expected a fan-in of at most 255, got " << streams.getDimSize(2);
  return success();
}

static LogicalResult verifyAxis(Operation *op, StringRef name, int64_t axis,
                                RankedTensorType original) {
  if (axis >= 0 && axis < original.getRank())
    return success();
  return op->emitOpError() << "expected " << name << " in [0, "
                           << original.getRank() << "), got " << axis;
}

/// The rows, blocks and their axes of `original`. (P2), (U1)
static LogicalResult verifyAxes(Operation *op, RankedTensorType original,
                                int64_t rowAxis,
                                std::optional<int64_t> blockAxis) {
  if (!original.hasStaticShape() || !original.getElementType().isInteger(8))
    return op->emitOpError()
           << "expected a static i8 tensor as original, got " << original;
  if (failed(verifyAxis(op, "row_axis", rowAxis, original)) ||
      (blockAxis && failed(verifyAxis(op, "block_axis", *blockAxis, original))))
    return failure();
  if (blockAxis == rowAxis)
    return op->emitOpError() << "expected two dimensions for rows and blocks, "
                                "got dimension "
                             << rowAxis << " twice";
  return success();
}

/// (P2)
static LogicalResult verifyOriginal(WeightsOp op) {
  auto original = cast<RankedTensorType>(op.getOriginal());
  std::optional<int64_t> blockAxis = op.getBlockAxis();
  if (failed(verifyAxes(op, original, op.getRowAxis(), blockAxis)))
    return failure();
  int64_t blocks = op.getBlocks();
  if (blockAxis && op.getDepthwise())
    return op.emitOpError() << "expected block_axis or depthwise, got both";
  int64_t expected = blockAxis ? original.getDimSize(*blockAxis) : 1;
  if (!op.getDepthwise() && blocks != expected)
    return op.emitOpError() << "expected " << expected << " blocks as in "
                            << original << ", got " << blocks;
  int64_t rows = cast<ShapedType>(op.getValues().getType()).getDimSize(0);
  int64_t expectedRows = original.getDimSize(op.getRowAxis());
  if (!op.getDepthwise())
    expectedRows *= blocks;
  if (rows != expectedRows)
    return op.emitOpError() << "expected " << expectedRows << " rows as in "
                            << original << ", got " << rows;
  return success();
}

/// (P3)
static LogicalResult verifyStreams(WeightsOp op, int64_t matrixColumns) {
  ArrayRef<int32_t> streams = *getElements<int32_t>(op.getStreams());
  int64_t count = cast<ShapedType>(op.getStreams().getType()).getNumElements();
  int64_t perBlock = count / op.getBlocks();
  std::vector<int64_t> lastBlock(matrixColumns, -1);
  for (int64_t i = 0; i < count; ++i) {
    int32_t column = streams[streams.size() == 1 ? 0 : i];
    if (column < -1 || column >= matrixColumns)
      return op.emitOpError() << "expected streams of matrix columns in [-1, "
                              << matrixColumns << "), got " << column;
    if (column < 0)
      continue;
    if (lastBlock[column] == i / perBlock)
      return op.emitOpError() << "expected each matrix column once in a block, "
                                 "got column "
                              << column << " twice in block " << i / perBlock;
    lastBlock[column] = i / perBlock;
  }
  return success();
}

LogicalResult WeightsOp::verify() {
  if (failed(verifyWeightShapes(*this)) || failed(verifyOriginal(*this)))
    return failure();
  if (static_cast<int64_t>(getWeightTerms()) < 0) // (P4)
    return emitOpError() << "expected weight_terms of at least 0, got "
                         << static_cast<int64_t>(getWeightTerms());
  auto selects = getElements<uint8_t>(getSelects());
  if (!getElements<int8_t>(getValues()) || !selects ||
      !getElements<int32_t>(getStreams()))
    return emitOpError() << "expected dense constants, got unreadable ones";
  int64_t fanIn = cast<ShapedType>(getStreams().getType()).getDimSize(2);
  if (uint8_t largest = *llvm::max_element(*selects); largest >= fanIn) // (P3)
    return emitOpError() << "expected every select below the fan-in " << fanIn
                         << ", got " << static_cast<int64_t>(largest);
  return verifyStreams(*this, getMatrixView().getColumns());
}

BlockMatrixView WeightsOp::getMatrixView() {
  WeightAxes axes;
  axes.row = getRowAxis();
  if (getBlockAxis())
    axes.block = *getBlockAxis();
  axes.depthwiseBlocks = getDepthwise() ? getBlocks() : 0;
  return BlockMatrixView(cast<RankedTensorType>(getOriginal()).getShape(),
                         axes);
}

sim::PackedWeights WeightsOp::getPackedShape() {
  auto values = cast<ShapedType>(getValues().getType());
  sim::PackedWeights weights;
  weights.name = getName().str();
  weights.blocks = getBlocks();
  weights.rows = values.getDimSize(0) / weights.blocks;
  weights.arrayColumns = values.getDimSize(1);
  weights.depth = values.getDimSize(2);
  weights.fanIn = cast<ShapedType>(getStreams().getType()).getDimSize(2);
  weights.matrixColumns = getMatrixView().getColumns();
  weights.streams = copyElements<int32_t>(getStreams());
  weights.promises.slots = weights.depth;
  weights.promises.fanIn = weights.fanIn;
  weights.promises.weightTerms = getWeightTerms();
  weights.address = getAddress().value_or(0);
  if (getDigest().getAsInteger(16, weights.digest))
    weights.digest = 0;
  return weights;
}

sim::PackedWeights WeightsOp::getPackedWeights() {
  sim::PackedWeights weights = getPackedShape();
  weights.values = copyElements<int8_t>(getValues());
  weights.selects = copyElements<uint8_t>(getSelects());
  return weights;
}

//===----------------------------------------------------------------------===//
// RunTimeWeightsOp
//===----------------------------------------------------------------------===//

LogicalResult RunTimeWeightsOp::verify() {
  auto original = cast<RankedTensorType>(getOriginal());
  std::optional<int64_t> blockAxis = getBlockAxis();
  if (getTensor() && getTensor().getType() != original) // (U1)
    return emitOpError() << "expected a tensor of type " << original << ", got "
                         << getTensor().getType();
  if (failed(verifyAxes(*this, original, getRowAxis(), blockAxis))) // (U1)
    return failure();
  int64_t rank = blockAxis ? 3 : 2;
  if (original.getRank() != rank) // (U1)
    return emitOpError() << "expected " << rank << " dimensions, got "
                         << original;
  if (static_cast<int64_t>(getSlots()) < 1 ||
      static_cast<int64_t>(getWeightTerms()) < 0) // (U2)
    return emitOpError() << "expected at least 1 slot and 0 weight_terms, got "
                         << static_cast<int64_t>(getSlots()) << " and "
                         << static_cast<int64_t>(getWeightTerms());
  return success();
}

int64_t RunTimeWeightsOp::getColumnAxis() {
  int64_t axis = 0;
  while (axis == static_cast<int64_t>(getRowAxis()) ||
         (getBlockAxis() && axis == static_cast<int64_t>(*getBlockAxis())))
    ++axis;
  return axis;
}

sim::PackedWeights RunTimeWeightsOp::getPackedShape() {
  auto original = cast<RankedTensorType>(getOriginal());
  sim::PackedWeights weights;
  weights.name = getName().str();
  weights.isRunTime = true;
  if (getBlockAxis())
    weights.blocks = original.getDimSize(*getBlockAxis());
  weights.rows = original.getDimSize(getRowAxis());
  weights.matrixColumns = original.getDimSize(getColumnAxis());
  weights.depth = getSlots();
  weights.fanIn = 1;
  weights.arrayColumns = llvm::divideCeil(weights.matrixColumns, weights.depth);
  weights.promises.slots = weights.depth;
  weights.promises.weightTerms = getWeightTerms();
  weights.streams = sim::makeRunTimeStreams(weights);
  return weights;
}

sim::PackedWeights systolic::getPackedShape(Value weights) {
  if (auto stored = weights.getDefiningOp<WeightsOp>())
    return stored.getPackedShape();
  return weights.getDefiningOp<RunTimeWeightsOp>().getPackedShape();
}
